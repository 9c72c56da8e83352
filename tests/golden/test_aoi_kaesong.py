"""The AOI folders that are shipped: what they hold, and that it follows from what is known."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from pyproj import Transformer
from shapely.geometry import Polygon

from pipeline.model.site import GeometryStatus, Site, Zone, ZoneKind
from pipeline.sites import check_site, load_site

AOI = Path(__file__).parents[2] / "aoi"
KAESONG = AOI / "kaesong"
REHEARSAL = AOI / "kaesong-rehearsal"
TO_METRES = Transformer.from_crs("OGC:CRS84", "EPSG:32652", always_xy=True)

KINDS = {
    "whole-complex": "production",
    "west-gate": "gate",
    "east-gate": "gate",
    "panmun-station": "support",
    "support-centre": "support",
    "north-vacant": "plot",
    "bus-depot": "depot",
    "south-belt": "production",
    "electronics": "production",
    "textile": "production",
    "centre-factory": "production",
    "south-west-plot": "plot",
    "dongwon": "production",
    "inzi": "production",
    "bucheon-hosan": "production",
    "substation": "support",
    "south-extension": "extension",
    "south-west-extension": "extension",
    "ah1-road": "road",
    "kaesong-city": "control",
    "daeseong-dong": "control",
}

# Longitude and latitude as the sources give them.
STATION, BUCHEON, SUBSTATION = (126.64333, 37.92806), (126.63468, 37.92713), (126.63647, 37.92945)
UNLABELLED, WIKIPEDIA, GIVEN = (126.62565, 37.92935), (126.6333, 37.9333), (126.62, 37.93)
POINTS = (STATION, BUCHEON, SUBSTATION, UNLABELLED, WIKIPEDIA, GIVEN)
EDGE_M = 1820
HALF_MINUTE_M = 925
THIRD_M = EDGE_M / 3

Span = tuple[float, float]


def metres(point: tuple[float, float]) -> tuple[float, float]:
    east, north = TO_METRES.transform(*point)
    return east, north


def corners_m(zone: Zone) -> list[tuple[float, float]]:
    assert isinstance(zone.geometry, Polygon)
    return [metres((pair[0], pair[1])) for pair in zone.geometry.exterior.coords]


def spans(zone: Zone) -> tuple[Span, Span]:
    """West-east and south-north extent, in metres."""
    xs, ys = zip(*corners_m(zone), strict=True)
    return (min(xs), max(xs)), (min(ys), max(ys))


def edges() -> tuple[Span, Span]:
    """Where the west edge and the south edge of the complex may lie."""
    markers = [metres(point) for point in (BUCHEON, SUBSTATION, UNLABELLED)]
    easternmost, southernmost = max(x for x, _ in markers), min(y for _, y in markers)
    lowest = metres(WIKIPEDIA)[1] - HALF_MINUTE_M - EDGE_M / 2
    return (easternmost - EDGE_M, metres(STATION)[0] - EDGE_M), (lowest, southernmost)


def areas() -> dict[str, list[tuple[Span, Span]]]:
    """The boxes that the words about each zone allow."""
    (w0, w1), (s0, s1) = edges()
    third, two, far = THIRD_M, 2 * THIRD_M, math.inf
    anywhere = ((w0, w1 + EDGE_M), (s0, s1 + EDGE_M))
    centre = ((w0 + third, w1 + two), (s0 + third, s1 + two))
    south = (anywhere[0], (s0, s1 + third))
    east_side = ((w0 + two, w1 + EDGE_M), anywhere[1])
    road_top = metres(STATION)[1] + 150
    return {
        "whole-complex": [anywhere],
        "dongwon": [anywhere],
        "inzi": [anywhere],
        "west-gate": [((w0 - 250, w1 + 250), (s0 + two, s1 + EDGE_M))],
        "east-gate": [((w0 + EDGE_M - 250, w1 + EDGE_M + 250), anywhere[1])],
        "support-centre": [centre],
        "centre-factory": [centre],
        "north-vacant": [(centre[0], (centre[1][0] + 150, centre[1][1] + 450))],
        "bus-depot": [centre, east_side],
        "south-belt": [south],
        "electronics": [south],
        "textile": [south],
        "south-west-plot": [((w0, w1 + third), south[1])],
        "south-extension": [(anywhere[0], (s0 - 330, s1))],
        "south-west-extension": [((w0 - 500, w1 + 500), (s0 - 500, s1 + 500))],
        "ah1-road": [((w0 + EDGE_M - 250, far), (-far, road_top))],
    }


def meets(cell: tuple[Span, Span], area: tuple[Span, Span], least_m: float = 1e-3) -> bool:
    """Whether two upright boxes share more ground than rounding makes."""
    pairs = zip(cell, area, strict=True)
    return all(min(high, top) - max(low, bottom) > least_m for (low, high), (bottom, top) in pairs)


@pytest.fixture(scope="module")
def site() -> Site:
    return load_site(KAESONG)


def test_the_shipped_folder_is_sound() -> None:
    assert check_site(KAESONG) == ()


def test_the_site_is_what_the_brief_says(site: Site) -> None:
    assert (site.id, site.timezone, site.crs) == ("kaesong", "Asia/Pyongyang", "EPSG:32652")
    assert (site.claims_folder, site.baseline_end.isoformat()) == ("kaesong", "2018-12-31")
    assert not site.is_simulated
    assert site.boundary.bounds == (126.6, 37.912, 126.65, 37.948)


def test_every_zone_is_there_with_its_kind(site: Site) -> None:
    kinds = {zone.id: str(zone.kind) for zone in site.zones if zone.kind is not ZoneKind.CELL}
    extra = set(kinds) - set(KINDS)
    assert {zone_id: kinds.get(zone_id) for zone_id in KINDS} == KINDS
    assert extra
    assert all(zone_id.startswith("control-") for zone_id in extra)


def test_nothing_is_drawn_and_nothing_invented(site: Site) -> None:
    statuses = {zone.status for zone in site.zones}
    assert statuses == {GeometryStatus.SOURCED, GeometryStatus.COMPUTED, GeometryStatus.UNKNOWN}
    sourced = {zone.id for zone in site.zones if zone.status is GeometryStatus.SOURCED}
    assert sourced == {"panmun-station", "bucheon-hosan", "substation"}
    computed = [zone for zone in site.zones if zone.status is GeometryStatus.COMPUTED]
    assert {zone.kind for zone in computed} == {ZoneKind.CELL, ZoneKind.CONTROL}


def test_every_zone_says_from_what_it_is_known(site: Site) -> None:
    for zone in site.zones:
        assert zone.position_evidence
        if zone.status is not GeometryStatus.COMPUTED:
            assert re.search(r"https?://\S+\.\S+", zone.position_evidence), zone.id
        else:
            assert zone.position_evidence.lower().startswith("computed"), zone.id


def test_search_areas_are_the_cells_that_the_words_allow(site: Site) -> None:
    cells = {zone.id: spans(zone) for zone in site.zones if zone.kind is ZoneKind.CELL}
    unknown = {zone.id for zone in site.zones if zone.search_cells}
    assert unknown == set(areas())
    for zone_id, boxes in areas().items():
        wanted = [name for name, cell in cells.items() if any(meets(cell, box) for box in boxes)]
        assert list(site.zone(zone_id).search_cells) == wanted, zone_id
        assert 0 < len(wanted) < len(cells)


@pytest.mark.parametrize("zone_id", ["kaesong-city", "daeseong-dong"])
def test_comparators_beyond_the_box_have_neither_place_nor_cells(site: Site, zone_id: str) -> None:
    zone = site.zone(zone_id)
    assert (zone.is_placed, zone.search_cells, zone.position_accuracy_m) == (False, (), None)
    assert zone.outline_outside is None
    assert "no outline here yet" in zone.position_evidence


@pytest.mark.parametrize(
    ("zone_id", "point"),
    [("panmun-station", STATION), ("bucheon-hosan", BUCHEON), ("substation", SUBSTATION)],
)
def test_sourced_circles_stand_on_their_points(
    site: Site, zone_id: str, point: tuple[float, float]
) -> None:
    zone = site.zone(zone_id)
    distances = [math.dist(metres(point), corner) for corner in corners_m(zone)]
    assert zone.position_accuracy_m in {150, 300}
    # The sources' metres are rounded, and so are the corners.
    assert distances == pytest.approx([zone.position_accuracy_m] * len(distances), abs=1)


def test_controls_are_far_from_all_that_is_known(site: Site) -> None:
    cells = {zone.id: spans(zone) for zone in site.zones if zone.kind is ZoneKind.CELL}
    searched = {name for zone in site.zones for name in zone.search_cells}
    controls = [zone for zone in site.controls if zone.is_placed]
    assert len(controls) == 3
    for control in controls:
        assert control.geometry is not None
        assert site.boundary.buffer(1e-6).covers(control.geometry)
        east_west, south_north = spans(control)
        for x, y in (metres(point) for point in POINTS):
            dx = max(east_west[0] - x, 0, x - east_west[1])
            dy = max(south_north[0] - y, 0, y - south_north[1])
            assert math.hypot(dx, dy) > 1000, control.id
        # Corners are rounded to 7 decimals of a degree, about a centimetre.
        area = east_west, south_north
        assert [name for name in searched if meets(cells[name], area, 0.1)] == [], control.id


def test_the_words_come_out_right_on_the_ground(site: Site) -> None:
    """The 'northern' entrance is the west gate, the 'southern' one the east gate."""
    assert middle(site, "west-gate")[0] < middle(site, "support-centre")[0]
    assert middle(site, "support-centre")[0] < middle(site, "east-gate")[0]
    assert middle(site, "south-belt")[1] < middle(site, "support-centre")[1]
    rise = middle(site, "north-vacant")[1] - middle(site, "support-centre")[1]
    assert rise == pytest.approx(300, abs=150)
    assert middle(site, "south-west-extension")[0] < middle(site, "south-west-plot")[0]
    assert "northern entrance" in site.zone("west-gate").label
    assert "southern entrance" in site.zone("east-gate").label


def middle(site: Site, zone_id: str) -> tuple[float, float]:
    """Mean of the middles of a zone's search cells, in metres."""
    boxes = [spans(site.zone(name)) for name in site.zone(zone_id).search_cells]
    xs = [sum(east_west) / 2 for east_west, _ in boxes]
    ys = [sum(south_north) / 2 for _, south_north in boxes]
    return sum(xs) / len(xs), sum(ys) / len(ys)


