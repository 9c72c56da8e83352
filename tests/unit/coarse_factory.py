"""A site with a comparator beside it, folders of coarse files, and the store they are kept in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from shapely import box

from pipeline.fetch.coarse import fetch_coarse, list_files
from pipeline.model.site import GeometryStatus, Zone, ZoneKind
from pipeline.run import EVER
from pipeline.store.coarse_chips import CoarseStore
from tests.unit.lights_factory import (
    LATER_GROUP,
    MONTH_C1,
    NIGHT_C1,
    NIGHT_C2,
    composites,
    make_site,
    night,
    write_h5,
    write_tif,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.fetch.coarse import FetchedFile
    from pipeline.model.site import Site

DNB = "SVDNB_npp_20160201-20160229_75N060E_vcmcfg_v10_c201603161200.avg_rade9.tif"
DNB_COUNT = DNB.replace("avg_rade9", "cf_cvg")
DMSP = "F101992.v4b_web.stable_lights.avg_vis.tif"
ECO = "ECOv002_L2T_LSTE_26223_012_52SBH_20230219T202943_0710_01_LST.tif"
TOWN = "far-town"
TOWN_BOX = (126.54, 37.96, 126.57, 37.985)


def comparator(name: str = TOWN, bounds: tuple[float, float, float, float] = TOWN_BOX) -> Zone:
    """A control outside the site."""
    return Zone(
        name, name, ZoneKind.CONTROL, GeometryStatus.DIGITISED, None,
        position_accuracy_m=50, outline_outside=box(*bounds),
    )  # fmt: skip


SITE = make_site()
PAIR = make_site(zones=(comparator(),))
"""The same site with a comparator north-west of it."""


def write_night(folder: Path, dn: float = 123, name: str = NIGHT_C1) -> Path:
    """A clear night of collection 1."""
    return write_h5(folder / name, night(dn))


def write_later_night(folder: Path, radiance: float = 13.5) -> Path:
    """The same night, processed anew as collection 2."""
    return write_h5(folder / NIGHT_C2, night(radiance, collection=2), LATER_GROUP)


def write_month(folder: Path) -> Path:
    """A month of all composites."""
    return write_h5(folder / MONTH_C1, composites(), LATER_GROUP)


def write_dnb(folder: Path, value: float = 2.5, *, count: int | None = 9) -> Path:
    """A month of the DNB, with its count of looks or without."""
    if count is not None:
        write_tif(folder / DNB_COUNT, np.full((60, 60), count, np.uint16), 1 / 240)
    return write_tif(folder / DNB, np.full((60, 60), value, np.float32), 1 / 240)


def write_eco(folder: Path, value: float = 290.0) -> Path:
    """A scene of temperature with its quality and cloud layers."""
    shape = (400, 400)
    for layer, pixels in (
        ("LST", np.full(shape, value, np.float32)),
        ("QC", np.zeros(shape, np.uint16)),
        ("cloud", np.zeros(shape, np.uint8)),
    ):
        write_tif(folder / ECO.replace("LST.tif", f"{layer}.tif"), pixels, 0.0005422)
    return folder / ECO


def write_all(folder: Path) -> None:
    """One file of every sensor."""
    write_night(folder)
    write_dnb(folder)
    write_tif(folder / DMSP, np.full((40, 40), 5, np.uint8), 1 / 120)
    write_eco(folder)


def bring(
    folder: Path, store: Path, site: Site = SITE, sensor: str = "black-marble"
) -> tuple[FetchedFile, ...]:
    """Fetch a folder into a store."""
    paths = list_files(folder, sensor, site.timezone, EVER)
    return fetch_coarse(site, paths, CoarseStore(store))
