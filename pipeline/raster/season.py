"""Seasons: which dates of one year stand in the months of another.

Here belongs arithmetic on the calendar. Curves through the year belong to ``harmonics``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

_DAYS_A_YEAR: Final = 365.2425


def same_season(
    instants: Sequence[datetime], wanted: NDArray[np.bool_], season_days: float
) -> NDArray[np.bool_]:
    """Dates at most so many days of the calendar away from a wanted one, of any year, (time,)."""
    first = min(instants)
    days = np.array([(one - first).total_seconds() / 86_400 for one in instants])
    apart = np.abs(days[:, None] - days[wanted]) % _DAYS_A_YEAR
    apart = np.minimum(apart, _DAYS_A_YEAR - apart)
    near: NDArray[np.bool_] = (apart <= season_days).any(axis=1)
    return near
