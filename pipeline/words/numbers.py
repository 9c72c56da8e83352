"""Numbers as readers of a sentence want them: shares in per cent, light as a factor.

Here belongs the form of a number. Units are told by the words that lines carry.
"""

from __future__ import annotations

import math

LOGARITHM = "natural logarithm"
SHARE = "share"


def is_factor(unit: str) -> bool:
    """Whether a difference in the unit is a factor: one of logarithms."""
    return unit.startswith(LOGARITHM)


def percent(share: float) -> str:
    """A share in per cent, with as many decimals as small shares need.

    Example:
        >>> percent(0.0123), percent(0.456), percent(-0.0004)
        ('1.2 %', '46 %', '-0.04 %')
    """
    value = 100 * share
    size = abs(value)
    digits = 0 if size >= 10 else 1 if size >= 0.1 or not size else 2  # noqa: PLR2004 - 2 digits
    return f"{value:.{digits}f} %"


def amount(value: float, unit: str) -> str:
    """A difference with its unit; of logarithms, the factor in per cent.

    Example:
        >>> amount(0.0123, "share of pixels"), amount(-1.456, "kelvin, mean of roofs")
        ('1.2 %', '-1.5 K')
        >>> amount(-1.83, "natural logarithm of mean nW/cm2/sr"), amount(0.04, "greatest NDVI")
        ('16 %', '0.04')
    """
    if is_factor(unit):
        return percent(math.exp(value))
    if unit.startswith(SHARE):
        return percent(value)
    return f"{value:.2g}" + (" K" if unit.startswith("kelvin") else "")


def factor(value: float) -> str:
    """A difference of logarithms as a factor, upwards.

    Example:
        >>> factor(-0.18)
        '1.20'
    """
    return f"{math.exp(abs(value)):.2f}"


def chance(p_value: float) -> str:
    """A probability to three decimals.

    Example:
        >>> chance(0.01234), chance(0.0002)
        ('0.012', '0.0002')
    """
    return f"{p_value:.3f}" if p_value >= 0.001 else f"{p_value:.1g}"  # noqa: PLR2004 - 3 decimals


def times(ratio: float) -> str:
    """A likelihood ratio in two digits; beyond a million it is no finer than that.

    Example:
        >>> times(29.7), times(3.456), times(1e9)
        ('30', '3.5', 'more than 1,000,000')
    """
    if ratio > 1e6:  # noqa: PLR2004 - a million
        return "more than 1,000,000"
    return f"{float(f'{ratio:.2g}'):,.10g}"
