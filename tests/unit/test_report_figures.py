"""Pictures, charts and drawings: coordinates and colours against plain arithmetic."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from shapely import box

from pipeline.model.change import DECIBEL, Bracket, Status
from pipeline.model.claim import AssertedTime
from pipeline.model.findings import DetectionLimit
from pipeline.model.grid import Window
from pipeline.model.time import OPEN_END
from pipeline.report import charts, drawing, figures, wording
from pipeline.report.canvas import Label
from pipeline.report.figures import ONSET_COLORS, Painter
from pipeline.report.pictures import picture, stretch_of, to_png
from pipeline.report.sections import numbered, zone_section
from tests.unit.findings_factory import (
    CLOUDY_DATES,
    GRID,
    INSTANTS,
    N_BASELINE,
    N_DATES,
    ONSET,
    WINDOWS,
    YARD,
    lonlat,
    make_cube,
    make_detection,
    make_findings,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.model.cube import DateCube

EVERYTHING = Window(0, 0, *GRID.shape)
masks = arrays(np.bool_, st.tuples(st.integers(1, 8), st.integers(1, 8)))


@pytest.fixture(scope="module")
def painter() -> Painter:
    return Painter(make_findings())


def filled(path: str, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Rasterise rectangles ``MxyhNv1h-Nz`` by hand."""
    out = np.zeros(shape, dtype=bool)
    for x, y, n in re.findall(r"M(-?\d+) (-?\d+)h(\d+)v1h-\3z", path):
        out[int(y), int(x) : int(x) + int(n)] = True
    return out


@given(masks)
def test_fill_path_covers_exactly_the_mask(
    mask: NDArray[np.bool_],
) -> None:
    own = Window(5, 7, *mask.shape)
    path = drawing.fill_path(mask, own, Window(5, 7, 20, 20))
    np.testing.assert_array_equal(filled(path, mask.shape), mask)


@given(masks)
def test_rim_is_as_long_as_the_perimeter(
    mask: NDArray[np.bool_],
) -> None:
    own = Window(0, 0, *mask.shape)
    drawn = sum(int(n) for n in re.findall(r"[hv](\d+)", drawing.mask_path(mask, own, own)))
    perimeter = 0
    for y in range(mask.shape[0]):
        for x in range(mask.shape[1]):
            for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0)):
                inside = 0 <= y + dy < mask.shape[0] and 0 <= x + dx < mask.shape[1]
                neighbour = bool(mask[y + dy, x + dx]) if inside else False
                perimeter += bool(mask[y, x]) and not neighbour
    assert drawn == perimeter


def test_outline_lies_where_the_pixels_are() -> None:
    pixels = drawing.to_pixels(lonlat(YARD), GRID)
    assert pixels.bounds == pytest.approx((10, 10, 20, 20), abs=1e-3)
    path = drawing.outline_path(pixels, Window(5, 5, 20, 20))
    corners = {tuple(map(float, pair)) for pair in re.findall(r"([\d.]+) ([\d.]+)", path)}
    assert corners == {(5.0, 5.0), (15.0, 5.0), (15.0, 15.0), (5.0, 15.0)}


def test_outline_keeps_holes() -> None:
    ring = box(0, 0, 10, 10).difference(box(4, 4, 6, 6))
    assert drawing.outline_path(ring, EVERYTHING).count("M") == 2


@pytest.mark.parametrize(
    ("width", "gsd_m", "length", "label"),
    [(60, 10, 10, "100 m"), (200, 10, 50, "500 m"), (440, 10, 100, "1 km"), (4, 10, 2, "20 m")],
)
def test_scale_bar(width: int, gsd_m: float, length: float, label: str) -> None:
    bar = drawing.scale_bar(width, gsd_m)
    assert (bar.length, bar.label) == (length, label)


@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0, 60)), max_size=12))
def test_no_name_covers_another_label(points: list[tuple[float, float]]) -> None:
    wanted = [Label(n, f"zone number {n}", x, y, "a") for n, (x, y) in enumerate(points)]
    placed = drawing.place_labels(wanted, 1.0, 60.0)
    assert [one.number for one in placed] == [one.number for one in wanted]
    boxes = [drawing._box(one, 1.0, with_name=bool(one.name)) for one in placed]
    for one, own in zip(placed, boxes, strict=True):
        others = [other for other in boxes if other is not own]
        assert not (one.name and any(drawing._touch(own, other) for other in others))


