"""How often does nothing look like this? p-values, their families, and what they leave possible.

Here belongs what follows from a window and the same window at other times. The differences come
from ``slide``; verdicts belong to ``verdict``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.assess.slide import Answer

HALF = 2
"""Of the shifts of a family, one in so many must serve all its tests for them to be one family."""


def p_value(z: float, others: NDArray[np.float64]) -> float:
    """Share of places, the asked one counted, that depart at least as far: never below 1/(1 + N).

    Args:
        z: of the asked window.
        others: of the same window elsewhere, NaN where it could not be asked, (place,).

    Example:
        >>> p_value(3.0, np.array([0.5, -3.5, np.nan, 1.0]))
        0.5
    """
    n = int(np.isfinite(others).sum())
    return float(1 + (np.abs(others) >= abs(z)).sum()) / (1 + n)


def critical(others: NDArray[np.float64], level: float) -> float:
    """The smallest departure with a p-value of at most a level; infinite if no shift reaches it.

    Example:
        >>> critical(np.linspace(-2, 2, 39), 0.05) == 2.0
        False
        >>> critical(np.linspace(-2, 2, 9), 0.05)
        inf
    """
    sizes = np.sort(np.abs(others[np.isfinite(others)]))
    allowed = int(np.floor(level * (1 + len(sizes)) + 1e-9)) - 1
    if allowed < 0:
        return float("inf")
    return float(np.nextafter(sizes[-1 - allowed], np.inf)) if allowed < len(sizes) else 0.0


@dataclass(frozen=True)
class FamilyResult:
    """p-values of several windows asked together.

    Attributes:
        p_values: of each window alone, in the order asked.
        n_shifts: places behind each.
        family_p: of the strongest of them, given that all were asked.
    """

    p_values: tuple[float, ...]
    n_shifts: tuple[int, ...]
    family_p: float


def family_test(answers: Sequence[Answer], groups: Sequence[str]) -> FamilyResult:
    """p-values of windows, and one for the strongest of all (max-T; Westfall and Young 1993).

    Windows of a group (one sensor and observable) are moved together, so that what they share is
    shared in the null. Between groups, whose looks are others, the smaller p-value is paid for by
    the number of groups (Bonferroni); so are the windows of a group of which fewer than half of
    the places serve all.

    Args:
        answers: the windows with the same offsets for all of them.
        groups: what each belongs to.
    """
    z = np.array([answer.here.z[0] for answer in answers])
    others = np.array([answer.elsewhere.z for answer in answers])
    alone = [p_value(one, row) for one, row in zip(z, others, strict=True)]
    counts = np.isfinite(others).sum(axis=1)
    names, label = np.unique(np.array(groups), return_inverse=True)
    smallest = [
        _group_p(z[label == one], others[label == one], np.array(alone)[label == one])
        for one in range(len(names))
    ]
    family = min(1.0, len(smallest) * min(smallest))
    return FamilyResult(tuple(alone), tuple(counts.tolist()), family)


def _group_p(
    z: NDArray[np.float64], others: NDArray[np.float64], alone: NDArray[np.float64]
) -> float:
    """p-value of the strongest window of a group."""
    together = others[:, np.isfinite(others).all(axis=0)]
    if HALF * together.shape[1] >= np.isfinite(others).sum(axis=1).max():
        return p_value(float(np.abs(z).max()), np.abs(together).max(axis=0))
    return min(1.0, len(z) * float(alone.min()))
