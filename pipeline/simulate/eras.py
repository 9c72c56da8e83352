"""The park through its years: country, bared ground, blocks that are built one after another.

Here belongs what stands when, by the truth, and which roofs are warm and which yards swept. How
any of it looks to a sensor belongs to ``surface`` and to the module of each sensor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.simulate.blocks import yard
from pipeline.simulate.changes import planted_changes
from pipeline.simulate.ground import Ground, lay_country, lay_ground
from pipeline.simulate.layout import PARCELS, block, lots, zone_rect
from pipeline.simulate.materials import Material
from pipeline.simulate.operation import Operation
from pipeline.simulate.options import SimulateOptions
from pipeline.simulate.surface import Surface, place_changes, snow_patchiness

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.simulate.fields import Flags, Floats
    from pipeline.simulate.outcome import Truth

PILOT: Final = ((3, 1), (3, 2))
"""The blocks (row, column) of the first roofs, and of the rest of the pilot."""
_FIXED_DAYS: Final = {(1, 3): 384, (1, 2): 579, (1, 1): 1095}
"""Substation, depot and support centre: days after the main blocks begin."""
GATES: Final = ("west-gate", "east-gate", "panmun-station")
ZONE_OF_BLOCK: Final = {
    (3, 0): "electronics",
    (3, 3): "textile",
    (3, 1): "south-belt",
    (3, 2): "south-belt",
    (2, 0): "inzi",
    (2, 1): "centre-factory",
    (2, 3): "dongwon",
    (1, 0): "bucheon-hosan",
}
_LOT_ROWS: Final = {**dict.fromkeys(((2, 2), *ZONE_OF_BLOCK), 2), (0, 0): 1, (0, 2): 1, (0, 3): 1}
"""Blocks of factories with yards, and into how many rows of lots each is cut."""
_MONTHS: Final = timedelta(days=120)
_ROOFS: Final = tuple(material for material in Material if material.name.startswith("ROOF"))
_EARLY_SITES: Final = ("south-extension", "south-west-extension")
"""What is bared where the park is not."""


def _clearing(truth: Truth) -> date:
    """The day on which the ground of the park is bared."""
    if truth.has("K002-01"):
        return date(2004, 3, 1)
    return date(2004, 7, 1) if truth.is_late("K002-01") else date(2005, 3, 1)


def building_days(truth: Truth) -> dict[tuple[int, int], date]:
    """The day from which each block stands finished."""
    cleared = _clearing(truth)
    rest = date(2006, 9, 1) if truth.has("K002-03") else date(2010, 2, 1)
    rest = date(2005, 9, 1) if truth.has("K002-02") else rest
    first = date(2004, 10, 15) if truth.has("K002-14") else max(date(2005, 5, 1), rest - _MONTHS)
    days = {PILOT[0]: max(first, cleared + timedelta(days=60)), PILOT[1]: rest}
    start = date(2006, 6, 1) if truth.has("K002-03") else date(2010, 1, 1)
    others = [place for place in PARCELS if place not in days]
    for number, place in enumerate(others):
        days[place] = start + timedelta(days=_FIXED_DAYS.get(place, 60 * number))
    return days


@dataclass(frozen=True)
class Past:
    """The ground of one simulation through all years.

    Attributes:
        seed: seed of the simulation.
        truth: what happened.
    """

    seed: int
    truth: Truth

    @cached_property
    def options(self) -> SimulateOptions:
        """The frame, which is that of the rehearsal."""
        return SimulateOptions(truth=self.truth)

    @cached_property
    def operation(self) -> Operation:
        """The work of the complex."""
        return Operation(self.truth)

    @cached_property
    def final(self) -> Ground:
        """The ground as Sentinel-2 sees it from 2019 on."""
        return lay_ground(self.seed, self.options)

    @cached_property
    def country(self) -> Ground:
        """The ground before the park."""
        return lay_country(self.seed, self.options)

    @cached_property
    def _days(self) -> dict[tuple[int, int], date]:
        """When each block stands finished."""
        return building_days(self.truth)

    @cached_property
    def number_of_block(self) -> NDArray[np.int16]:
        """1 and up for the cells of each block in the order of ``PARCELS``; 0 outside, (y, x)."""
        cells = self.final.cells
        numbers = np.zeros(cells.shape, np.int16)
        for number, rect in enumerate(PARCELS.values(), start=1):
            numbers[cells.inside(rect)] = number
        return numbers

    def _by_block(self, value: dict[tuple[int, int], float]) -> Floats:
        """A number a block as a field; 0 outside the park and where none is given."""
        table = np.array([0.0, *(value.get(place, 0.0) for place in PARCELS)])
        field: Floats = table[self.number_of_block]
        return field

    def is_built(self, day: date) -> Flags:
        """Where the ground is that of today, (y, x)."""
        done = {place: float(day >= ready) for place, ready in self._days.items()}
        built = self._by_block(done) > 0
        built |= self.number_of_block == 0
        if day < date(2006, 3, 1):
            for zone_id in GATES:
                built &= ~self.final.cells.inside(zone_rect(zone_id))
        return built

    def is_bared(self, day: date) -> Flags:
        """Where nothing but soil lies, (y, x)."""
        bared = np.zeros(self.final.cells.shape, dtype=np.bool_)
        if day >= _clearing(self.truth):
            bared |= ~self.is_built(day) & (self.number_of_block > 0)
        if self.truth.is_elsewhere("K002-01") and date(2004, 3, 1) <= day < date(2005, 3, 1):
            for zone_id in _EARLY_SITES:
                bared |= self.final.cells.inside(zone_rect(zone_id))
        return bared

    def ground(self, day: date) -> Ground:
        """The ground of a day."""
        built, bared, old = self.is_built(day), self.is_bared(day), self.country
        if built.all() and not bared.any():
            return self.final
        names = ("material", "tone", "delay_days", "vigour", "second_crop", "height_m", "ageing")
        layers = {
            name: np.where(built, getattr(self.final, name), getattr(old, name)) for name in names
        }
        layers["material"][bared] = Material.SOIL
        layers["height_m"][bared] = 0.0
        return replace(self.final, **layers)

    @cached_property
    def surface(self) -> Surface:
        """Today's surface, with what is planted on it."""
        changes = place_changes(self.final, planted_changes(self.seed, self.truth))
        patches = snow_patchiness(self.seed, self.final)
        return Surface(self.seed, self.final, changes, patches, self.truth)

    def surface_on(self, day: date) -> Surface:
        """The surface of a day."""
        return replace(self.surface, ground=self.ground(day))

    @cached_property
    def is_roof(self) -> Flags:
        """Where roofs of the park stand in the end, (y, x)."""
        return np.isin(self.final.material, _ROOFS) & (self.number_of_block > 0)

    def heat(self, day: date) -> Floats:
        """The level of heat of every roof of the park on a day, 0 to about 1, (y, x)."""
        level = {
            place: self.operation.heat(day, ZONE_OF_BLOCK.get(place, ""))
            for place, ready in self._days.items()
            if day >= ready and place in _LOT_ROWS
        }
        heat: Floats = self._by_block(level) * self.is_roof
        return heat

    @cached_property
    def _yards(self) -> Floats:
        """Share of each cell in a yard that is swept when its plants run, (y, x)."""
        cells = self.final.cells
        share = np.zeros(cells.shape)
        for place, n_rows in _LOT_ROWS.items():
            for lot in lots(block(*place), n_rows)[::2]:
                share = np.maximum(share, cells.coverage(yard(lot)))
        return share

    def in_use(self, day: date) -> Floats:
        """Share of each cell in a yard that is in use, and swept when it snows, (y, x)."""
        sweeps = {
            place: float(self.operation.sweeps(day, ZONE_OF_BLOCK.get(place, "")))
            for place, ready in self._days.items()
            if day >= ready
        }
        used: Floats = self._by_block(sweeps) * self._yards
        return used
