"""What the measurements do to a claim.

Here belong verdicts and the numbers behind them as plain values. Weighing belongs to ``assess``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.model.claim import Direction, Observable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.model.claim import AssertedTime
    from pipeline.model.reason import Said


class Verdict(StrEnum):
    """The four answers; there is no other."""

    CORROBORATED = "corroborated"
    NOT_CORROBORATED = "not_corroborated"
    CONTRADICTED = "contradicted"
    NOT_OBSERVABLE = "not_observable"


class Modifier(StrEnum):
    """What must be read with a verdict."""

    DATE_DISPUTED = "date_disputed"
    DERIVED_FROM_IMAGERY = "derived_from_imagery"
    SINGLE_SENSOR = "single_sensor"
    ALTERNATIVE_OPEN = "alternative_open"
    COMPATIBLE_WITH_NULL = "compatible_with_null"
    POSITION_UNKNOWN = "position_unknown"
    POST_HOC = "post_hoc"
    SIMULATED = "simulated"


@dataclass(frozen=True)
class Coverage:
    """How well one zone was seen around one asserted time.

    Attributes:
        n_scenes: acquisitions inside the window.
        n_clear: of these, the ones in which enough of the zone was clear.
        n_baseline: clear looks outside the window that the comparison rests on.
        n_needed: clear looks in the window that the rule asks for.
        n_reference: clear looks in the days that the window is compared with.
    """

    n_scenes: int
    n_clear: int
    n_baseline: int
    n_needed: int
    n_reference: int = 0


@dataclass(frozen=True)
class Ratios:
    """How many times better one account foretells a measurement than another.

    Attributes:
        low: the smallest over the spreads of the expected size.
        high: the largest.
    """

    low: float
    high: float


@dataclass(frozen=True)
class Effect:
    """How far a place moved inside a window, against its own other looks and its controls.

    Attributes:
        difference: mean of the window less that of the reference, less the same of the controls,
            season taken out, in the unit of the test.
        error: its standard error.
        interval: 95 % confidence interval, by inverting the shift test.
        p_value: chance of a departure at least as large at another time, from window shifts.
        n_shifts: how many other windows the p-value rests on.
        smallest_seen: smallest change that would have been seen with 80 % probability.
        memory_days: time in which the resemblance of looks fades to 1/e.
        expected: size that the claim predicts, signed; None if it states none.
        power: probability to have seen the expected size; None without one.
        against_nothing: likelihood of the claim over that of "nothing changed"; None without an
            expected size.
        against: the same over each named alternative that states a size, by its id.
        state_space_interval: 95 % interval of a state-space model; None where it was not asked.
    """

    difference: float
    error: float
    interval: tuple[float, float]
    p_value: float
    n_shifts: int
    smallest_seen: float
    memory_days: float
    expected: float | None = None
    power: float | None = None
    against_nothing: Ratios | None = None
    against: tuple[tuple[str, Ratios], ...] = ()
    state_space_interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class WindowTest:
    """One prediction of a claim tested in one place at one asserted time by one sensor.

    Attributes:
        zone_id: the zone, or the cell that stands for a zone of unknown place.
        time: the asserted time.
        coverage: how well it was seen.
        effect: what was measured; None if it was not observable.
        detection_ids: confirmed changes that stand in the window.
        sensor: as claims name it.
        series: which of the sensor's series.
        observable: what was measured.
        unit: what effects count, in words.
        direction: what is predicted.
        is_primary: whether the prediction is the claim's first.
        unseen: why it could not be judged; None if it was.
        start_utc: first instant of the window, ISO 8601.
        end_utc: last instant of it.
    """

    zone_id: str
    time: AssertedTime
    coverage: Coverage
    effect: Effect | None
    detection_ids: tuple[str, ...] = ()
    sensor: str = ""
    series: str = ""
    observable: Observable = Observable.SURFACE_CHANGE
    unit: str = ""
    direction: Direction = Direction.CHANGE
    is_primary: bool = True
    unseen: Said | None = None
    start_utc: str = ""
    end_utc: str = ""

    @property
    def gap(self) -> str:
        """Why it could not be judged, in English; empty if it was."""
        return "" if self.unseen is None else str(self.unseen)


def powers_of(tests: Sequence[WindowTest]) -> list[float]:
    """The power of each test that was judged and has a size to be held against."""
    return [
        test.effect.power
        for test in tests
        if test.effect is not None and test.effect.power is not None
    ]


@dataclass(frozen=True)
class Assessment:
    """One claim, weighed.

    Attributes:
        claim_id: the claim.
        verdict: one of the four answers.
        modifiers: what must be read with it.
        why: the reason with its numbers; its subject is the measurement.
        sentence: the whole answer in English, fit for print.
        tests: every zone, asserted time, sensor and prediction that was looked at.
        n_tests: size of the family of tests.
        is_rehearsal: whether simulated scenes stand behind it, so that it is no evidence.
        family_p: p-value of the strongest test, all counted; None if none was judged.
        q_value: false discovery rate at which it would be called among all claims; None likewise.
        plan_sha256: hash of the plan that was fixed before.
        sentence_ko: the whole answer in Korean.
        deciding: position of the test that the verdict rests on; None if none decides.
    """

    claim_id: str
    verdict: Verdict
    modifiers: tuple[Modifier, ...]
    why: Said
    sentence: str
    tests: tuple[WindowTest, ...]
    n_tests: int
    is_rehearsal: bool
    family_p: float | None = None
    q_value: float | None = None
    plan_sha256: str = ""
    sentence_ko: str = ""
    deciding: int | None = None

    @property
    def reason(self) -> str:
        """The reason in English."""
        return str(self.why)

    @property
    def deciding_test(self) -> WindowTest | None:
        """The test that the verdict rests on."""
        return None if self.deciding is None else self.tests[self.deciding]
