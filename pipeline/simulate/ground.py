# ruff: noqa: PLR2004 - every number here is a made-up quantity, read in the place it acts
"""The ground before any day has touched it: what covers each spot, how bright, how high.

Here belongs painting the layout onto a fine grid. What season, rain, snow and sun do to it
belongs to ``season`` and ``surface``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.simulate.blocks import built_patches
from pipeline.simulate.fields import power_law_field, smooth_field, stream
from pipeline.simulate.layout import PARK, Rect, park_axes, zone_rect
from pipeline.simulate.materials import OPTICS_TABLE, Material, Optics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.simulate.fields import Flags, Floats
    from pipeline.simulate.options import SimulateOptions

FINE_M = 5
"""Edge of a cell of the fine grid, in metres: half a pixel."""
PAD_CELLS = 12
"""Rim of fine cells around the frame, so that a shifted pixel still falls on ground."""
NOISY_ZONE = "inzi"
_RANDOM_LAND = 1953


@dataclass(frozen=True)
class FineGrid:
    """Cells of ``FINE_M`` with their place in the park.

    Attributes:
        u: metres to the park's east, (y, x).
        v: metres to the park's south, (y, x).
    """

    u: Floats
    v: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns."""
        return self.u.shape[0], self.u.shape[1]

    def inside(self, rect: Rect) -> Flags:
        """Cells whose centre lies in the rectangle."""
        in_u = (self.u >= rect.u0) & (self.u < rect.u1)
        return in_u & (self.v >= rect.v0) & (self.v < rect.v1)

    def distance(self, rect: Rect) -> Floats:
        """Metres from each cell's centre to the rectangle, 0 inside."""
        du = np.maximum(np.maximum(rect.u0 - self.u, self.u - rect.u1), 0)
        dv = np.maximum(np.maximum(rect.v0 - self.v, self.v - rect.v1), 0)
        return np.hypot(du, dv)

    def coverage(self, rect: Rect) -> Floats:
        """Share of each cell that the rectangle covers, from 5 x 5 points a cell.

        The park is turned by a few degrees only, so points along its axes serve as well.
        """
        steps = (np.arange(5) - 2) * (FINE_M / 5)
        across = sum((self.u + step >= rect.u0) & (self.u + step < rect.u1) for step in steps)
        down = sum((self.v + step >= rect.v0) & (self.v + step < rect.v1) for step in steps)
        share: Floats = np.asarray(across, dtype=np.float64) * down / steps.size**2
        return share


@dataclass(frozen=True)
class Ground:
    """What lies where, on the fine grid, (y, x) each.

    Attributes:
        cells: the fine grid.
        material: codes of ``Material``.
        tone: brightness relative to the material's own.
        delay_days: by how many days the plants of a parcel lag behind the year.
        vigour: how green the plants of a parcel become, about 1.
        second_crop: whether a field bears a second crop in autumn.
        dryness: how fast a spot dries, about 1.
        height_m: height above the ground of what stands there.
        ageing: share of brightness lost per year.
        clutter: noise of use, relative to ordinary ground.
    """

    cells: FineGrid
    material: NDArray[np.uint8]
    tone: Floats
    delay_days: Floats
    vigour: Floats
    second_crop: Flags
    dryness: Floats
    height_m: Floats
    ageing: Floats
    clutter: Floats


def fine_grid(options: SimulateOptions) -> FineGrid:
    """The fine grid of a frame, its rim included."""
    grid = options.grid
    n_rows, n_cols = (2 * n + 2 * PAD_CELLS for n in grid.shape)
    x: Floats = grid.left + (np.arange(n_cols, dtype=np.float64) - PAD_CELLS + 0.5) * FINE_M
    y: Floats = grid.top - (np.arange(n_rows, dtype=np.float64) - PAD_CELLS + 0.5) * FINE_M
    return FineGrid(*park_axes(np.broadcast_to(x, (n_rows, n_cols)), y[:, None]))


def _waves(cells: FineGrid, wavelength_m: float, salt: int) -> Floats:
    """A smooth field of place alone, the same in every frame: eight plane waves, variance 1."""
    rng = np.random.default_rng([_RANDOM_LAND, salt])
    total = np.zeros(cells.shape)
    for _ in range(8):
        angle, phase = rng.uniform(0, 2 * np.pi, 2)
        number = 2 * np.pi / (wavelength_m * rng.uniform(0.6, 1.8))
        along = cells.u * np.cos(angle) + cells.v * np.sin(angle)
        total += np.sin(number * along + phase)
    return total / 2


def _parcels(cells: FineGrid) -> NDArray[np.int64]:
    """Number of the field that a cell belongs to: strips of uneven width, cut unevenly."""
    bend = 25 * _waves(cells, 900, 1)
    strip = np.floor((cells.v + bend) / 46).astype(np.int64)
    cut = np.floor((cells.u + 37.0 * (strip % 5) + 0.15 * cells.v) / 88).astype(np.int64)
    return (strip * 7919 + cut * 104_729) % 4096


