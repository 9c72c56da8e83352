"""What the signs of a site came to: every series, what departs in it, and what is not shown.

Here belong the nouns between the signs and those who write them down. Measuring belongs to
``signs``, the choice of signs to ``activity``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from pipeline.model.change import Bracket
    from pipeline.model.sign import Sign, SignSeries


@dataclass(frozen=True)
class LastingDeparture:
    """Looks in a row that all lie off to one side.

    Attributes:
        direction: 1 for above, -1 for below what was expected.
        onset: between the last look without it and the first with it.
        end: between the last look with it and the first without; None while it stands.
        n_looks: how many looks it holds.
        size: median departure over them, in the unit of the sign, with its direction.
    """

    direction: int
    onset: Bracket
    end: Bracket | None
    n_looks: int
    size: float


@dataclass(frozen=True)
class SignReading:
    """One series and what departs in it after the baseline.

    Attributes:
        series: look by look.
        monitored: looks that the question is about, bool, (look,).
        lasting: by onset.
        in_lasting: looks that are part of one, bool, (look,).
        single: looks that stand out alone, bool, (look,).
        limits: departure from which a single look stands out, in the unit of the sign, float64,
            (look,); NaN where the sign is not observable.
    """

    series: SignSeries
    monitored: NDArray[np.bool_]
    lasting: tuple[LastingDeparture, ...]
    in_lasting: NDArray[np.bool_]
    single: NDArray[np.bool_]
    limits: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Freeze the arrays.

        Raises:
            ValueError: if they are not as long as the series.
        """
        for array in (self.monitored, self.in_lasting, self.single, self.limits):
            if array.shape != (len(self.series.instants),):
                raise ValueError("a reading has a number for every look of its series")
            array.setflags(write=False)

    @property
    def is_observable(self) -> bool:
        """Whether it says anything of the time after the baseline."""
        return not self.why_silent

    @property
    def why_silent(self) -> str:
        """Why it says nothing; empty where it does."""
        if self.series.not_observable:
            return self.series.not_observable
        return "" if self.n_looks else "no look after the baseline gives a number"

    @property
    def n_looks(self) -> int:
        """Looks after the baseline that give a number."""
        return int((self.series.usable & self.monitored).sum())

    @property
    def has_numbers(self) -> bool:
        """Whether any look of the place itself gives a number, observable or not."""
        return bool(np.isfinite(self.series.values).any())

    @property
    def departs(self) -> bool:
        """Whether anything stands out."""
        return bool(self.lasting) or bool(self.single.any())


@dataclass(frozen=True)
class Unasked:
    """A sign that a run cannot show anywhere.

    Attributes:
        sign: which.
        reason: why not, and what would show it.
    """

    sign: Sign
    reason: str


@dataclass(frozen=True)
class Activity:
    """The signs of a site in one run.

    Attributes:
        readings: by sign, then in the order of the zones; series of the whole site last.
        unasked: signs that this run cannot show.
        silent_zones: ids of named zones that no sign can be measured in, each with the reason.
        baseline_end: the first instant after the baseline, UTC.
        look_alpha: chance that one look of a run of departures lies beyond by itself, two-sided.
        n_looks: looks in a row that make a departure last.
        run_alpha: chance that any look of one sign and source stands out alone in a run where
            nothing happened, were scores normal.
    """

    readings: tuple[SignReading, ...]
    unasked: tuple[Unasked, ...]
    silent_zones: tuple[tuple[str, str], ...]
    baseline_end: datetime
    look_alpha: float
    n_looks: int
    run_alpha: float

    @property
    def signs(self) -> tuple[Sign, ...]:
        """The signs that were asked, in order."""
        return tuple(dict.fromkeys(one.series.sign for one in self.readings))

    @property
    def is_simulated(self) -> bool:
        """Whether any of it is made up."""
        return any(one.series.is_simulated for one in self.readings)

    def why_silent(self, zone_id: str) -> str:
        """Why no sign can be measured in a zone; empty where that is not so."""
        return dict(self.silent_zones).get(zone_id, "")

    def of(self, place: str) -> tuple[SignReading, ...]:
        """What is known of a place, in order."""
        return tuple(one for one in self.readings if one.series.place == place)

    def of_sign(self, sign: Sign) -> tuple[SignReading, ...]:
        """What is known of a sign, in order."""
        return tuple(one for one in self.readings if one.series.sign is sign)
