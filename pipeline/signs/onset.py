"""When a sign began to depart for good: the bracket between two looks.

Here belongs a plain reading of a finished series. Whether it departs by more than chance over the
whole of its history belongs to ``assess``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import special

from pipeline.model.change import Bracket
from pipeline.signs.persistence import N_LOOKS, in_runs

if TYPE_CHECKING:
    from pipeline.model.sign import SignSeries

ONSET_ALPHA: Final = 0.01
"""Two-sided chance that one look lies beyond by itself, as for single pixels."""


def onset_of(series: SignSeries, direction: int, n_looks: int = N_LOOKS) -> Bracket | None:
    """When the first lasting departure began.

    Args:
        series: the sign of one place.
        direction: 1 for a rise, -1 for a fall.
        n_looks: usable looks in a row that must depart.

    Returns:
        The last usable look without it (None if there is none) and the first with it; None if no
        such run exists, as for a sign that is not observable.
    """
    scores, usable = series.scores, series.usable & np.isfinite(series.scores)
    limit = float(special.ndtri(1 - ONSET_ALPHA / 2))
    beyond = np.where(usable, direction * np.nan_to_num(scores), 0) > limit
    found = np.flatnonzero(in_runs(beyond[:, None], usable[:, None], n_looks)[:, 0])
    if not found.size:
        return None
    first = int(found[0])
    earlier = np.flatnonzero(usable[:first])
    before = series.instants[int(earlier[-1])] if earlier.size else None
    return Bracket(before, series.instants[first])