def test_the_readme_speaks_of_every_zone_and_count(site: Site) -> None:
    text = (KAESONG / "README.md").read_text(encoding="utf-8")
    for zone in site.zones:
        if zone.kind is not ZoneKind.CELL:
            assert f"`{zone.id}`" in text, zone.id
            row = next(line for line in text.splitlines() if f"`{zone.id}`" in line)
            if zone.search_cells:
                assert f"| {len(zone.search_cells)} cells |" in row, zone.id
    placed = sum(zone.is_placed for zone in site.zones)
    assert f"site kaesong, {len(site.zones)} zones, {placed} placed: good" in text


def test_the_rehearsal_bears_the_same_ids_far_from_kaesong() -> None:
    if not REHEARSAL.is_dir():
        pytest.skip("aoi/kaesong-rehearsal is not there")
    assert check_site(REHEARSAL) == ()
    site = load_site(REHEARSAL)
    assert site.is_simulated
    assert set(KINDS) <= {zone.id for zone in site.zones}
    for zone in site.zones:
        if zone.kind is not ZoneKind.CELL and zone.is_placed:
            assert zone.status is GeometryStatus.INVENTED, zone.id
    assert len([zone for zone in site.zones if zone.kind is ZoneKind.CELL]) == 64
    assert site.boundary.distance(load_site(KAESONG).boundary) > 0.5