def test_a_name_that_would_leave_the_map_is_dropped() -> None:
    (label,) = drawing.place_labels([Label(1, "a long name of a zone", 55, 5, "a")], 1.0, 60.0)
    assert label.name == ""


def test_picture_is_transparent_exactly_where_nothing_was_seen() -> None:
    cube = make_cube()
    pixels = picture(cube, CLOUDY_DATES[0], EVERYTHING, stretch_of(cube, 0))
    np.testing.assert_array_equal(pixels[..., 3] == 0, ~cube.clear[CLOUDY_DATES[0]])
    assert not pixels[:30, :, :3].any()


def test_snow_is_shown_as_it_was_seen() -> None:
    cube = make_cube()
    snow = np.zeros_like(cube.clear)
    snow[CLOUDY_DATES[0], :5] = True
    cube = replace(cube, snow=snow)
    pixels = picture(cube, CLOUDY_DATES[0], EVERYTHING, stretch_of(cube, 0))
    assert (pixels[:5, :, 3] == 255).all()
    assert (pixels[5:30, :, 3] == 0).all()


def test_colours_stand_in_their_places() -> None:
    cube = make_cube()
    values = np.zeros_like(cube.values)
    values[:, cube.bands.index("red"), :20] = 0.5
    values[:, cube.bands.index("green"), 20:40] = 0.5
    values[:, cube.bands.index("blue"), 40:] = 0.5
    cube = replace(cube, values=values)
    pixels = picture(cube, 0, EVERYTHING, stretch_of(cube, 0))
    for row, expected in ((10, (255, 0, 0)), (30, (0, 255, 0)), (50, (0, 0, 255))):
        assert tuple(pixels[row, 30, :3]) == expected


def test_a_date_without_a_clear_pixel_has_a_stretch() -> None:
    cube = make_cube()
    dark = replace(cube, clear=np.zeros_like(cube.clear))
    assert (stretch_of(dark, 0).high > stretch_of(dark, 0).low).all()


@pytest.mark.parametrize("is_simulated", [True, False])
def test_png_carries_its_mark(*, is_simulated: bool) -> None:
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 3, 4)
    data = to_png(pixels, is_simulated=is_simulated)
    assert data == to_png(pixels, is_simulated=is_simulated)
    with Image.open(io.BytesIO(data)) as image:
        np.testing.assert_array_equal(np.asarray(image), pixels)
        assert image.info["zonewatch:simulated"] == str(is_simulated).lower()


def test_before_is_without_and_after_is_with(painter: Painter) -> None:
    zone = painter.findings.site.zone("north-vacant")
    before, after = figures.crops(painter, zone)
    assert before.scene_id == painter.findings.cube.scene_ids[ONSET - 2]
    assert after.scene_id == painter.findings.cube.scene_ids[ONSET]
    assert [shape.css for shape in before.figure.shapes] == ["zone"]
    assert [shape.css for shape in after.figure.shapes] == ["zone", "edge"]
    assert (before.figure.width, before.figure.height) == (after.figure.width, after.figure.height)
    assert before.unseen_pct == "0 %"


def test_a_change_that_stood_before_is_outlined_before(painter: Painter) -> None:
    large = painter.findings.detections[1]
    earlier = replace(
        large, id="earlier", n_pixels=20, onset=Bracket(INSTANTS[24], INSTANTS[25]), reversal=None
    )
    two = Painter(replace(painter.findings, detections=(large, earlier)))
    before, after = figures.crops(two, two.findings.site.zone("north-vacant"))
    assert [shape.css for shape in before.figure.shapes] == ["zone", "edge"]
    assert [shape.css for shape in after.figure.shapes] == ["zone", "edge", "edge"]


def test_a_quiet_zone_is_shown_at_both_ends(painter: Painter) -> None:
    before, after = figures.crops(painter, painter.findings.site.zone("control-field"))
    ids = painter.findings.cube.scene_ids
    assert (before.scene_id, after.scene_id) == (ids[N_BASELINE - 1], ids[-1])


def test_a_departure_that_awaits_looks_is_not_pictured_as_a_change(painter: Painter) -> None:
    waiting = replace(painter.findings.detections[1], status=Status.FIRST, reversal=None)
    pending = Painter(replace(painter.findings, detections=(waiting,)))
    before, after = figures.crops(pending, pending.findings.site.zone("north-vacant"))
    assert before.scene_id == painter.findings.cube.scene_ids[N_BASELINE - 1]
    assert [shape.css for shape in after.figure.shapes] == ["zone"]


