"""From the numbers of a coarse file to looks: physical units, and which of them count as seen.

Here belongs the way from layers as stored to looks, for every coarse sensor. What the codes of a
product mean belongs to its own module; reading files to ``fetch``, keeping layers to ``store``.
Nothing here touches a disk, so that layers from a folder and layers from the store are judged by
the same lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import CorruptAssetError, MissingBandError
from pipeline.model.coarse import CoarseLook, Layer, Quantity
from pipeline.sensors import blackmarble as bm
from pipeline.sensors import ecostress, nightlights
from pipeline.sensors.coarse_names import CoarseName, name_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pipeline.model.coarse import LookLabel, Noise
    from pipeline.model.coarse_chip import CoarseChip, RawLayer


def looks_of(chip: CoarseChip) -> tuple[CoarseLook, ...]:
    """The looks of one chip: one, or one for every composite of a month or year.

    Raises:
        AssetError: if a layer is missing or not as documented.
    """
    named = name_of(chip.name, chip.timezone)
    if named.label.sensor == bm.SENSOR:
        return _black_marble(chip, named)
    if named.label.sensor == ecostress.SENSOR:
        return (_temperature(chip, named),)
    return (_night_light(chip, named),)


@dataclass(frozen=True)
class _Numbers:
    """The arrays of one look, before they are given place and time."""

    values: NDArray[np.float32]
    seen: NDArray[np.bool_]
    saturated: NDArray[np.bool_]
    layers: Mapping[Layer, NDArray[Any]]


@dataclass(frozen=True)
class _Maker:
    """What the looks of one chip share."""

    chip: CoarseChip
    named: CoarseName
    quantity: Quantity
    noise: Noise

    def look(self, label: LookLabel, numbers: _Numbers) -> CoarseLook:
        """One look."""
        return CoarseLook(
            label=label,
            quantity=self.quantity,
            period=self.named.period,
            values=numbers.values,
            seen=numbers.seen,
            saturated=numbers.saturated,
            grid=self.chip.grid,
            sources=self.chip.sources,
            noise=self.noise,
            layers=numbers.layers,
            is_simulated=self.chip.is_simulated,
        )


def _black_marble(chip: CoarseChip, named: CoarseName) -> tuple[CoarseLook, ...]:
    """One look of a night, one for each composite of a month or year."""
    granule = bm.parse_name(chip.name)
    maker = _Maker(chip, named, Quantity.RADIANCE, bm.NOISE)
    if granule.is_daily:
        return (maker.look(granule.label(bm.RADIANCE), _night(chip)),)
    have = [name for name in bm.COMPOSITES if name in chip.layers]
    return tuple(maker.look(granule.label(name), _composite(chip, name)) for name in have)


def _night(chip: CoarseChip) -> _Numbers:
    """The retrievals of one night; the gap-filled layer is not among them."""
    values, saturated = _light(chip, bm.RADIANCE)
    quality, mask = _codes(chip, bm.QUALITY), _codes(chip, bm.CLOUD)
    layers: dict[Layer, NDArray[Any]] = {
        Layer.QUALITY: quality,
        Layer.CLOUD: bm.cloud_class(mask),
        Layer.SNOW: _codes(chip, bm.SNOW),
        Layer.MOON: _light(chip, bm.MOON)[0],
        Layer.AGE_DAYS: _codes(chip, bm.LATEST),
    }
    return _Numbers(values, bm.seen_tonight(values, quality, mask), saturated, layers)


def _composite(chip: CoarseChip, name: str) -> _Numbers:
    """One composite with its companions."""
    values, saturated = _light(chip, name)
    n_looks, quality = _codes(chip, f"{name}_Num"), _codes(chip, f"{name}_Quality")
    layers: dict[Layer, NDArray[Any]] = {
        Layer.QUALITY: quality,
        Layer.N_LOOKS: n_looks,
        Layer.STD: _light(chip, f"{name}_Std")[0],
    }
    return _Numbers(values, bm.seen_in_composite(values, quality, n_looks), saturated, layers)


def _light(chip: CoarseChip, name: str) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Numbers in physical units, and where they stand at the top of their range.

    Raises:
        AssetError: if the layer is missing or not as documented.
    """
    layer = _layer(chip, name)
    bm.check_units(name, layer.units or None, where=chip.name)
    scaling = bm.check_scaling(name, layer.pixels.dtype, layer.numbers, where=chip.name)
    return bm.to_radiance(layer.pixels, scaling), bm.is_saturated(layer.pixels, scaling)


