"""Claims, tests and assessments for sentences: every field that a sentence may tell."""

from __future__ import annotations

from datetime import date

from shapely import box

from pipeline.model.assessment import (
    Assessment,
    Coverage,
    Effect,
    Modifier,
    Ratios,
    Verdict,
    WindowTest,
)
from pipeline.model.claim import (
    Alternative,
    AssertedTime,
    Claim,
    Direction,
    Observable,
    Prediction,
    Testability,
)
from pipeline.model.reason import Reason, Said, said
from pipeline.model.site import GeometryStatus, Site, Zone, ZoneKind

YARD = Zone(
    "yard", "Electronics zone", ZoneKind.PRODUCTION, GeometryStatus.INVENTED, box(0, 0, 1, 1)
)
SITE = Site(
    "test", "Test", "Asia/Pyongyang", "EPSG:32652", box(0, 0, 2, 2), date(2020, 7, 31), (YARD,)
)
SHARE = "share of pixels that depart from their own baseline"
LOG_LIGHT = "natural logarithm of mean nW/cm2/sr"
KELVIN = "kelvin, mean surface temperature of the seen roofs"
UNITS = (SHARE, LOG_LIGHT, KELVIN, "greatest mean NDVI of a year")


def day(year: int, month: int, number: int) -> date:
    return date(year, month, number)


IMAGE = AssertedTime("2020-10-25", day(2020, 10, 25), day(2020, 10, 25), "image", ("Yonhap", "KBS"))
OTHER = AssertedTime("2020-11-25", day(2020, 11, 25), day(2020, 11, 25), "image", ("Daily NK",))
GRAIN = Alternative("grain-drying", "the same sign, every autumn", "Nick Hansen")
STEP = Alternative("radiometric-step", "all zones and controls", excluded_by="controls")


def claim(*times: AssertedTime, alternatives: tuple[Alternative, ...] = (GRAIN, STEP)) -> Claim:
    """A claim about rows of goods in the yard."""
    expected = Prediction(
        Observable.SURFACE_CHANGE, ("sentinel-2",), Direction.INCREASE, "rows", expected=0.02
    )
    return Claim(
        "K-1",
        "daily-nk",
        "Goods lay in rows",
        "VOA",
        2,
        "R3",
        times or (IMAGE,),
        ("yard",),
        "the yards",
        Testability.WEAK,
        (expected,),
        alternatives,
    )


def effect(difference: float = 0.03, low: float = 12.0, high: float = 300.0) -> Effect:
    """A departure of six standard errors."""
    return Effect(
        difference=difference,
        error=0.005,
        interval=(difference - 0.01, difference + 0.01),
        p_value=0.012,
        n_shifts=240,
        smallest_seen=0.014,
        memory_days=3.0,
        expected=0.02,
        power=0.98,
        against_nothing=Ratios(low, high),
    )


def windowed(found: Effect | None, unit: str = SHARE) -> WindowTest:
    """One window of fifteen days in the autumn of 2020."""
    return WindowTest(
        "yard",
        IMAGE,
        Coverage(12, 9, 60, 3, 60),
        found,
        sensor="sentinel-2",
        observable=Observable.SURFACE_CHANGE,
        unit=unit,
        direction=Direction.INCREASE,
        start_utc="2020-10-14T15:00:00+00:00",
        end_utc="2020-11-04T14:59:59+00:00",
    )


def answer(
    verdict: Verdict = Verdict.NOT_CORROBORATED,
    why: Said | None = None,
    *,
    found: Effect | None = None,
    unit: str = SHARE,
    modifiers: tuple[Modifier, ...] = (),
) -> Assessment:
    """An assessment with one window, which decides it if it has numbers."""
    return Assessment(
        "K-1",
        verdict,
        modifiers,
        why or said(Reason.UNDECIDED),
        "",
        (windowed(found, unit),),
        1,
        Modifier.SIMULATED in modifiers,
        0.03 if found else None,
        0.08 if found else None,
        "0" * 64,
        deciding=0 if found else None,
    )


def every_reason() -> list[Said]:
    """Each reason with something in all of its places."""
    places: dict[str, str | int] = {
        "needed": "night-light by viirs-dnb",
        "why": "a pixel is larger than the zone",
        "n_clear": 1,
        "n_needed": 3,
        "n_shifts": 4,
        "controls": "K001-09",
        "rival": "grain drying",
    }
    return [
        said(one, **{name: value for name, value in places.items() if f"{{{name}}}" in one.value})
        for one in Reason
    ]
