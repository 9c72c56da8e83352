"""The answer to a claim as a paragraph: verdict, measurement, limit, tests, dates, rivals.

Here belongs the order of the sentences and what goes into their places. The patterns stand in
``tongue``, the form of numbers in ``numbers``.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pipeline.model.assessment import Modifier
from pipeline.model.claim import Direction
from pipeline.model.time import OPEN_END
from pipeline.words import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.model.assessment import Assessment, Effect, Ratios, WindowTest
    from pipeline.model.claim import AssertedTime, Claim
    from pipeline.model.reason import Said
    from pipeline.model.site import Site
    from pipeline.words.tongue import Tongue


def claim_sentence(claim: Claim, answer: Assessment, site: Site, tongue: Tongue) -> str:
    """The whole answer to a claim in one language.

    Args:
        claim: the claim.
        answer: what was found of it.
        site: for the names of its zones and its clock.
        tongue: the language.
    """
    parts = (
        *_marks(answer, tongue),
        tongue.pattern["verdict"].format(
            verdict=tongue.verdicts[answer.verdict], reason=reason(answer.why, tongue)
        ),
        *_measurement(answer, site, tongue),
        asserted(claim, tongue),
        *_standing(claim, answer, tongue),
        alternative(claim, tongue),
    )
    return " ".join(part for part in parts if part)


def _marks(answer: Assessment, tongue: Tongue) -> Iterator[str]:
    """What must be known before anything else."""
    if answer.is_rehearsal:
        yield tongue.pattern["simulated"]


def reason(why: Said, tongue: Tongue) -> str:
    """A reason with its numbers."""
    return tongue.reasons[why.reason].format(**dict(why.values))


def _measurement(answer: Assessment, site: Site, tongue: Tongue) -> Iterator[str]:
    """What the deciding window measured, or how well the best of the others was seen."""
    test = answer.deciding_test
    if test is not None and test.effect is not None:
        yield measured(test, test.effect, site, tongue)
        yield smallest(test, test.effect, tongue)
        yield _ratio(test, test.effect, tongue)
        yield family(answer, tongue)
    elif answer.tests:
        best = max(answer.tests, key=lambda one: one.coverage.n_clear)
        yield tongue.pattern["unseen"].format(
            n_clear=best.coverage.n_clear,
            n_scenes=best.coverage.n_scenes,
            n_needed=best.coverage.n_needed,
            sensor=tongue.sensors.get(best.sensor, best.sensor),
            zone=zone_name(best.zone_id, site),
        )
    else:
        yield tongue.pattern["untested"]


def zone_name(zone_id: str, site: Site) -> str:
    """The name of a zone as its sources write it; the id of one that the site has not."""
    held = {zone.id: zone.label for zone in site.zones}
    return held.get(zone_id) or zone_id


def measured(test: WindowTest, effect: Effect, site: Site, tongue: Tongue) -> str:
    """How far a window moved, with its interval and how often nothing does."""
    low, high = (numbers.amount(end, test.unit) for end in effect.interval)
    return tongue.pattern["measured"].format(
        between=_between(test, site, tongue),
        n_clear=test.coverage.n_clear,
        n_scenes=test.coverage.n_scenes,
        sensor=tongue.sensors.get(test.sensor, test.sensor),
        observable=tongue.observables[test.observable],
        zone=zone_name(test.zone_id, site),
        moved=_moved(test, effect, tongue),
        low=low,
        high=high,
        p=numbers.chance(effect.p_value),
        n_shifts=effect.n_shifts,
    )


def _between(test: WindowTest, site: Site, tongue: Tongue) -> str:
    """The window in civil days of the site."""
    clock = ZoneInfo(site.timezone)
    start, end = (
        f"{datetime.fromisoformat(text).astimezone(clock):%Y-%m-%d}"
        for text in (test.start_utc, test.end_utc)
    )
    return tongue.pattern["between"].format(start=start, end=end)


def _moved(test: WindowTest, effect: Effect, tongue: Tongue) -> str:
    """A difference in words."""
    if numbers.is_factor(test.unit):
        amount = numbers.amount(effect.difference, test.unit)
        return tongue.pattern["factor"].format(amount=amount)
    way = "up" if effect.difference >= 0 else "down"
    return tongue.pattern[way].format(amount=numbers.amount(abs(effect.difference), test.unit))


def smallest(test: WindowTest, effect: Effect, tongue: Tongue) -> str:
    """The smallest change that would have been seen."""
    if numbers.is_factor(test.unit):
        amount = numbers.factor(effect.smallest_seen)
        return tongue.pattern["smallest_factor"].format(amount=amount)
    amount = numbers.amount(effect.smallest_seen, test.unit)
    return tongue.pattern["smallest"].format(amount=amount)


def _ratio(test: WindowTest, effect: Effect, tongue: Tongue) -> str:
    """How much better one account foretells the measurement; nothing without an expected size.

    A claim that predicts nothing has no account of its own that "nothing changed" does not share.
    """
    ratios = effect.against_nothing
    if ratios is None or test.direction is Direction.NO_CHANGE:
        return ""
    if ratios.high < 1:
        return _told("ratio_against", 1 / ratios.high, 1 / ratios.low, tongue)
    return _told("ratio", ratios.low, ratios.high, tongue) if _leans(ratios) else ""


def _leans(ratios: Ratios) -> bool:
    """Whether all expected sizes agree on the side."""
    return ratios.low >= 1


def _told(pattern: str, low: float, high: float, tongue: Tongue) -> str:
    """A range of likelihood ratios with the words of their lower end."""
    support = next(word for least, word in tongue.support if low >= least)
    return tongue.pattern[pattern].format(
        low=numbers.times(low), high=numbers.times(high), support=support
    )


def family(answer: Assessment, tongue: Tongue) -> str:
    """How many windows were tested, and what is left with all of them counted."""
    if answer.family_p is None:
        return tongue.pattern["family_null"].format(n=answer.n_tests)
    q = "" if answer.q_value is None else numbers.chance(answer.q_value)
    told = tongue.pattern["q"].format(q=q) if q else ""
    name = "family_one" if answer.n_tests == 1 else "family"
    p = numbers.chance(answer.family_p)
    return tongue.pattern[name].format(n=answer.n_tests, p=p, q=told)


def asserted(claim: Claim, tongue: Tongue) -> str:
    """Who asserts which time, all times equal."""
    told = tongue.comma.join(_time(time, tongue) for time in claim.times)
    name = "asserted" if claim.is_date_disputed else "asserted_one"
    return tongue.pattern[name].format(times=told)


def _time(time: AssertedTime, tongue: Tongue) -> str:
    """An asserted time with what it dates and who says so."""
    return tongue.pattern["time"].format(
        days=civil(time, tongue),
        kind=tongue.kinds.get(time.kind, time.kind),
        who=tongue.comma.join(time.asserted_by),
    )


def civil(time: AssertedTime, tongue: Tongue) -> str:
    """An asserted time as civil days."""
    if time.end == OPEN_END:
        return tongue.pattern["open"].format(start=time.start.isoformat())
    if time.start == time.end:
        return time.start.isoformat()
    days: Mapping[str, str] = {"start": time.start.isoformat(), "end": time.end.isoformat()}
    return tongue.pattern["span"].format(**days)


def _standing(claim: Claim, answer: Assessment, tongue: Tongue) -> Iterator[str]:
    """What else must be read with the answer."""
    if Modifier.POSITION_UNKNOWN in answer.modifiers:
        yield tongue.pattern["place"]
    if Modifier.POST_HOC in answer.modifiers:
        yield tongue.pattern["post_hoc"]
    if claim.is_from_imagery:
        yield tongue.pattern["imagery"]


def alternative(claim: Claim, tongue: Tongue) -> str:
    """The leading other explanation: the first that the method does not rule out."""
    open_ones = [one for one in claim.alternatives if not one.excluded_by]
    if not open_ones:
        return tongue.pattern["no_other"]
    first = open_ones[0]
    raised = tongue.pattern["raised"].format(who=first.raised_by) if first.raised_by else ""
    return tongue.pattern["other"].format(what=first.id.replace("-", " "), raised=raised)
