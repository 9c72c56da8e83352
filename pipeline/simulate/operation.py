# ruff: noqa: PLR2004 - every number here is a made-up quantity, read in the place it acts
"""How hard the complex works on a day, by the truth: the one history behind light, heat and snow.

Here belong levels, 1 being full work (30 to 50 MW). What a level makes of a roof or of a lamp
belongs to the modules that draw them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.simulate.outcome import Truth

CLOSED: Final = 0.02
"""What is left after the power went: a guard's lamp."""
CUT: Final = 0.08
"""About 3 MW of 30 to 50."""
REOPENED: Final = 0.60
"""90 of 123 firms, 32,000 of 53,000 workers."""
DECEMBER_2013: Final = 0.855
"""94 % of the level of the year before."""
SEWING: Final = "textile"
_STOP, _POWER_CUT = date(2013, 4, 9), date(2013, 4, 27)
_REOPENING, _RECOVERED = date(2013, 9, 16), date(2013, 12, 10)
_LATE_REOPENING = date(2014, 1, 15)
_CLOSURE = date(2016, 2, 11)
_GROWTH = {
    date(2004, 10, 1): 0.0,
    date(2005, 3, 1): 0.05,
    date(2006, 1, 1): 0.12,
    date(2007, 7, 1): 0.30,
    date(2008, 7, 1): 0.48,
    date(2009, 1, 1): 0.55,
    date(2009, 12, 31): 0.60,
    date(2010, 2, 1): 0.72,
    date(2010, 5, 1): 0.77,
    date(2011, 5, 16): 0.88,
    date(2012, 1, 1): 0.90,
}
"""Level on some days before the shutdown; a straight line runs between them."""


def _between(day: date, start: date, end: date) -> bool:
    """Whether a day lies in a span, both ends included."""
    return start <= day <= end


