"""ECOSTRESS L2T land surface temperature, as GeoTIFF: names, layers and codes.

Here belongs what JPL says about the product and which numbers count as seen. Opening the files
belongs to ``store``.

Sources, in words: the user guide of the tiled products of collection 2 for names (orbit, scene,
MGRS tile, UTC time, build, iteration) and layers, each a file of its own: temperature in kelvin as
floating point with NaN for nothing, its error in kelvin, quality bits, a cloud mask and a water
mask of 0 and 1; the mission's requirement of 1 K for the noise figure where no error layer comes
along. The published tiles lie on 70 m in the UTM zone of their tile; crops by others lie in
degrees, and differ by a row or column from date to date. Each look therefore keeps the grid of
its own file. The station's orbit drifts through all hours of the day: two looks compare only at
like hours.

The instrument does not saturate on ground below about 480 K, hence no look is marked so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipeline.errors import CorruptAssetError
from pipeline.model.coarse import Layer, LookLabel, Noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

SENSOR: Final = "ecostress"
LST: Final = "LST"
"""The layer of temperature, by its name in the name of the file."""
LAYERS: Final = {
    "LST_err": Layer.ERROR_K,
    "QC": Layer.QUALITY,
    "cloud": Layer.CLOUD,
    "water": Layer.WATER,
}
"""The layers that may come along, by their name in the name of the file."""
NOISE: Final = Noise(
    1.0,
    "the mission's accuracy requirement; the error layer, where given, is "
    "the product's own estimate by pixel",
)
COLDEST_K, HOTTEST_K = 150.0, 500.0

_NAME = re.compile(
    r"(?P<stem>ECOv(?P<version>\d{3})_L2T_LSTE_(?P<orbit>\d{5})_(?P<scene>\d{3})_"
    r"(?P<tile>\d\d[A-Z]{3})_(?P<time>\d{8}T\d{6})_(?P<build>\d{4})_(?P<iteration>\d\d))_"
    r"(?P<layer>LST_err|LST|QC|cloud|water|EmisWB|height|view_zenith)(?P<rest>_\w+)?\.tiff?"
)


@dataclass(frozen=True)
class Granule:
    """What the name of a file says.

    Attributes:
        orbit: number of the orbit.
        scene: number of the scene in it.
        tile: MGRS tile.
        instant: UTC.
        version: collection, ``002``.
        build: of the processor, ``0710``.
        iteration: of the processing.
        layer: ``LST``, ``LST_err``, ``QC``, ``cloud``, ``water`` or one that is not used.
    """

    orbit: int
    scene: int
    tile: str
    instant: datetime
    version: str
    build: str
    iteration: str
    layer: str

    @property
    def label(self) -> LookLabel:
        """The series it belongs to."""
        return LookLabel(SENSOR, "ECO_L2T_LSTE", self.tile, self.version)


def parse_name(name: str) -> Granule | None:
    """Read the name of a file; None if it is none of this product.

    Raises:
        CorruptAssetError: if it is one, with a time that the calendar does not have.

    Example:
        >>> parse_name("ECOv002_L2T_LSTE_26223_012_10SGD_20230219T202943_0710_01_LST.tif").build
        '0710'
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        instant = datetime.strptime(match["time"], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise CorruptAssetError("the name holds no time", where=name) from error
    numbers = int(match["orbit"]), int(match["scene"])
    codes = match["version"], match["build"], match["iteration"], match["layer"]
    return Granule(*numbers, match["tile"], instant, *codes)


def companion(name: str, layer: str) -> str:
    """The name of another layer of the same scene.

    Raises:
        ValueError: if the name is none of this product.

    Example:
        >>> companion("ECOv002_L2T_LSTE_26223_012_10SGD_20230219T202943_0710_01_LST.tif", "QC")
        'ECOv002_L2T_LSTE_26223_012_10SGD_20230219T202943_0710_01_QC.tif'
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"{name} is no name of an ECOSTRESS file")
    return name[: match.start("layer")] + layer + name[match.end("layer") :]


def check_kelvin(stored: NDArray[Any], *, where: str) -> NDArray[np.float32]:
    """Temperatures as float32, NaN where none is there.

    Raises:
        CorruptAssetError: if they are no floating-point numbers, or no temperatures in kelvin.
    """
    if stored.dtype.kind != "f":
        what = f"temperatures are stored as {stored.dtype}, documented is floating point"
        raise CorruptAssetError(what, where=where, remedy="deliver collection 2, or unscaled")
    values: NDArray[np.float32] = stored.astype(np.float32)
    kept = values[~np.isnan(values)]
    if kept.size and (kept.min() < COLDEST_K or kept.max() > HOTTEST_K):
        what = f"temperatures run from {kept.min():g} to {kept.max():g}, which is not kelvin"
        raise CorruptAssetError(what, where=where, remedy="deliver the file as published")
    return values


def heat_seen(
    values: NDArray[np.float32], quality: NDArray[Any] | None, cloud: NDArray[Any] | None
) -> NDArray[np.bool_]:
    """Which pixels show ground, bool, (y, x).

    Args:
        values: NaN where none is there.
        quality: bits 0 and 1 are 0 best, 1 nominal, 2 cloud, 3 not produced; None if not given.
        cloud: 1 is cloud, 0 is clear, anything else is unknown; None if not given.
    """
    seen = np.isfinite(values)
    if quality is not None:
        seen &= (np.nan_to_num(quality, nan=3).astype(np.int64) & 3) < 2  # noqa: PLR2004 - see above
    if cloud is not None:
        seen &= cloud == 0
    return np.asarray(seen)