def test_a_cloudy_view_is_avoided(painter: Painter) -> None:
    changes = painter.findings.changes
    found = replace(
        painter.findings.detections[1], onset=Bracket(INSTANTS[26], INSTANTS[CLOUDY_DATES[1]])
    )
    moved = Painter(replace(painter.findings, detections=(found,), changes=changes))
    before, after = figures.crops(moved, moved.findings.site.zone("north-vacant"))
    assert before.scene_id == painter.findings.cube.scene_ids[26]
    assert after.scene_id == painter.findings.cube.scene_ids[28]


def test_one_change_held_by_three_zones_is_drawn_once(painter: Painter) -> None:
    assert len(painter.findings.detections) == 3
    assert len(figures.site_changes(painter)) == 1


def test_pieces_that_turn_a_look_apart_are_one_change(painter: Painter) -> None:
    whole, part, _ = painter.findings.detections
    later = replace(part, onset=Bracket(INSTANTS[ONSET], INSTANTS[ONSET + 1]), n_pixels=90)
    assert figures.site_changes(Painter(replace(painter.findings, detections=(whole, later)))) == (
        whole,
    )


def test_two_changes_after_one_another_at_one_place_are_two(painter: Painter) -> None:
    first = painter.findings.detections[0]
    second = replace(first, onset=Bracket(INSTANTS[-3], INSTANTS[-2]), reversal=None)
    moved = Painter(replace(painter.findings, detections=(first, second)))
    assert figures.site_changes(moved) == (first, second)


@pytest.mark.parametrize("status", [Status.FIRST, Status.PROVISIONAL])
def test_what_awaits_looks_is_no_change_yet(painter: Painter, status: Status) -> None:
    waiting = tuple(
        replace(one, status=status, reversal=None) for one in painter.findings.detections
    )
    pending = Painter(replace(painter.findings, detections=waiting))
    figure = figures.site_map(pending, numbered(pending.findings))
    assert {shape.css for shape in figure.shapes} == {"zone", "control", "waiting"}
    section = zone_section(pending, pending.findings.site.zone("north-vacant"), 1)
    assert (section.group, section.n_changes, len(section.detections)) == ("quiet", 0, 1)
    assert section.headline.endswith("1 departure at the end of the series awaits further looks.")
    assert section.detections[0].magnitude == wording.TO


def test_the_map_numbers_every_placed_zone(painter: Painter) -> None:
    figure = figures.site_map(painter, numbered(painter.findings))
    assert sorted(label.number for label in figure.labels) == [1, 2, 4]
    assert {shape.css for shape in figure.shapes} == {"zone", "control", "change", "rim"}


def test_onset_colours_run_from_early_to_late(painter: Painter) -> None:
    found = painter.findings.detections[0]
    many = tuple(
        replace(found, id=str(index), onset=Bracket(None, INSTANTS[index]), reversal=None)
        for index in range(N_BASELINE, N_DATES)
    )
    busy = Painter(replace(painter.findings, detections=many))
    places = [ONSET_COLORS.index(busy.onset_color(one)) for one in many]
    assert places == sorted(places)
    assert set(places) == set(range(len(ONSET_COLORS)))
    legend = figures.onset_legend(busy)
    assert [stop.color for stop in legend] == list(ONSET_COLORS)
    assert legend[0].label.startswith("2020-08-30")
    assert legend[-1].label.endswith("2021-01-27")


def test_two_onsets_a_look_apart_have_two_colours(painter: Painter) -> None:
    found = painter.findings.detections[0]
    later = replace(found, onset=Bracket(INSTANTS[ONSET], INSTANTS[ONSET + 1]))
    pair = Painter(replace(painter.findings, detections=(found, later)))
    assert pair.onset_color(found) != pair.onset_color(later)
    assert [stop.label for stop in figures.onset_legend(pair)] == ["2020-10-09", "2020-10-19"]


def test_search_grid_shows_the_peak_of_each_cell(painter: Painter) -> None:
    figure = figures.grid_map(painter)
    assert figure is not None
    titles = {shape.title.split(":")[0]: shape.title for shape in figure.shapes}
    assert titles["cell-r00-c00"].endswith("at most 16.0 % changed")
    assert titles["cell-r00-c01"].endswith("no change above the limit")


def test_search_area_shows_its_cells_alone(painter: Painter) -> None:
    figure = figures.search_map(painter, painter.findings.site.zone("electronics"))
    assert figure is not None
    assert [shape.title.split(":")[0] for shape in figure.shapes] == [
        "cell-r00-c01",
        "cell-r01-c00",
    ]
    assert figures.search_map(painter, painter.findings.site.zone("north-vacant")) is None