@dataclass(frozen=True)
class Operation:
    """The work of the complex under one truth."""

    truth: Truth

    @cached_property
    def _growth(self) -> tuple[np.ndarray, np.ndarray]:
        """Days and levels before the shutdown."""
        knots = dict(_GROWTH)
        if not self.truth.has("K002-10"):
            knots |= {date(2010, 2, 1): 0.575, date(2010, 5, 1): 0.575, date(2010, 12, 31): 0.575}
        if not (self.truth.has("K002-05") and self.truth.has("K002-08")):
            level = knots[date(2010, 5, 1)]
            knots |= {date(2011, 5, 16): level, date(2011, 12, 1): level}
        days = sorted(knots)
        ordinals = np.array([day.toordinal() for day in days], dtype=np.float64)
        return ordinals, np.array([knots[day] for day in days])

    def _early(self, day: date) -> float:
        """Level before April 2013."""
        level = float(np.interp(day.toordinal(), *self._growth))
        if not self.truth.has("K002-07") and _between(day, date(2010, 4, 1), date(2010, 12, 31)):
            level *= 0.33
        if not self.truth.has("K002-04") and day.year == 2011:
            level *= 0.5
        return level

    @cached_property
    def _stop(self) -> date | None:
        """The first day of the shutdown of 2013; None if it never comes."""
        if self.truth.has("K003-02"):
            return _STOP
        return date(2013, 7, 9) if self.truth.is_late("K003-02") else None

    @cached_property
    def _reopening(self) -> date:
        """The day on which work resumes after the shutdown."""
        if self.truth.has("K004-07"):
            return _REOPENING
        return date(2013, 12, 20) if self.truth.is_late("K004-07") else _LATE_REOPENING

    @cached_property
    def closure(self) -> date:
        """The first day after the last shift; a day beyond all records if it never comes."""
        if self.truth.has("K001-09"):
            return _CLOSURE
        return date(2016, 7, 11) if self.truth.is_late("K001-09") else date.max

    def _recovered(self, day: date) -> float:
        """Level after the reopening: a step, a climb of 85 days, then nearly the old level."""
        since = (day - self._reopening).days
        climb = min(1.0, since / (_RECOVERED - _REOPENING).days)
        level = REOPENED + (DECEMBER_2013 - REOPENED) * climb
        if not self.truth.has("K004-09") and _between(day, date(2013, 12, 1), date(2013, 12, 31)):
            level = 1.25 * self._early(date(2013, 3, 15))
        return level

    def level(self, day: date) -> float:
        """The level of the complex as a whole, 0 to about 1."""
        if day >= self.closure:
            return self._after(day)
        if not self.truth.has("K004-08") and _between(day, date(2014, 10, 1), date(2015, 3, 31)):
            return CUT
        stop = self._stop
        if stop is None or day < stop:
            return self._early(day)
        if day < min(self._reopening, self.closure):
            return 0.35 if (day - stop).days < (_POWER_CUT - _STOP).days else CUT
        return self._recovered(day)

    def _after(self, day: date) -> float:
        """Level once the complex was closed."""
        if not self.truth.has("K000-09") and _between(day, date(2016, 9, 1), date(2020, 12, 31)):
            return 0.7
        return CLOSED

    def light(self, day: date) -> float:
        """The level of light: that of work, and what burns beside it."""
        extra = 0.0
        if _between(day, date(2017, 4, 1), date(2017, 10, 31)):
            extra += 0.02 * self.truth.has("K001-03")
            extra += 0.20 * (not self._is_null("K001-08")) + 0.30 * (not self._is_null("K001-04"))
        # The liaison office and its lamps, until it was blown up.
        return self.level(day) + extra + 0.01 * _between(day, date(2018, 9, 14), date(2020, 6, 16))

    def _is_null(self, claim_id: str) -> bool:
        """Whether a claim that predicts nothing leaves the complex alone."""
        return self.truth.has(claim_id) or self.truth.is_elsewhere(claim_id)

    def town_factor(self, day: date) -> float:
        """What the eastern town shines with, relative to its own light."""
        factor = 1.0
        for claim_id, change in _ELSEWHERE.items():
            if self.truth.is_elsewhere(claim_id):
                factor *= change(day)
        return factor

    def city_factor(self, day: date) -> float:
        """What the city shines with, relative to its own light."""
        first, last = date(2020, 7, 24), date(2020, 8, 14)
        if self.truth.is_late("K000-03"):
            first, last = first + timedelta(days=92), last + timedelta(days=92)
        elif not self.truth.has("K000-03"):
            return 1.0
        return 0.6 if _between(day, first, last) else 1.0

    def heat(self, day: date, zone_id: str) -> float:
        """The level of heat of the roofs of a zone, 0 to about 1."""
        level = min(1.0, self.level(day))
        if zone_id == SEWING:
            level = self._sewing_reopened(day, level)
            if not self.truth.has("K001-04") and _between(
                day, date(2017, 4, 1), date(2017, 10, 31)
            ):
                level = max(level, 2.0)
        return max(level, self._sewing(day, zone_id))

    def _sewing_reopened(self, day: date, level: float) -> float:
        """The level of the textile zone, which may stay cold when the others work again."""
        late = date(2013, 12, 20) if self.truth.is_late("K001-15") else _LATE_REOPENING
        stays = not self.truth.has("K001-15") and _between(day, self._reopening, late)
        return min(level, CUT) if stays else level

    def _sewing(self, day: date, zone_id: str) -> float:
        """The level of what is sewn in secret in 2017."""
        claim, truth = "K001-01", self.truth
        where = "electronics" if truth.is_elsewhere(claim) else SEWING
        runs = truth.has(claim) or truth.is_elsewhere(claim) or truth.is_late(claim)
        if not runs or zone_id != where:
            return 0.0
        first = date(2017, 4, 1) if truth.has("K001-06") else date(2017, 8, 1)
        last = date(2017, 10, 6) if truth.has("K001-05") else date(2018, 12, 31)
        if truth.is_late(claim):
            first, last = date(2018, 4, 1), date(2018, 9, 30)
        return 1.0 if _between(day, first, last) else 0.0

    def sweeps(self, day: date, zone_id: str) -> bool:
        """Whether the yards of a zone are swept when it snows."""
        return self.heat(day, zone_id) > 0.3


_ELSEWHERE: Final[dict[str, Callable[[date], float]]] = {
    "K003-02": lambda day: 0.1 if _between(day, _POWER_CUT, date(2013, 9, 15)) else 1.0,
    "K004-07": lambda day: 1.6 if _between(day, _REOPENING, date(2013, 12, 31)) else 1.0,
    "K001-09": lambda day: 0.1 if day >= _CLOSURE else 1.0,
    "K000-03": lambda day: 0.6 if _between(day, date(2020, 7, 24), date(2020, 8, 14)) else 1.0,
    "K001-08": lambda day: 1.4 if _between(day, date(2017, 4, 1), date(2017, 10, 31)) else 1.0,
    "K002-04": lambda day: 1.3 if day.year in (2010, 2011) else 1.0,
}
"""What happens to the eastern town where a change of the complex's light happens there."""
