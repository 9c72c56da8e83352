"""Made-up lines in which nothing happens, or one thing of a known size, and what is said of them.

Here belong the noise and the counting. The noise is AR(1) by the day, shared in part by all places,
over a season; looks come every five days and are thinned by clouds, evenly or with a monsoon.
Every draw has a seed of its own, so that figures can be made again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.signal import lfilter

from benchmarks.evidence_lines import Asked, Source, bench_for, weighed
from pipeline.assess.slide import Question, Span
from pipeline.assess.state_space import state_space_interval
from pipeline.model.claim import Direction

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.model.assessment import Effect

YEARS, REVISIT_DAYS = 8, 5
SHARED = 0.7
"""Share of the variance that all places have in common."""
N_CONTROLS = 3
CONTROLS = tuple(f"control-{number}" for number in range(N_CONTROLS))
SEASON = 0.5
WIDTH_DAYS = 45.0
LASTING = (-365.0, -31.0)
FIRST, LAST = 700.0, 2200.0
"""Between these days something is asked."""
DAYS_APART = 31.0
"""Between the asserted dates of a family."""
N_ZONES, N_DATES = 6, 3
SENSORS = ("one", "another")
EFFECT_SD = 1.5
MIN_LOOKS = 3


@dataclass(frozen=True)
class Noise:
    """What nothing looks like.

    Attributes:
        memory: correlation of looks a day apart.
        gaps: ``none``, ``cloud`` or ``monsoon``.
    """

    memory: float
    gaps: str

    def looks(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Days with a clear look."""
        days = np.arange(0, YEARS * 365, REVISIT_DAYS)
        season = np.cos(2 * np.pi * (days - 200) / 365.25)
        cloud = {
            "none": np.zeros(len(days)),
            "cloud": np.full(len(days), 0.6),
            "monsoon": np.clip(0.62 + 0.3 * season, 0, 0.97),
        }
        return np.asarray(days[rng.random(len(days)) >= cloud[self.gaps]])

    def daily(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        """Noise of variance 1 by the day, (place, day)."""
        fresh = rng.normal(size=(n, YEARS * 365))
        fresh[:, 1:] *= np.sqrt(1 - self.memory**2)
        return np.asarray(lfilter([1.0], [1.0, -self.memory], fresh, axis=1))

    def source(self, rng: np.random.Generator, sensor: str, zones: tuple[str, ...]) -> Source:
        """A sensor over zones and controls in which nothing happens."""
        days, places = self.looks(rng), (*zones, *CONTROLS)
        own, shared = self.daily(rng, len(places)), self.daily(rng, 1)
        values = np.sqrt(1 - SHARED) * own + np.sqrt(SHARED) * shared
        season = SEASON * np.cos(2 * np.pi * days / 365.25)
        seen = dict(zip(places, values[:, days], strict=True))
        for place in zones:
            seen[place] = seen[place] + season
        return Source(sensor, days.astype(np.float64), seen, frozenset(CONTROLS))


class Single(NamedTuple):
    """One window in which nothing happened."""

    p_value: float
    difference: float
    error: float
    smallest_seen: float
    ratio_low: float


def single(noise: Noise, reference: tuple[float, float] | None, seed: int) -> Single | None:
    """One window on one zone; None if it cannot be judged."""
    rng = np.random.default_rng(seed)
    bench = bench_for([noise.source(rng, SENSORS[0], ("zone",))])
    start = float(rng.uniform(FIRST, LAST))
    asked = Asked((start,), WIDTH_DAYS, ("zone",), SENSORS[:1], reference)
    (test,) = weighed(asked, bench).tests
    effect: Effect | None = test.effect
    if effect is None or effect.against_nothing is None:
        return None
    low = effect.against_nothing.low
    return Single(effect.p_value, effect.difference, effect.error, effect.smallest_seen, low)


class Layout(NamedTuple):
    """How many asserted dates a family has, and by which sensors it is seen; it has six zones."""

    n_dates: int
    sensors: tuple[str, ...]


WHOLE = Layout(N_DATES, SENSORS)
ZONES_ONLY = Layout(1, SENSORS[:1])


def family(noise: Noise, size: float, seed: int, layout: Layout = WHOLE) -> float | None:
    """p-value of a family of zones, dates and sensors; a size is added in one zone at one date."""
    rng = np.random.default_rng(seed)
    zones = tuple(f"zone-{number}" for number in range(N_ZONES))
    start = float(rng.uniform(FIRST, LAST))
    starts = tuple(start + DAYS_APART * number for number in range(layout.n_dates))
    sources = [
        with_effect(noise.source(rng, sensor, zones), zones[0], starts[-1], size)
        for sensor in layout.sensors
    ]
    asked = Asked(starts, WIDTH_DAYS, zones, layout.sensors, direction=Direction.INCREASE)
    return weighed(asked, bench_for(sources)).family_p


def with_effect(source: Source, place: str, start: float, size: float) -> Source:
    """The same with something added to one place in one window."""
    inside = (source.days >= start) & (source.days <= start + WIDTH_DAYS)
    moved = source.values[place] + size * inside
    return replace(source, values={**source.values, place: moved})


def is_held(noise: Noise, seed: int) -> bool | None:
    """Whether the interval of the state-space model holds nothing, which is what was there."""
    rng = np.random.default_rng(seed)
    source = noise.source(rng, SENSORS[0], ("zone",))
    bench, start = bench_for([source]), float(rng.uniform(FIRST, LAST))
    line = bench.lines[0].line
    window = Span(start, start + WIDTH_DAYS)
    if ((line.days >= window.start) & (line.days <= window.end)).sum() < MIN_LOOKS:
        return None
    low, high = state_space_interval(Question(line, window, None, 30, (), MIN_LOOKS, MIN_LOOKS))
    return low <= 0 <= high
