"""From rows of numbers to signs: the controls at the same looks, the baseline, what would be seen.

Here belongs the arithmetic that all signs share. What a row holds belongs to the sign; whether a
window of a finished series is unlike others belongs to ``assess``.

The controls of a look are the median over a place's peers, each first held against its own
baseline, so that a cloud over one of them does not pass for a step, and so that a peer to which
the same thing happens does not hide it. The baseline of the difference is a constant, or a
seasonal curve where the sign has seasons and the baseline holds enough of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import special

from pipeline.model.sign import Missing, SignBaseline, SignSeries
from pipeline.raster.harmonics import leverage, residuals, seasonal_design, solved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from pipeline.model.sign import Sign
    from pipeline.signs.zone_rows import Row

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

LOOKS_PER_TERM: Final = 6
"""Baseline looks that each term of a seasonal curve asks for; with fewer the curve is flatter."""
MAX_LEVERAGE: Final = 1.0
"""Beyond this the curve is known less well than a single look: no look near this season."""
MIN_PEERS: Final = 3
"""Of so many the median does not follow the one that changed itself."""
SCATTER_QUANTILE: Final = 0.9
"""The distance of peers from their median by which their scatter is told, as that of a normal
distribution: one in ten of them may have changed itself."""
SCATTER_PEERS: Final = 5
"""With fewer peers their scatter is not told."""
ALPHA: Final = 0.05
_LEAST: Final = 1e-9  # so that a series without any noise has scores, too
POWER: Final = 0.8
"""Level (two-sided) and power of the smallest change: EPA, National Nonpoint Source Monitoring
Program, Tech Notes 7 (2011)."""


@dataclass(frozen=True)
class Question:
    """What all rows of one call share.

    Attributes:
        sign: what they measure.
        unit: what they count.
        instants: the looks.
        in_baseline: which looks are the normal state, bool, (look,).
        n_harmonics: pairs of the seasonal curve at most; 0 for a sign without seasons.
        note: what a reader must know.
        is_simulated: whether any of it is made up.
        step_pixels: of a share, how many pixels its smallest step is; 0 for other units.
        least_step: the smallest step of any row, in the unit.
        noise: standard deviation of one pixel that the sensor's tables state, 0 if they do not.
        source: which sensor and product, in words.
        trusted: places in which nothing of interest is expected to happen: one of them is enough
            for a control, of others ``MIN_PEERS`` must have been seen.
    """

    sign: Sign
    unit: str
    instants: tuple[datetime, ...]
    in_baseline: Flags
    n_harmonics: int = 0
    note: str = ""
    is_simulated: bool = False
    step_pixels: float = 1.0
    least_step: float = 0.0
    noise: float = 0.0
    source: str = ""
    trusted: frozenset[str] = frozenset()

    @property
    def days(self) -> Floats:
        """Days since the first look, (look,)."""
        first = self.instants[0] if self.instants else None
        return np.array(
            [(instant - first).total_seconds() / 86_400 for instant in self.instants if first]
        )

    def resolution(self, row: Row) -> float:
        """The smallest difference that a row can show."""
        independent = max(row.effective_pixels or row.n_pixels, 1e-9)
        noise = self.noise / float(np.sqrt(independent))
        return max(self.step_pixels / independent, noise, self.least_step)


@dataclass(frozen=True)
class Curve:
    """What the baseline of one row of numbers leads one to expect.

    Attributes:
        expected: by look; NaN where the baseline says nothing.
        squares: sum of squared residuals of the baseline looks.
        dof: their degrees of freedom.
        n_looks: baseline looks.
    """

    expected: Floats
    squares: float
    dof: float
    n_looks: int


def curve_of(question: Question, values: Floats) -> Curve:
    """The constant or seasonal curve of the baseline looks, (look,) with NaN for none."""
    kept = question.in_baseline & np.isfinite(values)
    n_looks = int(kept.sum())
    if not n_looks:
        return Curve(np.full(len(values), np.nan), 0.0, 0.0, 0)
    n_pairs = min(question.n_harmonics, max(0, n_looks // LOOKS_PER_TERM - 1) // 2)
    design = seasonal_design(question.days, n_pairs)
    # About their mean, for the ridge of the fit holds each term near zero.
    middle = float(values[kept].mean())
    column = np.where(kept, values - middle, 0)[:, None, None].astype(np.float32)
    coefficients, inverse = solved(design, column, kept[:, None])
    left = residuals(design, coefficients, column, kept[:, None])
    curve = middle + (design.T @ coefficients[:, 0, 0]).astype(np.float64)
    spread_out = leverage(design, inverse)[:, 0] > MAX_LEVERAGE * (1 + 1e-3)
    squares = float(np.square(left, dtype=np.float64).sum())
    dof = float(max(n_looks - len(design), 0))
    return Curve(np.where(spread_out, np.nan, curve), squares, dof, n_looks)


@dataclass(frozen=True)
class Controls:
    """What the peers show at each look.

    Attributes:
        level: float64, (look,); NaN where none was seen.
        scatter: standard deviation of a place among them, likewise; 0 where too few were seen.
    """

    level: Floats
    scatter: Floats


def controls_of(question: Question, rows: Sequence[Row], curves: Sequence[Curve]) -> Controls:
    """The level of the peers, and how far they lie apart beyond their baselines.

    Args:
        question: what the rows share.
        rows: of the peers.
        curves: what the baseline of each of them leads one to expect.
    """
    known = [k for k, curve in enumerate(curves) if np.isfinite(curve.expected).any()]
    level, scatter = np.full(len(question.instants), np.nan), np.zeros(len(question.instants))
    if not known:
        return Controls(level, scatter)
    table = np.array([rows[k].values - curves[k].expected for k in known])
    is_trusted = np.array([rows[k].place in question.trusted for k in known])
    # Where too few were seen, only those count that need no company.
    table[:, np.isfinite(table).sum(axis=0) < MIN_PEERS] *= np.where(is_trusted, 1, np.nan)[:, None]
    held = np.isfinite(table)
    seen = held.any(axis=0)
    if not seen.any():
        return Controls(level, scatter)
    usual = float(np.mean([np.nanmean(curves[k].expected) for k in known]))
    middle = np.nanmedian(table[:, seen], axis=0)
    level[seen] = middle + usual
    apart = np.nanquantile(np.abs(table[:, seen] - middle), SCATTER_QUANTILE, axis=0)
    enough = held[:, seen].sum(axis=0) >= SCATTER_PEERS
    scatter[seen] = np.where(enough, apart / special.ndtri((1 + SCATTER_QUANTILE) / 2), 0)
    return Controls(level, scatter)


def series_of(
    question: Question, rows: Mapping[str, Row], peers: Mapping[str, Sequence[str]]
) -> tuple[SignSeries, ...]:
    """Every place of which peers are named as a sign, in the order of the peers.

    Args:
        question: what the rows share.
        rows: by place, the peers' among them.
        peers: by place, the places that it is compared with; those without numbers do not count.
    """
    # Once a row, not once a pair: a site may have hundreds of cells.
    of_row = {
        name: curve_of(question, row.values) for name, row in rows.items() if not row.not_observable
    }
    spoken = {place: [one for one in names if one in of_row] for place, names in peers.items()}
    controls = {
        place: controls_of(question, [rows[k] for k in names], [of_row[k] for k in names])
        for place, names in spoken.items()
    }
    curves = {
        place: curve_of(question, rows[place].values - one.level) for place, one in controls.items()
    }
    squares = sum(curve.squares for curve in curves.values())
    pooled = squares, sum(curve.dof for curve in curves.values())
    weighed = {
        place: _weigh(question, rows[place], (curve, controls[place].scatter), pooled)
        for place, curve in curves.items()
    }
    return tuple(
        _series(question, rows[place], controls[place].level, baseline)
        for place, baseline in weighed.items()
    )


def _weigh(
    question: Question, row: Row, own: tuple[Curve, Floats], pooled: tuple[float, float]
) -> SignBaseline | str:
    """The baseline of a row from its curve and its peers' scatter, or why there is none."""
    curve, scatter = own
    if row.not_observable:
        return row.not_observable
    if not curve.n_looks:
        return "not one look of the baseline shows both it and enough to compare it with"
    if not pooled[1]:
        return "the baseline holds too few looks to tell how much they vary"
    resolution = question.resolution(row)
    shared = (pooled[0] / pooled[1]) ** 0.5
    alone = (curve.squares / curve.dof) ** 0.5 if curve.dof else 0.0
    is_pooled = shared > alone
    dof = pooled[1] if is_pooled else curve.dof
    spread = max(shared, alone, resolution / 2, _LEAST)
    fringe = (1 + 1 / curve.n_looks) ** 0.5
    bound = float(special.stdtrit(dof, 1 - ALPHA / 2))
    # A spread that few looks tell is widened, so that scores read as those of a normal variable.
    errors = np.maximum(spread * fringe * bound / special.ndtri(1 - ALPHA / 2), scatter)
    reach = bound + float(special.stdtrit(dof, POWER))
    smallest = np.maximum(reach * np.maximum(spread, scatter) * fringe, resolution)
    return SignBaseline(curve.expected, errors, spread, dof, curve.n_looks, is_pooled, smallest)


