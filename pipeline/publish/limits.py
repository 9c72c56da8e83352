"""Measured detection limits as tables and a map.

Here belongs the choice of columns and bands. The seal that makes the files count belongs to
``store.limits``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.model.limit import NOT_FOUND, Plant
from pipeline.model.provenance import Artifact
from pipeline.publish.limit_picture import limit_picture
from pipeline.publish.rows import named
from pipeline.publish.tables import to_csv
from pipeline.store.files import publish_bytes, sha256_of
from pipeline.store.rasters import write_cog

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from pipeline.model.cube import ZoneMask
    from pipeline.model.grid import Grid
    from pipeline.model.limit import SiteLimits, Sounding, ZoneLimit
    from pipeline.publish.rows import Cell, Row

COLUMNS = (
    "zone_id", "n_looks", "zone_px", "free_px", "plant", "contrast", "smallest_px", "smallest_m2",
    "tried_px", "n_found", "n_planted", "share_found", "share_low", "share_high", "seed",
    "simulated",
)  # fmt: skip


def publish_limits(
    folder: Path,
    limits: SiteLimits,
    chart: Mapping[Plant, NDArray[np.float32]],
    grid: Grid,
    *,
    masks: Sequence[ZoneMask],
) -> tuple[Artifact, ...]:
    """Write tables and map into a folder, each whole or not at all.

    Args:
        folder: where they go.
        limits: the zones.
        chart: the map of each kind of change, (y, x).
        grid: where its pixels lie.
        masks: the zones, which the picture of the map shows.

    Raises:
        StoreError: if a file cannot be written.
    """
    rows = [_row(limits, zone, one) for zone in limits.zones for one in zone.soundings]
    publish_bytes(folder / "limits.csv", to_csv(rows, COLUMNS))
    publish_bytes(folder / "areas.csv", _areas(limits))
    bands = {plant.value: band for plant, band in chart.items()}
    tags = {
        "zonewatch:simulated": str(limits.is_simulated).lower(),
        "zonewatch:cube_id": limits.cube_id,
        "bands": f"least contrast, in reflectance, at which planted changes of {limits.min_pixels}"
        f" pixels were found with a share of {limits.probability} about each pixel",
        "not_found": f"{NOT_FOUND} where no planted contrast was; nodata where none was planted",
        "seed": str(limits.seed),
    }
    write_cog(folder / "limit-map.tif", bands, grid, nodata=float("nan"), tags=tags)
    publish_bytes(folder / "limit-map.png", limit_picture(limits, chart, masks))
    names = ("areas.csv", "limit-map.png", "limit-map.tif", "limits.csv")
    return tuple(_artifact(folder / name) for name in names)


def _areas(limits: SiteLimits) -> bytes:
    """The smallest area in square metres by zone and kind, a column for every contrast.

    ``none`` where no area was found often enough, nothing where too little could be planted.
    """
    contrasts = sorted({one.contrast for zone in limits.zones for one in zone.soundings})
    columns = ("zone_id", "plant", *(f"m2_at_{contrast:g}" for contrast in contrasts), "simulated")
    rows = []
    for zone in limits.zones:
        for plant in Plant:
            at = {one.contrast: one for one in zone.of(plant)}
            cells = (_area_cell(at.get(contrast), limits) for contrast in contrasts)
            rows.append(named(columns, zone.zone_id, plant.value, *cells, limits.is_simulated))
    return to_csv(rows, columns)


def _area_cell(one: Sounding | None, limits: SiteLimits) -> Cell:
    """The smallest area of a sounding."""
    if one is None:
        return None
    return "none" if one.n_pixels is None else round(one.n_pixels * limits.pixel_area_m2, 1)


def _row(limits: SiteLimits, zone: ZoneLimit, one: Sounding) -> Row:
    """One contrast in one zone."""
    area_m2 = None if one.n_pixels is None else round(one.n_pixels * limits.pixel_area_m2, 1)
    return named(
        COLUMNS,
        zone.zone_id,
        zone.n_looks,
        zone.n_pixels,
        zone.n_free,
        one.plant.value,
        one.contrast,
        one.n_pixels,
        area_m2,
        one.tried_pixels,
        one.n_found,
        one.n_planted,
        round(one.share, 4) if one.n_planted else None,
        one.low,
        one.high,
        limits.seed,
        limits.is_simulated,
    )


def _artifact(path: Path) -> Artifact:
    """A file by name, hash and size."""
    return Artifact(path.name, sha256_of(path), path.stat().st_size)
