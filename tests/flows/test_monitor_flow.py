"""The flow does what the command line does, and stays a thin shell."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.store.layout import WorkFolder
from pipeline.store.ledger import open_ledger
from pipeline.store.records import read_record

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.harness
def test_the_flow_runs_the_whole_rehearsal_and_leaves_no_server(tmp_path: Path) -> None:
    """In a session of its own, output to a file: Prefect's server would hold a pipe open."""
    log = tmp_path / "flow.log"
    home = {"PREFECT_HOME": str(tmp_path / "prefect"), "PREFECT_LOGGING_LEVEL": "WARNING"}
    words = [sys.executable, "-m", "flows.monitor", "kaesong-rehearsal", "", str(tmp_path / "work")]
    with log.open("wb") as out:
        child = subprocess.Popen(  # noqa: S603 - our own command
            words, cwd=ROOT, stdout=out, stderr=out, env=os.environ | home, start_new_session=True
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
