"""How strong is a departure, and how strong would one have had to be?

Here belong power, the smallest change that would have been seen, likelihood ratios and the test
that nothing larger than a stated size was there. All take a difference, its standard error and,
where one is needed, the critical value that the shifted windows ask for.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

from pipeline.model.assessment import Ratios

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
    return NormalDist().cdf(ratio - threshold) + NormalDist().cdf(-ratio - threshold)


def smallest_seen(error: float, threshold: float = Z_95) -> float:
    """Size that is seen with probability 0.8 (EPA Tech Notes 7, with the threshold of the test)."""
    return (threshold + Z_80) * error


def likelihood_ratios(
    difference: float,
    error: float,
    expected: float,
    *,
    other: float = 0.0,
    is_signed: bool = True,
) -> Ratios:
    """Likelihood of a difference under a claim over that under another account, by spread.

    ``N(d; delta, s^2 + tau^2) / N(d; other, s^2)`` with tau a share of delta, one of ``SPREADS``;
    an account that predicts a size of its own is given the same spread. Where a claim leaves the
    sign open, both signs are equally likely under it.

    Args:
        difference: what was measured.
        error: its standard error.
        expected: the size that the claim predicts, signed.
        other: the size that the other account predicts; 0 for nothing.
        is_signed: whether the claim predicts the sign.
    """
    logs = []
    for share in SPREADS:
        claimed = math.hypot(error, share * expected)
        log = _log_density(difference - expected, claimed)
        if not is_signed:
            log = _log_mean(log, _log_density(difference + expected, claimed))
        rival = math.hypot(error, share * other)
        logs.append(log - _log_density(difference - other, rival))
    return Ratios(_ratio(min(logs)), _ratio(max(logs)))


def _log_density(departure: float, spread: float) -> float:
    """Logarithm of the normal density, less a constant that all of them share."""
    return -0.5 * (departure / spread) ** 2 - math.log(spread)


def _log_mean(one: float, other: float) -> float:
    """Logarithm of the mean of two numbers, from theirs."""
    return max(one, other) + math.log1p(math.exp(-abs(one - other))) - math.log(2)


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
