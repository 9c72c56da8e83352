"""How strong is a departure, and how strong would one have had to be?

Here belong power, the smallest change that would have been seen, likelihood ratios and the test
that nothing larger than a stated size was there. All take a difference, its standard error and,
where one is needed, the critical value that the shifted windows ask for.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from scipy.stats import norm

from pipeline.model.assessment import Ratios

if TYPE_CHECKING:
    from collections.abc import Sequence

Z_95: Final = 1.959964
"""Half-width of a 95 % interval, in standard deviations."""
Z_80: Final = 0.841621
"""Standard deviations above a threshold that are passed with probability 0.8."""
SPREADS: Final = (1 / 6, 1 / 3, 1 / 2)
"""Spreads of an expected size that a likelihood ratio is given for, as shares of it."""


def power_of(size: float, error: float, threshold: float = Z_95) -> float:
    """Probability that an effect of a size passes a two-sided test.

    Args:
        size: the effect.
        error: its standard error, in the same unit.
        threshold: critical value of the test, in standard errors.

    Example:
        >>> round(power_of(2.8, 1.0), 2)
        0.8
    """
    ratio = abs(size) / error
    return float(norm.cdf(ratio - threshold) + norm.cdf(-ratio - threshold))


def smallest_seen(error: float, threshold: float = Z_95) -> float:
    """Size that is seen with probability 0.8 (EPA Tech Notes 7, with the threshold of the test)."""
    return (threshold + Z_80) * error


def likelihood_ratios(
    difference: float,
    error: float,
    expected: float,
    *,
    other: float = 0.0,
    spreads: Sequence[float] = SPREADS,
) -> Ratios:
    """Likelihood of a difference under a claim over that under another account, by spread.

    ``N(d; delta, s^2 + tau^2) / N(d; other, s^2)`` with tau a share of delta; an account that
    predicts a size of its own is given the same spread.

    Args:
        difference: what was measured.
        error: its standard error.
        expected: the size that the claim predicts, signed.
        other: the size that the other account predicts; 0 for nothing.
        spreads: shares of the expected size.
    """
    logs = []
    for share in spreads:
        claimed = (error**2 + (share * expected) ** 2) ** 0.5
        rival = (error**2 + (share * other) ** 2) ** 0.5
        logs.append(
            float(
                norm.logpdf(difference, expected, claimed) - norm.logpdf(difference, other, rival)
            )
        )
    return Ratios(_ratio(min(logs)), _ratio(max(logs)))


def _ratio(log: float) -> float:
    """A ratio from its logarithm, kept within what a number can hold."""
    return math.exp(max(-690.0, min(690.0, log)))


def is_equivalent(difference: float, error: float, bound: float, threshold: float) -> bool:
    """Whether nothing as large as a bound was there: both one-sided tests pass (Schuirmann 1987).

    Args:
        difference: what was measured.
        error: its standard error.
        bound: the size that would matter, unsigned.
        threshold: one-sided critical value, in standard errors.
    """
    reach = threshold * error
    return difference - reach > -abs(bound) and difference + reach < abs(bound)
