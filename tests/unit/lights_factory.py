"""Files of coarse sensors, written to the documented layout, and a site under them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import rasterio
from shapely import box

from pipeline.model.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

DAILY_GROUP = "HDFEOS/GRIDS/VNP_Grid_DNB/Data Fields"
LATER_GROUP = "HDFEOS/GRIDS/VIIRS_Grid_DNB_2d/Data Fields"
NIGHT_C1 = "VNP46A2.A2016041.h30v05.001.2020112010203.h5"
NIGHT_C2 = "VNP46A2.A2016041.h30v05.002.2025112010203.h5"
MONTH_C1 = "VNP46A3.A2016032.h30v05.001.2021112010203.h5"
YEAR_C2 = "VNP46A4.A2016001.h30v05.002.2025112010203.h5"

SITE_BOX = (126.60, 37.912, 126.65, 37.948)
TILE_ROW, TILE_COL = 492, 1584
"""The first pixel that the site box touches, by hand: (40 - 37.948) x 240 and 6.6 x 240."""
BLOCK = (slice(TILE_ROW, TILE_ROW + 10), slice(TILE_COL, TILE_COL + 12))

RADIANCE_ATTRS = {"scale_factor": 0.1, "offset": 0.0, "units": "nWatts/(cm^2 sr)"}
FLOAT_ATTRS = {"scale_factor": 1.0, "offset": 0.0, "units": "nW/(cm^2 sr)"}
CLEAR_NIGHT = 0b0000_0010
"""Night, land, confidently clear."""


def make_site(outline: BaseGeometry | None = None, **changes: Any) -> Site:  # noqa: ANN401 - fields of Site
    """A site under tile h30v05."""
    wanted: dict[str, Any] = {"timezone": "Asia/Pyongyang", "zones": ()} | changes
    outline = box(*SITE_BOX) if outline is None else outline
    zone, zones = wanted.pop("timezone"), wanted.pop("zones")
    return Site("site", "Site", zone, "EPSG:32652", outline, date(2018, 1, 1), zones, **wanted)


@dataclass
class Written:
    """One field of a file: everywhere fill, and numbers in the block under the site."""

    dtype: str
    fill: float
    block: float | NDArray[Any]
    attrs: dict[str, Any] = field(default_factory=dict)
    shape: tuple[int, ...] = (2400, 2400)

    def write(self, group: h5py.Group, name: str) -> None:
        """Put it into a file."""
        chunks = tuple(min(240, size) for size in self.shape)
        made = group.create_dataset(
            name, self.shape, self.dtype, chunks=chunks, compression="gzip", fillvalue=self.fill
        )
        made[BLOCK] = self.block
        made.attrs["_FillValue"] = np.array([self.fill], self.dtype)
        for key, value in self.attrs.items():
            made.attrs[key] = np.bytes_(value) if isinstance(value, str) else value


def light(dn: float | NDArray[Any], *, collection: int = 1) -> Written:
    """A radiance field; ``dn`` is as stored."""
    if collection == 1:
        return Written("u2", 65535, dn, dict(RADIANCE_ATTRS))
    return Written("f4", -999.9, dn, dict(FLOAT_ATTRS))


def night(dn: float | NDArray[Any] = 123, *, collection: int = 1) -> dict[str, Written]:
    """The fields of a clear night without snow."""
    return {
        "DNB_BRDF-Corrected_NTL": light(dn, collection=collection),
        "Gap_Filled_DNB_BRDF-Corrected_NTL": light(9_999, collection=collection),
        "DNB_Lunar_Irradiance": light(20, collection=collection),
        "Latest_High_Quality_Retrieval": Written("u1", 255, 0),
        "Mandatory_Quality_Flag": Written("u1", 255, 0),
        "QF_Cloud_Mask": Written("u2", 65535, CLEAR_NIGHT),
        "Snow_Flag": Written("u1", 255, 0),
    }


def composites(dn: float = 123, *, collection: int = 1) -> dict[str, Written]:
    """All composites of a month or year; each angle and state has its own light."""
    made: dict[str, Written] = {}
    for extra, angle in enumerate(("AllAngle", "NearNadir", "OffNadir")):
        for state in ("Free", "Covered"):
            name = f"{angle}_Composite_Snow_{state}"
            made[name] = light(dn + 10 * extra + (state == "Covered"), collection=collection)
            made[f"{name}_Num"] = Written("u2", 65535, 12)
            made[f"{name}_Quality"] = Written("u1", 255, 0)
            made[f"{name}_Std"] = light(5, collection=collection)
    return made


def write_h5(
    path: Path, layers: Mapping[str, Written], group: str = DAILY_GROUP, *, lonlat: bool = False
) -> Path:
    """Write a file; with longitudes and latitudes as collection 2 has them."""
    with h5py.File(path, "w") as file:
        fields = file.create_group(group)
        for name, layer in layers.items():
            layer.write(fields, name)
        if lonlat:
            centres = (np.arange(2400) + 0.5) / 240
            fields["lon"], fields["lat"] = 120 + centres, 40 - centres
    return path


@contextmanager
def edited(path: Path, group: str = DAILY_GROUP) -> Iterator[h5py.Group]:
    """The fields of a written file, to be spoilt."""
    with h5py.File(path, "a") as file:
        yield file[group]


def write_tif(
    path: Path,
    pixels: NDArray[Any],
    step: float,
    *,
    corner: tuple[float, float] = (126.5, 38.0),
    crs: str = "EPSG:4326",
    **profile: Any,  # noqa: ANN401 - rasterio's own
) -> Path:
    """A one-band GeoTIFF whose outer corner lies west and north of the site."""
    left, top = corner
    settings: dict[str, Any] = {
        "driver": "GTiff",
        "count": 1,
        "height": pixels.shape[0],
        "width": pixels.shape[1],
        "dtype": pixels.dtype,
        "crs": crs,
        "transform": rasterio.Affine(step, 0, left, 0, -step, top),
    }
    with rasterio.open(path, "w", **(settings | profile)) as dataset:
        dataset.write(pixels, 1)
    return path
