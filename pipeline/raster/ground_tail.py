"""The tail of a test on the ground itself: how rare a chance really is that a law calls rare.

Here belong the tail of placebo tests, made where and when nothing had happened, and what it does
to a p-value. Making the placebos belongs to ``detect``, the laws to ``raster.tails``.

A law with one variance a location holds for the bulk of real ground and fails further out: crops,
tides and parked ships move more than a dozen looks tell. The logarithm of an exact p-value falls
off exponentially with a mean of one; where the truth falls off as a power of what the law says, it
does so with another mean. That mean is taken from the placebos in the tail (Hill, Annals of
Statistics 3, 1975), and as it is an estimate, the predictive law of the next placebo is used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHARE: Final = 0.02  # of the placebos that count as tail: far out, and still many
_LEAST: Final = 4.0  # independent placebos in the tail that tell a mean to half of it
_SURE: Final = 2.0  # standard errors
_TINY: Final = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class GroundTail:
    """What a p-value of the law is worth on this ground.

    Attributes:
        bound: the p-value by the law below which the tail's share of the placebos lies.
        scale: mean of minus the logarithm of p beyond the bound; 1 by the law.
        n_independent: placebos in the tail that do not share pixels, about; 0 without placebos.
        is_law: whether the law is left as it is: nothing contradicts it, or nothing could.
    """

    bound: float = _SHARE
    scale: float = 1.0
    n_independent: float = 0.0
    is_law: bool = True

    @classmethod
    def of(cls, p_value: NDArray[np.float64]) -> GroundTail:
        """From the p-values of placebos, by the law, in the order of their places, (placebo,).

        The law stands as long as the placebos exceed it by less than two standard errors, in how
        many lie in the tail and in how far they lie out.
        """
        rarity = -np.log(np.maximum(p_value, _TINY))
        if rarity.size * _SHARE < _LEAST:
            return cls()
        start = float(np.quantile(rarity, 1 - _SHARE))
        is_tail = rarity > start
        n_independent = float(is_tail.sum()) * _apart(is_tail) ** 2
        if n_independent < _LEAST:
            return cls()
        bound = min(math.exp(-start), _SHARE)
        scale = max(float((rarity[is_tail] - start).mean()), 1.0)
        excess = max(scale - 1, math.log(_SHARE / bound))
        return cls(bound, scale, n_independent, excess * math.sqrt(n_independent) <= _SURE)

    @property
    def least_share(self) -> float:
        """The smallest false-alarm share that the placebos can vouch for; 1 without placebos.

        Two standard errors of the tail's mean move a share further out by more than a factor of 2.
        """
        if not self.n_independent:
            return 1.0
        return _SHARE * math.exp(-math.log(2) / _SURE * math.sqrt(self.n_independent))

    def __call__(self, p_value: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """The chance of a p-value as small, by the law, on unchanged ground; same shape."""
        by_law = np.maximum(np.asarray(p_value, dtype=np.float64), _TINY)
        if self.is_law:
            return np.asarray(by_law)
        out = np.maximum(math.log(self.bound) - np.log(by_law), 0)
        count = self.n_independent
        beyond = _SHARE * (1 + out / (count * self.scale)) ** -count
        within = by_law ** (math.log(_SHARE) / math.log(self.bound))
        return np.asarray(np.maximum(by_law, np.where(out > 0, beyond, within)))

    def by_law(self, share: float) -> float:
        """The p-value by the law up to which this share of unchanged ground is called."""
        if self.is_law:
            return share
        if share >= _SHARE:
            return min(share, math.exp(math.log(self.bound) / math.log(_SHARE) * math.log(share)))
        count = self.n_independent
        out = count * self.scale * math.expm1(math.log(_SHARE / share) / count)
        return min(share, max(self.bound * math.exp(-out), _TINY))


def _apart(is_tail: NDArray[np.bool_]) -> float:
    """Runs of neighbours in the tail over those in it: how far each stands for itself.

    The runs estimate of the extremal index; ground has two directions, hence its square above.
    """
    n_runs = int(is_tail[0]) + int((is_tail[1:] & ~is_tail[:-1]).sum())
    return n_runs / max(int(is_tail.sum()), 1)
