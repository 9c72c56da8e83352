"""A folder of night lights and surface temperature: every file ends as looks or as a failure.

Here belongs which files of a folder are read and by whom, what becomes of an error, and which of
two versions of one look counts. Reading one file belongs to ``black_marble`` and
``light_rasters``, keeping what was read to ``coarse``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from pipeline.errors import (
    AssetError,
    EmptySearchError,
    FetchError,
    InputError,
    StoreError,
    SupersededError,
)
from pipeline.fetch.black_marble import read_black_marble
from pipeline.fetch.light_rasters import read_light_raster
from pipeline.fetch.place import Place
from pipeline.fetch.source_files import Hashes, require_plain
from pipeline.model.scene import AssetFailure
from pipeline.sensors import blackmarble
from pipeline.sensors.coarse_looks import looks_of
from pipeline.sensors.coarse_names import COARSE_SENSORS, HDF5_ENDINGS, TIFF_ENDINGS, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from pipeline.model.coarse import CoarseLook
    from pipeline.model.coarse_chip import CoarseChip
    from pipeline.model.site import Site
    from pipeline.sensors.coarse_names import CoarseName

    _Key: TypeAlias = tuple[str, str, str, datetime, datetime]

SENSORS: Final = COARSE_SENSORS


def read_light_folder(
    site: Site,
    folder: Path,
    sensor: str | None = None,
    also: Sequence[BaseGeometry] = (),
) -> tuple[tuple[CoarseLook, ...], tuple[AssetFailure, ...]]:
    """Read the pixels over a site from all files of a folder, and keep nothing.

    Of two versions of one look the one whose file name sorts last counts, since names end in
    collection and time of production; the other is a failure of the kind ``SupersededError``.

    Args:
        site: the place; its placed zones are read along.
        folder: a folder on this machine, which is not searched deeper.
        sensor: one of ``SENSORS``; None for all. Files of other sensors are passed over.
        also: further outlines in longitude and latitude to read along, such as comparator towns.

    Returns:
        Looks, ordered by series and time, and one failure for every file that gave none.

    Raises:
        InputError: if there is no such folder or sensor.
        EmptySearchError: if the folder holds no file of the sensor.
    """
    place = Place.of(site, also)
    looks: list[CoarseLook] = []
    failures: list[AssetFailure] = []
    for path in files_of(folder, sensor):
        try:
            named = main_file(path, site.timezone, sensor)
            if named is not None:
                looks += looks_of(read_chip(place, path, named, Hashes()))
        except (AssetError, StoreError) as error:
            failures.append(failure_of(path.name, error))
    if not looks and not failures:
        raise no_file_of(sensor, folder)
    kept, superseded = _latest(looks)
    return kept, (*failures, *superseded)


def files_of(folder: Path, sensor: str | None) -> tuple[Path, ...]:
    """The files of a folder whose ending fits the sensor, in order of their names.

    Raises:
        InputError: if there is no such folder or sensor.
    """
    if sensor is not None and sensor not in SENSORS:
        remedy = f"choose one of {', '.join(SENSORS)}"
        raise InputError(f"there is no sensor {sensor!r}", remedy=remedy)
    if not folder.is_dir():
        remedy = "name a folder of files on this machine"
        raise InputError("there is no such folder", where=folder.name, remedy=remedy)
    endings = {blackmarble.SENSOR: HDF5_ENDINGS}.get(sensor or "", TIFF_ENDINGS)
    if sensor is None:
        endings = HDF5_ENDINGS | TIFF_ENDINGS
    return tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in endings))


def no_file_of(sensor: str | None, folder: Path) -> EmptySearchError:
    """What to say of a folder that holds nothing of a sensor."""
    what = f"the folder holds no file of {sensor or 'any of ' + ', '.join(SENSORS)}"
    return EmptySearchError(what, where=folder.name, remedy="check the folder and the sensor")


def main_file(path: Path, timezone: str, sensor: str | None) -> CoarseName | None:
    """What a file is; None for one that is read along with another, or of another sensor.

    Raises:
        CorruptAssetError: if its name is that of no product.
        FetchError: if it is no plain file, or says nothing without a file that is not there.
    """
    require_plain(path)
    named = name_of(path.name, timezone)
    if sensor not in (None, named.label.sensor):
        return None
    if not named.main:
        return named
    if not any(path.with_name(name).exists() for name in named.main):
        what = f"{named.main[0]} is not there, and this file says nothing without it"
        raise FetchError(what, where=path.name, remedy="deliver both")
    return None


def read_chip(place: Place, path: Path, named: CoarseName, hashes: Hashes) -> CoarseChip:
    """What a file and its companions hold over a place.

    Raises:
        AssetError: if they cannot be used.
        StoreError: if they cannot be read from the disk.
    """
    if named.label.sensor == blackmarble.SENSOR:
        return read_black_marble(place, path, hashes)
    return read_light_raster(place, path, named, hashes)


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
        failure_of(name, SupersededError(f"{winner} is a later version", where=name, remedy=remedy))
        for name, winner in losers.items()
    )


def _key(look: CoarseLook) -> _Key:
    """What two versions of one look share."""
    label, period = look.label, look.period
    return label.sensor, label.product, label.variant, period.start, period.end


def failure_of(name: str, error: AssetError | StoreError) -> AssetFailure:
    """An error as a value; it names the file and no folder."""
    file = "" if error.where in (name, "") or "/" in error.where else f"{error.where}: "
    cure = f" ({error.remedy})" if error.remedy else ""
    reason = " ".join(f"{name}: {file}{error.what}{cure}".split())
    return AssetFailure(name, "", type(error).__name__, reason)
