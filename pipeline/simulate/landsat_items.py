"""Simulated Landsat scenes as STAC items in the manner of Collection 2 Level 2.

Here belong ids, properties and assets. Pixels belong to ``landsat``.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipeline.simulate.landsat import (
    GRID,
    LANDSAT_BANDS,
    PLATFORMS,
    landsat_days,
    simulate_landsat,
)
from pipeline.simulate.stac import (
    Shelf,
    SimulatedAsset,
    SimulatedItem,
    write_collection,
    write_item,
)

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.simulate.eras import Past
    from pipeline.simulate.fields import Floats
    from pipeline.simulate.landsat import LandsatScene
    from pipeline.simulate.options import ArchiveOptions

SHELF: Final = Shelf(
    "landsat-c2-l2", "SIMULATED Landsat Collection 2 Level 2 of an invented site", GRID
)
_SCALE, _OFFSET = 2.75e-5, -0.2
_KELVIN_SCALE, _KELVIN_OFFSET = 0.00341802, 149.0
_KELVIN_STEP_DN, _ERROR_STEP_DN = 64, 25
"""Stored in steps of 0.22 K and of 0.25 K, so that files stay small."""
_ERROR_SCALE = 0.01


def _name(scene: LandsatScene) -> str:
    """The id of a scene, after the way of the product."""
    made = scene.day + timedelta(days=20)
    return f"{scene.craft}_L2SP_116034_{scene.day:%Y%m%d}_{made:%Y%m%d}_02_T1"


def _instant(day: date) -> datetime:
    """The overpass, some seconds after 02:08 UTC."""
    return datetime.combine(day, time(2, 8, day.toordinal() * 11 % 60), UTC)


def _kelvin(values: Floats) -> NDArray[np.uint16]:
    """Temperature as stored; 0 where nothing is."""
    numbers = (values - _KELVIN_OFFSET) / _KELVIN_SCALE / _KELVIN_STEP_DN
    stored = np.clip(np.rint(numbers) * _KELVIN_STEP_DN, 1, 65_535)
    return np.where(np.isfinite(numbers), stored, 0).astype(np.uint16)


def _error(values: Floats) -> NDArray[np.int16]:
    """Uncertainty as stored; -9999 where nothing is."""
    stored = np.rint(values / _ERROR_SCALE / _ERROR_STEP_DN) * _ERROR_STEP_DN
    return np.where(np.isfinite(stored), stored, -9999).astype(np.int16)


def _assets(scene: LandsatScene) -> dict[str, SimulatedAsset]:
    """The files of a scene, by the names that catalogues give them."""
    light: dict[str, Any] = {"raster:scale": _SCALE, "raster:offset": _OFFSET, "unit": "1"}
    heat = {"raster:scale": _KELVIN_SCALE, "raster:offset": _KELVIN_OFFSET, "unit": "kelvin"}
    doubt = {"raster:scale": _ERROR_SCALE, "raster:offset": 0.0, "unit": "kelvin"}
    assets = {
        band: SimulatedAsset(
            f"SR_{band}", scene.numbers[band], 0, {**light, "bands": [{"eo:common_name": band}]}
        )
        for band in LANDSAT_BANDS
    }
    return assets | {
        "lwir11": SimulatedAsset("ST", _kelvin(scene.kelvin), 0, heat),
        "qa": SimulatedAsset("ST_QA", _error(scene.error_k), -9999, doubt),
        "qa_pixel": SimulatedAsset("QA_PIXEL", scene.qa, 1),
    }


def _item(scene: LandsatScene) -> SimulatedItem:
    """A scene as an item."""
    properties = {
        "platform": PLATFORMS[scene.craft],
        "gsd": 30,
        "eo:cloud_cover": round(scene.cloud_cover_pct, 2),
        "view:sun_elevation": round(scene.weather.sun_elevation_deg, 3),
        "view:sun_azimuth": round(scene.weather.sun_azimuth_deg, 3),
        "landsat:wrs_type": "2",
        "landsat:wrs_path": "116",
        "landsat:wrs_row": "034",
        "landsat:collection_number": "02",
        "landsat:collection_category": "T1",
    }
    return SimulatedItem(
        _name(scene), SHELF.id, _instant(scene.day), GRID, properties, _assets(scene)
    )


def write_landsat(root: Path, past: Past, options: ArchiveOptions) -> int:
    """Write the scenes of some years and their collection; give back how many.

    Raises:
        StoreError: if a file cannot be written.
    """
    listed = []
    for scene in simulate_landsat(past, landsat_days(past.seed, *options.years)):
        item = _item(scene)
        write_item(root, item)
        listed.append((item.id, item.instant))
    write_collection(root, SHELF, listed)
    return len(listed)
