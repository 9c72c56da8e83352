"""Small made-up findings, every number of them known, for the tests of publish and report.

The site is 600 x 600 m in the open sea. A yard (pixels 10-19 of both axes of the plot) fills
from the date ``ONSET`` on and is empty again from ``REVERSAL`` on; nothing else ever changes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from pyproj import Transformer
from shapely import box, transform

from pipeline.model.assessment import (
    Assessment,
    Coverage,
    Effect,
    Modifier,
    Ratios,
    Verdict,
    WindowTest,
)
from pipeline.model.change import Bracket, Detection, Period, SeriesChanges, Status, ZoneSeries
from pipeline.model.claim import (
    Alternative,
    AssertedTime,
    Claim,
    Direction,
    Event,
    Observable,
    Prediction,
    Seeds,
    Source,
    Testability,
)
from pipeline.model.cube import DateCube, ZoneMask
from pipeline.model.findings import Findings
from pipeline.model.grid import Grid, Window
from pipeline.model.reason import Reason, Said, said
from pipeline.model.scene import AssetFailure, Scene
from pipeline.model.site import GeometryStatus, Site, Zone, ZoneKind

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

GRID = Grid("EPSG:32652", 190_000.0, 4_100_000.0, 10.0, 60, 60)
N_DATES, N_BASELINE = 40, 24
ONSET, REVERSAL = 28, 36
CLOUDY_DATES = (5, 27, 33)
"""Dates of the cube on which the whole plot is under cloud."""
YARD = Window(10, 10, 10, 10)
START = datetime(2020, 1, 3, 2, 14, 9, tzinfo=UTC)
INSTANTS = tuple(START + timedelta(days=10 * number) for number in range(N_DATES))

WINDOWS: dict[str, Window] = {
    "whole-complex": Window(0, 0, 40, 60),
    "north-vacant": Window(5, 5, 20, 20),
    "control-field": Window(42, 4, 15, 20),
    "cell-r00-c00": Window(0, 0, 25, 25),
    "cell-r00-c01": Window(0, 25, 25, 25),
    "cell-r01-c00": Window(25, 0, 25, 25),
}


def lonlat(window: Window) -> BaseGeometry:
    """A block of the grid as an outline in longitude and latitude."""
    to_lonlat = Transformer.from_crs(GRID.crs, "EPSG:4326", always_xy=True)
    outline = box(*GRID.sub(window).bounds)
    return transform(outline, lambda xy: np.column_stack(to_lonlat.transform(xy[:, 0], xy[:, 1])))


def zone(zone_id: str, label: str, kind: ZoneKind) -> Zone:
    """A zone whose outline is one of the windows, or a zone of unknown place."""
    if zone_id not in WINDOWS:
        cells = ("cell-r00-c01", "cell-r01-c00")
        return Zone(zone_id, label, kind, GeometryStatus.UNKNOWN, None, cells, "no source gives it")
    status = GeometryStatus.COMPUTED if kind is ZoneKind.CELL else GeometryStatus.INVENTED
    return Zone(zone_id, label, kind, status, lonlat(WINDOWS[zone_id]), (), "made up", 0.0)


def make_site(*, is_simulated: bool = True, label: str = "Test yard") -> Site:
    """The site with three placed zones, one of unknown place, and three cells."""
    zones = (
        zone("whole-complex", "Whole complex", ZoneKind.PRODUCTION),
        zone("north-vacant", "North vacant lot", ZoneKind.PLOT),
        zone("electronics", "Electronics row", ZoneKind.PRODUCTION),
        zone("control-field", "Field in the south", ZoneKind.CONTROL),
        *(zone(cell, cell, ZoneKind.CELL) for cell in WINDOWS if cell.startswith("cell-")),
    )
    everything = lonlat(Window(0, 0, GRID.height, GRID.width))
    return Site(
        "test-yard", label, "Asia/Pyongyang", GRID.crs, everything, date(2020, 8, 29), zones,
        claims_folder="kaesong", is_simulated=is_simulated, sha256="a" * 64,
    )  # fmt: skip


def make_cube(*, is_simulated: bool = True) -> DateCube:
    """Grey ground with a bright yard between ONSET and REVERSAL, and the cloudy dates unseen."""
    rng = np.random.default_rng(4)
    shape = (N_DATES, 4, *GRID.shape)
    values = rng.normal(0.12, 0.01, shape).astype(np.float32)
    rows, cols = YARD.slices
    values[ONSET:REVERSAL, :, rows, cols] += np.float32(0.2)
    clear = np.ones((N_DATES, *GRID.shape), dtype=bool)
    clear[list(CLOUDY_DATES), :30] = False
    values *= clear[:, None]
    ids = tuple(f"S2A_52SXX_TEST_{instant:%Y%m%d}_L2A" for instant in INSTANTS)
    bands = ("blue", "green", "red", "nir")
    return DateCube(
        values, clear, np.zeros_like(clear), INSTANTS, ids, bands, GRID, is_simulated=is_simulated
    )


def make_changes(cube: DateCube) -> SeriesChanges:
    """What a perfect detector would say of the cube."""
    stands = np.zeros(cube.clear.shape, dtype=bool)
    rows, cols = YARD.slices
    stands[ONSET:REVERSAL, rows, cols] = True
    departs = stands & cube.clear
    confirmed = np.full(GRID.shape, -1, dtype=np.int16)
    confirmed[rows, cols] = ONSET + 2
    magnitude = np.where(confirmed >= 0, 9.5, 0.0).astype(np.float32)
    return SeriesChanges(
        n_baseline=N_BASELINE,
        n_looks=3,
        threshold=4.0,
        seen=cube.clear.copy(),
        departs=departs,
        changed=stands,
        run_length=np.cumsum(departs, axis=0).astype(np.uint8) * stands,
        confirmed_index=confirmed,
        magnitude=magnitude,
        noise=np.full(GRID.shape, 0.01, dtype=np.float32),
        monitored=np.ones(GRID.shape, dtype=bool),
    )


def make_mask(zone_id: str) -> ZoneMask:
    """A mask whose pixels all lie fully inside."""
    window = WINDOWS[zone_id]
    fraction = np.ones((window.height, window.width), dtype=np.float32)
    return ZoneMask(zone_id, window, fraction, is_control=zone_id.startswith("control"))


def count(flags: NDArray[np.bool_], window: Window) -> NDArray[np.float64]:
    """Set pixels of a window by date."""
    return np.array([np.count_nonzero(flag[window.slices]) for flag in flags], dtype=np.float64)


def make_series(zone_id: str, cube: DateCube, changes: SeriesChanges) -> ZoneSeries:
    """The counts of one zone."""
    window = WINDOWS[zone_id]
    return ZoneSeries(
        zone_id=zone_id,
        is_control=zone_id.startswith("control"),
        n_pixels=float(window.height * window.width),
        seen_px=count(changes.seen, window),
        departing_px=count(changes.departs, window),
        changed_px=count(changes.changed, window),
        snow_px=count(cube.snow, window),
        noise=0.01,
    )


def make_detection(zone_id: str, cube: DateCube) -> Detection:
    """The yard, as an object of one zone."""
    return Detection(
        id=f"{zone_id}-20201009-r0010c0010",
        zone_id=zone_id,
        onset=Bracket(INSTANTS[ONSET - 2], INSTANTS[ONSET]),
        reversal=Bracket(INSTANTS[REVERSAL - 1], INSTANTS[REVERSAL]),
        status=Status.FINISHED,
        n_pixels=100,
        area_m2=10_000.0,
        area_error_m2=2_000.0,
        magnitude=9.5,
        n_looks=7,
        scene_ids=tuple(cube.scene_ids[number] for number in (ONSET - 2, ONSET, ONSET + 1)),
        window=YARD,
        mask=np.ones((10, 10), dtype=bool),
    )


def make_scenes(cube: DateCube, *, is_simulated: bool = True) -> tuple[Scene, ...]:
    """The scenes of the cube, one that was all cloud, and one that failed."""
    extra = {"ALL_CLOUD": START + timedelta(days=3), "BROKEN": START + timedelta(days=7)}
    listed = {**dict(zip(cube.scene_ids, cube.instants, strict=True)), **extra}
    footprint = lonlat(Window(0, 0, GRID.height, GRID.width))
    scenes = [
        Scene(
            scene_id, "sentinel-2-l2a", instant, "sentinel-2a", 32652, footprint, {},
            "05.00", cloud_cover_pct=12.5, is_simulated=is_simulated,
        )
        for scene_id, instant in listed.items()
    ]  # fmt: skip
    return tuple(sorted(scenes, key=lambda scene: scene.instant))


def asserted(edtf: str, start: date, end: date, by: str) -> AssertedTime:
    """A time of the thing itself, asserted by one voice."""
    return AssertedTime(edtf, start, end, "event", (by,))


OCTOBER = asserted("2020-10-25", date(2020, 10, 25), date(2020, 10, 25), "Yonhap")
NOVEMBER = asserted("2020-11-25", date(2020, 11, 25), date(2020, 11, 25), "Daily NK")


def make_claim(number: int, *times: AssertedTime, zones: tuple[str, ...] = ()) -> Claim:
    """A claim of the first source (even numbers) or the second (odd numbers)."""
    prediction = Prediction(
        Observable.SURFACE_CHANGE, ("sentinel2",), Direction.CHANGE, "goods change a yard"
    )
    return Claim(
        id=f"K000-{number:02d}",
        source_id=("voa-2020", "dailynk-2020")[number % 2],
        statement=f"Statement {number} about goods in the yards",
        speaker="an analyst",
        remove=1,
        reliability="R2",
        times=times,
        zone_ids=zones,
        place="the yards",
        testability=Testability.STRONG if zones else Testability.NONE,
        predictions=(prediction,) if zones else (),
        alternatives=(Alternative("grain", "the same signal", "VOA"),) if number == 1 else (),
        note="two outlets disagree on the date" if number == 1 else "",
    )


def make_seeds() -> Seeds:
    """Four claims of two sources, and one reference event."""
    sources = (
        Source("voa-2020", "VOA", "Goods in yards", "2020-11-27", "a.txt", "b" * 64),
        Source(
            "dailynk-2020", "Daily NK", "Machines leave", "2020-12", "b.txt", "c" * 64, "garbled"
        ),
    )
    claims = (
        make_claim(1, OCTOBER, NOVEMBER, zones=("north-vacant",)),
        make_claim(2, NOVEMBER, zones=("electronics",)),
        make_claim(3, OCTOBER, zones=("control-field",)),
        make_claim(4, OCTOBER),
    )
    event = Event(
        "E20", date(2020, 10, 8), date(2020, 10, 8), "day", "yard", ("north-vacant",), "goods",
        "two rows", "VOA", "imagery", "bright pixels", "S2", Testability.STRONG, (),
    )  # fmt: skip
    return Seeds(sources, claims, (event,), "d" * 64)


def window_test(zone_id: str, time: AssertedTime, n_clear: int) -> WindowTest:
    """A test with a measured effect if it had three clear looks."""
    effect = Effect(
        difference=0.25,
        error=0.02,
        interval=(0.21, 0.29),
        p_value=0.0123,
        n_shifts=80,
        smallest_seen=0.056,
        memory_days=4.0,
        expected=0.07,
        power=0.94,
        against_nothing=Ratios(12.0, 140.0),
    )
    ids = (f"{zone_id}-20201009-r0010c0010",) if zone_id == "north-vacant" else ()
    coverage = Coverage(6, n_clear, 24, 3)
    return WindowTest(zone_id, time, coverage, effect if n_clear >= 3 else None, ids)


def told(text: str) -> Said:
    """A reason of any text."""
    return said(Reason.SILENT_LINE, why=text)


def make_assessments(seeds: Seeds, *, is_rehearsal: bool = True) -> tuple[Assessment, ...]:
    """One assessment a claim, each with another verdict."""
    tests = (
        tuple(window_test("north-vacant", time, 5) for time in (OCTOBER, NOVEMBER)),
        (window_test("cell-r00-c01", NOVEMBER, 4),),
        (window_test("control-field", OCTOBER, 4),),
        (window_test("control-field", OCTOBER, 1),),
    )
    extra = (Modifier.SIMULATED,) if is_rehearsal else ()
    first = (Modifier.DATE_DISPUTED, Modifier.ALTERNATIVE_OPEN)
    return tuple(
        Assessment(
            claim_id=claim.id,
            verdict=verdict,
            modifiers=(first if claim.is_date_disputed else ()) + extra,
            why=told(f"the measurement for {claim.id} says so"),
            sentence=f"The measurement weighs {claim.id} by its windows.",
            tests=made,
            n_tests=5,
            is_rehearsal=is_rehearsal,
        )
        for claim, verdict, made in zip(seeds.claims, Verdict, tests, strict=True)
    )


class Pieces(TypedDict):
    """What hangs together in findings: the cube and all that is counted in it."""

    cube: DateCube
    masks: tuple[ZoneMask, ...]
    changes: SeriesChanges
    series: tuple[ZoneSeries, ...]
    detections: tuple[Detection, ...]


def make_pieces(*, is_simulated: bool = True) -> Pieces:
    """A cube and what follows from it."""
    cube = make_cube(is_simulated=is_simulated)
    changes = make_changes(cube)
    found = ("whole-complex", "north-vacant", "cell-r00-c00")
    return {
        "cube": cube,
        "masks": tuple(make_mask(zone_id) for zone_id in WINDOWS),
        "changes": changes,
        "series": tuple(make_series(zone_id, cube, changes) for zone_id in WINDOWS),
        "detections": tuple(make_detection(zone_id, cube) for zone_id in found),
    }


def make_findings(*, is_simulated: bool = True) -> Findings:
    """Findings of the whole pass."""
    pieces, seeds = make_pieces(is_simulated=is_simulated), make_seeds()
    broken = AssetFailure("BROKEN", "red", "CorruptAssetError", "the file ends too early")
    return Findings(
        run_id="e" * 64,
        source="test catalogue",
        settings_sha256="f" * 64,
        site=make_site(is_simulated=is_simulated),
        seeds=seeds,
        period=Period(START, INSTANTS[-1]),
        scenes=make_scenes(pieces["cube"], is_simulated=is_simulated),
        assessments=make_assessments(seeds, is_rehearsal=is_simulated),
        failures=(broken,),
        min_pixels=4,
        min_zone_clear_share=0.5,
        **pieces,
    )


def poisoned(findings: Findings, text: str) -> Findings:
    """The same findings with a hostile text wherever a seeds or AOI folder puts words."""
    assert findings.seeds is not None
    claims = tuple(
        replace(claim, statement=text, speaker=text, place=text, note=text)
        for claim in findings.seeds.claims
    )
    sources = tuple(
        replace(source, publisher=text, title=text, note=text) for source in findings.seeds.sources
    )
    zones = tuple(replace(zone, label=text, position_evidence=text) for zone in findings.site.zones)
    answers = tuple(replace(one, why=told(text), sentence=text) for one in findings.assessments)
    failures = (AssetFailure(text, text, text, text),)
    return replace(
        findings,
        source=text,
        site=replace(findings.site, label=text, zones=zones),
        seeds=replace(findings.seeds, claims=claims, sources=sources),
        assessments=answers,
        failures=failures,
    )
