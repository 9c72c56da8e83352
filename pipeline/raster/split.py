"""A series of windows split in two: at one date for all locations, or at each location's own.

Here belong the two sides of a split as periods. What their difference means belongs to
``raster.scatter`` and to ``detect``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.raster.speckle import Period

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pipeline.raster.speckle import Looks


def every_split(looks: Looks, splits: NDArray[np.int64]) -> Iterator[tuple[Period, Period]]:
    """All dates before each split as one and all after it as one.

    Args:
        looks: the series.
        splits: how many dates lie before, ascending; each costs only the dates since the last.
    """
    whole = (looks.sums, looks.weights, looks.squares, looks.weights > 0)
    rest = [_total(array) for array in whole]
    past = [np.zeros_like(total) for total in rest]
    start = 0
    for split in splits:
        passed = [_total(array[start:split]) for array in whole]
        past = [total + new for total, new in zip(past, passed, strict=True)]
        rest = [total - new for total, new in zip(rest, passed, strict=True)]
        start = int(split)
        yield _period(past), _period(rest)


def _total(array: NDArray[Any]) -> NDArray[Any]:
    """Sum over the dates; looks are counted."""
    total: NDArray[Any] = array.sum(axis=0, dtype=np.int32 if array.dtype == np.bool_ else None)
    return total


def _period(totals: list[NDArray[Any]]) -> Period:
    """A period from its totals: sums, weights, squares, looks."""
    sums, weights, squares, n_looks = totals
    return Period.of(sums, weights, squares, n_looks)


def own_split(looks: Looks, splits: NDArray[np.int64]) -> tuple[Period, Period]:
    """All dates before each location's own split as one, and all after it, splits (location,)."""
    after = np.arange(len(looks.weights))[:, None] >= splits
    return _period(_totals_where(looks, ~after)), _period(_totals_where(looks, after))


def _totals_where(looks: Looks, chosen: NDArray[np.bool_]) -> list[NDArray[Any]]:
    """The totals over chosen dates, (time, location)."""
    return [
        np.einsum("tbn,tn->bn", looks.sums, chosen),
        np.einsum("tn,tn->n", looks.weights, chosen),
        np.einsum("tn,tn->n", looks.squares, chosen),
        (chosen & (looks.weights > 0)).sum(axis=0, dtype=np.int32),
    ]


def without_loudest(looks: Looks, splits: NDArray[np.int64]) -> Iterator[tuple[Period, Period]]:
    """The two sides of each location's split with one look less: after, and then before.

    The look left out is the one that speaks most for the step between the sides.
    """
    dates = np.arange(len(looks.weights))[:, None]
    seen, after = looks.weights > 0, dates >= splits
    first, second = own_split(looks, splits)
    pull = np.einsum("tbn,bn->tn", looks.means(), second.mean - first.mean)
    loudest = np.where(after & seen, pull, -np.inf).argmax(axis=0)
    yield first, _period(_totals_where(looks, after & (dates != loudest)))
    loudest = np.where(~after & seen, pull, np.inf).argmin(axis=0)
    yield _period(_totals_where(looks, ~after & (dates != loudest))), second
