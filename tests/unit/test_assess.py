"""From claims to verdicts: coverage first, every label reached, words kept honest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from shapely import box

from pipeline.assess import LASTING_STEPS, Evidence, assess
from pipeline.assess.words import BANNED, banned_words
from pipeline.config import load_config
from pipeline.model.assessment import Assessment, Modifier, Verdict
from pipeline.model.change import Bracket, Detection, Status, ZoneSeries
from pipeline.model.claim import (
    Alternative,
    AssertedTime,
    Claim,
    Direction,
    Observable,
    Prediction,
    Seeds,
    Testability,
)
from pipeline.model.grid import Window
from pipeline.model.site import GeometryStatus, Site, Zone, ZoneKind

OPTIONS = load_config().assess
START = datetime(2019, 1, 3, 2, 16, tzinfo=UTC)
N_DATES = 220
INSTANTS = tuple(START + timedelta(days=5 * n) for n in range(N_DATES))
CLAIM_DAY = date(2020, 10, 25)
N_PIXELS = 400.0
HAPPENED = (datetime(2020, 10, 18, tzinfo=UTC), datetime(2020, 11, 8, tzinfo=UTC))


def zone(zone_id: str, kind: ZoneKind = ZoneKind.PRODUCTION, *cells: str) -> Zone:
    place = None if cells else box(126.6, 37.9, 126.61, 37.91)
    status = GeometryStatus.UNKNOWN if cells else GeometryStatus.INVENTED
    return Zone(zone_id, zone_id, kind, status, place, cells, "made up", 10.0)


ZONES = (
    zone("yard"),
    zone("quiet"),
    zone("lost", ZoneKind.PRODUCTION, "cell-r00-c00", "cell-r00-c01"),
    zone("cell-r00-c00", ZoneKind.CELL),
    zone("cell-r00-c01", ZoneKind.CELL),
    zone("field", ZoneKind.CONTROL),
)
SITE = Site(
    "test", "Test", "Asia/Pyongyang", "EPSG:32652", box(126.6, 37.9, 126.7, 38.0),
    date(2020, 7, 31), ZONES,
)  # fmt: skip


def series(zone_id: str, seed: int, bump: float = 0.0, *, common: float = 0.0) -> ZoneSeries:
    """Noise of half a per cent; a bump in its own time, and one shared with everything."""
    rng = np.random.default_rng(seed)
    share = np.abs(rng.normal(0.005, 0.005, N_DATES))
    inside = np.array([HAPPENED[0] <= instant <= HAPPENED[1] for instant in INSTANTS])
    share = np.clip(share + (bump + common) * inside, 0, 1)
    seen = np.full(N_DATES, N_PIXELS)
    zeros = np.zeros(N_DATES)
    is_control = zone_id == "field"
    return ZoneSeries(
        zone_id, is_control, N_PIXELS, seen, share * N_PIXELS, zeros, zeros.copy(), 0.02
    )


def standing(zone_id: str) -> Detection:
    onset = Bracket(datetime(2020, 10, 15, tzinfo=UTC), datetime(2020, 10, 20, tzinfo=UTC))
    mask = np.ones((4, 5), dtype=bool)
    return Detection(
        f"{zone_id}-1", zone_id, onset, None, Status.CONFIRMED, 20, 2000.0, 900.0, 6.0, 4,
        ("S2-1",), Window(0, 0, 4, 5), mask,
    )  # fmt: skip


def evidence(bump: float = 0.05, *, common: float = 0.0, simulated: bool = False) -> Evidence:
    bumps = {"yard": bump, "cell-r00-c01": bump}
    ids = [one.id for one in ZONES if one.is_placed]
    held = {
        zone_id: series(zone_id, 40 + place, bumps.get(zone_id, 0.0), common=common)
        for place, zone_id in enumerate(ids)
    }
    found = (standing("yard"), standing("cell-r00-c01")) if bump else ()
    return Evidence("sentinel-2", INSTANTS, INSTANTS, held, found, 10.0, is_simulated=simulated)


def said(day: date = CLAIM_DAY, by: str = "Daily", kind: str = "image") -> AssertedTime:
    return AssertedTime(day.isoformat(), day, day, kind, (by,))


PREDICTION = Prediction(
    Observable.SURFACE_CHANGE, ("sentinel-2",), Direction.INCREASE, "rows of goods", 1200.0
)
CLAIM = Claim(
    "T-01", "daily", "Goods stood in rows in the yard.", "an analyst", 1, "R3", (said(),),
    ("yard",), "yard", Testability.WEAK, (PREDICTION,),
)  # fmt: skip


def weigh(claim: Claim, of: Evidence | None = None) -> Assessment:
    seeds = Seeds((), (claim,), (), "0" * 64)
    (one,) = assess(seeds, SITE, of or evidence(), OPTIONS)
    return one


def test_what_happened_where_it_was_said_is_corroborated() -> None:
    one = weigh(CLAIM)
    assert one.verdict is Verdict.CORROBORATED
    assert one.modifiers == (Modifier.SINGLE_SENSOR,)
    (test,) = one.tests
    assert test.effect is not None
    assert test.effect.share == pytest.approx(0.05, abs=0.02)
    assert test.detection_ids == ("yard-1",)


def test_what_happened_elsewhere_is_not() -> None:
    assert weigh(replace(CLAIM, zone_ids=("quiet",))).verdict is not Verdict.CORROBORATED


def test_what_did_not_happen_is_contradicted_when_it_would_have_been_seen() -> None:
    assert weigh(CLAIM, evidence(bump=0.0)).verdict is Verdict.CONTRADICTED


def test_without_a_stated_size_nothing_is_contradicted() -> None:
    open_size = replace(CLAIM, predictions=(replace(PREDICTION, min_area_m2=None),))
    assert weigh(open_size, evidence(bump=0.0)).verdict is Verdict.NOT_CORROBORATED


def test_a_size_below_the_scatter_is_not_observable() -> None:
    tiny = replace(CLAIM, predictions=(replace(PREDICTION, min_area_m2=24.0),))
    assert weigh(tiny).verdict is Verdict.NOT_OBSERVABLE


def test_a_step_shared_with_the_controls_changes_nothing() -> None:
    assert weigh(CLAIM, evidence(bump=0.0, common=0.3)).verdict is not Verdict.CORROBORATED


def test_a_rise_without_a_confirmed_change_is_not_enough() -> None:
    bare = replace(evidence(), detections=())
    assert weigh(CLAIM, bare).verdict is Verdict.NOT_CORROBORATED


@pytest.mark.parametrize("testability", [Testability.NONE, Testability.SUB_METRE])
def test_what_no_pixel_could_show_is_not_observable(testability: Testability) -> None:
    one = weigh(replace(CLAIM, testability=testability))
    assert one.verdict is Verdict.NOT_OBSERVABLE
    assert not one.tests


def test_another_sensor_is_named() -> None:
    light = replace(PREDICTION, observable=Observable.NIGHT_LIGHT, sensors=("viirs-dnb",))
    one = weigh(replace(CLAIM, predictions=(light,)))
    assert one.verdict is Verdict.NOT_OBSERVABLE
    assert "viirs-dnb" in one.reason


@pytest.mark.parametrize("zone_ids", [(), ("elsewhere",)])
def test_a_claim_without_a_place_here_is_not_observable(zone_ids: tuple[str, ...]) -> None:
    assert "place" in weigh(replace(CLAIM, zone_ids=zone_ids)).reason


@pytest.mark.parametrize("day", [date(2009, 9, 1), date(2031, 1, 1)])
def test_before_the_first_and_after_the_last_scene_nothing_was_seen(day: date) -> None:
    one = weigh(replace(CLAIM, times=(said(day),)))
    assert one.verdict is Verdict.NOT_OBSERVABLE
    assert "no acquisition" in one.reason


def clouded(of: Evidence, zone_id: str, keep: int) -> Evidence:
    """Leave that many looks at a zone inside the padded window."""
    one = of.series[zone_id]
    near = [abs((instant.date() - CLAIM_DAY).days) <= OPTIONS.pad_days for instant in INSTANTS]
    hidden = np.flatnonzero(near)[keep:]
    seen = one.seen_px.copy()
    seen[hidden] = 0.3 * N_PIXELS
    return replace(of, series={**of.series, zone_id: replace(one, seen_px=seen)})


def test_clouds_over_the_zone_are_never_read_as_nothing_happened() -> None:
    for bump in (0.0, 0.05):
        one = weigh(CLAIM, clouded(evidence(bump), "yard", keep=2))
        assert one.verdict is Verdict.NOT_OBSERVABLE
        assert one.reason.startswith("2 clear looks lie in the window, 3 are needed")
        assert one.tests[0].coverage.n_clear == 2
        assert one.tests[0].effect is None


def test_clouds_over_every_control_leave_nothing_to_compare_with() -> None:
    assert weigh(CLAIM, clouded(evidence(), "field", keep=0)).verdict is Verdict.NOT_OBSERVABLE


def test_a_short_baseline_is_not_observable() -> None:
    of = evidence()
    late = 130
    cut = {
        key: replace(one, **{
            name: getattr(one, name)[late:150].copy()
            for name in ("seen_px", "departing_px", "changed_px", "snow_px")
        })
        for key, one in of.series.items()
    }  # fmt: skip
    short = replace(of, instants=INSTANTS[late:150], listed=INSTANTS[late:150], series=cut)
    assert "outside the window" in weigh(CLAIM, short).reason


def test_all_asserted_times_are_tested_and_the_conflict_is_shown() -> None:
    times = (said(date(2020, 11, 25), "Daily NK"), said(date(2020, 10, 25), "Yonhap"))
    one = weigh(replace(CLAIM, times=times))
    assert Modifier.DATE_DISPUTED in one.modifiers
    assert {test.time.edtf for test in one.tests} == {"2020-11-25", "2020-10-25"}
    assert "Daily NK" in one.sentence
    assert "Yonhap" in one.sentence
    assert one.n_tests == 2


def test_the_day_of_a_report_is_no_day_of_the_event() -> None:
    report = said(date(2020, 11, 28), "Daily NK", "report")
    both = weigh(replace(CLAIM, times=(said(), report)))
    assert [test.time.kind for test in both.tests] == ["image"]
    assert "2020-11-28" in both.sentence
    assert [test.time.kind for test in weigh(replace(CLAIM, times=(report,))).tests] == ["report"]


def test_a_zone_of_unknown_place_is_searched_in_its_cells() -> None:
    one = weigh(replace(CLAIM, zone_ids=("lost",)))
    assert {test.zone_id for test in one.tests} == {"cell-r00-c00", "cell-r00-c01"}
    assert Modifier.POSITION_UNKNOWN in one.modifiers
    assert "position of its zone is not established" in one.sentence


def test_a_claim_that_predicts_nothing_is_never_corroborated() -> None:
    null = replace(PREDICTION, direction=Direction.NO_CHANGE)
    quiet = weigh(replace(CLAIM, predictions=(null,)), evidence(bump=0.0))
    loud = weigh(replace(CLAIM, predictions=(null,)))
    assert quiet.verdict is loud.verdict is Verdict.NOT_CORROBORATED
    assert Modifier.COMPATIBLE_WITH_NULL in quiet.modifiers
    assert Modifier.COMPATIBLE_WITH_NULL not in loud.modifiers


def test_simulated_scenes_make_a_rehearsal() -> None:
    one = weigh(CLAIM, evidence(simulated=True))
    assert one.is_rehearsal
    assert Modifier.SIMULATED in one.modifiers


def test_an_open_alternative_is_named() -> None:
    grain = Alternative("grain-drying", "rows in autumn", "Nick Hansen")
    one = weigh(replace(CLAIM, alternatives=(grain,), is_from_imagery=True))
    assert {Modifier.ALTERNATIVE_OPEN, Modifier.DERIVED_FROM_IMAGERY} <= set(one.modifiers)
    assert "grain drying (raised by Nick Hansen)" in one.sentence


def test_snow_clearing_is_judged_on_snowy_dates_only() -> None:
    """The yard is swept in the asserted weeks, and only there; summers say nothing of snow."""
    of = evidence(bump=0.0)
    day = date(2020, 12, 20)
    snowy = np.array([instant.month in (12, 1) for instant in INSTANTS])
    near = np.array([abs((one.date() - day).days) <= OPTIONS.pad_days for one in INSTANTS])
    moved = {}
    for key, one in of.series.items():
        swept = np.where(near & (key == "yard"), 0.6, 0.02)
        snow = np.where(snowy, (1 - swept) * N_PIXELS, 0.0)
        moved[key] = replace(one, seen_px=N_PIXELS - snow, snow_px=snow)
    sweeping = replace(PREDICTION, observable=Observable.SNOW_CLEARED)
    claim = replace(CLAIM, times=(said(day),), predictions=(sweeping,))
    (test,) = weigh(claim, replace(of, series=moved)).tests
    assert test.effect is not None
    assert test.effect.share == pytest.approx(0.58, abs=1e-6)
    guarded = OPTIONS.pad_days + OPTIONS.guard_days
    far = [abs((one.date() - day).days) > guarded for one in INSTANTS]
    assert test.coverage.n_baseline == pytest.approx(int((snowy & far).sum()), abs=1)


@pytest.mark.parametrize("bump", [0.0, 0.05])
def test_no_sentence_holds_a_banned_word(bump: float) -> None:
    for claim in (CLAIM, replace(CLAIM, zone_ids=("lost",)), replace(CLAIM, zone_ids=())):
        one = weigh(claim, evidence(bump))
        assert not banned_words(one.sentence + one.reason)
        assert "2020-10-25" in one.sentence


def test_the_lint_finds_each_banned_word() -> None:
    samples = (
        "it proves", "confirms that", "shows that", "no activity", "despite clouds",
        "significant",
    )  # fmt: skip
    for sample in samples:
        assert banned_words(f"The look {sample} here.")
    assert len(BANNED) == len(samples)
    assert not banned_words("The share was measured, and it approves of nothing.")


def test_the_order_of_zones_and_series_does_not_matter() -> None:
    of = evidence()
    turned = replace(of, series=dict(reversed(list(of.series.items()))))
    assert weigh(CLAIM, of) == weigh(CLAIM, turned)


def of_radar(bump: float) -> Evidence:
    """The same shares behind lasting steps of at least 2.5 dB."""
    of = evidence(bump)
    held = {name: replace(one, step_limit=2.5) for name, one in of.series.items()}
    return replace(of, sensor="sentinel-1", kind=LASTING_STEPS, series=held)


def by_radar(claim: Claim = CLAIM, observable: Observable = Observable.SURFACE_CHANGE) -> Claim:
    asked = replace(PREDICTION, sensors=("sentinel-1",), observable=observable)
    return replace(claim, predictions=(asked,))


def test_a_claim_that_names_radar_is_weighed_on_radar() -> None:
    one = weigh(by_radar(), of_radar(0.05))
    assert one.verdict is Verdict.CORROBORATED
    assert "sentinel-1 looks" in one.sentence
    assert "share behind a lasting step of backscatter" in one.sentence
    assert "in steps of at least 2.5 dB." in one.sentence
    assert " dB" not in weigh(CLAIM).sentence


def test_no_lasting_step_contradicts_nothing_because_a_passing_change_is_not_seen() -> None:
    assert weigh(CLAIM, evidence(bump=0.0)).verdict is Verdict.CONTRADICTED
    assert weigh(by_radar(), of_radar(0.0)).verdict is Verdict.NOT_CORROBORATED


@pytest.mark.parametrize("observable", [Observable.VEGETATION, Observable.SNOW_CLEARED])
def test_what_backscatter_does_not_tell_is_not_observable(observable: Observable) -> None:
    one = weigh(by_radar(observable=observable), of_radar(0.05))
    assert one.verdict is Verdict.NOT_OBSERVABLE
    assert one.reason == f"it needs {observable}, which this run does not measure"


def test_a_claim_that_names_no_radar_is_not_observable_by_it() -> None:
    one = weigh(CLAIM, of_radar(0.05))
    assert one.verdict is Verdict.NOT_OBSERVABLE
    assert one.reason == "it needs sentinel-2, which this run does not hold"
