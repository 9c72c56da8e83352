"""A measured line: one observable of one place by one sensor, look by look, beside its controls.

Here belong the nouns that detections and signs end as before claims are weighed, whatever sensor
they come from. How a line is drawn belongs to ``signals``, what it says of a claim to ``assess``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from pipeline.model.change import Bracket, Status
    from pipeline.model.claim import Observable


@dataclass(frozen=True, eq=False)
class Signal:
    """One observable of one place, look by look.

    Attributes:
        sensor: as claims name it (``sentinel-2``, ``viirs-dnb``).
        series: which of the sensor's series that are never mixed (an orbit, a product); may be
            empty.
        observable: what is measured.
        place: id of a zone, or of a place that coarse sensors measure.
        unit: what the values count, in words.
        instants: the looks that were asked, UTC, strictly ascending.
        values: the observable, float64, (look,); NaN where a look gives none.
        levels: the same of what the place is compared with, float64, (look,); NaN likewise.
        listed: every acquisition of the series that a catalogue listed, usable or not, UTC.
        resolution: smallest difference that the place can show, in the unit.
        native_m: edge of what one sample of the sensor measures, in metres.
        area_m2: area of the place.
        n_behind: how many clear looks stand behind each value, int, (look,): 1 for a look of its
            own, more for a composite.
        is_control: whether nothing of interest is expected here, so that it may serve as placebo.
        not_observable: why the series says nothing of this place at all; empty where it does.
        note: what a reader must know of the values.
        is_simulated: whether any of it is made up.
    """

    sensor: str
    series: str
    observable: Observable
    place: str
    unit: str
    instants: tuple[datetime, ...]
    values: NDArray[np.float64]
    levels: NDArray[np.float64]
    listed: tuple[datetime, ...]
    resolution: float
    native_m: float
    area_m2: float
    n_behind: NDArray[np.int64]
    is_control: bool = False
    not_observable: str = ""
    note: str = ""
    is_simulated: bool = False

    def __post_init__(self) -> None:
        """Freeze the arrays.

        Raises:
            ValueError: if the axes do not agree or time does not ascend.
        """
        arrays = (self.values, self.levels, self.n_behind)
        if any(array.shape != (len(self.instants),) for array in arrays):
            raise ValueError(f"a line of {len(self.instants)} looks has arrays of another length")
        if any(b <= a for a, b in zip(self.instants, self.instants[1:], strict=False)):
            raise ValueError("instants must ascend strictly")
        for array in arrays:
            array.setflags(write=False)

    @property
    def group(self) -> str:
        """Sensor, series and observable: lines of a group share their looks."""
        return "/".join(filter(None, (self.sensor, self.series, self.observable.value)))

    @property
    def differences(self) -> NDArray[np.float64]:
        """Values less levels, (look,); NaN where a look gives none."""
        return self.values - self.levels


@dataclass(frozen=True)
class StandingChange:
    """A confirmed object of a detector, as far as claims are concerned.

    Attributes:
        id: the detection.
        zone_id: the zone that holds it.
        onset: when it appeared.
        reversal: when it went back; None if it did not.
        status: how far the evidence has come.
        area_m2: its size.
        sensor: as claims name it.
    """

    id: str
    zone_id: str
    onset: Bracket
    reversal: Bracket | None
    status: Status
    area_m2: float
    sensor: str


@dataclass(frozen=True)
class Evidence:
    """Everything that was measured of a site and may be weighed.

    Attributes:
        signals: the lines, of all sensors.
        changes: the confirmed objects.
        is_simulated: whether any of it is made up.
    """

    signals: tuple[Signal, ...]
    changes: tuple[StandingChange, ...] = ()
    is_simulated: bool = False
