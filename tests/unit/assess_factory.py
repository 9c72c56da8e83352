"""A site of a yard, a quiet lot, a lost zone of two cells and three fields, and lines over them.

Looks come every five days for five years. Everything moves by the same weather and by a noise of
its own; what happened is a rise of the yard (and of one cell) from mid-October 2020 for three
weeks.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from shapely import box

from pipeline.assess import assess
from pipeline.config import load_config
from pipeline.model.claim import (
    AssertedTime,
    Claim,
    Direction,
    Observable,
    Prediction,
    Seeds,
    Testability,
)
from pipeline.model.signal import Evidence, Signal
from pipeline.model.site import GeometryStatus, Site, Zone, ZoneKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.model.assessment import Assessment

OPTIONS = load_config().assess
START = datetime(2018, 1, 3, 2, 16, tzinfo=UTC)
N_LOOKS = 365
INSTANTS = tuple(START + timedelta(days=5 * n) for n in range(N_LOOKS))
CLAIM_DAY = date(2020, 10, 25)
HAPPENED = (datetime(2020, 10, 12, tzinfo=UTC), datetime(2020, 11, 6, tzinfo=UTC))
NOISE = 0.01
BUMP = 0.08
CONTROLS = ("field-a", "field-b", "field-c")


def zone(zone_id: str, kind: ZoneKind = ZoneKind.PRODUCTION, *cells: str) -> Zone:
    """A placed zone, or one known by its cells."""
    place = None if cells else box(126.6, 37.9, 126.61, 37.91)
    status = GeometryStatus.UNKNOWN if cells else GeometryStatus.INVENTED
    return Zone(zone_id, zone_id, kind, status, place, cells, "made up", 10.0)


ZONES = (
    zone("yard"),
    zone("quiet"),
    zone("lost", ZoneKind.PRODUCTION, "cell-0", "cell-1"),
    zone("cell-0", ZoneKind.CELL),
    zone("cell-1", ZoneKind.CELL),
    *(zone(name, ZoneKind.CONTROL) for name in CONTROLS),
)
SITE = Site(
    "test", "Test", "Asia/Pyongyang", "EPSG:32652", box(126.6, 37.9, 126.7, 38.0),
    date(2020, 7, 31), ZONES,
)  # fmt: skip
PLACES = tuple(one.id for one in ZONES if one.is_placed)


def during(first: datetime, last: datetime) -> NDArray[np.bool_]:
    """The looks between two instants."""
    return np.array([first <= instant <= last for instant in INSTANTS])


def values_of(seed: int, bump: float = BUMP, common: float = 0.0) -> dict[str, NDArray[np.float64]]:
    """The share of each place, look by look; a rise where it happened, and one of everything."""
    rng = np.random.default_rng(seed)
    weather = rng.normal(0, 2 * NOISE, N_LOOKS)
    inside = during(*HAPPENED)
    found = {}
    for place in PLACES:
        own = bump if place in {"yard", "cell-1"} else 0.0
        noise = rng.normal(0, NOISE, N_LOOKS)
        found[place] = 0.1 + weather + noise + (own + common) * inside
    return found


def level_of(values: dict[str, NDArray[np.float64]], place: str) -> NDArray[np.float64]:
    """Mean of the controls but the place itself; NaN where none was seen."""
    rows = np.array([values[name] for name in CONTROLS if name != place])
    counts = np.isfinite(rows).sum(axis=0)
    total = np.where(np.isfinite(rows), rows, 0.0).sum(axis=0)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


def signals_of(
    values: dict[str, NDArray[np.float64]], sensor: str = "sentinel-2"
) -> tuple[Signal, ...]:
    """A line a place."""
    return tuple(
        Signal(
            sensor=sensor,
            series="",
            observable=Observable.SURFACE_CHANGE,
            place=place,
            unit="share of pixels",
            instants=INSTANTS,
            values=values[place].copy(),
            levels=level_of(values, place),
            listed=INSTANTS,
            resolution=1e-4,
            native_m=10.0,
            area_m2=10_000.0,
            n_behind=np.ones(N_LOOKS, dtype=np.int64),
            is_control=place in CONTROLS,
        )
        for place in values
    )


def evidence(bump: float = BUMP, *, common: float = 0.0, seed: int = 4) -> Evidence:
    """All lines of one sensor."""
    return Evidence(signals_of(values_of(seed, bump, common)))


def clouded(of: Evidence, hidden: NDArray[np.bool_], places: tuple[str, ...] = PLACES) -> Evidence:
    """The same without the looks that are hidden, at some places."""

    def without(one: Signal) -> Signal:
        if one.place not in places:
            return one
        return replace(one, values=np.where(hidden, np.nan, one.values))

    return replace(of, signals=tuple(without(one) for one in of.signals))


def said(day: date = CLAIM_DAY, by: str = "Daily", kind: str = "image") -> AssertedTime:
    """A day, asserted by one voice."""
    return AssertedTime(day.isoformat(), day, day, kind, (by,))


PREDICTION = Prediction(
    Observable.SURFACE_CHANGE, ("sentinel-2",), Direction.INCREASE, "rows of goods", expected=BUMP
)
CLAIM = Claim(
    "T-01", "daily", "Goods stood in rows in the yard.", "an analyst", 1, "R3", (said(),),
    ("yard",), "yard", Testability.WEAK, (PREDICTION,),
)  # fmt: skip


def seeds_of(*claims: Claim) -> Seeds:
    """A seeds folder of some claims."""
    return Seeds((), claims, (), "0" * 64)


def weighed(claim: Claim, of: Evidence | None = None) -> Assessment:
    """One claim alone."""
    (one,) = assess(seeds_of(claim), SITE, of or evidence(), OPTIONS)
    return one


def predicting(claim: Claim = CLAIM, **changes: object) -> Claim:
    """A claim whose one prediction is another."""
    return replace(claim, predictions=(replace(PREDICTION, **changes),))  # type: ignore[arg-type]
