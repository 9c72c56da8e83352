# ruff: noqa: PLR2004 - every number here is a made-up quantity, read in the place it acts
"""What is built in the park: roofs in rows, yards, streets, gates, towns.

Here belongs the list of built patches, fixed once for every seed, because the AOI folder and the
planted changes rely on it. Land outside the fence belongs to ``ground``.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.simulate.layout import (
    PARK,
    RAILWAY_U,
    STREET_U,
    STREET_V,
    Rect,
    block,
    lots,
    zone_rect,
)
from pipeline.simulate.materials import Material

if TYPE_CHECKING:
    from collections.abc import Iterator

_LAYOUT_SEED = 20040614
YARD_DEPTH_M = 48.0
_ROOFS = (
    *[Material.ROOF_BLUE] * 5,
    *[Material.ROOF_WHITE] * 2,
    *[Material.ROOF_GREY] * 3,
    *[Material.ROOF_RED] * 2,
)
_YARDS = (Material.CONCRETE, Material.CONCRETE, Material.CONCRETE, Material.ASPHALT)


class Patch(NamedTuple):
    """One covered rectangle.

    Attributes:
        rect: where it lies.
        material: what covers it.
        height_m: how high it stands above the ground.
        tone: brightness relative to the material's own.
        ageing: share of the material's ageing that it suffers.
    """

    rect: Rect
    material: Material
    height_m: float = 0.0
    tone: float = 1.0
    ageing: float = 0.5


def yard(lot: Rect) -> Rect:
    """The paved yard along the south of a lot."""
    return Rect(lot.u0 + 5, lot.v1 - YARD_DEPTH_M - 3, lot.u1 - 5, lot.v1 - 3)


def _roof_row(rng: np.random.Generator, strip: Rect, material: Material) -> Iterator[Patch]:
    """One or two halls in line, now and then with a gap between them."""
    length, depth = strip.u1 - strip.u0, strip.v1 - strip.v0
    cut = rng.uniform(0.35, 0.65) * length if rng.random() < 0.4 else length
    for start, end in ((0.0, cut), (cut + rng.uniform(8, 14), length)):
        if end - start > 15:
            tone, age = float(rng.lognormal(0, 0.09)), float(rng.uniform(0, 1))
            place = strip.part(start, 0, end - start, depth)
            yield Patch(place, material, float(rng.uniform(7, 12)), tone, age)


def _lot(rng: np.random.Generator, lot: Rect) -> Iterator[Patch]:
    """A factory lot: pavement, two or three rows of roofs in the north, a yard in the south."""
    paving = _YARDS[int(rng.integers(len(_YARDS)))]
    yield Patch(lot.inset(3), paving, tone=float(rng.lognormal(0, 0.08)))
    room = Rect(lot.u0 + 8, lot.v0 + 9, lot.u1 - 8, lot.v1 - YARD_DEPTH_M - 7)
    n_rows = 2 if room.v1 - room.v0 < 80 else 3
    depth = (room.v1 - room.v0 - 9 * (n_rows - 1)) / n_rows
    material = _ROOFS[int(rng.integers(len(_ROOFS)))]
    inset = float(rng.uniform(0, 18))
    for row in range(n_rows):
        length = room.u1 - room.u0 - inset
        yield from _roof_row(rng, room.part(0, row * (depth + 9), length, depth), material)


def _factories(rng: np.random.Generator) -> Iterator[Patch]:
    """Every block of ordinary factories."""
    two_deep = ((1, 0), (2, 0), (2, 1), (2, 2), (2, 3), (3, 0), (3, 1), (3, 2), (3, 3))
    one_deep = ((0, 0), (0, 2), (0, 3), (4, 1), (4, 3))
    for row, column in two_deep:
        for lot in lots(block(row, column), 2):
            yield from _lot(rng, lot)
    for row, column in one_deep:
        for lot in lots(block(row, column), 1):
            yield from _lot(rng, lot)


def _streets() -> Iterator[Patch]:
    """Avenues 16 m wide, the roads to the gates, the railway, the road to the south."""
    for u in STREET_U:
        yield Patch(Rect(u - 8, PARK.v0 - 8, u + 8, PARK.v1 + 8), Material.ASPHALT)
    for v in STREET_V:
        yield Patch(Rect(PARK.u0 - 8, v - 8, PARK.u1 + 8, v + 8), Material.ASPHALT)
    yield Patch(Rect(-2900, -300, -640, -285), Material.ASPHALT)
    yield Patch(Rect(640, -68, 2900, -53), Material.ASPHALT)
    yield Patch(Rect(705, -60, 724, 2900), Material.ASPHALT, tone=1.08)
    yield Patch(Rect(RAILWAY_U[0], -2900, RAILWAY_U[1], 2900), Material.GRAVEL, tone=0.8)


def _support_centre() -> Iterator[Patch]:
    """A tower with a low wing, an office, a car park and lawns."""
    place = block(1, 1)
    yield Patch(place.inset(4), Material.GRASS)
    yield Patch(place.part(20, 20, 120, 70), Material.CONCRETE, tone=0.95)
    yield Patch(place.part(60, 34, 44, 26), Material.ROOF_GREY, 68.0, 1.1)
    yield Patch(place.part(24, 38, 36, 18), Material.ROOF_WHITE, 8.0, 0.9)
    yield Patch(place.part(160, 20, 120, 90), Material.ASPHALT)
    yield Patch(place.part(30, 150, 100, 80), Material.CONCRETE)
    yield Patch(place.part(50, 165, 40, 28), Material.ROOF_GREY, 16.0)
    yield Patch(place.part(170, 150, 90, 30), Material.ROOF_RED, 10.0)


def _bus_depot() -> Iterator[Patch]:
    """A wide paved depot with two canopies."""
    place = block(1, 2)
    yield Patch(place.inset(4), Material.CONCRETE, tone=0.9)
    yield Patch(place.part(14, 12, 270, 14), Material.ROOF_BLUE, 6.0)
    yield Patch(place.part(14, 228, 120, 18), Material.ROOF_GREY, 6.0)
    yield Patch(place.part(196, 190, 84, 56), Material.ASPHALT)


def _substation() -> Iterator[Patch]:
    """Gravel, switchgear and one hall in a green block."""
    place = block(1, 3)
    yield Patch(place.part(30, 40, 180, 150), Material.GRAVEL)
    yield Patch(place.part(50, 60, 50, 22), Material.ROOF_GREY, 9.0)
    for column in range(4):
        yield Patch(place.part(60 + 34 * column, 105, 16, 60), Material.ASPHALT, tone=0.85)


def _gates() -> Iterator[Patch]:
    """Both crossings: pavement along the road, halls beside it."""
    west, east = zone_rect("west-gate"), zone_rect("east-gate")
    yield Patch(west.part(10, 15, 150, 66), Material.CONCRETE, tone=0.9)
    yield Patch(west_gate_hall(), Material.ROOF_BLUE, 6.0, 1.1, 0.1)
    yield Patch(east.part(8, 12, 150, 76), Material.CONCRETE)
    yield Patch(east.part(24, 20, 70, 16), Material.ROOF_WHITE, 6.0)


def west_gate_hall() -> Rect:
    """The row of blue roofs at the western crossing, 120 m by 17 m."""
    return zone_rect("west-gate").part(25, 22, 120, 17)


def _margins() -> Iterator[Patch]:
    """The station, the open plots in the south, the shaded beds in the south-west."""
    station, beds = zone_rect("panmun-station"), zone_rect("south-west-extension")
    yield Patch(station.part(20, 30, 132, 80), Material.GRAVEL, tone=0.9)
    yield Patch(station.part(30, 40, 90, 20), Material.ROOF_RED, 8.0)
    yield Patch(block(0, 1).inset(4), Material.GRASS, tone=1.02)
    yield Patch(block(4, 0).inset(4), Material.GRASS, tone=1.1)
    yield Patch(block(4, 0).part(150, 30, 110, 90), Material.SOIL, tone=0.95)
    yield Patch(block(4, 2).inset(6), Material.SOIL)
    yield Patch(block(4, 2).part(20, 20, 90, 60), Material.GRAVEL)
    for row in range(9):
        yield Patch(beds.part(10, 12 + 22 * row, 180, 14), Material.GINSENG)


def _houses(rng: np.random.Generator, place: Rect, pitch_m: float) -> Iterator[Patch]:
    """Rows of small houses with lanes and gardens between them."""
    for u in np.arange(place.u0, place.u1 - pitch_m, pitch_m):
        for v in np.arange(place.v0, place.v1 - pitch_m, pitch_m):
            size = rng.uniform(0.5, 0.85, 2) * pitch_m
            tone, red = float(rng.lognormal(0, 0.15)), rng.random() < 0.15
            kind = Material.ROOF_RED if red else Material.HOUSES
            yield Patch(Rect(u, v, u + size[0], v + size[1]), kind, 4.0, tone)


def _towns(rng: np.random.Generator) -> Iterator[Patch]:
    """The city quarter and the village that serve as comparators."""
    city, village = zone_rect("kaesong-city"), zone_rect("daeseong-dong")
    yield Patch(city, Material.GRAVEL, tone=0.85)
    yield from _houses(rng, city, 18)
    yield Patch(city.part(90, 0, 14, 300), Material.ASPHALT)
    yield Patch(city.part(0, 140, 190, 12), Material.ASPHALT)
    yield Patch(village, Material.GRASS)
    yield from _houses(rng, village, 27)


def built_patches() -> tuple[Patch, ...]:
    """All built patches, in the order in which they are laid down."""
    rng = np.random.default_rng(_LAYOUT_SEED)
    parts = (_factories(rng), _streets(), _support_centre(), _bus_depot(), _substation())
    return tuple(chain(*parts, _gates(), _margins(), _towns(rng)))
