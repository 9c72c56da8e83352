"""A folder of night lights and surface temperature: every file ends as looks or as a failure.

Here belongs which files of a folder are read, what becomes of an error, and which of two versions
of one look counts. Reading one file belongs to ``black_marble`` and ``light_rasters``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from pipeline.errors import (
    AssetError,
    CorruptAssetError,
    EmptySearchError,
    FetchError,
    InputError,
    StoreError,
    SupersededError,
)
from pipeline.fetch.black_marble import read_black_marble
from pipeline.fetch.light_rasters import read_night_lights, read_temperature
from pipeline.fetch.place import Place
from pipeline.model.scene import AssetFailure
from pipeline.sensors import blackmarble, ecostress, nightlights

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from pipeline.model.coarse import CoarseLook
    from pipeline.model.site import Site

    _Key: TypeAlias = tuple[str, str, str, datetime, datetime]

SENSORS: Final = (
    blackmarble.SENSOR,
    nightlights.DNB_MONTHLY,
    nightlights.DMSP_OLS,
    ecostress.SENSOR,
)
HDF5_ENDINGS: Final = frozenset({".h5", ".hdf5"})
TIFF_ENDINGS: Final = frozenset({".tif", ".tiff"})


def read_light_folder(
    site: Site,
    folder: Path,
    sensor: str | None = None,
    also: Sequence[BaseGeometry] = (),
) -> tuple[tuple[CoarseLook, ...], tuple[AssetFailure, ...]]:
    """Read the pixels over a site from all files of a folder, which is not searched deeper.

    Of two versions of one look the one whose file name sorts last counts, since names end in
    collection and time of production; the other is a failure of the kind ``SupersededError``.

    Args:
        site: the place; its placed zones are read along.
        folder: a folder on this machine.
        sensor: one of ``SENSORS``; None for all. Files of other sensors are passed over.
        also: further outlines in longitude and latitude to read along, such as comparator towns.

    Returns:
        Looks, ordered by series and time, and one failure for every file that gave none.

    Raises:
        InputError: if there is no such folder or sensor.
        EmptySearchError: if the folder holds no file of the sensor.
    """
    if sensor is not None and sensor not in SENSORS:
        remedy = f"choose one of {', '.join(SENSORS)}"
        raise InputError(f"there is no sensor {sensor!r}", remedy=remedy)
    place = Place.of(site, also)
    looks: list[CoarseLook] = []
    failures: list[AssetFailure] = []
    for path in _files(folder, sensor):
        try:
            looks += _read_file(place, path, sensor)
        except (AssetError, StoreError) as error:
            failures.append(_failure(path.name, error))
    if not looks and not failures:
        what = f"the folder holds no file of {sensor or 'any of ' + ', '.join(SENSORS)}"
        raise EmptySearchError(what, where=folder.name, remedy="check the folder and the sensor")
    kept, superseded = _latest(looks)
    return kept, (*failures, *superseded)


def _files(folder: Path, sensor: str | None) -> tuple[Path, ...]:
    """The files of a folder whose ending fits the sensor, in order of their names.

    Raises:
        InputError: if there is no such folder.
    """
    if not folder.is_dir():
        remedy = "name a folder of files on this machine"
        raise InputError("there is no such folder", where=folder.name, remedy=remedy)
    endings = {blackmarble.SENSOR: HDF5_ENDINGS}.get(sensor or "", TIFF_ENDINGS)
    if sensor is None:
        endings = HDF5_ENDINGS | TIFF_ENDINGS
    return tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in endings))


def _read_file(place: Place, path: Path, sensor: str | None) -> tuple[CoarseLook, ...]:
    """The looks of one file; none for a companion, or for a file of a sensor not asked for.

    Raises:
        AssetError: if the file cannot be used.
        StoreError: if it cannot be read from the disk.
    """
    if path.is_symlink() or not path.is_file():
        raise FetchError("it is no plain file", where=path.name, remedy="put the file itself here")
    if path.suffix.lower() in HDF5_ENDINGS:
        return read_black_marble(place, path)
    light, heat = nightlights.parse_name(path.name), ecostress.parse_name(path.name)
    if light is not None:
        return _read_light(place, path, light, sensor)
    if heat is not None:
        return _read_heat(place, path, heat, sensor)
    what = "the name is none of a monthly DNB, DMSP-OLS or ECOSTRESS file"
    raise CorruptAssetError(what, where=path.name, remedy="keep the name that the archive gave it")


def _read_light(
    place: Place, path: Path, named: nightlights.NightFile, sensor: str | None
) -> tuple[CoarseLook, ...]:
    """A composite; a count of looks is read along with its composite.

    Raises:
        AssetError: if the file cannot be used, or a count lies there without its composite.
    """
    if sensor not in (None, named.label.sensor):
        return ()
    if not named.is_count:
        return (read_night_lights(place, path, named),)
    _require_partner(path, nightlights.light_names(path.name))
    return ()


def _read_heat(
    place: Place, path: Path, named: ecostress.Granule, sensor: str | None
) -> tuple[CoarseLook, ...]:
    """A scene of temperature; its other layers are read along with it.

    Raises:
        AssetError: if the file cannot be used, or a layer lies there without its temperature.
    """
    if sensor not in (None, ecostress.SENSOR):
        return ()
    if named.layer == "LST":
        return (read_temperature(place, path, named),)
    _require_partner(path, (ecostress.companion(path.name, "LST"),))
    return ()


def _require_partner(path: Path, names: tuple[str, ...]) -> None:
    """Refuse a companion whose main file is not there.

    Raises:
        FetchError: if none of the names lies beside it.
    """
    if not any(path.with_name(name).exists() for name in names):
        what = f"{names[0]} is not there, and this file says nothing without it"
        raise FetchError(what, where=path.name, remedy="deliver both")


def _latest(
    looks: Iterable[CoarseLook],
) -> tuple[tuple[CoarseLook, ...], tuple[AssetFailure, ...]]:
    """Of each look its latest version, and the others as failures."""
    groups: dict[_Key, list[CoarseLook]] = {}
    for look in sorted(looks, key=lambda one: one.sources[0].name):
        groups.setdefault(_key(look), []).append(look)
    kept = tuple(groups[key][-1] for key in sorted(groups))
    losers = {
        look.sources[0].name: groups[key][-1].sources[0].name
        for key in sorted(groups)
        for look in groups[key][:-1]
    }
    remedy = "keep one version in the folder"
    return kept, tuple(
        _failure(name, SupersededError(f"{winner} is a later version", where=name, remedy=remedy))
        for name, winner in losers.items()
    )


def _key(look: CoarseLook) -> _Key:
    """What two versions of one look share."""
    label, period = look.label, look.period
    return label.sensor, label.product, label.variant, period.start, period.end


def _failure(name: str, error: AssetError | StoreError) -> AssetFailure:
    """An error as a value; it names the file and no folder."""
    file = "" if error.where in (name, "") or "/" in error.where else f"{error.where}: "
    cure = f" ({error.remedy})" if error.remedy else ""
    reason = " ".join(f"{name}: {file}{error.what}{cure}".split())
    return AssetFailure(name, "", type(error).__name__, reason)
