"""The table of the contest: what it scores, and that every method gets the data of its task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detect import OURS, Entry, Limits, Task, line, print_table, shown
from benchmarks.detect_peers import CONTESTANTS, found_path
from benchmarks.detect_plain import PAIR, RADAR, SERIES, Played, irmad, irmad_plain

if TYPE_CHECKING:
    import pytest

TRUTH = np.zeros((4, 5), dtype=bool)
TRUTH[1:3, 1:3] = True
EVERYWHERE = (slice(None), slice(None))
DAYS = np.datetime64("2020-01-01") + np.arange(6).astype("timedelta64[D]")
TASK = Task(np.zeros((6, 2, 4, 5), dtype=np.float32), DAYS, TRUTH, since=3)


def entry(whole_s: float, monitor_s: float = float("nan")) -> Entry:
    parts = {"whole_s": whole_s, "fit_s": float("nan"), "monitor_s": monitor_s, "peak_mb": 99.0}
    return Entry(parts, 0.9, 0.01, 12_000_000, 96e6)


def test_a_change_found_before_it_came_is_no_recall() -> None:
    found = np.full((4, 5), -1, dtype=np.int16)
    found[1, 1], found[1, 2], found[2, 1] = 3, 5, 2
    found[0, 0] = 0
    assert TASK.score(found, EVERYWHERE) == (2 / 4, 1 / 16)


def test_part_of_a_frame_is_scored_by_itself() -> None:
    found = np.where(TRUTH, 4, -1).astype(np.int16)
    found[3, 4] = 1
    assert TASK.score(found, (slice(0, 2), slice(0, 3))) == (1.0, 0.0)
    assert TASK.score(found, EVERYWHERE) == (1.0, 1 / 16)


def test_a_pixel_date_holds_all_its_bands() -> None:
    assert TASK.bytes_a_pixel == 8
    one_band = Task(np.zeros((6, 4, 5), dtype=np.float32), DAYS, TRUTH)
    assert one_band.bytes_a_pixel == 4


def test_a_flag_counts_as_the_second_date() -> None:
    played = Played.at_once(TRUTH, 0.0)
    assert played.found.dtype == np.int16
    assert np.array_equal(played.found, np.where(TRUTH, 1, -1))
    assert np.isnan(played.fit_s)
    dates = np.array([[-1, 4]])
    assert Played.at_once(dates, 0.0).found.tolist() == [[-1, 4]]


def test_the_line_holds_speed_ratio_and_share_of_the_machine() -> None:
    ours, other = entry(0.5, 0.1), entry(2.0, 0.4)
    assert ours.speed == 24
    words = line(other, ours, Limits(48.0, 100.0)).split()
    # 96 MB in 2 s are a thousandth of 48 GB/s.
    assert words == ["6.00", "99", "4.0", "-", "8.00", "4.0", "0.10%"]
    assert line(entry(2.0), ours, Limits(48.0, 100.0)).split()[3:6] == ["-", "-", "-"]
    assert shown(float("nan"), 4, 1) == "   -"


def test_every_contestant_has_a_task_and_every_task_one_of_ours() -> None:
    assert {one.task for one in CONTESTANTS.values()} == {SERIES, PAIR, RADAR} == set(OURS)
    assert all(CONTESTANTS[name].task == task for task, name in OURS.items())
    paths = {found_path(Path("x"), one) for one in CONTESTANTS}
    assert len(paths) == len(CONTESTANTS)


def test_the_table_is_one_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_table({name: entry(1.0) for name in CONTESTANTS}, Limits(25.9, 207.0))
    lines = capsys.readouterr().out.splitlines()
    for name in CONTESTANTS:
        assert sum(one.startswith(name) for one in lines) == 1
    assert any("copy 25.9 GB/s, sgemm 207 GFLOP/s" in one for one in lines)


def test_a_task_whose_own_method_failed_is_printed_all_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table({"plain omnibus": entry(1.0)}, Limits(25.9, 207.0))
    assert "plain omnibus" in capsys.readouterr().out


def test_both_ir_mads_find_the_same_planted_block() -> None:
    draw = np.random.default_rng(1)
    before = draw.normal(0, 1, (3, 60, 60))
    after = before + draw.normal(0, 0.2, before.shape)
    after[:, 20:30, 20:30] += np.array([3, -3, 3])[:, None, None]
    values = np.stack([before, after]).astype(np.float32)
    for play in (irmad, irmad_plain):
        found = play(values, DAYS[:2]).found > 0
        assert found[20:30, 20:30].mean() > 0.95
        assert found.shape == (60, 60)
