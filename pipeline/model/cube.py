"""Pixels through time: the cube that detection reads, and the zones burnt to its grid.

Here belong read-only arrays with their axes. Building them belongs to ``prepare``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from pipeline.model.grid import Grid, Window

INSIDE_SHARE = 0.5
"""A pixel belongs to a zone where more of it lies inside than outside."""


@dataclass(frozen=True)
class DateCube:
    """One sensor's acquisitions of a site on one grid.

    Attributes:
        values: what ``unit`` says, float32, (time, band, y, x); what was not seen clearly is 0
            and never read, because ``clear`` says so. Radar stays linear power.
        clear: whether a pixel was seen clearly, bool, (time, y, x).
        snow: whether a seen pixel is snow, bool, (time, y, x); snow is not ``clear``.
        instants: when each acquisition was taken, UTC, strictly ascending.
        scene_ids: the scene of each acquisition.
        bands: common names along the band axis.
        grid: where the pixels lie.
        is_simulated: whether any acquisition is simulated.
        kinds: what each pixel shows, codes of ``PixelKind``, uint8, (time, y, x); None where a
            cube was made without them.
        sensor: id of the sensor, by which ``sensors.SENSORS`` gives noise and equivalent looks;
            empty where a cube was made by hand.
        unit: what the values count.
        orbit: the one ground track and direction of a radar, in words; empty for all others.
    """

    values: NDArray[np.float32]
    clear: NDArray[np.bool_]
    snow: NDArray[np.bool_]
    instants: tuple[datetime, ...]
    scene_ids: tuple[str, ...]
    bands: tuple[str, ...]
    grid: Grid
    is_simulated: bool = False
    kinds: NDArray[np.uint8] | None = None
    sensor: str = ""
    unit: str = "reflectance"
    orbit: str = ""

    def __post_init__(self) -> None:
        """Freeze the arrays.

        Raises:
            ValueError: if the axes do not agree or the instants do not ascend.
        """
        expected = (len(self.instants), len(self.bands), *self.grid.shape)
        if self.values.shape != expected:
            raise ValueError(f"values are {self.values.shape}, the axes say {expected}")
        flat = (expected[0], *expected[2:])
        if self.clear.shape != flat or self.snow.shape != flat:
            raise ValueError(f"masks must be {flat}")
        if any(b <= a for a, b in zip(self.instants, self.instants[1:], strict=False)):
            raise ValueError("instants must ascend strictly")
        if self.kinds is not None:
            if self.kinds.shape != flat:
                raise ValueError(f"kinds must be {flat}")
            self.kinds.setflags(write=False)
        for array in (self.values, self.clear, self.snow):
            array.setflags(write=False)


@dataclass(frozen=True)
class ZoneMask:
    """How much of each pixel lies in a zone.

    Attributes:
        zone_id: the zone.
        window: the block of the cube's grid that holds the zone.
        fraction: share of each pixel inside, float32 in 0..1, (height, width) of the window.
        is_control: whether the zone is a control.
    """

    zone_id: str
    window: Window
    fraction: NDArray[np.float32]
    is_control: bool = False

    def __post_init__(self) -> None:
        """Freeze the array."""
        self.fraction.setflags(write=False)

    @property
    def n_pixels(self) -> float:
        """Area of the zone in pixels."""
        return float(self.fraction.sum())
