"""The flow does what the command line does, and stays a thin shell."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from inspect import signature
from pathlib import Path

import pytest

from flows.monitor import Job, monitor, words
from pipeline.errors import InputError
from pipeline.store.layout import WorkFolder
from pipeline.store.ledger import open_ledger
from pipeline.store.records import read_record

ROOT = Path(__file__).resolve().parents[2]


def test_a_job_asks_for_the_collections_and_bands_of_its_sensor() -> None:
    job = Job("kaesong-rehearsal", "planetary-computer", "work", "landsat")
    request = job.request()
    assert request.sensor == "landsat"
    assert request.config.search.collections == ("landsat-c2-l2",)
    assert "lwir11" in request.config.fetch.optional_bands
    plain = Job("kaesong-rehearsal", "", "work").request()
    assert plain.sensor == "sentinel-2"
    assert "scl" in plain.config.fetch.bands


def test_a_sensor_that_a_source_does_not_give_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(InputError, match="source"):
        Job("kaesong-rehearsal", "earth-search", "work", "landsat").request()
    with pytest.raises(InputError, match="sputnik"):
        Job("kaesong-rehearsal", "", "work", "sputnik").request()


@pytest.mark.parametrize(
    ("given", "sensor"), [([], "sentinel-2"), (["a", "b", "--sensor", "landsat"], "landsat")]
)
def test_the_command_line_takes_a_sensor(
    monkeypatch: pytest.MonkeyPatch, given: list[str], sensor: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["flows.monitor", *given])
    assert words().sensor == sensor
    assert set(vars(words())) == set(signature(monitor.fn).parameters)


@pytest.mark.harness
def test_the_flow_runs_the_whole_rehearsal_and_leaves_no_server(tmp_path: Path) -> None:
    """In a session of its own, output to a file: Prefect's server would hold a pipe open."""
    log = tmp_path / "flow.log"
    home = {"PREFECT_HOME": str(tmp_path / "prefect"), "PREFECT_LOGGING_LEVEL": "WARNING"}
    asked = ["kaesong-rehearsal", "", str(tmp_path / "work"), "--sensor", "sentinel-2"]
    command = [sys.executable, "-m", "flows.monitor", *asked]
    with log.open("wb") as out:
        child = subprocess.Popen(  # noqa: S603 - our own command
            command, cwd=ROOT, stdout=out, stderr=out, env=os.environ | home, start_new_session=True
        )
        try:
            code = child.wait(timeout=300)
        finally:
            stop_group(child.pid)
    text = log.read_text(encoding="utf-8")
    assert code == 0, text[-3000:]
    run_id = text.strip().splitlines()[-1]
    work = WorkFolder(tmp_path / "work", "kaesong-rehearsal")
    record = read_record(work, run_id)
    assert record is not None
    assert record.state == "complete"
    assert [row.run_id for row in open_ledger(work.ledger_path).rows()] == [run_id]


def stop_group(group: int) -> None:
    """End whatever the child left running."""
    try:
        os.killpg(group, signal.SIGTERM)
    except ProcessLookupError:
        return


def test_flows_persist_no_results() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert "results.persist_by_default = false" in text
    assert "server.analytics_enabled = false" in text
