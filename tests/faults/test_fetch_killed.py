"""A fetch that is killed and started again ends with the same chips, and asks only for the rest."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from pipeline.store.chips import ChipStore
from tests.unit.imagery_factory import ROOT, SITE, harvest_at, make_tiles

if TYPE_CHECKING:
    from pathlib import Path

N_SCENES, N_BANDS = 12, 6
PATIENCE_S = 30.0


def test_kill_9_and_a_rerun_end_with_the_chips_of_an_uninterrupted_fetch(tmp_path: Path) -> None:
    tiles, work = make_tiles(tmp_path / "tiles", N_SCENES), tmp_path / "work"
    chips = work / SITE / "chips"
    command = [sys.executable, "-m", "pipeline", "fetch", SITE, "--source", str(tiles.folder)]
    for n_more in (1, 10):
        wanted = len(list(chips.rglob("*.json"))) + n_more
        with subprocess.Popen(  # noqa: S603 - ourselves
            [*command, "--work", str(work)], cwd=ROOT, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as child:  # fmt: skip
            wait_for(chips, wanted, child)
            child.send_signal(signal.SIGKILL)
    before = times_of(chips)
    assert 0 < len(before) < N_SCENES * N_BANDS
    done = harvest_at(tiles, work)
    assert (done.n_complete, done.failures, done.remarks) == (N_SCENES, (), ())
    assert len(done.new_chips) == N_SCENES * N_BANDS - len(before)
    assert before.items() <= times_of(chips).items()
    assert not list((work / SITE).rglob(".*.part*"))
    undisturbed = harvest_at(tiles, tmp_path / "other")
    assert [chip.sha256 for chip in done.chips] == [chip.sha256 for chip in undisturbed.chips]
    store = ChipStore(chips)
    assert all(store.read(chip).any() for chip in done.chips)


def wait_for(chips: Path, n: int, child: subprocess.Popen[bytes]) -> None:
    """Wait until there are so many records."""
    end = time.monotonic() + PATIENCE_S
    while len(list(chips.rglob("*.json"))) < n:
        assert child.poll() is None, "the fetch ended before it could be killed"
        assert time.monotonic() < end
        time.sleep(0.002)


def times_of(chips: Path) -> dict[tuple[str, str], object]:
    """When each held chip was read."""
    held = ChipStore(chips).holdings()
    return {(one.record.scene, one.record.band): one.record.retrieved_at for one in held}
