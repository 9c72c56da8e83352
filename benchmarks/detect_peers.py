"""The contestants of ``detect``: one method a process, so that each has its own peak of memory.

Here belongs how each method of series is used, and the process; pairs and radar stand in
``detect_plain``. Every method of series gets the same cube, fits the baseline and says for every
pixel at which date a change was confirmed. Compiling comes before the clock starts, and the
regular axis that one of them needs is laid out before it, too.

    python -m benchmarks.detect_peers NAME FOLDER ROUNDS
"""

from __future__ import annotations

import json
import re
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.detect_plain import (
    PAIR,
    RADAR,
    SERIES,
    Played,
    fused,
    irmad,
    irmad_plain,
    omnibus_plain,
    radar_steps,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.detect_plain import Dates, Values

N_BASELINE = 100
N_THREADS = 2
WARM_PX = 24
SLOW_PX = 50
"""Side of the square that methods with a loop in Python are run on; it holds a corner of the
block."""
SLOW_FROM = 125
REGULAR_DAYS = 5
_HWM = re.compile(r"VmHWM:\s+(\d+) kB")


def zonewatch(values: Values, dates: Dates) -> Played:
    """Ours: the whole at once, and the watch that takes in one date after another."""
    from pipeline.config import load_config
    from pipeline.detect import monitor_cube
    from pipeline.detect.state import Images
    from pipeline.detect.watch import begin, update

    options, n_dates = load_config().monitor, len(dates)
    started = time.perf_counter()
    found = monitor_cube(values, dates, N_BASELINE)
    whole_s = time.perf_counter() - started
    images = Images.of_band(values[:N_BASELINE], dates[:N_BASELINE], ("",) * N_BASELINE)
    started = time.perf_counter()
    state = begin(images, options, n_dates - N_BASELINE)
    fit_s = time.perf_counter() - started
    started = time.perf_counter()
    for k in range(N_BASELINE, n_dates):
        state = update(state, values[k], dates[k], "")
    monitor_s = time.perf_counter() - started
    if (state.confirmed != found).any():
        raise RuntimeError("date by date the answer is another than at once")
    return Played(found, fit_s, monitor_s, whole_s)


def _nrt(module: str, name: str, **options: object) -> Callable[[Values, Dates], Played]:
    """A monitor of nrt with its defaults but for the options of its fit."""

    def play(values: Values, dates: Dates) -> Played:
        from importlib import import_module

        import xarray as xr

        monitor = getattr(import_module(f"nrt.monitor.{module}"), name)()
        days = dates.astype("datetime64[D]").astype(int)
        history = xr.DataArray(
            values[:N_BASELINE],
            dims=("time", "y", "x"),
            coords={
                "time": dates[:N_BASELINE].astype("datetime64[ns]"),
                "y": np.arange(values.shape[1]),
                "x": np.arange(values.shape[2]),
            },
        )
        started = time.perf_counter()
        monitor.fit(dataarray=history, n_threads=N_THREADS, **options)
        fit_s = time.perf_counter() - started
        # nrt takes naive dates.
        moments = [datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)] * len(dates)
        moments = [one + timedelta(days=int(day)) for one, day in zip(moments, days, strict=True)]
        started = time.perf_counter()
        for image, moment in zip(values[N_BASELINE:], moments[N_BASELINE:], strict=True):
            monitor.monitor(image, moment)
        monitor_s = time.perf_counter() - started
        found = np.searchsorted(days, monitor.detection_date).astype(np.int16)
        found[monitor.mask != 3] = -1  # noqa: PLR2004 - nrt's code of a confirmed break
        return Played(found, fit_s, monitor_s, fit_s + monitor_s)

    return play


def zeit_bfast(values: Values, dates: Dates) -> Played:
    """bfast_monitor of zeit, order 2, on a regular axis of five days."""
    import zeit

    day = ((dates - dates[0]) / np.timedelta64(1, "D")).astype(int)
    slot = day // REGULAR_DAYS
    regular = np.full((int(slot[-1]) + 1, *values.shape[1:]), np.nan, dtype=np.float32)
    regular[slot] = values
    per_year = round(365 / REGULAR_DAYS)
    monitored_from = 2019 + float(slot[N_BASELINE]) / per_year
    started = time.perf_counter()
    answer = zeit.bfast_monitor(
        regular, monitored_from, start_time=2019.0, frequency=per_year, order=2, n_jobs=N_THREADS
    )
    breaks = np.asarray(answer["breakpoint_idx"])
    whole_s = time.perf_counter() - started
    has = np.asarray(answer["has_break"]) == 1
    at = np.searchsorted(slot, np.where(has & np.isfinite(breaks), breaks, 0))
    found = np.where(has, np.minimum(at, len(dates) - 1), -1).astype(np.int16)
    return Played(found, float("nan"), float("nan"), whole_s)


