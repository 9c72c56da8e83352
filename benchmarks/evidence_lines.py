"""Lines without a planted change, as evidence that claims can be weighed on, and plans for them.

Here belongs the way from arrays to what ``assess`` reads, for made-up lines and real ones alike.
Making them up stands in ``evidence_simulated``, reading them in ``evidence_real``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from pipeline.assess.bench import bench_of
from pipeline.assess.lines import drawn
from pipeline.assess.plan import EPOCH, METHOD
from pipeline.assess.weigh import weigh
from pipeline.config import load_config
from pipeline.model.claim import AssertedTime, Direction, Observable, Prediction
from pipeline.model.plan import Plan, PlannedWindow
from pipeline.model.signal import Evidence, Signal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.assess.bench import Bench
    from pipeline.assess.weigh import Weighed

RESOLUTION = 1e-6
OBSERVABLE = Observable.SURFACE_CHANGE


@dataclass(frozen=True)
class Source:
    """One sensor over some places.

    Attributes:
        sensor: its name.
        days: time of each look in days, (look,).
        values: by place, (look,), NaN where a look gives none.
        controls: which of the places are controls.
        has_levels: whether lines are what a place differs from the mean of its controls; a series
            without any is taken as it is.
    """

    sensor: str
    days: NDArray[np.float64]
    values: Mapping[str, NDArray[np.float64]]
    controls: frozenset[str]
    has_levels: bool = True

    def level(self, place: str) -> NDArray[np.float64]:
        """Mean of the controls without the place itself, (look,)."""
        if not self.has_levels:
            return np.zeros(len(self.days))
        rows = np.array([self.values[one] for one in sorted(self.controls - {place})])
        seen = np.isfinite(rows)
        total, counts = np.where(seen, rows, 0.0).sum(axis=0), seen.sum(axis=0)
        return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)

    def signals(self) -> tuple[Signal, ...]:
        """A line a place."""
        instants = tuple(EPOCH + timedelta(days=float(day)) for day in self.days)
        return tuple(
            Signal(
                sensor=self.sensor,
                series="",
                observable=OBSERVABLE,
                place=place,
                unit="unit",
                instants=instants,
                values=values.copy(),
                levels=self.level(place),
                listed=instants,
                resolution=RESOLUTION,
                native_m=10.0,
                area_m2=1e4,
                n_behind=np.ones(len(instants), dtype=np.int64),
                is_control=place in self.controls,
            )
            for place, values in self.values.items()
        )


@dataclass(frozen=True)
class Asked:
    """What is asked of a bench.

    Attributes:
        starts: first day of each asserted time.
        width_days: length of the windows.
        places: the zones.
        sensors: the sensors.
        reference_days: the days compared with, from the first one; None for all other looks.
        expected: size that is predicted.
        direction: its sign.
    """

    starts: tuple[float, ...]
    width_days: float
    places: tuple[str, ...]
    sensors: tuple[str, ...]
    reference_days: tuple[float, float] | None = None
    expected: float = 1.0
    direction: Direction = Direction.CHANGE

    def plan(self) -> Plan:
        """The plan of a claim that asks it."""
        prediction = Prediction(
            OBSERVABLE, self.sensors, self.direction, "made up", expected=self.expected
        )
        return Plan(
            "placebo", self.places, (prediction,), (),
            tuple(self._window(start) for start in self.starts), (), (), METHOD,
        )  # fmt: skip

    def _window(self, start: float) -> PlannedWindow:
        """The window of one asserted time."""
        bounds = [start, start + self.width_days]
        if self.reference_days is not None:
            bounds += [start + self.reference_days[0], start + self.reference_days[1]]
        moments = [(EPOCH + timedelta(days=day)).isoformat() for day in bounds]
        first = (EPOCH + timedelta(days=start)).date()
        return PlannedWindow(AssertedTime("", first, date.max, "event", ()), 0, *moments)


def bench_for(sources: Sequence[Source], min_baseline_looks: int | None = None) -> Bench:
    """A bench over the lines of some sources, with the committed settings but for one.

    Args:
        sources: the sensors.
        min_baseline_looks: looks outside a window that are enough; None for the setting.
    """
    evidence = Evidence(tuple(one for source in sources for one in source.signals()))
    options = load_config().assess
    if min_baseline_looks is not None:
        options = options.model_copy(update={"min_baseline_looks": min_baseline_looks})
    return bench_of(drawn(evidence), (), options)


def weighed(asked: Asked, bench: Bench) -> Weighed:
    """What the lines say."""
    return weigh(asked.plan(), bench)
