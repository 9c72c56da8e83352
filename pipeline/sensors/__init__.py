"""What the bands, masks, scalings and offsets of each sensor mean.

Here belong the dictionaries of a sensor and the decisions that follow from its documentation.
Reading pixels belongs to ``fetch``, putting them on one grid to ``prepare``. A further sensor is
one module with a ``SENSOR``, and one line here.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from pipeline.errors import RadiometryError
from pipeline.sensors import landsat, opera, sentinel1, sentinel2
from pipeline.sensors.sensor import Band, Misreading, Noise, Sensor, Watch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.model.scene import Asset, Scene
    from pipeline.raster.radiometry import Radiometry

__all__ = [
    "SENSORS",
    "Band",
    "Misreading",
    "Noise",
    "Sensor",
    "Watch",
    "decide_radiometry",
    "sensor_of",
]

SENSORS: Final[Mapping[str, Sensor]] = MappingProxyType(
    {module.SENSOR.id: module.SENSOR for module in (sentinel2, landsat, sentinel1, opera)}
)
"""By id."""

_BY_COLLECTION: Final = {
    collection: sensor for sensor in SENSORS.values() for collection in sensor.collections
}


def sensor_of(collection: str) -> Sensor | None:
    """The sensor of a collection; None if no sensor of ours is in it.

    Example:
        >>> sensor_of("landsat-c2-l2").id, sensor_of("cop-dem-glo-30")
        ('landsat', None)
    """
    return _BY_COLLECTION.get(collection)


def decide_radiometry(scene: Scene, asset: Asset) -> Radiometry:
    """Decide how the numbers of an asset of any known sensor are to be read, and say why.

    Raises:
        RadiometryError: if no sensor is known for the collection, or its rule refuses the asset.
    """
    sensor = sensor_of(scene.collection)
    if sensor is None:
        what = f"no sensor is known for the collection {scene.collection or 'without a name'}"
        remedy = f"use one of {', '.join(_BY_COLLECTION)}"
        raise RadiometryError(what, where=f"{scene.id} {asset.band}", remedy=remedy)
    return sensor.decide(scene, asset)
