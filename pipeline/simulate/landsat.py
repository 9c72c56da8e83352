# ruff: noqa: PLR2004 - every number here is a made-up quantity, read in the place it acts
"""Landsat 5, 7, 8 and 9 over the park from 2000 to 2024: one simulated scene after another.

Here belong which satellite passes when, pixels of 30 m and the bits of QA_PIXEL. Temperature
belongs to ``thermal``, the ground to ``eras``, files to ``landsat_items``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from pipeline.model.grid import Grid
from pipeline.simulate.fields import skewed_noise, smooth_field, stream
from pipeline.simulate.options import CORE_LEFT_M, CORE_TOP_M, CRS
from pipeline.simulate.outcome import STEP_REFLECTANCE
from pipeline.simulate.sensor import correction_error
from pipeline.simulate.sky import cirrus_mean, make_sky, through
from pipeline.simulate.thermal import Thermometer, to_blocks
from pipeline.simulate.weather import simulate_climate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.simulate.eras import Past
    from pipeline.simulate.fields import Flags, Floats
    from pipeline.simulate.sky import Sky
    from pipeline.simulate.weather import Weather

GRID: Final = Grid(CRS, CORE_LEFT_M - 10, CORE_TOP_M + 10, 30, 67, 67)
"""On multiples of 30 m, covering the frame of 2 km."""
LANDSAT_BANDS: Final = ("blue", "green", "red", "nir08", "swir16", "swir22")
CYCLE_DAYS: Final = 16
_PHASE = {"LE07": 0, "LC09": 0, "LT05": 8, "LC08": 8}
"""Days after the epoch at which each passes; 7 and 9 fly in one slot, 5 and 8 in another."""
_EPOCH = date(2023, 2, 24)
"""A day on which Landsat 9 sees path 116, row 034."""
_YEARS = {
    "LT05": (date(2000, 1, 1), date(2011, 10, 31)),
    "LE07": (date(2000, 1, 1), date(2021, 12, 31)),
    "LC08": (date(2013, 4, 11), date(2024, 12, 31)),
    "LC09": (date(2021, 11, 1), date(2024, 12, 31)),
}
PLATFORMS: Final = {
    "LT05": "landsat-5",
    "LE07": "landsat-7",
    "LC08": "landsat-8",
    "LC09": "landsat-9",
}
SLC_OFF: Final = date(2003, 5, 31)
_RHYTHM: Final = (
    (date(2000, 1, 1), 91, 1),
    (date(2010, 1, 1), 91, 2),
    (date(2013, 1, 1), 97, 4),
    (date(2013, 4, 9), 157, 8),
    (date(2013, 9, 13), 110, 6),
    (date(2014, 1, 1), 91, 2),
    (date(2016, 1, 1), 42, 2),
    (date(2016, 2, 12), 140, 7),
    (date(2016, 7, 1), 137, 3),
    (date(2017, 4, 1), 189, 9),
    (date(2017, 10, 7), 86, 3),
    (date(2018, 1, 1), 91, 2),
    (date(2019, 1, 1), 122, 1),
)
"""From each day on the record is cut into parts of so many days, of which so many passes are kept:
more where the most is claimed."""
_FEW, _ONE_BLIND_IN, _ONE_GAPPY_IN = 2, 6, 5
_DAY = timedelta(days=1)
_SCALE, _OFFSET = 2.75e-5, -0.2
_STEP_DN = 256
"""Stored in steps of 0.007 reflectance, much coarser than the real thing, so that files stay small:
noise that it adds has a standard deviation of 0.002."""
_BLUR_CELLS = 2.4
_CLOUD_COLDER_K = 25.0
_MEMORY_DAYS = 60.0
_CLOUD_SEEN, _SHADE_SEEN = 0.28, 0.22
QA_FILL, QA_CLEAR, QA_SNOW, QA_WATER, QA_DILATED, QA_SHADOW, QA_CLOUD = range(7)
_QA_TM = np.array([1, 5440, 13600, 5504, 5442, 7440, 5896], np.uint16)
_QA_CIRRUS_LOW = 1 << 14
"""Set by Landsat 8 and 9 wherever there is a pixel; older craft know no cirrus."""


@dataclass(frozen=True)
class LandsatScene:
    """One scene as delivered.

    Attributes:
        craft: first letters of the product, such as LC08.
        weather: the day.
        numbers: stored numbers by common band name, (y, x) at 30 m; 0 is nothing.
        kelvin: the temperature that ``lwir11`` stores, (y, x); NaN where nothing is.
        error_k: the uncertainty that ``st_qa`` stores, likewise.
        qa: QA_PIXEL.
        cloud_cover_pct: truth: share of the frame under cloud.
    """

    craft: str
    weather: Weather
    numbers: Mapping[str, NDArray[np.uint16]]
    kelvin: Floats
    error_k: Floats
    qa: NDArray[np.uint16]
    cloud_cover_pct: float

    @property
    def day(self) -> date:
        """The day of the pass."""
        return self.weather.day


def passes_of(craft: str, first: date, last: date) -> tuple[date, ...]:
    """All days from first to last (included) on which a craft sees the frame."""
    start, end = max(first, _YEARS[craft][0]), min(last, _YEARS[craft][1])
    day = start + timedelta(days=(_PHASE[craft] - (start - _EPOCH).days) % CYCLE_DAYS)
    found = []
    while day <= end:
        found.append(day)
        day += timedelta(days=CYCLE_DAYS)
    return tuple(found)


def landsat_days(seed: int, first: int = 2000, last: int = 2024) -> tuple[tuple[date, str], ...]:
    """The passes of some years (both included) that are kept, day and craft, in order of time.

    Of each part of the record the clearest are kept, as one who searches by cloud cover does, and
    now and then one whatever its sky. What is chosen depends on the seed only, never on the truth.
    """
    record = simulate_climate(seed)
    chosen: list[tuple[date, str]] = []
    for start, end, n_kept in _parts():
        rng = stream(seed, "landsat-kept", start.toordinal())
        takes_all = n_kept > _FEW or not rng.integers(_ONE_GAPPY_IN)
        passes = _passes_in(start, end, whole_only=not takes_all)
        drawn = rng.random(len(passes))
        clouds = [round(record[day].cloud_cover + cirrus_mean(seed, day), 2) for day, _ in passes]
        order = np.lexsort((drawn, np.array(clouds))).tolist()
        if not rng.integers(_ONE_BLIND_IN):
            # The last place goes to any of those that would be left out.
            order[n_kept - 1 :] = order[n_kept - 1 :][::-1]
        chosen += [passes[k] for k in order[:n_kept]]
    return tuple(one for one in sorted(chosen) if first <= one[0].year <= last)


def _parts() -> Iterator[tuple[date, date, int]]:
    """First and last day of each part of the record, and how many passes of it are kept."""
    for (start, n_days, n_kept), (end, *_) in pairwise((*_RHYTHM, (date(2025, 1, 1), 0, 0))):
        n_parts = max(1, round((end - start).days / n_days))
        edges = [start + (end - start) * number / n_parts for number in range(n_parts + 1)]
        for begin, after in pairwise(edges):
            yield begin, after - _DAY, n_kept


def _passes_in(start: date, end: date, *, whole_only: bool) -> list[tuple[date, str]]:
    """The passes of one part; those with gaps only if they are asked for or there is no other."""
    passes = sorted((day, craft) for craft in _YEARS for day in passes_of(craft, start, end))
    whole = [(day, craft) for day, craft in passes if craft != "LE07" or day <= SLC_OFF]
    return whole if whole and whole_only else passes


@dataclass(frozen=True)
class _Pass:
    """What one pass brings along.

    Attributes:
        craft: first letters of its product.
        weather: the day.
        sky: the air at 30 m.
        unrest: the ground's own noise, (y, x), unit variance.
    """

    craft: str
    weather: Weather
    sky: Sky
    unrest: Floats

    @property
    def day(self) -> date:
        """The day of the pass."""
        return self.weather.day


def simulate_landsat(past: Past, days: Sequence[tuple[date, str]]) -> Iterator[LandsatScene]:
    """Scenes in order of time; only one is held at once."""
    record = simulate_climate(past.seed, past.truth.overcast)
    thermometer, unrest, before = Thermometer(past), np.zeros(GRID.shape), date.min
    for day, craft in days:
        fresh = skewed_noise(stream(past.seed, "landsat-unrest", day.toordinal()), GRID.shape, 1.0)
        kept = math.exp(-(day - before).days / _MEMORY_DAYS)
        unrest = kept * unrest + math.sqrt(1 - kept**2) * fresh
        before = day
        sky = _thinned(make_sky(past.seed, record[day], (3 * GRID.height, 3 * GRID.width)))
        yield _scene(thermometer, _Pass(craft, record[day], sky, unrest))


def _scene(thermometer: Thermometer, one: _Pass) -> LandsatScene:
    """One scene."""
    past, day, cover = thermometer.past, one.day, one.sky.cover
    look = past.surface_on(day).look(one.weather, 1, past.in_use(day))
    seen = _observe(past, look.reflectance, one)
    kinds = _kinds(past.seed, one, seen, to_blocks(look.snow, (0, 0)))
    gone = _gaps(past.seed, day) if one.craft == "LE07" and day > SLC_OFF else kinds < 0
    kinds[gone] = QA_FILL
    kelvin = thermometer.read(one.weather, one.craft, look) - _CLOUD_COLDER_K * cover
    near_km = ndimage.distance_transform_edt(cover < 0.3) * GRID.gsd_m / 1000
    error = 1.3 + 3.5 * np.exp(-near_km / 0.6)
    return LandsatScene(
        one.craft,
        one.weather,
        {band: _stored(layer, gone) for band, layer in zip(LANDSAT_BANDS, seen, strict=True)},
        np.where(gone, np.nan, kelvin),
        np.where(gone, np.nan, error),
        _qa(kinds, one.craft),
        100 * float((cover > 0.2).mean()),
    )


def _observe(past: Past, look: Floats, one: _Pass) -> Floats:
    """Reflectance above the air in the six bands, (band, y, x) at 30 m."""
    rng = stream(past.seed, "landsat-detector", one.day.toordinal())
    south, east = (int(n) for n in np.clip(np.rint(0.8 * rng.standard_t(4, 2)), -2, 2))
    ground = np.array(
        [to_blocks(ndimage.gaussian_filter(layer, _BLUR_CELLS), (south, east)) for layer in look]
    )
    clutter = to_blocks(past.final.clutter, (0, 0))
    ground = _with_far_infrared(ground) * (1 + 0.012 * clutter * one.unrest)
    gains = correction_error(past.seed, one.day)
    seen = _through(one.sky, ground) * np.append(gains, gains[-1])[:, None, None]
    seen += STEP_REFLECTANCE * past.truth.is_stepped(one.day)
    spread = 0.0012 + 0.004 * np.clip(seen, 0, 0.4)
    # Nobody measures anything on a closed sky: less noise there keeps the files small.
    spread *= 1 - 0.9 * one.sky.cover
    noisy: Floats = seen + spread * rng.standard_t(5, seen.shape)
    return noisy


def _with_far_infrared(ground: Floats) -> Floats:
    """The five bands and a sixth, which follows the last, less so where it is green."""
    red, nir = ground[2], ground[3]
    green = np.clip((nir - red) / np.maximum(nir + red, 0.02), 0, 0.8)
    far = ground[4] * (0.86 - 0.45 * green)
    six: Floats = np.concatenate([ground, far[None]])
    return six


def _through(sky: Sky, ground: Floats) -> Floats:
    """The six bands above the air; the sixth meets it as the fifth does."""
    five = through(sky, ground[:5], 1.0)
    sixth = through(sky, np.concatenate([ground[:4], ground[5:]]), 1.0)[4:]
    above: Floats = np.concatenate([five, sixth])
    return above


def _thirds(layer: Floats) -> Floats:
    """Means of 3 x 3 blocks: 10 m pixels as 30 m pixels."""
    rows, cols = layer.shape
    means: Floats = layer.reshape(rows // 3, 3, cols // 3, 3).mean(axis=(1, 3))
    return means


def _thinned(sky: Sky) -> Sky:
    """A sky at 10 m as one at 30 m."""
    layers = {name: _thirds(layer) for name, layer in vars(sky).items()}
    return replace(sky, **layers)


def _kinds(seed: int, one: _Pass, seen: Floats, snow: Floats) -> NDArray[np.int8]:
    """What the classifier makes of each pixel: mostly right, unsure at the edges of cloud."""
    rng = stream(seed, "landsat-classifier", one.day.toordinal())
    doubt = 0.04 * smooth_field(rng, GRID.shape, 1.5)
    cover, shade = one.sky.cover, one.sky.shade
    green, red, nir, swir = seen[1], seen[2], seen[3], seen[4]
    kinds = np.full(GRID.shape, QA_CLEAR, np.int8)
    kinds[(nir < 0.11) & (green > 1.02 * nir) & (swir < 0.08) & (red < 0.15)] = QA_WATER
    index = (green - swir) / np.maximum(green + swir, 1e-3)
    kinds[(index > 0.4) & (nir > 0.11) & (snow > 0.2)] = QA_SNOW
    kinds[(shade + doubt > _SHADE_SEEN) & (shade > 0.08)] = QA_SHADOW
    cloud = (cover + doubt > _CLOUD_SEEN) & (cover > 0.04)
    rim: Flags = ndimage.binary_dilation(cloud, iterations=2) & ~cloud
    kinds[rim] = QA_DILATED
    kinds[cloud] = QA_CLOUD
    return kinds


def _gaps(seed: int, day: date) -> Flags:
    """The gaps of a failed scan line corrector, near the middle of a scene: slanting stripes."""
    offset = stream(seed, "scan-lines", day.toordinal()).uniform(0, 33)
    rows, cols = np.mgrid[: GRID.height, : GRID.width]
    # Lines lie some ten degrees off the rows, and the gaps widen to the side.
    along = (rows - 0.18 * cols + offset) % 33
    lost: Flags = along < 3 + 0.06 * cols
    return lost


def _qa(kinds: NDArray[np.int8], craft: str) -> NDArray[np.uint16]:
    """QA_PIXEL of a craft."""
    bits = _QA_TM[kinds]
    is_new = craft in ("LC08", "LC09")
    return np.where((kinds != QA_FILL) & is_new, bits | _QA_CIRRUS_LOW, bits).astype(np.uint16)


def _stored(reflectance: Floats, gone: Flags) -> NDArray[np.uint16]:
    """Reflectance as stored numbers; 0 where nothing is."""
    steps = np.rint((reflectance - _OFFSET) / _SCALE / _STEP_DN) * _STEP_DN
    return np.where(gone, 0, np.clip(steps, 1, 65_000)).astype(np.uint16)
