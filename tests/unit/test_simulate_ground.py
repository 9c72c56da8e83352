"""The invented layout: places, what covers them, and that the AOI folder agrees."""

from __future__ import annotations

import ast
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.simulate.aoi import aoi_documents, write_aoi
from pipeline.simulate.blocks import built_patches
from pipeline.simulate.changes import planted_changes
from pipeline.simulate.ground import FINE_M, fine_grid
from pipeline.simulate.layout import ZONES, Rect, map_point, map_polygon, park_axes, zone_rect
from pipeline.simulate.materials import BANDS, STATES, Material
from pipeline.simulate.options import REHEARSAL
from pipeline.simulate.places import TOWNS
from pipeline.sites import check_site, load_site
from tests.unit.simulate_factory import FRESH_SEED, surface_of

ROOT = Path(__file__).resolve().parents[2]
IDS = [
    "whole-complex",
    "west-gate",
    "east-gate",
    "panmun-station",
    "support-centre",
    "north-vacant",
    "bus-depot",
    "south-belt",
    "electronics",
    "textile",
    "centre-factory",
    "south-west-plot",
    "dongwon",
    "inzi",
    "bucheon-hosan",
    "substation",
    "south-extension",
    "south-west-extension",
    "ah1-road",
    "kaesong-city",
    "daeseong-dong",
]
CONTROLS = {"kaesong-city", "daeseong-dong", "control-farmland", "control-forest"}
coordinates = st.floats(-900, 900)


def test_every_fixed_zone_id_exists_once() -> None:
    ids = [zone.id for zone in ZONES]
    assert len(ids) == len(set(ids))
    assert set(IDS) | CONTROLS == set(ids)
    assert {zone.id for zone in ZONES if zone.kind == "control"} == CONTROLS


def test_all_zones_lie_inside_the_frame() -> None:
    frame = shapely.box(*REHEARSAL.grid.bounds)
    assert not [zone.id for zone in ZONES if not frame.contains(map_polygon(zone.rect))]


def test_only_the_whole_complex_overlaps_other_zones() -> None:
    parts = [zone for zone in ZONES if zone.id != "whole-complex"]
    overlap = [
        (a.id, b.id)
        for a, b in combinations(parts, 2)
        if map_polygon(a.rect).intersection(map_polygon(b.rect)).area > 1
    ]
    assert not overlap


def test_electronics_and_textile_lie_well_apart() -> None:
    gap = map_polygon(zone_rect("electronics")).distance(map_polygon(zone_rect("textile")))
    assert gap > 500


