"""The words of the page: verdicts, modifiers, dates, areas, and sentences about measurements.

Here belongs text that a reader sees and that follows from a value. The subject of a sentence is
always the measurement, never people; what a sensor cannot say is not said.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pipeline.model.assessment import Modifier, Verdict
from pipeline.model.change import DECIBEL, Status
from pipeline.model.limit import Basis, Plant
from pipeline.model.site import GeometryStatus
from pipeline.model.time import OPEN_END
from pipeline.report.canvas import Moment
from pipeline.report.content import Chip
from pipeline.words.numbers import is_factor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pipeline.model.change import Bracket, Detection
    from pipeline.model.claim import AssertedTime
    from pipeline.model.findings import DetectionLimit
    from pipeline.model.site import Zone
    from pipeline.raster.shape import Shape

VERDICTS = {
    Verdict.CORROBORATED: Chip(
        "corroborated", "●", "Corroborated", "The predicted change was measured, in place and time."
    ),
    Verdict.NOT_CORROBORATED: Chip(
        "not-corroborated", "○", "Not corroborated", "The data neither support nor oppose it."
    ),
    Verdict.CONTRADICTED: Chip(
        "contradicted", "✕", "Contradicted", "A change as large as predicted would have been seen."
    ),
    Verdict.NOT_OBSERVABLE: Chip(
        "not-observable", "◌", "Not observable", "The sensor cannot speak to it, or saw too little."
    ),
}

_MODIFIERS = {
    Modifier.DATE_DISPUTED: ("Date disputed", "Sources assert different dates; all are tested."),
    Modifier.DERIVED_FROM_IMAGERY: (
        "From imagery",
        "The claim itself rests on satellite images: agreement repeats it and adds no new witness.",
    ),
    Modifier.SINGLE_SENSOR: ("One sensor", "Only one sensor stands behind the answer."),
    Modifier.ALTERNATIVE_OPEN: (
        "Alternative open",
        "Another explanation predicts the same measurement.",
    ),
    Modifier.COMPATIBLE_WITH_NULL: (
        "Null expected",
        "The claim predicts that nothing is to be seen, and nothing is what was measured.",
    ),
    Modifier.POSITION_UNKNOWN: (
        "Position not established",
        "No source gives the place; cells of a search area stand in for it.",
    ),
    Modifier.POST_HOC: ("Post hoc", "The window was chosen after the data had been seen."),
    Modifier.SIMULATED: ("Simulated", "Rehearsal on made-up scenes: not evidence."),
}

STATUS = {
    Status.FIRST: "first look",
    Status.PROVISIONAL: "provisional",
    Status.CONFIRMED: "confirmed",
    Status.FINISHED: "finished",
}

STANDING = (Status.CONFIRMED, Status.FINISHED)
"""As many looks stand behind these as the rule asks for; the others await further looks."""

_PLACES = {
    GeometryStatus.DIGITISED: "Outline digitised from an image",
    GeometryStatus.SOURCED: "Outline built from what sources state",
    GeometryStatus.COMPUTED: "Outline computed",
    GeometryStatus.INVENTED: "Outline invented for a simulated site",
    GeometryStatus.UNKNOWN: "Position not established",
}

HECTARE_M2 = 10_000.0
TO = "\N{EN DASH}"


def modifier(value: Modifier) -> Chip:
    """A modifier as a chip."""
    label, meaning = _MODIFIERS[value]
    return Chip(value.value.replace("_", "-"), "", label, meaning)


def moment(instant: datetime, timezone: str) -> Moment:
    """An instant as a civil day of the site, in UTC, and on the clock of the site."""
    here = instant.astimezone(ZoneInfo(timezone))
    same_day = here.date() == instant.date()
    clock = f"{here:%H:%M} local" if same_day else f"{here:%Y-%m-%d %H:%M} local"
    return Moment(f"{here:%Y-%m-%d}", f"{instant:%Y-%m-%d %H:%M} UTC", clock)


def accepted(found: Sequence[Detection]) -> list[Detection]:
    """The changes that the rule accepts."""
    return [one for one in found if one.status in STANDING]


def distance(found: Detection) -> str:
    """Mean distance from the baseline with its unit; a dash until the rule accepts the change."""
    if found.status not in STANDING:
        return TO
    if found.magnitude_unit == DECIBEL:
        return levels(found.by_band)
    return f"{found.magnitude:.1f} x noise"


def levels(by_band: Sequence[tuple[str, float]]) -> str:
    """Signed decibels by polarisation.

    Example:
        >>> levels([("vv", 4.1234), ("vh", -0.02)])
        'VV +4.1 dB, VH -0.0 dB'
    """
    return ", ".join(f"{band.upper()} {value:+.1f} dB" for band, value in by_band)


def onset(bracket: Bracket, timezone: str) -> str:
    """An onset as the two looks it lies between, in civil days of the site."""
    first = moment(bracket.first_with, timezone).day
    if bracket.last_without is None:
        return f"by {first}, never seen without"
    return f"{moment(bracket.last_without, timezone).day} {TO} {first}"


def reversal(found: Detection, timezone: str) -> str:
    """A reversal as the two looks it lies between; still there otherwise.

    A lasting step is the mean of all looks behind it, which does not tell how it stands today.
    """
    if found.magnitude_unit == DECIBEL:
        return "not judged"
    return "still there" if found.reversal is None else onset(found.reversal, timezone)


def area(area_m2: float) -> str:
    """An area in square metres, and in hectares where that reads better."""
    if area_m2 >= HECTARE_M2:
        return f"{area_m2 / HECTARE_M2:,.2f} ha"
    return f"{area_m2:,.0f} m²"


def shape(found: Shape) -> str:
    """A shape in a word, with its sides to the nearest pixel."""
    sides = (max(round(side / found.gsd_m), 1) for side in (found.length_m, found.width_m))
    return f"{found.word}, " + " x ".join(f"{side * found.gsd_m:,.0f}" for side in sides) + " m"


def percent(share: float, digits: int = 1) -> str:
    """A share in per cent; a dash for what is not a number."""
    return TO if math.isnan(share) else f"{100 * share:.{digits}f} %"


def count(number: int, noun: str) -> str:
    """A number with its noun.

    Example:
        >>> count(1, "look"), count(0, "look"), count(1200, "look")
        ('1 look', '0 looks', '1,200 looks')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def chance(p_value: float, n_shifts: int) -> str:
    """A p-value with what it rests on; without other windows there is none to state."""
    if not n_shifts:
        return "no other window to compare with"
    return f"p = {p_value:.3f} from {count(n_shifts, 'other window')}"


