"""The AOI folder as a whole: three files that must agree with one another.

Here belong the order of the checks and the rules across files. Each file's own rules belong to
the modules beside this one.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import SiteError
from pipeline.model.site import GeometryStatus, Site, Zone, ZoneKind
from pipeline.sites.cells import compute_cells
from pipeline.sites.checked import Checked, Place
from pipeline.sites.features import Feature, ZoneProperties, read_features, read_properties
from pipeline.sites.metres import Metres
from pipeline.sites.outlines import read_outline
from pipeline.sites.placement import boundary_faults, cell_faults, comparator_faults, zone_faults
from pipeline.sites.settings import SiteSettings, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

SETTINGS_NAME = "site.toml"
BOUNDARY_NAME = "boundary.geojson"
ZONES_NAME = "zones.geojson"


@dataclass(frozen=True)
class PlacedBoundary:
    """A boundary that holds.

    Attributes:
        lonlat: the outline in longitude and latitude.
        metres: the plane in which the site is measured.
        cells: the computed cells.
    """

    lonlat: BaseGeometry
    metres: Metres
    cells: tuple[Zone, ...]


@dataclass(frozen=True)
class ZoneReading:
    """A zone feature with what could be made of it.

    Attributes:
        place: where it stands.
        properties: its words; None if they cannot be used.
        outline: its outline in longitude and latitude; None if there is none or none of use.
    """

    place: Place
    properties: ZoneProperties | None
    outline: BaseGeometry | None

    @property
    def is_outside(self) -> bool:
        """Whether it says that it lies outside the site."""
        return self.properties is not None and self.properties.outside_site


def load_site(folder: Path) -> Site:
    """Read an AOI folder.

    Raises:
        SiteError: the first thing that is wrong with it; ``check_site`` lists all.
    """
    reading = _read(folder)
    if reading.value is None:
        raise reading.faults[0]
    return reading.value


def check_site(folder: Path) -> tuple[SiteError, ...]:
    """Everything that is wrong with an AOI folder; empty if nothing is."""
    return _read(folder).faults


def _read(folder: Path) -> Checked[Site]:
    """Either a site or all of its faults, never both."""
    if not folder.is_dir():
        remedy = f"name a folder that holds {SETTINGS_NAME}, {BOUNDARY_NAME} and {ZONES_NAME}"
        return Checked(None, (SiteError("no such folder", where=str(folder), remedy=remedy),))
    settings = read_settings(folder / SETTINGS_NAME)
    boundary = _read_boundary(folder / BOUNDARY_NAME, settings.value)
    zones = _read_zones(folder / ZONES_NAME)
    faults = [*settings.faults, *boundary.faults, *zones.faults]
    if settings.value is not None:
        if not settings.faults:
            faults += _folder_faults(folder, settings.value)
        faults += _set_faults(zones.value or (), settings.value, folder / ZONES_NAME)
    if boundary.value is not None:
        faults += _place_faults(zones.value or (), boundary.value)
    if faults or settings.value is None or boundary.value is None:
        return Checked(None, tuple(faults))
    return Checked(_site(folder, settings.value, boundary.value, zones.value or ()))


def _read_boundary(path: Path, settings: SiteSettings | None) -> Checked[PlacedBoundary]:
    """The boundary with its cells; without settings it is only checked by itself."""
    features = read_features(path)
    if features.value is None:
        return Checked(None, features.faults)
    first = features.value[0]
    faults = list(features.faults)
    if len(features.value) > 1:
        what = f"the boundary has {len(features.value)} features, not one"
        faults.append(SiteError(what, where=str(path), remedy="keep one Polygon"))
    outline = read_outline(first.geometry, first.place, ("Polygon",))
    faults += outline.faults
    if outline.value is None or settings is None:
        return Checked(None, tuple(faults))
    placed = _place_boundary(outline.value, settings, first.place)
    return Checked(placed.value, (*faults, *placed.faults))


def _place_boundary(
    outline: BaseGeometry, settings: SiteSettings, place: Place
) -> Checked[PlacedBoundary]:
    """Put a sound outline on the globe and cut it into cells."""
    metres = Metres(settings.crs)
    faults = tuple(boundary_faults(outline, metres, place))
    if faults:
        return Checked(None, faults)
    if settings.cell_size_m is None:
        return Checked(PlacedBoundary(outline, metres, ()))
    metric = metres.project(outline)
    faults = tuple(cell_faults(metric, settings.cell_size_m, place))
    if faults:
        return Checked(None, faults)
    cells = compute_cells(metric, settings.cell_size_m, metres)
    return Checked(PlacedBoundary(outline, metres, cells))


def _read_zones(path: Path) -> Checked[tuple[ZoneReading, ...]]:
    """Every zone of the file with the faults that it has by itself."""
    features = read_features(path)
    readings = [_read_zone(feature) for feature in features.value or ()]
    faults = (*features.faults, *(fault for reading in readings for fault in reading.faults))
    return Checked(tuple(r.value for r in readings if r.value is not None), faults)


def _read_zone(feature: Feature) -> Checked[ZoneReading]:
    """One zone with the faults that it has by itself."""
    properties = read_properties(feature)
    if feature.geometry is None:
        reading = ZoneReading(feature.place, properties.value, None)
        return Checked(reading, properties.faults)
    outline = read_outline(feature.geometry, feature.place, ("Polygon", "MultiPolygon"))
    reading = ZoneReading(feature.place, properties.value, outline.value)
    return Checked(reading, (*properties.faults, *outline.faults))


def _folder_faults(folder: Path, settings: SiteSettings) -> Iterator[SiteError]:
    """Whether the folder bears the site's id."""
    name = folder.resolve().name
    if settings.id != name:
        what = f"the id {settings.id} is not the name of the folder, {name}"
        where = str(folder / SETTINGS_NAME)
        yield SiteError(what, where=where, remedy="rename the folder, or change the id")