def pyxccd_cold(values: Values, dates: Dates) -> Played:
    """COLD of pyxccd on six bands made from the one, in a loop over some pixels."""
    from pyxccd import cold_detect

    days = dates.astype("datetime64[D]").astype(int) + 719_163
    found = np.full(values.shape[1:], -1, dtype=np.int16)
    spot = slice(SLOW_FROM, SLOW_FROM + SLOW_PX) if values.shape[1] > SLOW_FROM else slice(None)
    started = time.perf_counter()
    for row in range(*spot.indices(values.shape[1])):
        for col in range(*spot.indices(values.shape[2])):
            series = values[:, row, col]
            seen = np.isfinite(series)
            number = np.where(seen, series * 10_000, 0).astype(np.int64)
            bands = [np.maximum(number // 4 + 100 * k, 1) for k in range(6)]
            bands[3] = np.maximum(number, 1)
            quality = np.where(seen, 0, 4).astype(np.int64)
            try:
                breaks = cold_detect(days, *bands, np.full_like(number, 2000), quality)
            except RuntimeError:
                continue
            late = [one for one in breaks["t_break"] if one >= days[N_BASELINE]]
            if late:
                found[row, col] = np.searchsorted(days, min(late))
    return Played(found, float("nan"), float("nan"), time.perf_counter() - started)


@dataclass(frozen=True)
class Contestant:
    """A method and what it is run on.

    Attributes:
        play: takes values and dates.
        task: the data it gets.
        plays_once: whether it is so slow that one round is all it gets.
        n_pixels: pixels it is run on where that is not all.
    """

    play: Callable[[Values, Dates], Played]
    task: str = SERIES
    plays_once: bool = False
    n_pixels: int | None = None


CONTESTANTS = {
    "zonewatch monitor": Contestant(zonewatch),
    "nrt EWMA": Contestant(_nrt("ewma", "EWMA")),
    "nrt CuSum OLS": Contestant(_nrt("cusum", "CuSum", method="OLS")),
    "nrt MoSum OLS": Contestant(_nrt("mosum", "MoSum", method="OLS")),
    "nrt IQR": Contestant(_nrt("iqr", "IQR")),
    "nrt CCDC stable": Contestant(_nrt("ccdc", "CCDC", screen_outliers=None)),
    "zeit bfast_monitor": Contestant(zeit_bfast),
    "pyxccd COLD": Contestant(pyxccd_cold, plays_once=True, n_pixels=SLOW_PX * SLOW_PX),
    "zonewatch IR-MAD": Contestant(irmad, PAIR),
    "zonewatch fused": Contestant(fused, PAIR),
    "plain IR-MAD": Contestant(irmad_plain, PAIR, plays_once=True),
    "zonewatch radar": Contestant(radar_steps, RADAR),
    "plain omnibus": Contestant(omnibus_plain, RADAR, plays_once=True),
}


def peak_mb() -> float:
    """Most resident memory of this program; getrusage would count its parent's, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    match = _HWM.search(status)
    if match is None:
        raise RuntimeError("this system does not tell peak memory")
    return int(match[1]) / 1024


def main(name: str, folder: Path, n_rounds: int) -> None:
    """Run one contestant and print its figures as JSON; the first run, on a corner, compiles."""
    one = CONTESTANTS[name]
    values, dates = np.load(folder / f"{one.task}.npy"), np.load(folder / f"{one.task}-dates.npy")
    one.play(np.ascontiguousarray(values[..., :WARM_PX, :WARM_PX]), dates)
    rounds = [one.play(values, dates) for _ in range(n_rounds)]
    np.save(found_path(folder, name), rounds[0].found)
    figures: dict[str, Any] = {
        part: min(getattr(one, part) for one in rounds)
        for part in ("fit_s", "monitor_s", "whole_s")
    }
    print(json.dumps(figures | {"peak_mb": peak_mb()}))


def found_path(folder: Path, name: str) -> Path:
    """Where a contestant leaves its answer."""
    return folder / f"found-{name.replace(' ', '-')}.npy"


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
