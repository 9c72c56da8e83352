"""A sign of activity through time: one number a look, for one place, beside its controls.

Here belong the nouns that every sign ends as, so that one test can weigh all of them. How a sign
is measured belongs to ``signs``, what it says of a claim to ``assess``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from numpy.typing import NDArray


class Sign(StrEnum):
    """What is measured."""

    SNOW_CLEARED_SHARE = "snow-cleared-share"
    TEMPERATURE_CONTRAST = "temperature-contrast"
    NIGHT_LIGHT_STEP = "night-light-step"
    CULTIVATION = "cultivation"
    PLOT_CLEARING = "plot-clearing"
    BUILT_UP_GROWTH = "built-up-growth"
    DEPOT_EMPTIED = "depot-emptied"
    ROOF_CHANGE = "roof-change"


class Missing(StrEnum):
    """Why a look gives no number; read after "this look is missing because"."""

    UNSEEN = "too little of the place was seen"
    CONTROLS_UNSEEN = "too little that it is compared with was seen"
    NO_SNOW = "the controls were not mostly under snow"
    SNOW = "snow lay on the place"
    FEW_LOOKS = "the year holds too few looks"
    UNCERTAIN = "the product calls its own numbers too uncertain"
    NEAR_CLOUD = "a cloud was too near"
    SATURATED = "part of it stood at the top of the range"
    OTHER_SEASON = "the baseline has no look near this season"


@dataclass(frozen=True)
class SignBaseline:
    """The normal state of a place less its controls, before anything is asked.

    Attributes:
        expected: value less controls that the baseline leads one to expect at each look, by
            season where the sign has one, float64, (look,); NaN where nothing is expected.
        errors: standard deviation of a look's departure when nothing happened, in the unit of
            the sign, float64, (look,): the spread, widened where few looks tell it, or how far
            the peers lie apart on that look where they do so more (thin snow, a passing cloud).
        spread: standard deviation of a baseline look about what is expected, likewise.
        dof: degrees of freedom that the spread rests on.
        n_looks: baseline looks of the place itself.
        is_pooled: whether the spread is that of all places together, the own one being smaller
            or not known.
        smallest_changes: change of one single look that would have been seen with probability
            0.8 at 5 %, two-sided (EPA Tech Notes 7, with Student's quantiles), by look, float64,
            (look,); never less than the place can show.
    """

    expected: NDArray[np.float64]
    errors: NDArray[np.float64]
    spread: float
    dof: float
    n_looks: int
    is_pooled: bool
    smallest_changes: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for array in (self.expected, self.errors, self.smallest_changes):
            array.setflags(write=False)


@dataclass(frozen=True)
class SignSeries:
    """One sign of one place, look by look.

    Attributes:
        sign: what is measured.
        place: id of a zone, or of a place that coarse sensors measure.
        unit: what the values count, in words.
        instants: every look that was asked, UTC, ascending.
        values: the sign, float64, (look,); NaN where a look gives none.
        controls: the sign of the controls at the same looks, float64, (look,); NaN likewise.
        missing: why a look gives no number; None where it gives one.
        resolution: smallest difference that the place can show.
        effective_pixels: how many pixels were measured independently of one another.
        baseline: the normal state; None exactly where the sign is not observable.
        not_observable: why the sign says nothing of this place at all; empty where it does.
        note: what a reader must know of these values.
        source: which sensor and product, in words; series of one place and sign differ in it.
        companions: further numbers by look that go with the sign, float64, (look,), by name.
        is_simulated: whether any of it is made up.
    """

    sign: Sign
    place: str
    unit: str
    instants: tuple[datetime, ...]
    values: NDArray[np.float64]
    controls: NDArray[np.float64]
    missing: tuple[Missing | None, ...]
    resolution: float
    effective_pixels: float
    baseline: SignBaseline | None = None
    not_observable: str = ""
    note: str = ""
    source: str = ""
    companions: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    is_simulated: bool = False

    def __post_init__(self) -> None:
        """Freeze the arrays.

        Raises:
            ValueError: if the axes do not agree, a look is missing without a reason or has one
                beside a number, or the sign is neither observable nor says why.
        """
        n = len(self.instants)
        arrays = [self.values, self.controls, *self.companions.values()]
        if self.baseline is not None:
            arrays += [self.baseline.expected, self.baseline.errors, self.baseline.smallest_changes]
        if any(array.shape != (n,) for array in arrays) or len(self.missing) != n:
            raise ValueError(f"a sign of {n} looks has arrays of another length")
        if any(b <= a for a, b in zip(self.instants, self.instants[1:], strict=False)):
            raise ValueError("instants must ascend strictly")
        is_number = np.isfinite(self.values) & np.isfinite(self.controls)
        if is_number.tolist() != [reason is None for reason in self.missing]:
            raise ValueError("a look has a number or a reason, never both and never neither")
        if bool(self.not_observable) == (self.baseline is not None):
            raise ValueError("a sign is observable, or says why not")
        for array in arrays:
            array.setflags(write=False)

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Looks that give a number, bool, (look,)."""
        return np.array([reason is None for reason in self.missing], dtype=np.bool_)

    @property
    def differences(self) -> NDArray[np.float64]:
        """Values less controls, (look,); NaN where a look gives none."""
        return self.values - self.controls

    @property
    def departures(self) -> NDArray[np.float64]:
        """Values less controls less what the baseline expects, (look,).

        NaN where a look gives none, and everywhere if the sign is not observable.
        """
        if self.baseline is None:
            return np.full(len(self.instants), np.nan)
        return self.differences - self.baseline.expected

    @property
    def scores(self) -> NDArray[np.float64]:
        """Departures in their own standard deviations, (look,): what a shift test weighs best.

        NaN where a look gives none, and everywhere if the sign is not observable.
        """
        if self.baseline is None:
            return np.full(len(self.instants), np.nan)
        return self.departures / self.baseline.errors

    @property
    def smallest_change(self) -> float:
        """Change that would have been seen in the middle one of the usable looks; NaN of none."""
        usable = self.usable
        if self.baseline is None or not usable.any():
            return float("nan")
        return float(np.median(self.baseline.smallest_changes[usable]))

    @property
    def n_missing(self) -> Mapping[Missing, int]:
        """How many looks are missing for each reason."""
        reasons = [reason for reason in self.missing if reason is not None]
        return {reason: reasons.count(reason) for reason in dict.fromkeys(reasons)}