def vouched(rate: float, least: float) -> str:
    """Whether the baseline bears a stated rate of false alarms out.

    Example:
        >>> vouched(1e-4, 5e-5), vouched(1e-4, 1e-3)
        ('the baseline bears it out', 'the baseline bears out 0.10 % and no less')
    """
    if least >= 1:
        return "by the law of speckle alone: the baseline is too short to bear it out"
    if least <= rate:
        return "the baseline bears it out"
    return f"the baseline bears out {percent(least, 2)} and no less"


def asserted(time: AssertedTime) -> str:
    """An asserted time in civil days of the site, with what it dates."""
    if time.end == OPEN_END:
        days = f"from {time.start.isoformat()} on"
    elif time.start == time.end:
        days = time.start.isoformat()
    else:
        days = f"{time.start.isoformat()} {TO} {time.end.isoformat()}"
    return f"{days} ({time.kind})"


def place(zone: Zone) -> str:
    """How well the place of a zone is known, and who says so."""
    words = _PLACES[zone.status]
    if zone.position_accuracy_m:
        words += f", within {zone.position_accuracy_m:,.0f} m"
    return f"{words}: {zone.position_evidence}" if zone.position_evidence else words


def quiet(limit: DetectionLimit, n_looks: int) -> str:
    """What may be said of a zone in which nothing was found."""
    if math.isnan(limit.contrast) and limit.unit == DECIBEL:
        return "Not observable: no pixel has enough looks on both sides of any monitored date."
    if math.isnan(limit.contrast):
        return "Too few clear looks in the baseline: no pixel of this zone is monitored."
    if n_looks < limit.n_looks:
        seen = count(n_looks, "clear look")
        return f"Not observable: {seen} in the monitoring period, {limit.n_looks} in a row needed."
    if limit.unit == DECIBEL:
        return (
            f"No lasting step was measured in {count(n_looks, 'look')}; the smallest that would "
            f"have been called is one of {limit.contrast:.1f} dB over {area(limit.area_m2)}."
        )
    if math.isinf(limit.contrast):
        return f"Not observable: nothing that was planted here was found.{unseen(limit)}"
    return (
        f"No change larger than {area(limit.area_m2)} ({limit.n_pixels} px) at contrast "
        f"{limit.contrast:.3f} was measured in {count(n_looks, 'clear look')} "
        f"(limit {limit.basis.value}).{unseen(limit)}"
    )


def limit_words(limit: DetectionLimit) -> str:
    """The smallest change that would have been reported in a zone, and how that is known."""
    if math.isnan(limit.contrast):
        return "Without enough looks there is no limit to state."
    if limit.basis is Basis.PLANTED:
        return f"Limit, {limit.basis.value}: {_planted(limit)}{unseen(limit)}"
    if limit.power is not None:
        return (
            f"Limit: a step of {limit.contrast:.1f} dB in one polarisation, over at least "
            f"{area(limit.area_m2)} ({limit.n_pixels} px), that has lasted {limit.n_looks} looks; "
            f"a pixel inside it is called with at least {percent(limit.power, 0)} probability."
        )
    return (
        f"Limit, estimated: {limit.n_pixels} px ({area(limit.area_m2)}) that depart by at least "
        f"{limit.contrast:.3f} reflectance in {limit.n_looks} clear looks in a row."
    )


def _planted(limit: DetectionLimit) -> str:
    """The smallest planted change that was found often enough."""
    if math.isinf(limit.contrast):
        return "nothing that was planted was found."
    return (
        f"changes of {limit.n_pixels} px ({area(limit.area_m2)}) and {limit.contrast:.3f} "
        f"reflectance that last are found with a probability of {percent(limit.power or 0.0, 0)}."
    )


_UNSEEN = {
    Plant.BRIGHTER: "A brightening",
    Plant.DARKER: "A darkening",
    Plant.GREEN_LOST: "A loss of vegetation",
}


def unseen(limit: DetectionLimit) -> str:
    """The kinds of change that stay unseen, as sentences after others; nothing for none."""
    return "".join(
        f" {_UNSEEN[plant]} of {contrast:.2f}, the strongest that could be planted, would not have "
        "been found often enough."
        for plant, contrast in limit.unseen
    )


def amount(value: float, unit: str) -> str:
    """A number in the unit of a test; shares as per cent.

    Example:
        >>> amount(0.0123, "share of pixels"), amount(-1.456, "kelvin, of roofs")
        ('1.2 %', '-1.5 kelvin')
        >>> amount(-1.83, "natural logarithm of mean nW/cm2/sr")
        '-1.8 (natural log)'
    """
    if unit.startswith("share"):
        return percent(value)
    if is_factor(unit):
        return f"{value:.2g} (natural log)"
    return f"{value:.2g} {unit.partition(',')[0]}"
