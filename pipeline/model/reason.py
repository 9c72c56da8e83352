"""Why a claim got its answer: a closed list of reasons, each with the numbers that go into it.

Here belong the reasons with their English text. Which reason holds is decided in ``assess``; other
languages stand in ``words``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """A reason; its value is its English text, with places for what it tells."""

    NOTHING_TO_SEE = "it predicts nothing that a satellite could see"
    TOO_FINE = "what it predicts is finer than the pixels of open sensors"
    NO_PLACE = "none of its zones has a place in this site"
    NOT_MEASURED = "it needs {needed}, which was not measured"
    SILENT_LINE = "{why}"
    NO_ACQUISITION = "no acquisition lies in the window"
    FEW_LOOKS = "of {n_needed} clear looks needed in the window there are {n_clear}"
    FEW_OTHERS = "of {n_needed} clear looks needed outside the window there are {n_clear}"
    FEW_REFERENCE = "of {n_needed} clear looks needed to compare it with there are {n_clear}"
    FEW_SHIFTS = "of {n_needed} other windows needed to hold it against there are {n_shifts}"
    NOTHING_THERE = "nothing that it predicts was measured there"
    TOO_SMALL = "the predicted change is smaller than the scatter of the place's own history"
    WITHHELD = "withheld: the method did not recover the known change {controls}"
    UNDECIDED = "the measurements neither support nor oppose it"
    AS_PREDICTED = "the measurements moved as predicted, beyond other windows, controls and chance"
    ABSENT = "a change of the predicted size would have been seen and was not measured"
    NULL_AS_PREDICTED = (
        "a change of the size in question would have been seen and was not measured, which is "
        "what the claim predicts and also what its opposite allows"
    )
    PRESENT_UNPREDICTED = "a change was measured where the claim predicts none"
    SHARED = "a change was measured, and a control moved as far"
    NO_SIZE = "a change was measured, and the claim states no size to hold it against"
    WEAK = "a change was measured that is not ten times more likely under the claim than without"
    MANY_CLAIMS = "a change was measured that the number of claims may explain"
    RIVAL = "a change was measured as predicted, and {rival} would look alike"
    OTHER_NOISE = "a second model of the noise does not bear out what the first one measured"


@dataclass(frozen=True)
class Said:
    """A reason with its numbers.

    Attributes:
        reason: which.
        values: what goes into its places, by name.
    """

    reason: Reason
    values: tuple[tuple[str, str | int], ...] = ()

    def __str__(self) -> str:
        """The English text.

        Example:
            >>> str(said(Reason.FEW_LOOKS, n_clear=1, n_needed=3))
            'of 3 clear looks needed in the window there are 1'
        """
        return self.reason.value.format(**dict(self.values))


def said(reason: Reason, **values: str | int) -> Said:
    """A reason with its numbers by name."""
    return Said(reason, tuple(sorted(values.items())))
