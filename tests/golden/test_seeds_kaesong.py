"""The committed seeds of Kaesong: complete, in our own words, and with the conflict held.

Tests marked ``real`` compare with the articles and tables that stand beside the real data
(``articles/`` and ``facts/`` next to the folder of ``ZONEWATCH_REAL``); they skip without them.
"""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest

from pipeline.assess import plans_of
from pipeline.claims import check_seeds, load_seeds
from pipeline.config import load_config
from pipeline.model.claim import Claim, Direction, Observable, Prediction, Seeds, Testability
from pipeline.sites import load_site
from pipeline.store.plan_lock import differences, lock_of, read_lock

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "seeds" / "kaesong"
SHARED = Path(os.environ.get("ZONEWATCH_REAL", ROOT.parent / "shared" / "real")).parent
VOA = ("K000-10", "K000-11", "K000-12")
NULLS = ("K000-05", "K001-04", "K001-08", "K002-07")
LONGEST_RUN = 7
"""An eighth word in a row that an article has too would be copying."""


@cache
def seeds() -> Seeds:
    return load_seeds(FOLDER)


def claim(name: str) -> Claim:
    (found,) = (one for one in seeds().claims if one.id == name)
    return found


def table(name: str) -> list[dict[str, str]]:
    path = SHARED / "facts" / name
    if not path.is_file():
        pytest.skip(f"{path} is missing: set ZONEWATCH_REAL to the folder of real data beside it")
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def article_words(name: str) -> list[str]:
    path = SHARED / "articles" / name
    if not path.is_file():
        pytest.skip(f"{path} is missing: set ZONEWATCH_REAL to the folder of real data beside it")
    return words_of(path.read_text(encoding="utf-8"))


