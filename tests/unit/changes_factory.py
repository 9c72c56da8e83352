"""Perfect detectors' answers on small grids, for the tests of zones and history."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from pipeline.model.change import SeriesChanges
from pipeline.model.cube import DateCube, ZoneMask
from pipeline.model.grid import Grid, Window

START = datetime(2020, 1, 1, 2, 16, tzinfo=UTC)
STEP_DAYS = 5
N_LOOKS = 3


def instant(date: int) -> datetime:
    return START + timedelta(days=STEP_DAYS * date)


@dataclass
class Stage:
    """A grid on which changes are placed by hand."""

    height: int = 12
    width: int = 16
    n_dates: int = 20
    n_baseline: int = 5
    changes: list[tuple[int, int, Window]] = field(default_factory=list)
    clouds: list[tuple[int, Window]] = field(default_factory=list)

    def change(self, first: int, last: int, window: Window) -> Stage:
        """Stand from one date to another, both included."""
        self.changes.append((first, last, window))
        return self

    def cloud(self, date: int, window: Window | None = None) -> Stage:
        """Hide a window, or everything, on one date."""
        self.clouds.append((date, window or Window(0, 0, self.height, self.width)))
        return self

    def cube(self) -> DateCube:
        """The cube with its clear masks; its values are never read."""
        clear = np.ones((self.n_dates, self.height, self.width), dtype=bool)
        for date, window in self.clouds:
            clear[date][window.slices] = False
        values = np.zeros((self.n_dates, 1, self.height, self.width), dtype=np.float32)
        grid = Grid("EPSG:32652", 200_000.0, 4_100_000.0, 10.0, self.height, self.width)
        instants = tuple(instant(date) for date in range(self.n_dates))
        ids = tuple(f"S2-{date:03d}" for date in range(self.n_dates))
        return DateCube(values, clear, np.zeros_like(clear), instants, ids, ("red",), grid)

    def answer(self) -> SeriesChanges:
        """What a detector that makes no mistake would say."""
        seen = self.cube().clear
        stands = np.zeros(seen.shape, dtype=bool)
        for first, last, window in self.changes:
            stands[first : last + 1][(slice(None), *window.slices)] = True
        departs = stands & seen
        run = np.zeros(seen.shape, dtype=np.uint8)
        for date in range(1, self.n_dates):
            grown = np.where(departs[date], run[date - 1] + 1, run[date - 1])
            run[date] = np.where(seen[date] & ~departs[date], 0, grown)
        shape = seen.shape[1:]
        return SeriesChanges(
            n_baseline=self.n_baseline,
            n_looks=N_LOOKS,
            threshold=4.0,
            seen=seen.copy(),
            departs=departs,
            changed=self._confirmed(stands, departs),
            run_length=run,
            confirmed_index=np.full(shape, -1, dtype=np.int16),
            magnitude=np.where(stands.any(axis=0), 6, 0).astype(np.float32),
            noise=np.full(shape, 0.01, dtype=np.float32),
            monitored=np.ones(shape, dtype=bool),
        )

    @staticmethod
    def _confirmed(
        stands: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
        departs: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Only stands with enough looks, from the first of these looks on."""
        enough = departs.sum(axis=0) >= N_LOOKS
        begun = np.cumsum(departs, axis=0) > 0
        return np.asarray(stands & enough & begun)


def mask(zone_id: str, window: Window, *, is_control: bool = False) -> ZoneMask:
    return ZoneMask(
        zone_id, window, np.ones((window.height, window.width), dtype=np.float32), is_control
    )