def _countryside(cells: FineGrid, parcel: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Hills with forest, fields on the slopes, paddies by the river, weeds inside the fence."""
    hill = _waves(cells, 1100, 2) + np.clip((-cells.v - 560) / 160, -1.2, 2.2)
    draw = np.random.default_rng(_RANDOM_LAND).random(4096)[parcel]
    low = (cells.v > 560) | (hill < -0.7)
    land = np.where(low & (draw < 0.8), Material.PADDY, Material.FIELD)
    land = np.where(draw > 0.93, Material.GRASS, land)
    woods = np.where(_waves(cells, 260, 3) > 0.5, Material.PINE, Material.BROADLEAF)
    edge = hill + 0.25 * _waves(cells, 120, 4)
    land = np.where(edge > 0.75, woods, np.where(edge > 0.6, Material.GRASS, land))
    return land.astype(np.uint8)


def _fixed_land(cells: FineGrid, land: NDArray[np.uint8], *, has_park: bool) -> None:
    """Lay the park's weeds, the controls' cover, the river and the pond over the country."""
    woods = np.where(_waves(cells, 260, 3) > 0.5, Material.PINE, Material.BROADLEAF)
    forest = cells.distance(zone_rect("control-forest")) < 60 + 30 * _waves(cells, 130, 6)
    if has_park:
        land[cells.inside(PARK)] = Material.GRASS
    land[forest] = woods[forest].astype(np.uint8)
    land[cells.inside(zone_rect("control-farmland").inset(-8))] = Material.PADDY
    land[cells.inside(zone_rect("south-extension"))] = Material.FIELD
    river = np.abs(cells.v - 815 - 38 * np.sin(cells.u / 210) - 12 * np.sin(cells.u / 71))
    land[river < 34] = Material.GRASS
    land[river < 17] = Material.WATER
    pond = np.hypot((cells.u + 810) / 75, (cells.v - 150) / 105) + 0.12 * _waves(cells, 110, 5)
    land[pond < 1.12] = Material.GRASS
    land[pond < 1.0] = Material.WATER


def _texture(seed: int, shape: tuple[int, int]) -> Floats:
    """Brightness of ground from spot to spot: fine grain over broad patches, about 1."""
    rng = stream(seed, "texture")
    broad = power_law_field(rng, shape, 1.3)
    return np.exp(0.045 * broad + 0.04 * smooth_field(rng, shape, 0.8))


def _bare(seed: int, cells: FineGrid, *, has_park: bool = True) -> Ground:
    """The ground without anything built; the park is fenced and cleared, or still country."""
    parcel = _parcels(cells)
    land = _countryside(cells, parcel)
    _fixed_land(cells, land, has_park=has_park)
    rng = stream(seed, "parcels")
    per_parcel = rng.standard_normal((3, 4096))[:, parcel]
    grown = np.isin(land, (Material.PADDY, Material.FIELD, Material.GINSENG))
    patchy = smooth_field(rng, cells.shape, 6)
    return Ground(
        cells,
        land,
        _texture(seed, cells.shape) * np.where(grown, np.exp(0.06 * per_parcel[0]), 1.0),
        np.where(grown, 3.5 * per_parcel[1], 2.5 * patchy),
        np.exp(np.where(grown, 0.06 * per_parcel[2], 0.05 * patchy)),
        np.random.default_rng(_RANDOM_LAND + 1).random(4096)[parcel] < 0.45,
        np.exp(0.25 * smooth_field(rng, cells.shape, 14)),
        np.zeros(cells.shape),
        np.zeros(cells.shape),
        np.where(cells.inside(zone_rect(NOISY_ZONE).inset(-15)), 3.0, 1.0),
    )


def lay_country(seed: int, options: SimulateOptions) -> Ground:
    """The ground of a frame before there was a park; towns are not built yet either."""
    return _bare(seed, fine_grid(options), has_park=False)


def lay_ground(seed: int, options: SimulateOptions) -> Ground:
    """The ground of a frame; the layout is the same for every seed, texture and parcels vary."""
    cells = fine_grid(options)
    ground = _bare(seed, cells)
    ageing = OPTICS_TABLE[:, Optics._fields.index("ageing")]
    for patch in built_patches():
        spot = cells.inside(patch.rect)
        calm = ground.tone[spot] ** (0.4 if patch.height_m else 0.8)
        ground.material[spot] = patch.material
        ground.tone[spot] = calm * patch.tone
        ground.height_m[spot] = patch.height_m
        ground.ageing[spot] = patch.ageing * ageing[patch.material]
    return ground