def words_of(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def runs_of(words: list[str], length: int) -> set[tuple[str, ...]]:
    return {tuple(words[at : at + length]) for at in range(len(words) - length + 1)}


@pytest.mark.parametrize("site", ["kaesong", "kaesong-rehearsal"])
def test_the_folder_is_sound_and_its_zones_are_the_sites(site: str) -> None:
    folder = ROOT / "aoi" / site
    if not folder.is_dir():
        pytest.skip(f"{folder} is not laid out yet")
    zone_ids = [zone.id for zone in load_site(folder).zones]
    assert [str(problem) for problem in check_seeds(FOLDER, zone_ids=zone_ids)] == []


def test_there_are_five_sources_66_claims_and_48_events() -> None:
    assert [source.id for source in seeds().sources] == [
        "daily-nk-2020",
        "rfa-2017",
        "nk-econ-watch-2011",
        "quartz-2013",
        "korea-herald-2013",
    ]
    by_source = Counter(one.source_id for one in seeds().claims)
    assert list(by_source.values()) == [13, 15, 14, 13, 11]
    assert [event.id for event in seeds().events] == [f"E{n:02}" for n in range(1, 49)]


def test_testability_is_counted() -> None:
    assert Counter(one.testability.value for one in seeds().claims) == {
        "T0": 29,
        "T1": 11,
        "T2": 14,
        "T3": 12,
    }
    assert Counter(one.grade.value for one in seeds().events) == {"T1": 24, "T2": 22, "T3": 2}


@pytest.mark.parametrize("name", VOA)
def test_the_date_conflict_is_held(name: str) -> None:
    held = claim(name)
    said = {(time.kind, time.edtf): set(time.asserted_by) for time in held.times}
    korean = {"Yonhap", "Newsis", "SBS", "MBN"}
    assert said == {
        ("image", "2020-11-25"): {"Daily NK"},
        ("image", "2020-10-25"): korean | {"KBS World"},
        ("second-image", "2020-10-08"): {"Yonhap", "Newsis"},
        ("planet-changes", "2020-11-01/2020-11-27"): {"Yonhap", "Newsis"},
        ("report", "2020-11-28"): {"Daily NK"},
        ("report", "2020-11-27"): korean,
    }
    assert held.is_date_disputed
    assert held.is_from_imagery
    assert "CONFLICT" in held.note
    assert held.alternatives[0].id == "grain-drying"
    assert "Nick Hansen" in held.alternatives[0].raised_by
    assert len(held.alternatives) == 3


def test_no_other_claim_has_disputed_dates() -> None:
    assert tuple(one.id for one in seeds().claims if one.is_date_disputed) == VOA


def test_no_key_prefers_a_date() -> None:
    keys = set()
    for path in FOLDER.glob("*.toml"):
        keys |= set(re.findall(r"^([a-z0-9_]+) =", path.read_text(encoding="utf-8"), re.MULTILINE))
    assert "edtf" in keys
    assert not [key for key in keys if re.search(r"prefer|correct|best|true_|actual|primary", key)]


def test_what_was_read_off_imagery_says_so() -> None:
    read_off = [one.id for one in seeds().claims if one.is_from_imagery]
    assert read_off == [*VOA, "K002-01", "K002-02", "K002-03"]


@pytest.mark.parametrize(
    ("name", "parents"),
    [
        ("K000-01", ("K000-10",)),
        ("K000-02", ("K000-01", "K000-10")),
        ("K000-05", ("K000-01", "K000-10")),
        ("K000-12", ("K000-10",)),
        ("K000-13", ("K000-01",)),
        ("K001-04", ("K001-01",)),
        ("K001-06", ()),
    ],
)
def test_dependence_is_stored(name: str, parents: tuple[str, ...]) -> None:
    assert claim(name).derived_from == parents


@pytest.mark.parametrize("name", NULLS)
def test_null_claims_predict_no_change(name: str) -> None:
    predictions = claim(name).predictions
    assert {one.direction for one in predictions} == {Direction.NO_CHANGE}


def test_only_what_can_be_seen_is_predicted() -> None:
    for one in seeds().claims:
        assert bool(one.predictions) is (one.testability is not Testability.NONE), one.id
        sensors = {name for prediction in one.predictions for name in prediction.sensors}
        if one.testability is Testability.SUB_METRE and one.id not in NULLS:
            assert "sub-metre" in sensors, one.id
        if one.testability in {Testability.STRONG, Testability.WEAK}:
            assert sensors - {"sub-metre"}, one.id


def test_every_time_ends_and_lies_in_the_age_of_the_complex() -> None:
    for one in seeds().claims:
        for time in one.times:
            assert date(2004, 1, 1) <= time.start <= time.end <= date(2021, 12, 31), one.id
            assert all(time.asserted_by), one.id


TESTABLE = {Testability.STRONG, Testability.WEAK}
ANNUAL = {("night-light", "dmsp-ols"), ("built-up", "landsat"), ("vegetation", "landsat")}
"""What is measured once a year, as one value dated to the middle of it."""


def askable() -> list[Claim]:
    return [one for one in seeds().claims if one.testability in TESTABLE]


def test_the_size_of_every_first_prediction_that_can_be_tested_is_frozen() -> None:
    held = askable()
    assert len(held) == 25
    for one in held:
        first = one.predictions[0]
        assert first.expected is not None or first.min_area_m2 is not None, one.id
        assert "reckoning" in first.basis or "(" in first.basis or "K0" in first.basis, one.id
        explicit = first.window_days is not None
        assert explicit is (one.id != "K000-12"), one.id
        assert first.reference_days is not None or not explicit, one.id


def test_every_number_says_that_it_is_a_reckoning_or_whose_it_is() -> None:
    for one in askable():
        for prediction in one.predictions:
            if prediction.expected is not None:
                told = re.search(r"reckon|K00\d-\d\d|at most, the", prediction.basis)
                assert told, (one.id, prediction.basis)


def test_positive_controls_are_the_shutdown_the_reopening_and_the_closure() -> None:
    controls = [one for one in seeds().claims if one.is_positive_control]
    assert [one.id for one in controls] == ["K001-09", "K003-02", "K004-07"]
    sizes = {one.id: one.predictions[0].expected for one in controls}
    assert sizes == {"K001-09": -1.8, "K003-02": -1.5, "K004-07": 1.5}
    for one in controls:
        assert {p.observable for p in one.predictions[:1]} == {Observable.NIGHT_LIGHT}


def windows() -> list[tuple[str, Prediction, date, date, date, date]]:
    """Claim, prediction, window and reference as civil days, of all that state both."""
    found = []
    for one in askable():
        for prediction in one.predictions:
            if prediction.window_days is None or prediction.reference_days is None:
                continue
            first = one.times[0].start
            days = [
                first + timedelta(days=n)
                for n in (*prediction.window_days, *prediction.reference_days)
            ]
            found.append((one.id, prediction, days[0], days[1], days[2], days[3]))
    return found


def test_what_is_measured_once_a_year_is_asked_by_whole_years() -> None:
    held = [
        one
        for one in windows()
        if any((one[1].observable.value, name) in ANNUAL for name in one[1].sensors)
    ]
    assert len(held) >= 10
    for name, _, *days in held:
        for start, end in (days[:2], days[2:]):
            middles = [date(year, 7, 1) for year in range(start.year, end.year + 1)]
            assert any(start <= one <= end for one in middles), name
            if name != "K000-13":
                assert (start.month, start.day, end.month, end.day) == (1, 1, 12, 31), name


def test_windows_lie_where_their_sensors_see() -> None:
    """First and last full year of each archive, as its makers state them."""
    ages = {
        "viirs-dnb": (date(2012, 1, 19), date(2030, 1, 1)),
        "dmsp-ols": (date(1992, 1, 1), date(2013, 12, 31)),
        "landsat": (date(1984, 1, 1), date(2030, 1, 1)),
        "sentinel-1": (date(2014, 10, 1), date(2030, 1, 1)),
        "sentinel-2": (date(2015, 7, 1), date(2030, 1, 1)),
    }
    for name, prediction, *days in windows():
        begins = min(ages[one][0] for one in prediction.sensors)
        ends = max(ages[one][1] for one in prediction.sensors)
        assert all(begins <= day <= ends for day in days), (name, prediction.sensors, days)


@pytest.mark.parametrize(
    ("name", "window", "reference"),
    [
        ("K003-02", ("2013-04-27", "2013-08-07"), ("2012-04-09", "2013-03-09")),
        ("K004-07", ("2013-09-16", "2013-12-19"), ("2013-04-27", "2013-08-16")),
        ("K001-09", ("2016-03-01", "2017-02-09"), ("2015-02-10", "2016-01-10")),
        ("K004-08", ("2013-09-16", "2016-02-09"), ("2012-01-19", "2013-04-07")),
        ("K004-09", ("2013-12-01", "2013-12-31"), ("2012-12-01", "2013-04-08")),
        ("K000-09", ("2016-03-01", "2018-02-08"), ("2015-02-10", "2016-01-10")),
    ],
)
def test_the_windows_of_the_stops_and_starts_are_these_days(
    name: str, window: tuple[str, str], reference: tuple[str, str]
) -> None:
    held = next(one for one in windows() if one[0] == name)
    assert tuple(day.isoformat() for day in held[2:]) == (*window, *reference)


def test_rivals_are_open_or_say_what_rules_them_out() -> None:
    for name in VOA:
        excluded = {one.id: one.excluded_by for one in claim(name).alternatives}
        assert excluded == {
            "grain-drying": "",
            "vegetation-snow-shadow": "season",
            "radiometric-step": "controls",
        }
    (supply,) = claim("K000-09").alternatives
    assert (supply.excluded_by, supply.expected) == ("", 0.5)


def test_the_plans_that_are_frozen_are_those_at_hand() -> None:
    """After a change that is meant: ``zonewatch claims freeze kaesong --site kaesong``."""
    site = load_site(ROOT / "aoi" / "kaesong")
    lock = read_lock(FOLDER, "kaesong")
    assert lock is not None
    now = lock_of(site, plans_of(seeds(), site, load_config().assess))
    assert list(differences(lock, now)) == []
    assert len(lock.plans) == 66


@pytest.mark.real
def test_ids_grades_and_windows_are_those_of_the_table() -> None:
    rows = table("claims.csv")
    assert [one.id for one in seeds().claims] == [row["claim_id"] for row in rows]
    files = {source.id: source.file for source in seeds().sources}
    for one, row in zip(seeds().claims, rows, strict=True):
        assert files[one.source_id] == row["seed_file"], one.id
        assert one.testability == row["testability"], one.id
        assert (str(one.remove), one.reliability) == (row["remove"], row["reliability"]), one.id
        assert one.is_from_imagery or "image" not in {time.kind for time in one.times}
        starts = {time.start.isoformat() for time in one.times}
        ends = {time.end.isoformat() for time in one.times}
        assert row["window_start"] in starts, one.id
        assert row["window_end"] in ends, one.id


@pytest.mark.real
def test_events_are_those_of_the_table() -> None:
    rows = table("events.csv")
    assert [event.id for event in seeds().events] == [row["event_id"] for row in rows]
    for event, row in zip(seeds().events, rows, strict=True):
        days = (event.start.isoformat(), event.end.isoformat())
        assert days == (row["date_start"], row["date_end"]), event.id
        assert (event.grade, event.precision) == (row["grade"], row["date_precision"]), event.id
        assert event.urls == tuple(row["source_urls"].split(" ; ")), event.id


@pytest.mark.real
def test_the_articles_have_the_recorded_hashes() -> None:
    article_words(seeds().sources[0].file)
    assert check_seeds(FOLDER, articles=SHARED / "articles") == ()


@pytest.mark.real
def test_no_statement_copies_a_run_of_words() -> None:
    copied: set[tuple[str, ...]] = set()
    for source in seeds().sources:
        copied |= runs_of(article_words(source.file), LONGEST_RUN + 1)
    for row in table("claims.csv"):
        copied |= runs_of(words_of(row["claim"]), LONGEST_RUN + 1)
    assert len(copied) > 2000
    for one in seeds().claims:
        texts = [one.statement, one.note, one.place, *(p.basis for p in one.predictions)]
        for text in texts:
            assert not runs_of(words_of(text), LONGEST_RUN + 1) & copied, one.id
