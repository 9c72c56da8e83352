"""The effect of a window by a state-space model, as a second opinion on the first.

Here belongs one fit of ``statsmodels``, used only where a claim could become corroborated or
contradicted: it is a hundred times slower than ``slide`` and assumes the noise to be a stationary
AR(1) process, which ``null`` does not.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.assess.season import YEAR_DAYS, harmonics_of, season_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.assess.slide import Question

MAX_STEPS: Final = 1500
"""Steps of the regular axis at most: a longer series is averaged into wider ones."""


MIN_STEP_DAYS: Final = 1.0
COVARIANCE: Final = "approx"
"""The error comes from the curvature of the likelihood. The product of its gradients, which is what
the library takes unasked, rests on the few looks of the window alone and is half as wide again."""


def state_space_interval(question: Question) -> tuple[float, float]:
    """The 95 % interval of a window less its reference.

    Regression with AR(1) errors on a regular axis (statsmodels ``SARIMAX``): an indicator of the
    window, the season, and a level of its own for every regime and side that is not the reference.
    Steps without a look are missing, so gaps count as gaps.

    Returns:
        Lower and upper end, in the unit of the line; infinite if the fit does not come to an end.
    """
    # It takes a second to load, and most claims never come here.
    from statsmodels.tsa.statespace.sarimax import SARIMAX  # noqa: PLC0415

    values, rows = _on_axis(question)
    seen, whole = np.isfinite(values), np.column_stack([np.ones(len(values)), rows])
    # It is a short way from the plain fit; from nothing, fifty steps do not pass a large level.
    start = np.linalg.lstsq(whole[seen], values[seen], rcond=None)[0]
    left = values - whole @ start
    scale = float(np.std(left[seen])) or 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = SARIMAX(left / scale, exog=rows, order=(1, 0, 0), trend="c")
        try:
            fitted = model.fit(disp=False, cov_type=COVARIANCE)
            low, high = start[1] + fitted.conf_int()[1] * scale
        except (np.linalg.LinAlgError, ValueError):
            return -np.inf, np.inf
    if not fitted.mle_retvals["converged"] or not np.isfinite([low, high]).all():
        return -np.inf, np.inf
    return float(low), float(high)


def _on_axis(question: Question) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means by step of a regular axis, (step,), NaN where there is none; its rows, (step, row).

    A step that holds a break may mix looks of both sides and is left out.
    """
    line, (start, end) = question.line, question.window
    used = _used(question)
    days, kept = line.days[used], line.values[used]
    step = max(float(np.diff(days).min()), MIN_STEP_DAYS, (days[-1] - days[0]) / MAX_STEPS)
    place = np.round((days - days[0]) / step).astype(np.intp)
    n = int(place[-1]) + 1
    n_looks = np.bincount(place, minlength=n)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.bincount(place, weights=kept, minlength=n) / n_looks
    mixed = np.round((np.array(question.breaks) - days[0]) / step)
    values[mixed[(mixed >= 0) & (mixed < n)].astype(np.intp)] = np.nan
    axis = days[0] + step * np.arange(n)
    inside = (axis >= start - step / 2) & (axis <= end + step / 2)
    rows = [inside, *_other_levels(question, axis, inside, n_looks > 0)]
    season = season_rows(axis, harmonics_of(line.days))
    return values, np.column_stack([*(row.astype(float) for row in rows), season])


def _used(question: Question) -> NDArray[np.bool_]:
    """The looks of a fit, bool, (look,): none of the guards; beside a stated reference, those near.

    A window that is compared with stated days is fitted on both, what lies between, and the year
    before them for the season. What happened earlier or later may be anything: a light that comes
    and goes there would pass for long memory.
    """
    days, (start, end) = question.line.days, question.window
    low, high = question.guarded
    used = (days < low) | (days > high) | ((days >= start) & (days <= end))
    if question.reference is None:
        return used
    first, last = question.hull
    return used & (days >= first - YEAR_DAYS) & (days <= last)


def _other_levels(
    question: Question,
    axis: NDArray[np.float64],
    inside: NDArray[np.bool_],
    seen: NDArray[np.bool_],
) -> list[NDArray[np.bool_]]:
    """An indicator for each regime, and side of the window, that is not the reference."""
    regime = np.searchsorted(np.array(question.breaks), axis, side="right")
    own = int(np.searchsorted(question.breaks, question.window.start, side="right"))
    side = np.zeros(len(axis), dtype=np.intp)
    if question.reference is not None:
        own = int(np.searchsorted(question.breaks, question.reference.start, side="right"))
        side = (axis > question.window.end).astype(np.intp)
    label = 2 * regime + side
    is_after = question.reference is not None and question.reference.start > question.window.end
    base = 2 * own + is_after
    others = [(label == one) & ~inside for one in np.unique(label) if one != base]
    return [one for one in others if (one & seen).any()]
