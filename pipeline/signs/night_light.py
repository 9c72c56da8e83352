"""The night light of a whole site beside that of comparator places.

Here belongs the light of a place by month, year or night. A grid pixel of these sensors is
some 400 m wide and holds several zones, and what falls on it was gathered over more: no zone of a
site is told apart by it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from pipeline.model.coarse import Layer, Quantity
from pipeline.model.sign import Missing, Sign
from pipeline.model.site import SITE_PLACE
from pipeline.raster.outline_mean import outline_mean
from pipeline.sensors import blackmarble, nightlights
from pipeline.signs.weighing import Question, series_of
from pipeline.signs.zone_rows import SEEN_SHARE, Row, silent_row

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from shapely.geometry.base import BaseGeometry

    from pipeline.model.coarse import CoarseLook, LookLabel
    from pipeline.model.coarse_chip import PlacedLook
    from pipeline.model.sign import SignSeries

FOOTPRINT_M: Final = {
    blackmarble.SENSOR: 742.0,
    nightlights.DNB_MONTHLY: 742.0,
    nightlights.DMSP_OLS: 2700.0,
}
"""Edge of what one native sample sees: Elvidge et al. 2013, Proceedings of the Asia-Pacific
Advanced Network 35, 62-69. The grids of the products are finer and hold no more."""
MIN_FOOTPRINTS: Final = 3.0
"""A place smaller than a few of them is mostly the light of its surroundings."""
SNOWY_SHARE: Final = 0.5
"""A night counts as snowy from this share of the seen place on."""
ANNUAL_DAYS: Final = 300
"""Composites longer than this have no season."""
NOTE: Final = (
    "moonlight, snow, haze and the angle of view move it; lights that spill over from neighbours "
    "are in it"
)


class Scale(StrEnum):
    """How light is counted."""

    LOG = "log"
    """Natural logarithm, held at the floor of the sensor: a factor on all light cancels."""
    LINEAR = "linear"
    """As measured."""


@dataclass(frozen=True)
class LightOptions:
    """What is asked of the light.

    Attributes:
        baseline_end: looks that end before this instant, UTC, are the normal state.
        scale: how it is counted.
        is_snowy: whether the series is that of nights with snow on the ground; nights with and
            without snow are never in one series, because snow brightens all lights around it.
    """

    baseline_end: datetime
    scale: Scale = Scale.LOG
    is_snowy: bool = False


class _Light(NamedTuple):
    """What one look says of one place."""

    value: float
    radiance: float
    at_floor: float
    missing: Missing | None


def night_light_step(
    looks: Sequence[PlacedLook],
    outlines: Mapping[str, BaseGeometry],
    comparators: Collection[str],
    options: LightOptions,
) -> tuple[SignSeries, ...]:
    """The light of each place beside that of the comparators, one series a product and place.

    Looks of different labels (sensor, product, angle, snow, collection) are never mixed. A zone
    of the site that is asked for is looked up in the looks of the site, and answered "not
    observable" where it is smaller than a few footprints of the sensor.

    Companions: ``radiance``, the mean as measured; ``at_floor``, 1 where a logarithm was held.

    Args:
        looks: of the site and its comparators, of any coarse sensor; heat is passed over.
        outlines: by place, in longitude and latitude.
        comparators: which of the places are compared with; they have series, too.
        options: baseline, scale, and whether nights of snow are asked.

    Returns:
        By label in order of appearance, then by place.

    Raises:
        ValueError: if an outline reaches beyond the pixels of its looks.
    """
    labels = dict.fromkeys(
        placed.look.label for placed in looks if placed.look.quantity is not Quantity.LST
    )
    found: list[SignSeries] = []
    for label in labels:
        chosen = [placed for placed in looks if placed.look.label == label]
        found += _of_label(label, chosen, outlines, (frozenset(comparators), options))
    return tuple(found)


def _of_label(
    label: LookLabel,
    looks: Sequence[PlacedLook],
    outlines: Mapping[str, BaseGeometry],
    asked: tuple[frozenset[str], LightOptions],
) -> Iterator[SignSeries]:
    """All places in one label."""
    comparators, options = asked
    middles = {_middle(placed.look): placed.look for placed in looks}
    instants = tuple(sorted(middles))
    by_place = {(placed.place, _middle(placed.look)): placed.look for placed in looks}
    held = {place for place, _ in by_place}
    longest = max((look.period.end - look.period.start).days for look in middles.values())
    question = Question(
        Sign.NIGHT_LIGHT_STEP,
        _unit(next(iter(middles.values())), options.scale),
        instants,
        np.array([middles[one].period.end < options.baseline_end for one in instants]),
        n_harmonics=0 if longest > ANNUAL_DAYS else 2,
        note=NOTE,
        is_simulated=any(look.is_simulated for look in middles.values()),
        step_pixels=0,
        noise=_noise(middles.values(), options.scale),
        source=" ".join(
            filter(None, (label.sensor, label.product, label.variant, label.collection))
        ),
        trusted=comparators,
    )
    rows = {}
    for place, outline in outlines.items():
        seen_as = place if place in held else SITE_PLACE
        series = [by_place.get((seen_as, instant)) for instant in instants]
        rows[place] = _row(place, outline, series, options)
    peers = {place: [one for one in comparators if one != place and one in rows] for place in rows}
    yield from series_of(question, rows, peers)


def _middle(look: CoarseLook) -> datetime:
    """The middle of a look's period."""
    return look.period.start + (look.period.end - look.period.start) / 2