@given(coordinates, coordinates)
def test_park_axes_undo_map_points(u: float, v: float) -> None:
    x, y = map_point(u, v)
    back = park_axes(np.array([[x]]), np.array([[y]]))
    assert np.allclose([axis[0, 0] for axis in back], [u, v], atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(
    st.floats(-700, 600),
    st.floats(-700, 600),
    st.floats(12, 200),
    st.floats(12, 200),
)
def test_coverage_adds_up_to_the_area(u: float, v: float, width: float, depth: float) -> None:
    cells = surface_of(1).ground.cells
    rect = Rect(u, v, u + width, v + depth)
    share = cells.coverage(rect)
    assert share.min() >= 0
    assert share.max() <= 1
    rim = 2 * (width + depth)
    assert abs(share.sum() * FINE_M**2 - width * depth) < 1.2 * rim


def test_coverage_is_that_of_25_points_one_by_one() -> None:
    cells = surface_of(1).ground.cells
    rect = zone_rect("west-gate").part(25, 22, 120, 17)
    share = cells.coverage(rect)
    rows, cols = np.nonzero(share)
    for row, col in list(zip(rows, cols, strict=True))[::7]:
        hits = 0
        for i in range(-2, 3):
            for j in range(-2, 3):
                u, v = cells.u[row, col] + i, cells.v[row, col] + j
                hits += rect.u0 <= u < rect.u1 and rect.v0 <= v < rect.v1
        assert share[row, col] == pytest.approx(hits / 25)


def test_the_fine_grid_has_half_pixels_and_a_rim() -> None:
    cells = fine_grid(REHEARSAL)
    step = np.hypot(np.diff(cells.u, axis=1), np.diff(cells.v, axis=1))
    assert np.allclose(step, FINE_M)
    corner = park_axes(np.array(190_000 - 57.5), np.array(4_100_057.5))
    assert np.allclose([cells.u[0, 0], cells.v[0, 0]], corner)


def test_the_park_holds_roofs_of_several_kinds_and_all_materials_occur() -> None:
    found = {Material(int(code)) for code in np.unique(surface_of(1).ground.material)}
    assert found == set(Material)
    roofs = [patch for patch in built_patches() if patch.height_m >= 7]
    assert len(roofs) > 100


def test_the_layout_is_the_same_for_every_seed_and_the_texture_is_not() -> None:
    one, other = surface_of(1).ground, surface_of(FRESH_SEED).ground
    assert np.array_equal(one.material, other.material)
    assert np.array_equal(one.height_m, other.height_m)
    assert not np.allclose(one.tone, other.tone)


def test_controls_and_the_noise_zone_are_covered_as_they_should_be() -> None:
    ground = surface_of(1).ground
    forest = ground.material[ground.cells.inside(zone_rect("control-forest"))]
    farmland = ground.material[ground.cells.inside(zone_rect("control-farmland"))]
    assert np.isin(forest, (Material.BROADLEAF, Material.PINE)).all()
    # A corner of it is the grassy bank of the river.
    assert (farmland == Material.PADDY).mean() > 0.85
    noisy = ground.cells.inside(zone_rect("inzi"))
    assert ground.clutter[noisy].min() == ground.clutter.max() > 2
    calm = ~ground.cells.inside(zone_rect("inzi").inset(-20))
    assert ground.clutter[calm].max() == 1


def test_reflectances_are_physical() -> None:
    assert STATES.shape == (4, len(BANDS), len(Material))
    assert STATES.min() > 0
    assert STATES.max() < 0.6


@pytest.mark.parametrize("seed", [20201008, FRESH_SEED])
def test_planted_changes_keep_their_distance_from_the_edge_of_their_zone(seed: int) -> None:
    for change in planted_changes(seed):
        if change.kind == "snow_cleared":
            continue
        zone = map_polygon(zone_rect(change.zone_id)).buffer(-10)
        outside = [rect for rect in change.rects if not zone.contains(map_polygon(rect))]
        assert not outside, change.id


def test_the_committed_aoi_folder_is_the_layout(tmp_path: Path) -> None:
    write_aoi(tmp_path / "kaesong-rehearsal")
    for name, data in aoi_documents().items():
        assert (ROOT / "aoi" / "kaesong-rehearsal" / name).read_bytes() == data
        assert (tmp_path / "kaesong-rehearsal" / name).read_bytes() == data


def test_the_aoi_folder_passes_the_check_and_is_marked_invented() -> None:
    folder = ROOT / "aoi" / "kaesong-rehearsal"
    assert not check_site(folder)
    site = load_site(folder)
    assert site.is_simulated
    assert site.baseline_end.isoformat() == "2020-07-31"
    drawn = [zone for zone in site.zones if zone.kind != "cell"]
    assert {zone.status for zone in drawn} == {"invented"}
    towns = {town.id for town in TOWNS}
    assert {zone.id for zone in drawn} == {zone.id for zone in ZONES} | towns
    assert site.whole_zone in {zone.id for zone in ZONES}
    assert sum(zone.kind == "cell" for zone in site.zones) == 64


def test_the_generator_knows_no_detector() -> None:
    forbidden = ("detect", "zones", "history", "assess", "run", "sites", "prepare")
    for path in (ROOT / "pipeline" / "simulate").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [str(node.module)]
            parts = [name.split(".") for name in names if name.startswith("pipeline.")]
            assert not [part for part in parts if part[1] in forbidden], path.name
