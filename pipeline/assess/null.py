"""How often does nothing look like this? p-values, their families, and what they leave possible.

Here belongs what follows from a window and the same window at other times. The differences come
from ``slide``; verdicts belong to ``verdict``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

HALF: Final = 2
"""Of the shifts of a family, one in so many must serve all its tests for them to be one family."""


def p_value(z: float, others: NDArray[np.float64]) -> float:
    """Share of places, the asked one counted, that depart at least as far: never below 1/(1 + N).

    Departures either way count, as they do in the interval that belongs to it.

    Args:
        z: of the asked window.
        others: of the same window elsewhere, NaN where it could not be asked, (place,).

    Example:
        >>> p_value(3.0, np.array([0.5, -3.5, np.nan, 1.0]))
        0.5
    """
    n = int(np.isfinite(others).sum())
    return float(1 + (np.abs(others) >= abs(z)).sum()) / (1 + n)


def p_as_strong(strength: float, others: NDArray[np.float64]) -> float:
    """Share of places, the asked one counted, that are at least as strong: the way it is predicted.

    Args:
        strength: of the asked window.
        others: of the same window elsewhere, NaN where it could not be asked, (place,).

    Example:
        >>> p_as_strong(3.0, np.array([0.5, -3.5, np.nan, 1.0]))
        0.25
    """
    n = int(np.isfinite(others).sum())
    return float(1 + (others >= strength).sum()) / (1 + n)


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


class Shifted(NamedTuple):
    """How strongly a window moved the way that is predicted, and the same window elsewhere.

    Attributes:
        strength: of the asked window; comparable between windows, negative against the prediction.
        elsewhere: of the same window at other places, NaN where it could not be asked, (place,).
    """

    strength: float
    elsewhere: NDArray[np.float64]


@dataclass(frozen=True)
class FamilyResult:
    """p-values of several windows asked together.

    Attributes:
        p_values: of each window alone, in the order asked.
        n_shifts: places behind each.
        family_p: of the strongest of them, given that all were asked.
        strongest: which one that is.
    """

    p_values: tuple[float, ...]
    n_shifts: tuple[int, ...]
    family_p: float
    strongest: int


def family_test(windows: Sequence[Shifted], groups: Sequence[str]) -> FamilyResult:
    """p-values of windows, and one for the strongest of all (max-T; Westfall and Young 1993).

    Windows of a group (one sensor, observable and asserted time: zones) are moved together, so that
    what they share is shared in the null; where fewer than half of the places serve all of them,
    they are paid for by their number instead (Bonferroni). Groups do not share their places. A
    p-value of theirs is paid for by the number of groups over how many have one as small, so that
    one which agrees counts (Simes 1986, Biometrika 73, 751-754).

    Args:
        windows: all at the same places.
        groups: what each belongs to.
    """
    strengths = np.array([one.strength for one in windows])
    others = np.array([one.elsewhere for one in windows])
    alone = np.array([p_as_strong(*one) for one in windows])
    members = [np.flatnonzero(np.array(groups) == name) for name in sorted(set(groups))]
    found = [_group_p(strengths[group], others[group], alone[group]) for group in members]
    best = min(range(len(found)), key=lambda number: found[number])
    ordered = sorted(group.p for group in found)
    family_p = min(len(found) * p / (place + 1) for place, p in enumerate(ordered))
    counts = np.isfinite(others).sum(axis=1)
    strongest = int(members[best][found[best].strongest])
    return FamilyResult(tuple(alone.tolist()), tuple(counts.tolist()), family_p, strongest)


class _GroupP(NamedTuple):
    """p-value of the strongest window of a group, and which one that is."""

    p: float
    strongest: int


def _group_p(
    strengths: NDArray[np.float64], others: NDArray[np.float64], alone: NDArray[np.float64]
) -> _GroupP:
    """p-value of the strongest window of a group."""
    together = others[:, np.isfinite(others).all(axis=0)]
    if HALF * together.shape[1] >= np.isfinite(others).sum(axis=1).max():
        strongest = int(strengths.argmax())
        return _GroupP(p_as_strong(strengths[strongest], together.max(axis=0)), strongest)
    return _GroupP(min(1.0, len(strengths) * float(alone.min())), int(alone.argmin()))