def _unit(look: CoarseLook, scale: Scale) -> str:
    """What the values count, in words."""
    unit = "nW/cm2/sr" if look.quantity is Quantity.RADIANCE else "digital numbers"
    return f"natural logarithm of mean {unit}" if scale is Scale.LOG else f"mean {unit}"


def _noise(looks: Collection[CoarseLook], scale: Scale) -> float:
    """Noise of one pixel in the unit of the sign, as the sensor's tables state it."""
    sigma = max(look.noise.sigma for look in looks)
    if scale is Scale.LINEAR:
        return sigma
    lit = [float(np.median(look.values[look.seen])) for look in looks if look.seen.any()]
    return sigma / max(float(np.median(lit)) if lit else 0.0, sigma)


def _row(
    place: str,
    outline: BaseGeometry,
    looks: Sequence[CoarseLook | None],
    options: LightOptions,
) -> Row:
    """One place."""
    first = next((look for look in looks if look is not None), None)
    if first is None:
        return silent_row(place, len(looks), 0, "no look shows it")
    whole = outline_mean(first, outline)
    footprints = whole.area_m2 / FOOTPRINT_M[first.label.sensor] ** 2
    if footprints < MIN_FOOTPRINTS:
        why = f"it is smaller than {MIN_FOOTPRINTS:g} native pixels of the sensor"
        return silent_row(place, len(looks), whole.n_pixels, why)
    lights = [_light(look, outline, options, footprints) for look in looks]
    return Row(
        place,
        np.array([light.value for light in lights]),
        tuple(light.missing for light in lights),
        whole.n_pixels,
        effective_pixels=footprints,
        companions={
            "radiance": np.array([light.radiance for light in lights]),
            "at_floor": np.array([light.at_floor for light in lights]),
        },
    )


def _light(
    look: CoarseLook | None, outline: BaseGeometry, options: LightOptions, footprints: float
) -> _Light:
    """One look at one place."""
    if look is None:
        return _Light(np.nan, np.nan, np.nan, Missing.UNSEEN)
    light = outline_mean(look, outline)
    missing = None
    if light.mean is None or light.seen_share < SEEN_SHARE:
        missing = Missing.UNSEEN
    elif light.saturated_share > 0:
        missing = Missing.SATURATED
    elif is_snowy(look, outline) != options.is_snowy:
        missing = Missing.NO_SNOW if options.is_snowy else Missing.SNOW
    if missing is not None or light.mean is None:
        return _Light(np.nan, np.nan if light.mean is None else light.mean, np.nan, missing)
    if options.scale is Scale.LINEAR:
        return _Light(light.mean, light.mean, 0.0, None)
    floor = look.noise.sigma / footprints**0.5
    value = float(np.log(max(light.mean, floor)))
    return _Light(value, light.mean, float(light.mean <= floor), None)


def is_snowy(look: CoarseLook, outline: BaseGeometry) -> bool:
    """Whether most of the seen place lay under snow that night, or the composite says so."""
    if Layer.SNOW not in look.layers:
        return look.label.variant.endswith("Snow_Covered")
    flags = (look.layers[Layer.SNOW] == 1).astype(np.float32)
    share = outline_mean(replace(look, values=flags), outline).mean
    return share is not None and share >= SNOWY_SHARE