def _codes(chip: CoarseChip, name: str) -> NDArray[Any]:
    """Flags, bits or counts as they are stored.

    Raises:
        AssetError: if the layer is missing or holds no whole numbers.
    """
    pixels = _layer(chip, name).pixels
    if pixels.dtype.kind != "u":
        what = f"{name} holds {pixels.dtype}, documented are unsigned whole numbers"
        raise CorruptAssetError(what, where=chip.name, remedy="deliver it as published")
    return pixels


def _layer(chip: CoarseChip, name: str) -> RawLayer:
    """A layer that must be there.

    Raises:
        MissingBandError: if it is not.
    """
    if name in chip.layers:
        return chip.layers[name]
    what = f"the field {name} is missing"
    raise MissingBandError(what, where=chip.name, remedy="deliver all fields")


def _night_light(chip: CoarseChip, named: CoarseName) -> CoarseLook:
    """One month or one year of light, with the count of looks if it came along."""
    sensor, light = named.label.sensor, _layer(chip, nightlights.LIGHT)
    nodata = light.numbers.get(nightlights.NODATA)
    values = nightlights.light_values(light.pixels, sensor, nodata, where=chip.name)
    count = chip.layers.get(nightlights.N_LOOKS)
    n_looks = None if count is None else count.pixels
    numbers = _Numbers(
        values,
        nightlights.light_seen(values, sensor, n_looks),
        nightlights.is_saturated(values, sensor),
        {} if n_looks is None else {Layer.N_LOOKS: n_looks},
    )
    quantity = Quantity.DN if sensor == nightlights.DMSP_OLS else Quantity.RADIANCE
    maker = _Maker(chip, named, quantity, nightlights.NOISE[sensor])
    return maker.look(named.label, numbers)


def _temperature(chip: CoarseChip, named: CoarseName) -> CoarseLook:
    """One scene of surface temperature, with the layers that came along."""
    values = ecostress.check_kelvin(_layer(chip, ecostress.LST).pixels, where=chip.name)
    layers = {
        layer: chip.layers[name].pixels
        for name, layer in ecostress.LAYERS.items()
        if name in chip.layers
    }
    seen = ecostress.heat_seen(values, layers.get(Layer.QUALITY), layers.get(Layer.CLOUD))
    numbers = _Numbers(values, seen, np.zeros(values.shape, dtype=np.bool_), layers)
    return _Maker(chip, named, Quantity.LST, ecostress.NOISE).look(named.label, numbers)


def reading_words(look: CoarseLook) -> str:
    """How the stored numbers of a look are read, in words, for the record."""
    rule = _RULES.get(look.label.product, _RULES.get(look.label.sensor, ""))
    return f"{look.quantity}; {rule}"


_RULES = {
    bm.SENSOR: (
        "radiance is scale x stored, fill means none; a composite counts as seen at quality 0 or 1 "
        "with at least one look"
    ),
    "VNP46A2": (
        "radiance is scale x stored, fill means none; seen at quality 0 or 1, at night, "
        "confidently or probably clear, without cirrus; snow is kept and told; "
        "gap-filled numbers are not read"
    ),
    nightlights.DNB_MONTHLY: (
        "radiance as stored; seen where looks were counted, or without a count where not zero"
    ),
    nightlights.DMSP_OLS: (
        "numbers as stored, 255 means never seen, 63 is saturated; seen where looks were counted, "
        "or without a count wherever there is a number"
    ),
    ecostress.SENSOR: (
        "kelvin as stored, NaN means none; seen at quality 0 or 1 where it came along, and where "
        "the cloud mask says clear if it came along"
    ),
}