def _set_faults(
    zones: Sequence[ZoneReading], settings: SiteSettings, path: Path
) -> Iterator[SiteError]:
    """Rules over all zones together: unique ids, a control, nothing invented on a real site."""
    yield from _twice_faults(zones)
    for zone in zones:
        status = zone.properties and zone.properties.geometry_status
        if status is GeometryStatus.INVENTED and not settings.simulated:
            what = "an invented outline on a site that is not simulated"
            yield zone.place.fault(what, "draw it from evidence, or set geometry_status to unknown")
    if zones and not any(_is_measurable_control(zone) for zone in zones):
        what = "no zone of kind control has an outline, so that nothing can be compared"
        yield SiteError(what, where=str(path), remedy="add at least one zone of kind control")


def _twice_faults(zones: Sequence[ZoneReading]) -> Iterator[SiteError]:
    """Ids that more than one zone bears."""
    bearers: dict[str, list[ZoneReading]] = defaultdict(list)
    for zone in zones:
        if isinstance(zone.place.id, str):
            bearers[zone.place.id].append(zone)
    for same in bearers.values():
        if len(same) > 1:
            spots = " and ".join(f"features[{zone.place.index}]" for zone in same)
            yield same[1].place.fault(f"the id stands twice, at {spots}", "rename one of them")


def _is_measurable_control(zone: ZoneReading) -> bool:
    """Whether a zone is a control that every sensor can measure."""
    is_control = zone.properties is not None and zone.properties.kind is ZoneKind.CONTROL
    return is_control and zone.outline is not None and not zone.is_outside


def _place_faults(zones: Sequence[ZoneReading], boundary: PlacedBoundary) -> Iterator[SiteError]:
    """Whether zones lie in the boundary and their search cells in the grid."""
    cell_ids = {cell.id for cell in boundary.cells}
    for zone in zones:
        if zone.outline is not None:
            find = comparator_faults if zone.is_outside else zone_faults
            yield from find(zone.outline, boundary.lonlat, boundary.metres, zone.place)
        if zone.properties is None:
            continue
        absent = [name for name in zone.properties.search_cells if name not in cell_ids]
        if absent:
            what = f"search_cells names {len(absent)} absent cells, first {ascii(absent[0])[:40]}"
            remedy = "name computed cells (cell-rNN-cNN), and set cell_size_m in site.toml"
            yield zone.place.fault(what, remedy)


def _site(
    folder: Path,
    settings: SiteSettings,
    boundary: PlacedBoundary,
    zones: Sequence[ZoneReading],
) -> Site:
    """The noun, once nothing is at fault."""
    drawn = tuple(
        _zone(zone.properties, zone.outline) for zone in zones if zone.properties is not None
    )
    return Site(
        id=settings.id,
        label=settings.label,
        timezone=settings.timezone,
        crs=settings.crs,
        boundary=boundary.lonlat,
        baseline_end=settings.baseline_end,
        zones=drawn + boundary.cells,
        claims_folder=settings.claims or "",
        is_simulated=settings.simulated,
        sha256=_sha256(folder),
        whole_zone=settings.whole or "",
    )


def _zone(properties: ZoneProperties, outline: BaseGeometry | None) -> Zone:
    """One zone as the noun."""
    return Zone(
        id=properties.id,
        label=properties.label,
        kind=properties.kind,
        status=properties.geometry_status,
        geometry=None if properties.outside_site else outline,
        search_cells=properties.search_cells,
        position_evidence=properties.position_evidence,
        position_accuracy_m=properties.position_accuracy_m,
        outline_outside=outline if properties.outside_site else None,
    )


def _sha256(folder: Path) -> str:
    """Hash over name, size and bytes of the three files, hex."""
    digest = hashlib.sha256()
    for name in (SETTINGS_NAME, BOUNDARY_NAME, ZONES_NAME):
        data = (folder / name).read_bytes()
        digest.update(f"{name}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()