@pytest.mark.parametrize(
    ("share", "place"), [(0.001, 0), (0.01, 0), (0.011, 1), (0.1, 2), (0.21, 3), (1.0, 3)]
)
def test_share_classes(share: float, place: int) -> None:
    assert figures._share_class(share) == place


def test_chart_holds_every_look_and_every_gap(painter: Painter) -> None:
    findings = painter.findings
    series, found = findings.series_of["north-vacant"], findings.detections_in("north-vacant")
    chart = charts.zone_chart(findings, series, found)
    assert len(chart.dots) == N_DATES - len(CLOUDY_DATES)
    assert len(chart.unseen) == len(CLOUDY_DATES)
    (span,) = chart.onsets
    days = (INSTANTS[-1] - INSTANTS[0]).days
    x_of = [charts.LEFT + 10 * n / days * (charts.RIGHT - charts.LEFT) for n in range(N_DATES)]
    assert span.x == pytest.approx(x_of[ONSET - 2], abs=0.1)
    assert span.x + span.width == pytest.approx(x_of[ONSET], abs=0.2)
    top = chart.dots[-1 - (N_DATES - 1 - ONSET) + 2]
    assert chart.top <= min(dot.y for dot in chart.dots) <= top.y <= chart.floor
    assert chart.control.startswith("M")


def test_a_control_has_no_band_of_itself(painter: Painter) -> None:
    series = painter.findings.series_of["control-field"]
    chart = charts.zone_chart(painter.findings, series, ())
    assert (chart.control, chart.standing, chart.onsets) == ("", "", ())


def test_a_line_breaks_over_a_long_gap() -> None:
    days = [datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 2, 1, tzinfo=UTC),
            datetime(2020, 5, 1, tzinfo=UTC)]  # fmt: skip
    path = charts._line([(float(n), 0.0, day) for n, day in enumerate(days)])
    assert re.findall("[ML]", path) == ["M", "L", "M"]


def test_the_band_of_the_controls_breaks_over_a_long_gap(painter: Painter) -> None:
    control = painter.findings.series_of["control-field"]
    seen = control.seen_px.copy()
    seen[5:12] = 0
    findings = replace(painter.findings, series=(replace(control, seen_px=seen),))
    axes = charts.Axes(INSTANTS[0].timestamp(), INSTANTS[-1].timestamp(), 1.0)
    assert charts._control_path(findings, axes).count("Z") == 2


def test_a_zone_never_seen_still_has_a_chart(painter: Painter) -> None:
    blind = replace(
        painter.findings.series_of["north-vacant"],
        seen_px=np.zeros(N_DATES), departing_px=np.zeros(N_DATES), changed_px=np.zeros(N_DATES),
    )  # fmt: skip
    findings = replace(painter.findings, series=(blind,), detections=())
    chart = charts.zone_chart(findings, blind, ())
    assert (chart.dots, chart.line, chart.control) == ((), "", "")
    assert len(chart.unseen) == N_DATES


def test_time_line_has_a_tick_for_every_scene(painter: Painter) -> None:
    line = charts.timeline(painter.findings)
    assert [row.year for row in line.rows] == ["2020", "2021"]
    ticks = [tick for row in line.rows for tick in row.ticks]
    assert len(ticks) == N_DATES + 2
    assert [tick.css for tick in ticks].count("failed") == 1
    assert [tick.css for tick in ticks].count("clouded") == 1
    assert sum(row.n_used for row in line.rows) == N_DATES
    assert line.rows[0].baseline is not None
    assert line.rows[1].baseline is None
    cloudy = next(tick for tick in ticks if "20200222" in tick.title)
    assert cloudy.length == pytest.approx(charts.SHORTEST + 0.5 * 16, abs=0.1)


def test_civil_days_follow_the_clock_of_the_site() -> None:
    late = datetime(2017, 3, 1, 16, 0, tzinfo=UTC)  # UTC+8:30 in these years
    words = wording.moment(late, "Asia/Pyongyang")
    assert (words.day, words.utc) == ("2017-03-02", "2017-03-01 16:00 UTC")
    assert words.local == "2017-03-02 00:30 local"
    summer = wording.moment(datetime(2020, 3, 1, 2, 14, tzinfo=UTC), "Asia/Pyongyang")
    assert summer.local == "11:14 local"


