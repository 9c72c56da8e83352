"""P-values of a pair from its own ground, where no law describes it.

Here belong the check of a law on the ground away from every call, and the shares that stand in for
it. The law of a sum of squares belongs to ``null``, the call to ``change_level``.

On real pairs the ground away from any call exceeds a law fitted to the bulk, the further out the
more: fields, roofs and shadows each have a spread of their own. There a p-value is a share of the
pair's pixels. What was called may be change, or ground that crops, seasons and cloud move as far;
the strengths alone do not tell. So it counts half. Then, if nothing had changed at all, at most
twice a share of all pixels has a p-value of that share or less; and no less than half has, as long
as a quarter of the pixels as strong is no change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from pipeline.raster.change_level import disc

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CALLED_WEIGHT: Final = 0.5  # of a called pixel: within two of the truth from a quarter to all
_LEVELS: Final = (0.05, 0.01, 0.001)  # at which a law is held against the ground
_MOST_OVER: Final = 2.0  # times as often as the law says
_LEAST_PX: Final = 10  # expected beyond a level, for it to say anything


@dataclass(frozen=True)
class GroundChance:
    """Chances on the ground of a pair.

    Attributes:
        p_value: of each seen pixel, float32, (pixel,).
        bound: p-values up to this share are upper bounds, since called ground alone may lie there;
            0 where a law holds.
    """

    p_value: NDArray[np.float32]
    bound: float

    @classmethod
    def of(
        cls,
        statistic: NDArray[np.float32],
        by_law: NDArray[np.float32],
        *,
        called: NDArray[np.bool_],
        away: NDArray[np.bool_],
    ) -> GroundChance:
        """By the law if the ground bears it out, else by shares of the ground.

        Args:
            statistic: of the seen pixels, larger is less like unchanged ground, (pixel,).
            by_law: its chance by a law fitted to the bulk, (pixel,).
            called: whether the pixel is called changed, (pixel,).
            away: whether it lies away from every call, (pixel,).
        """
        if is_borne_out(by_law[away]):
            return cls(by_law, 0.0)
        counted = _CALLED_WEIGHT * np.count_nonzero(called)
        bound = counted / (counted + np.count_nonzero(~called))
        return cls(share_beyond(statistic, called), float(bound))


def away_from(called: NDArray[np.bool_], reach_px: int) -> NDArray[np.bool_]:
    """Pixels that no call is near, (y, x)."""
    return np.asarray(~ndimage.binary_dilation(called, disc(reach_px)))


def is_borne_out(by_law: NDArray[np.float32]) -> bool:
    """Whether pixels lie beyond each level at most twice as often as their law says, (pixel,).

    Fewer may: a call takes unchanged ground away as well. Too few pixels bear nothing out.
    """
    levels = [level for level in _LEVELS if level * by_law.size >= _LEAST_PX]
    found = [float((by_law < level).mean()) / level for level in levels]
    return bool(found) and max(found) <= _MOST_OVER


def share_beyond(statistic: NDArray[np.float32], called: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Share of the pair's own ground that shows as much as each pixel or more; same shape.

    Args:
        statistic: larger is less like unchanged ground, (pixel,).
        called: whether the pixel is called changed, (pixel,).

    Returns:
        At least the share of half a pixel, at most 1.
    """
    order = np.argsort(statistic, kind="stable")
    ordered = statistic[order]
    weight = np.where(called[order], _CALLED_WEIGHT, 1.0)
    beyond = np.cumsum(weight[::-1])[::-1]
    share = (beyond / beyond[0])[np.searchsorted(ordered, ordered)]
    answer = np.empty(share.shape, dtype=np.float32)
    answer[order] = share
    return answer