def _series(
    question: Question, row: Row, level: Floats, baseline: SignBaseline | str
) -> SignSeries:
    """One place as the noun."""
    is_known = isinstance(baseline, SignBaseline)
    expected = baseline.expected if isinstance(baseline, SignBaseline) else level
    missing = tuple(
        reason or (None if known else Missing.CONTROLS_UNSEEN) or _season(hope)
        for reason, known, hope in zip(row.missing, np.isfinite(level), expected, strict=True)
    )
    is_there = np.array([reason is None for reason in missing], dtype=np.bool_)
    return SignSeries(
        sign=question.sign,
        place=row.place,
        unit=question.unit,
        instants=question.instants,
        values=np.where(is_there | ~np.isfinite(level), row.values, np.nan),
        controls=level,
        missing=missing,
        resolution=question.resolution(row),
        effective_pixels=row.effective_pixels or row.n_pixels,
        baseline=baseline if isinstance(baseline, SignBaseline) else None,
        not_observable="" if is_known else str(baseline),
        note=question.note,
        source=question.source,
        companions=row.companions,
        is_simulated=question.is_simulated,
    )


def _season(expected: float) -> Missing | None:
    """Whether the baseline says nothing of a look's season."""
    return None if np.isfinite(expected) else Missing.OTHER_SEASON
