"""A fetch of coarse files that is killed and started again ends with the same chips."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from pipeline.harvest import harvest_folder
from pipeline.prepare.coarse import prepare_coarse
from pipeline.sites import load_site
from pipeline.store.coarse_chips import CoarseStore, HeldCoarse
from tests.unit.coarse_factory import write_night
from tests.unit.imagery_factory import ROOT
from tests.unit.lights_factory import NIGHT_C1

if TYPE_CHECKING:
    from pathlib import Path

N_NIGHTS = 16
PATIENCE_S = 120.0
SITE = ROOT / "aoi" / "kaesong"


def test_kill_9_and_a_rerun_end_with_the_chips_of_an_uninterrupted_fetch(tmp_path: Path) -> None:
    folder, work = tmp_path / "in", tmp_path / "work"
    folder.mkdir()
    for n in range(N_NIGHTS):
        write_night(folder, 100 + n, NIGHT_C1.replace("2016041", f"2016{41 + n:03d}"))
    chips = work / "kaesong" / "coarse"
    command = [
        sys.executable, "-m", "pipeline", "fetch", "kaesong", "--sensor", "black-marble",
        "--source", str(folder), "--work", str(work),
    ]  # fmt: skip
    for n_more in (1, 4):
        wanted = len(list(chips.rglob("*.json"))) + n_more
        with subprocess.Popen(  # noqa: S603 - ourselves
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as child:
            wait_for(chips, wanted, child)
            child.send_signal(signal.SIGKILL)
    before = times_of(chips)
    assert 0 < len(before) < N_NIGHTS
    done = harvest_folder(SITE, folder, work, sensor="black-marble")
    assert (done.n_held, done.failures, done.remarks) == (N_NIGHTS, (), ())
    assert done.n_new == N_NIGHTS - len(before)
    assert before.items() <= times_of(chips).items()
    assert not list((work / "kaesong").rglob(".*.part*"))
    undisturbed = harvest_folder(SITE, folder, tmp_path / "other", sensor="black-marble")
    assert files_of(chips) == files_of(tmp_path / "other" / "kaesong" / "coarse")
    assert undisturbed.n_new == N_NIGHTS
    held = prepare_coarse(load_site(SITE), CoarseStore(chips))
    assert held.failures == ()
    days = [one.look.period.start.date() for one in held.looks]
    first = datetime(2016, 2, 10, tzinfo=UTC).date()
    assert days == [day_after(first, n) for n in range(N_NIGHTS)]


def day_after(first: date, n: int) -> date:
    return first + timedelta(days=n)


def wait_for(chips: Path, n: int, child: subprocess.Popen[bytes]) -> None:
    """Wait until there are so many records."""
    end = time.monotonic() + PATIENCE_S
    while len(list(chips.rglob("*.json"))) < n:
        assert child.poll() is None, "the fetch ended before it could be killed"
        assert time.monotonic() < end
        time.sleep(0.002)


def times_of(chips: Path) -> dict[str, datetime]:
    """When each held file was read."""
    held = [one for one in CoarseStore(chips).holdings() if isinstance(one, HeldCoarse)]
    return {one.record.name: one.record.retrieved_at for one in held}


def files_of(chips: Path) -> dict[str, bytes]:
    """Every file of pixels by name."""
    return {str(path.relative_to(chips)): path.read_bytes() for path in chips.rglob("*.tif")}
