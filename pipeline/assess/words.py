"""Say a verdict in one or two sentences whose subject is the measurement.

Here belong the words and the list of words that must never stand in them. Numbers come from
``shift``; which verdict holds is decided in ``verdict``.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def measured(
    test: WindowTest,
    effect: Effect,
    *,
    sensor: str,
    share: str,
    family_p: float,
    step_limit_db: float = math.nan,
) -> str:
    """What was measured in the strongest window, and what would have been."""
    low, high = effect.interval
    steps = "" if math.isnan(step_limit_db) else f", in steps of at least {step_limit_db:.1f} dB"
    return (
        f"Around {civil(test.time)}, {test.coverage.n_clear} clear {sensor} looks at "
        f"{test.zone_id} measure a {share} {percent(effect.share)} above its controls and "
        f"its own history (95 % interval {percent(low)} to {percent(high)}; "
        f"p = {effect.p_value:.3f} from {effect.n_shifts} shifted windows, {family_p:.3f} over the "
        f"family). The smallest share that would have been seen is "
        f"{percent(effect.minimum_detectable)}{steps}."
    )


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
