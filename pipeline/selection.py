"""Which collections and bands a sensor means for a source, and which sensors a run can judge.

Here belongs the step from the word of a person, ``--sensor landsat``, to the settings of search
and fetch. What the bands are belongs to ``sensors``; what a source holds to ``catalogs``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.catalogs import PRESETS, open_catalog, preset_of
from pipeline.errors import InputError, NotJudgedError
from pipeline.sensors import SENSORS

if TYPE_CHECKING:
    from pipeline.config import RunConfig
    from pipeline.sensors import Sensor

DEFAULT_SENSOR = "sentinel-2"
"""The sensor whose collections and bands the settings themselves name."""


def known_sensor(sensor: str) -> Sensor:
    """A sensor by its id.

    Raises:
        InputError: if there is none.
    """
    known = SENSORS.get(sensor)
    if known is None:
        raise InputError("no such sensor", where=sensor, remedy=f"use one of {', '.join(SENSORS)}")
    return known


def judged_sensor(sensor: str) -> Sensor:
    """A sensor whose series a run can judge.

    Raises:
        InputError: if there is none of that id.
        NotJudgedError: if no detector reads what it measures.
    """
    known = known_sensor(sensor)
    if _is_judged(known):
        return known
    judged = ", ".join(one.id for one in SENSORS.values() if _is_judged(one))
    what = f"{known.label}, is fetched and prepared, and no detector judges it yet"
    remedy = f"bring it in with `zonewatch fetch --sensor {sensor}`, or run {judged}"
    raise NotJudgedError(what, where=sensor, remedy=remedy)


def _is_judged(sensor: Sensor) -> bool:
    """Whether a detector reads it: reflectance, or the backscatter of a radar."""
    return sensor.is_optical or sensor.equivalent_looks is not None


def config_for(sensor: str, source: str, config: RunConfig) -> RunConfig:
    """The settings with the collections and bands of a sensor: the one place that knows them.

    A source that is known by name says which of its collections hold the sensor. The bands of the
    sensor that the settings are made for are those of the settings.

    Raises:
        InputError: if the sensor is not known, or the source is known not to have it, or not to
            let its pixels be read.
    """
    known = known_sensor(sensor)
    own = open_catalog(source).collections
    _check_gives(source, sensor)
    is_default = sensor == DEFAULT_SENSOR
    collections = own.get(sensor, config.search.collections if is_default else ())
    search = {"collections": tuple(collections or known.collections)}
    bands = {"bands": known.required, "optional_bands": known.optional}
    return config.model_copy(
        update={
            "search": config.search.model_copy(update=search),
            "fetch": config.fetch.model_copy(update={} if is_default else bands),
        }
    )


def _check_gives(source: str, sensor: str) -> None:
    """Refuse a sensor that a source known by name does not give, before anything is asked.

    Raises:
        InputError: with the sources that do.
    """
    preset = preset_of(source)
    if preset is None or sensor in preset.sensors:
        return
    others = [name for name, one in PRESETS.items() if sensor in one.sensors]
    named = f"--source {' or '.join(others)}" if others else "a folder or another catalogue"
    what = preset.unread.get(sensor, f"has no {SENSORS[sensor].label}")
    remedy = f"use {named} for it; this source gives {', '.join(preset.sensors)}"
    raise InputError(f"the source {what}", where=preset.name, remedy=remedy)
