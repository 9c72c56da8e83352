"""A small made-up town whose truth is known, and places under coarse sensors, for the signs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from shapely import box

from pipeline.model.change import Period
from pipeline.model.coarse import CoarseLook, Layer, LookLabel, Noise, Quantity, SourceFile
from pipeline.model.coarse_chip import PlacedLook
from pipeline.model.cube import DateCube, ZoneMask
from pipeline.model.degrees import DegreeGrid
from pipeline.model.grid import Grid, Window
from pipeline.model.look import PixelKind
from pipeline.model.site import SITE_PLACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BANDS = ("blue", "green", "red", "nir", "swir16")
SIDE = 10
"""Edge of a zone, in pixels."""
START = datetime(2018, 1, 3, 2, 16, tzinfo=UTC)
CONCRETE = (0.15, 0.17, 0.19, 0.22, 0.24)
BLUE_ROOF = (0.24, 0.20, 0.13, 0.21, 0.19)
GRASS = (0.03, 0.06, 0.05, 0.32, 0.18)
DORMANT = (0.07, 0.09, 0.12, 0.20, 0.28)
SOIL = (0.10, 0.14, 0.19, 0.24, 0.33)
SNOW = (0.75, 0.75, 0.75, 0.70, 0.10)


@dataclass
class Town:
    """Square zones in a row: paved on the left, blue roofs in the middle, grass on the right.

    The first ``n_zones`` are zones, the last ``n_controls`` of them controls. Every date has a
    gain of its own, and every pixel noise of its own.
    """

    n_zones: int = 8
    n_controls: int = 2
    n_dates: int = 90
    n_baseline: int = 60
    step_days: int = 12
    noise: float = 0.01
    gaps: float = 0.1
    seed: int = 1
    values: NDArray[np.float32] = field(init=False)
    kinds: NDArray[np.uint8] = field(init=False)

    def __post_init__(self) -> None:
        """Draw the unchanged ground."""
        draw = np.random.default_rng(self.seed)
        shape = (self.n_dates, len(BANDS), SIDE, SIDE * self.n_zones)
        ground = np.zeros(shape)
        season = 0.5 - 0.5 * np.cos(2 * np.pi * self.days / 365.2425)
        grown = season[:, None] * np.array(GRASS) + (1 - season[:, None]) * np.array(DORMANT)
        for zone in range(self.n_zones):
            at = zone * SIDE
            ground[..., at : at + 4] = np.array(CONCRETE)[None, :, None, None]
            ground[..., at + 4 : at + 7] = np.array(BLUE_ROOF)[None, :, None, None]
            ground[..., at + 7 : at + 10] = grown[:, :, None, None]
        texture = 1 + 0.05 * draw.standard_normal((1, 1, *shape[2:]))
        gain = 1 + 0.03 * draw.standard_normal((self.n_dates, 1, 1, 1))
        seen = ground * texture * gain * (1 + self.noise * draw.standard_normal(shape))
        self.values = seen.astype(np.float32)
        hidden = draw.random((self.n_dates, *shape[2:])) < self.gaps
        self.kinds = np.where(hidden, PixelKind.CLOUD, PixelKind.CLEAR).astype(np.uint8)

    @property
    def days(self) -> NDArray[np.float64]:
        """Days since the first date."""
        return self.step_days * np.arange(self.n_dates, dtype=np.float64)

    @property
    def instants(self) -> tuple[datetime, ...]:
        """When the dates are."""
        return tuple(START + timedelta(days=float(day)) for day in self.days)

    @property
    def in_baseline(self) -> NDArray[np.bool_]:
        """The leading dates."""
        return np.arange(self.n_dates) < self.n_baseline

    @property
    def masks(self) -> tuple[ZoneMask, ...]:
        """The zones ``z0``, ``z1`` ...; the last ones are controls."""
        share = np.ones((SIDE, SIDE), dtype=np.float32)
        first = self.n_zones - self.n_controls
        return tuple(
            ZoneMask(f"z{k}", Window(0, k * SIDE, SIDE, SIDE), share.copy(), k >= first)
            for k in range(self.n_zones)
        )

    def paint(
        self, dates: slice, cols: slice, spectrum: Sequence[float], kind: PixelKind | None = None
    ) -> Town:
        """Cover some columns with other ground for some dates."""
        draw = np.random.default_rng(self.seed + 1)
        block = self.values[dates, :, :, cols]
        noise = 1 + self.noise * draw.standard_normal(block.shape)
        block[...] = np.array(spectrum)[None, :, None, None] * noise
        if kind is not None:
            self.kinds[dates, :, cols] = kind
        return self

    def hide(self, dates: slice) -> Town:
        """Cover everything with cloud on some dates."""
        self.kinds[dates] = PixelKind.CLOUD
        return self

    def cube(self) -> DateCube:
        """The cube as prepare would make it."""
        kinds = self.kinds.copy()
        seen = (kinds == PixelKind.CLEAR) | (kinds == PixelKind.SNOW)
        return DateCube(
            values=np.where(seen[:, None], self.values, np.float32(0)),
            clear=kinds == PixelKind.CLEAR,
            snow=kinds == PixelKind.SNOW,
            instants=self.instants,
            scene_ids=tuple(f"S2-{k:03d}" for k in range(self.n_dates)),
            bands=BANDS,
            grid=Grid("EPSG:32652", 200_000.0, 4_100_000.0, 10.0, *kinds.shape[1:]),
            is_simulated=True,
            kinds=kinds,
            sensor="sentinel-2",
        )


def scaled(cube: DateCube, factor: float) -> DateCube:
    """The cube with all numbers times a factor."""
    return changed(cube, values=(cube.values * np.float32(factor)))


def changed(cube: DateCube, **parts: object) -> DateCube:
    """The cube with some of its parts exchanged."""
    fields = {name: getattr(cube, name) for name in DateCube.__dataclass_fields__}
    return DateCube(**(fields | parts))


SITE_BOX = box(126.60, 37.91, 126.65, 37.95)
TOWNS = {"town-a": box(126.70, 37.91, 126.74, 37.94), "town-b": box(126.78, 37.91, 126.82, 37.94)}
OUTLINES = {SITE_PLACE: SITE_BOX, **TOWNS}
LIGHT_GRID = DegreeGrid(126.55, 38.0, 1 / 240, 1 / 240, 36, 72)


def light_look(
    place: str,
    month: int,
    radiance: float,
    *,
    label: LookLabel | None = None,
    snow: int | None = None,
    seen: bool = True,
) -> PlacedLook:
    """One month of even light over one place; months count from January 2014."""
    start = datetime(2014 + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    shape = LIGHT_GRID.shape
    layers = {} if snow is None else {Layer.SNOW: np.full(shape, snow, np.uint8)}
    look = CoarseLook(
        label=label or LookLabel("dnb-monthly", "npp", "vcmcfg", "v10"),
        quantity=Quantity.RADIANCE,
        period=Period(start, start + timedelta(days=27)),
        values=np.full(shape, radiance, np.float32),
        seen=np.full(shape, seen),
        saturated=np.zeros(shape, dtype=bool),
        grid=LIGHT_GRID,
        sources=(SourceFile("made-up", "00"),),
        noise=Noise(0.06, "made up"),
        layers=layers,
        is_simulated=True,
    )
    return PlacedLook(place, look)


def months_of_light(
    n_months: int = 48, *, step: float = 1.0, at: int = 36, seed: int = 3, gain: float = 1.0
) -> list[PlacedLook]:
    """The site and two towns by month; the site's light is multiplied from a month on."""
    draw = np.random.default_rng(seed)
    looks = []
    for month in range(n_months):
        shared = gain * np.exp(0.15 * draw.standard_normal() + 0.2 * np.cos(month * np.pi / 6))
        for place, level in (("the site", 5.0), ("town-a", 2.0), ("town-b", 3.0)):
            own = level * shared * np.exp(0.05 * draw.standard_normal())
            factor = step if place == SITE_PLACE and month >= at else 1.0
            looks.append(light_look(place, month, own * factor))
    return looks
