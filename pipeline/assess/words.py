"""Say a verdict in one or two sentences whose subject is the measurement.

Here belong the words and the list of words that must never stand in them. Numbers come from
``shift``; which verdict holds is decided in ``verdict``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.assess.verdict import Case, Ruling, Standing
    from pipeline.model.assessment import Effect, WindowTest
    from pipeline.model.claim import AssertedTime, Claim

BANNED = (
    r"\bproves?\b",
    r"\bconfirms? that\b",
    r"\bshows that\b",
    r"\bno activity\b",
    r"\bdespite (the )?clouds?\b",
    r"\bsignificant(ly)?\b",
)
"""Patterns that generated text must not hold: they say more than a measurement can."""


def banned_words(text: str) -> tuple[str, ...]:
    """The banned phrases that a text holds.

    Example:
        >>> banned_words("This proves the claim")
        ('proves',)
    """
    found = (re.search(pattern, text, re.IGNORECASE) for pattern in BANNED)
    return tuple(match.group(0) for match in found if match)


def percent(share: float) -> str:
    """A share in per cent, with as many decimals as small shares need.

    Example:
        >>> percent(0.0123), percent(0.456)
        ('1.2 %', '46 %')
    """
    value = 100 * share
    return f"{value:.0f} %" if abs(value) >= 10 else f"{value:.1f} %"  # noqa: PLR2004 - two digits


def civil(time: AssertedTime) -> str:
    """An asserted time as days.

    Example:
        >>> from datetime import date
        >>> from pipeline.model.claim import AssertedTime
        >>> day = date(2020, 11, 25)
        >>> civil(AssertedTime("2020-11-25", day, day, "image", ("Daily NK",)))
        '2020-11-25'
    """
    if time.start == time.end:
        return time.start.isoformat()
    return f"{time.start.isoformat()} to {time.end.isoformat()}"


def asserted(claim: Claim) -> str:
    """Who asserts which time, all times equal."""
    said = [f"{civil(time)} ({time.kind}: {', '.join(time.asserted_by)})" for time in claim.times]
    lead = "Sources differ on the time" if claim.is_date_disputed else "Asserted time"
    return f"{lead}: {'; '.join(said)}." if said else "No time is asserted."


def amount(value: float, unit: str) -> str:
    """A number with its unit; shares as per cent.

    Example:
        >>> amount(0.0123, "share of the zone"), amount(-1.456, "kelvin")
        ('1.2 %', '-1.5 kelvin')
    """
    return percent(value) if unit.startswith("share") else f"{value:.2g} {unit}"


def measured(test: WindowTest, effect: Effect, family_p: float | None) -> str:
    """What was measured in a window, and what would have been."""
    low, high = (amount(end, test.unit) for end in effect.interval)
    family = "" if family_p is None else f", {family_p:.3f} over the family"
    named = test.observable.value.replace("-", " ")
    return (
        f"Around {civil(test.time)}, {test.coverage.n_clear} clear {test.sensor} looks at "
        f"{test.zone_id} measure {named} {amount(effect.difference, test.unit)} away from its "
        f"controls and its own other looks (95 % interval {low} to {high}; "
        f"p = {effect.p_value:.3f} from {effect.n_shifts} shifted windows{family}). The smallest "
        f"change that would have been seen is {amount(effect.smallest_seen, test.unit)}."
    )


def answer(case: Case, ruling: Ruling, standing: Standing) -> str:
    """The whole answer to a claim."""
    label = ruling.verdict.value.replace("_", " ").capitalize()
    deciding, story = ruling.deciding, ""
    if deciding is not None and deciding.effect is not None:
        n_tests = sum(not test.gap for test in case.weighed.tests)
        counted = "1 window was tested." if n_tests == 1 else f"{n_tests} windows were tested."
        story = f"{measured(deciding, deciding.effect, case.weighed.family_p)} {counted}"
    place = "The position of its zone is not established." if standing.is_placeless else ""
    said, other = asserted(case.claim), alternatives(case.claim)
    return joined([f"{label}: {ruling.reason}.", story, said, place, other])


def alternatives(claim: Claim) -> str:
    """The leading other explanation, or nothing."""
    if not claim.alternatives:
        return ""
    first = claim.alternatives[0]
    raised = f" (raised by {first.raised_by})" if first.raised_by else ""
    return f"Another explanation would look alike: {first.id.replace('-', ' ')}{raised}."


def joined(parts: Sequence[str]) -> str:
    """Sentences after one another, empty ones left out."""
    return " ".join(part for part in parts if part)