def test_onset_of_something_never_seen_without() -> None:
    bracket = Bracket(None, INSTANTS[3])
    assert wording.onset(bracket, "UTC") == "by 2020-02-02, never seen without"
    standing = replace(make_detection("north-vacant", make_cube()), reversal=None)
    assert wording.reversal(standing, "UTC") == "still there"
    step = replace(standing, magnitude_unit=DECIBEL, by_band=(("vv", 4.04), ("vh", -0.5)))
    assert wording.reversal(step, "UTC") == "not judged"
    assert wording.distance(step) == "VV +4.0 dB, VH -0.5 dB"
    assert wording.distance(standing) == "9.5 x noise"
    assert wording.distance(replace(step, status=Status.FIRST)) == wording.TO


@pytest.mark.parametrize(
    ("contrast", "n_looks", "words"),
    [
        (
            0.04,
            12,
            "No change larger than 400 m² (4 px) at contrast 0.040 was measured in 12",
        ),
        (0.04, 2, "Not observable: 2 clear looks"),
        (float("nan"), 12, "Too few clear looks in the baseline"),
    ],
)
def test_quiet_words(contrast: float, n_looks: int, words: str) -> None:
    limit = DetectionLimit("z", 4, 400.0, contrast, 3)
    assert wording.quiet(limit, n_looks).startswith(words)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (date(2020, 11, 1), "2020-11-01 (event)"),
        (date(2020, 11, 30), f"2020-11-01 {wording.TO} 2020-11-30 (event)"),
        (OPEN_END, "from 2020-11-01 on (event)"),
    ],
)
def test_asserted_times(end: date, words: str) -> None:
    time = AssertedTime("x", date(2020, 11, 1), end, "event", ("VOA",))
    assert wording.asserted(time) == words


def test_chance_without_a_comparison_is_not_a_number() -> None:
    assert wording.chance(1.0, 0) == "no other window to compare with"
    assert wording.chance(0.02, 48) == "p = 0.020 from 48 other windows"


@pytest.mark.parametrize(
    ("least", "words"),
    [(1.0, "too short"), (5e-4, "bears out 0.05 % and no less"), (1e-4, "the baseline bears it")],
)
def test_a_rate_says_what_bears_it_out(least: float, words: str) -> None:
    assert words in wording.vouched(1e-4, least)


def test_areas_and_shares() -> None:
    assert wording.area(400) == "400 m²"
    assert wording.area(43_000) == "4.30 ha"
    assert wording.percent(float("nan")) == wording.TO
    assert WINDOWS["north-vacant"].height * WINDOWS["north-vacant"].width == 400


def test_words_of_a_lasting_step_say_decibels() -> None:
    limit = DetectionLimit("z", 16, 1600.0, 2.34, 3, DECIBEL, 0.8)
    assert wording.quiet(limit, 9) == (
        "No lasting step was measured in 9 looks; the smallest that would have been called is one "
        "of 2.3 dB over 1,600 m²."
    )
    words = wording.limit_words(limit)
    assert "2.3 dB" in words
    assert "80 %" in words
    assert "reflectance" not in words
    unknown = DetectionLimit("z", 16, 1600.0, float("nan"), 3, DECIBEL, 0.8)
    assert wording.quiet(unknown, 9).startswith("Not observable: no pixel has enough looks")
    assert wording.limit_words(unknown) == "Without enough looks there is no limit to state."


def radar_cube() -> DateCube:
    """The made-up ground as backscatter, with one dead pixel."""
    power = np.random.default_rng(3).gamma(4, 0.02, (N_DATES, 2, *GRID.shape)).astype(np.float32)
    power[0, :, 3, 4] = 0
    cube = make_cube()
    return replace(
        cube, values=power, bands=("vv", "vh"), unit="gamma0, linear power", orbit="127 ascending"
    )


def test_radar_is_pictured_in_grey_decibels() -> None:
    cube = radar_cube()
    stretch = stretch_of(cube, 1)
    pixels = picture(cube, 1, EVERYTHING, stretch)
    assert np.array_equal(pixels[..., 0], pixels[..., 1])
    assert np.array_equal(pixels[..., 0], pixels[..., 2])
    decibel = 10 * np.log10(cube.values[1, 0])
    low, high = stretch.low[0], stretch.high[0]
    assert high - low >= 12
    for at in ((0, 0), (7, 9), (40, 51)):
        level = min(max((decibel[at] - low) / (high - low), 0), 1)
        assert pixels[(*at, 0)] == pytest.approx(255 * level, abs=0.51)
    dead = picture(cube, 0, EVERYTHING, stretch)[3, 4]
    assert dead[:3].tolist() == [0, 0, 0]
