"""Enemies of a seeds folder: every rule broken once, with file, record and line asserted."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from pipeline.claims import FILES, check_seeds, load_seeds
from pipeline.errors import ClaimsError
from pipeline.model.claim import Direction, Observable, Testability
from tests.unit.seeds_factory import (
    CLAIMS,
    EVENTS,
    MARK,
    SOUND,
    SOURCES,
    marked_lines,
    spoil,
    write_articles,
    write_seeds,
)

if TYPE_CHECKING:
    from pathlib import Path

ZONES = ("yard", "depot")


def lines_of(problems: tuple[ClaimsError, ...], name: str) -> list[int]:
    """The line that each problem names, all of them in one file."""
    assert all(name in problem.where for problem in problems), [str(one) for one in problems]
    return [int(problem.where.split(f"{name}:")[1].split(":")[0]) for problem in problems]


def test_a_sound_folder_becomes_nouns(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path)
    assert check_seeds(folder, articles=write_articles(tmp_path), zone_ids=ZONES) == ()
    seeds = load_seeds(folder)
    assert [source.id for source in seeds.sources] == ["first", "second"]
    assert [claim.id for claim in seeds.claims] == ["A001-01", "A001-02", "plain-id"]
    claim = seeds.claims[0]
    assert claim.zone_ids == ("yard", "depot")
    assert claim.is_from_imagery
    assert claim.is_date_disputed
    assert claim.times[1].asserted_by == ("Second Paper", "Third Paper")
    assert claim.predictions[0].observable is Observable.SURFACE_CHANGE
    assert claim.predictions[0].direction is Direction.INCREASE
    assert claim.predictions[0].min_area_m2 == 2400.0
    assert claim.alternatives[0].id == "grain"
    assert '[[claims]]\nid = "A001-08"' in claim.note


def test_spans_of_the_sound_folder(tmp_path: Path) -> None:
    seeds = load_seeds(write_seeds(tmp_path))
    open_ended, month = seeds.claims[1].times[0], seeds.claims[2].times[0]
    assert (open_ended.start, open_ended.end) == (date(2017, 4, 1), date(9999, 1, 1))
    assert (month.start, month.end) == (date(2017, 10, 1), date(2017, 10, 31))
    assert not seeds.claims[1].is_date_disputed
    assert seeds.claims[1].testability is Testability.NONE
    event = seeds.events[0]
    assert (event.start, event.end) == (date(2016, 10, 19), date(2017, 10, 17))
    assert event.urls == ("https://example.org/report",)


# Of every enemy: the file, a passage of it, what takes its place with ``@`` at the end of the line
# that must be named, and words that the problem must hold.
ENEMIES = [
    (
        "claims",
        'source = "second"\nstatement = "or',
        'source = "x"@\nstatement = "or',
        "unknown source 'x'",
    ),
    ("claims", 'id = "plain-id"', 'id = "a001-01"@', "taken by the record of line 4"),
    ("claims", '"goods stood in rows"', '""@', "statement:"),
    ("claims", '"goods stood in rows"', '" \\t "@', "statement:"),
    ("claims", '"goods stood in rows"', "false@", "statement:"),
    ("claims", "remove = 2", 'remove = "2"@', "remove:"),
    ("claims", "remove = 2", "remove = true@", "remove:"),
    ("claims", "remove = 2", "remove = -1@", "remove:"),
    ("claims", "remove = 2", "remove = 2.0@", "remove:"),
    ("claims", '"R3"', '"R9"@', "reliability:"),
    ("claims", 'zones = ["yard", "depot"]', 'zones = ["yard", "Depot"]@', "zones.1:"),
    ("claims", 'zones = ["yard", "depot"]', 'zones = "yard"@', "zones:"),
    ("claims", '"T2"', '"T4"@', "testability:"),
    ("claims", "from_imagery = true", 'from_imagery = "yes"@', "from_imagery:"),
    ("claims", "from_imagery = true", "from_imagry = true@", "from_imagry: Extra"),
    ("claims", 'edtf = "2020-11-25"', "edtf = 2020-11-25@", "times.0.edtf: Input should be a"),
    (
        "claims",
        '25"\nkind = "image"\nasserted_by = [\n',
        '25"\nkind = "x"@\nasserted_by = [\n',
        "1.kind:",
    ),
    ("claims", '["First Paper"]', "[]@", "times.0.asserted_by:"),
    ("claims", '["First Paper"]', '[""]@', "times.0.asserted_by.0:"),
    ("claims", '"surface-change"', '"mood"@', "predictions.0.observable:"),
    ("claims", '["sentinel-2"]', '["sentinel-2", "sentinel-9"]@', "predictions.0.sensors.1:"),
    ("claims", '"increase"', '"up"@', "predictions.0.direction:"),
    ("claims", "= 2400", "= nan@", "predictions.0.min_area_m2:"),
    ("claims", "= 2400", "= -1@", "predictions.0.min_area_m2:"),
    ("claims", "= 2400", '= "2400"@', "predictions.0.min_area_m2:"),
    ("claims", 'id = "grain"', 'id = "grain drying"@', "alternatives.0.id:"),
    ("claims", '= ["A001-01"]', '= ["A009-01"]@', "derived from 'A009-01', which is not"),
    ("claims", '= ["A001-01"]', '= ["A001-02"]@', "by a circle"),
    ("claims", "[[claims.alternatives]]", "[[claims.alternative]]@", "alternative: Extra"),
    ("claims", "zones = []", "zones = []\ncorrected = 1@", "corrected: Extra"),
    ("sources", '"2020-12"', '"2020-13"@', "published:"),
    ("sources", '"first.txt"', '"../first.txt"@', "file:"),
    ("sources", '"first.txt"', '"/etc/passwd"@', "file:"),
    ("sources", "note =", "remark =", "remark: Extra"),
    ("events", '"2016-10-19/2017-10-17"', '"2017-10-17/2016-10-19"@', "ends before it starts"),
    ("events", '"T1"', '"good"@', "grade:"),
    ("events", '["https://example.org/report"]', '["javascript:alert(1)"]@', "urls.0:"),
    ("events", '["https://example.org/report"]', "[]@", "urls:"),
]


@pytest.mark.parametrize("enemy", ENEMIES)
def test_an_enemy_is_named_with_its_line(tmp_path: Path, enemy: tuple[str, str, str, str]) -> None:
    stem, old, new, words = enemy
    sound = SOUND[f"{stem}.toml"]
    text = spoil(sound, old, new.replace("@", f" {MARK}"))
    problems = check_seeds(write_seeds(tmp_path, **{stem: text}))
    assert len(problems) == 1, [str(one) for one in problems]
    expected = marked_lines(text) or [text[: text.index(new)].count("\n") + 1]
    assert lines_of(problems, f"{stem}.toml") == expected
    assert words in problems[0].what
    assert problems[0].remedy
    assert problems[0].exit_code == 2


BAD_IDS = ["", "../../x", "a b", "K\u0430-1", "K-1\\n", "K\\u202e1", "K" * 64, "-K", "K/1", "K_1"]


@pytest.mark.parametrize("name", BAD_IDS)
@pytest.mark.parametrize("stem", ["claims", "events"])
def test_an_id_that_is_no_slug_is_refused(tmp_path: Path, stem: str, name: str) -> None:
    old = {"claims": 'id = "plain-id"', "events": 'id = "E01"'}[stem]
    text = spoil(SOUND[f"{stem}.toml"], old, f'id = "{name}" {MARK}')
    problems = check_seeds(write_seeds(tmp_path, **{stem: text}))
    assert lines_of(problems, f"{stem}.toml") == marked_lines(text)
    assert problems[0].what.startswith("id:")
    assert str(problems[0]).isprintable()


BAD_TIMES = {
    "2020-11-31": "'2020-11-31' is not an EDTF date",
    "2021-02-29": "names a day that the calendar does not have",
    "25/11/2020": "'25/11/2020' is not an EDTF date",
    "early Nov": "is not an EDTF date",
    "2020-11-25/2020-11-01": "ends before it starts",
    "1989-12-31": "begins before 1990-01-01",
    "../2020": "has no definite first and last day",
    "2020/": "has no definite first and last day",
    "2020-21": "has no definite first and last day",
    "": "is not an EDTF date",
    " 2020": "is not an EDTF date",
    "2020-11-25T10:00:00Z": "is not an EDTF date",
}


@pytest.mark.parametrize("edtf", BAD_TIMES)
def test_an_impossible_time_is_refused(tmp_path: Path, edtf: str) -> None:
    text = spoil(CLAIMS, 'edtf = "2020-11-25"', f'edtf = "{edtf}" {MARK}')
    problems = check_seeds(write_seeds(tmp_path, claims=text))
    assert lines_of(problems, "claims.toml") == marked_lines(text)
    assert BAD_TIMES[edtf] in problems[0].what
    assert "A001-01" in problems[0].where


@pytest.mark.parametrize("key", ["source", "statement", "speaker", "zones", "testability"])
def test_a_missing_key_is_named_at_the_head_of_its_record(tmp_path: Path, key: str) -> None:
    head, record = CLAIMS.split('[[claims]]\nid = "plain-id"')
    kept = [line for line in record.split("\n") if not line.startswith(f"{key} =")]
    text = head + f'[[claims]] {MARK}\nid = "plain-id"' + "\n".join(kept)
    problems = check_seeds(write_seeds(tmp_path, claims=text))
    assert lines_of(problems, "claims.toml") == marked_lines(text)
    assert problems[0].what == f"{key}: Field required"
    assert "plain-id" in problems[0].where


def test_a_claim_without_times_is_refused(tmp_path: Path) -> None:
    times = '[[claims.times]]\nedtf = "2017-10"\nkind = "event"\nasserted_by = ["somebody else"]\n'
    text = spoil(CLAIMS, times, "")
    text = spoil(text, '[[claims]]\nid = "plain-id"', f'[[claims]] {MARK}\nid = "plain-id"')
    problems = check_seeds(write_seeds(tmp_path, claims=text))
    assert lines_of(problems, "claims.toml") == marked_lines(text)
    assert "times" in problems[0].what


PREDICTS = "a claim of testability T0 has no predictions, any other has some"


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("plain-id", ('testability = "T1"', 'testability = "T0"'), PREDICTS),
        ("A001-02", ('testability = "T0"', 'testability = "T3"'), PREDICTS),
        ("A001-01", ('["yard", "depot"]', '["yard", "yard"]'), "the zone 'yard' stands twice"),
        ("A001-01", ('"2020-10-25"', '"2020-11-25"'), "the time 'image 2020-11-25' stands twice"),
    ],
)
def test_parts_that_do_not_go_together_are_named(
    tmp_path: Path, name: str, change: tuple[str, str], words: str
) -> None:
    head = f'[[claims]]\nid = "{name}"'
    text = spoil(spoil(CLAIMS, *change), head, head.replace("]]", f"]] {MARK}"))
    problems = check_seeds(write_seeds(tmp_path, claims=text))
    assert lines_of(problems, "claims.toml") == marked_lines(text)
    assert [problem.what for problem in problems] == [words]


def test_a_source_that_stands_twice_is_refused(tmp_path: Path) -> None:
    again = SOURCES[: SOURCES.index("\n[[sources]]", 1)].replace('"first"', f'"first" {MARK}')
    problems = check_seeds(write_seeds(tmp_path, sources=SOURCES + again))
    assert lines_of(problems, "sources.toml") == marked_lines(SOURCES + again)
    assert "is taken by the record of line 3" in problems[0].what


def test_a_circle_names_every_claim_in_it(tmp_path: Path) -> None:
    text = spoil(CLAIMS, "from_imagery = true", f'derived_from = ["plain-id"] {MARK}')
    text = text.replace('["A001-01"]', f'["A001-01"] {MARK}').replace(
        'derived_from = ["A001-02"]', f'derived_from = ["A001-02"] {MARK}'
    )
    problems = check_seeds(write_seeds(tmp_path, claims=text))
    assert lines_of(problems, "claims.toml") == marked_lines(text)
    assert len(problems) == 3
    assert all("by a circle" in problem.what for problem in problems)


def test_a_zone_that_the_site_lacks_is_refused(tmp_path: Path) -> None:
    text = spoil(CLAIMS, '["yard", "depot"]', f'["yard", "depot"] {MARK}')
    folder = write_seeds(tmp_path, claims=text)
    assert check_seeds(folder) == ()
    problems = check_seeds(folder, zone_ids=("yard",))
    assert lines_of(problems, "claims.toml") == marked_lines(text)
    assert problems[0].what == "unknown zone 'depot'"
    everywhere = check_seeds(folder, zone_ids=("depot",))
    assert [problem.what for problem in everywhere] == ["unknown zone 'yard'"] * 3
    assert "events.toml:6: E01" in everywhere[-1].where


def test_every_byte_of_an_article_counts(tmp_path: Path) -> None:
    folder, articles = write_seeds(tmp_path), write_articles(tmp_path)
    assert check_seeds(folder, articles=articles) == ()
    content = bytearray((articles / "first.txt").read_bytes())
    content[5] ^= 1
    (articles / "first.txt").write_bytes(bytes(content))
    problems = check_seeds(folder, articles=articles)
    assert [problem.where.rsplit("/", 1)[1] for problem in problems] == [
        "sources.toml:8: first",
        "claims.toml:5: A001-01",
    ]
    assert all("first.txt has SHA-256" in problem.what for problem in problems)


def test_a_missing_article_is_named_for_source_and_claims(tmp_path: Path) -> None:
    folder, articles = write_seeds(tmp_path), write_articles(tmp_path)
    (articles / "second.txt").unlink()
    problems = check_seeds(folder, articles=articles)
    assert [problem.where.split(": ")[1] for problem in problems] == [
        "second",
        "A001-02",
        "plain-id",
    ]
    assert all("second.txt cannot be read" in problem.what for problem in problems)
    gone = check_seeds(folder, articles=tmp_path / "nowhere")
    assert len(gone) == 5


def test_all_problems_come_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    sources = spoil(SOURCES, '"2020-12"', f'"2020-13" {MARK}')
    claims = spoil(CLAIMS, "remove = 2", f"remove = -2 {MARK}")
    claims = spoil(claims, 'basis = "curtains"', f'basis = "" {MARK}')
    claims = spoil(claims, "min_area_m2 = 2400", f"min_area_m2 = 0 {MARK}")
    folder = write_seeds(tmp_path, sources=sources, claims=claims)
    problems = check_seeds(folder)
    assert lines_of(problems[:1], "sources.toml") == marked_lines(sources)
    assert lines_of(problems[1:], "claims.toml") == marked_lines(claims)
    with pytest.raises(ClaimsError) as caught:
        load_seeds(folder)
    assert str(caught.value) == str(problems[0])


def test_an_invalid_source_does_not_make_its_claims_strangers(tmp_path: Path) -> None:
    sources = spoil(SOURCES, 'publisher = "First Paper"\n', "")
    problems = check_seeds(write_seeds(tmp_path, sources=sources))
    assert [problem.what for problem in problems] == ["publisher: Field required"]


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = write_seeds(tmp_path)
    (folder / name).unlink()
    (problem,) = check_seeds(folder)
    assert problem.where == str(folder / name)
    assert "missing" in problem.what


def test_no_folder_and_no_files(tmp_path: Path) -> None:
    (problem,) = check_seeds(tmp_path / "nowhere")
    assert "no such folder" in problem.what
    assert len(check_seeds(tmp_path)) == 3
    with pytest.raises(ClaimsError, match=r"sources\.toml"):
        load_seeds(tmp_path)


@pytest.mark.parametrize("stem", ["sources", "claims", "events"])
def test_a_file_without_records_is_refused(tmp_path: Path, stem: str) -> None:
    problems = check_seeds(write_seeds(tmp_path, **{stem: "# nothing\n"}))
    named = [problem for problem in problems if f"{stem}.toml" in problem.where]
    assert [problem.what for problem in named] == [f"holds no [[{stem}]] records"]


def test_what_stands_beside_the_records_is_refused(tmp_path: Path) -> None:
    text = f'preferred = "2020-10-25" {MARK}\n' + EVENTS
    problems = check_seeds(write_seeds(tmp_path, events=text))
    assert lines_of(problems, "events.toml") == marked_lines(text)
    assert problems[0].what == "unknown key 'preferred'"


@pytest.mark.parametrize("text", ["claims = 5\n", 'claims = ["A"]\n', "[claims]\nid = 1\n"])
def test_records_of_another_shape_are_refused(tmp_path: Path, text: str) -> None:
    problems = check_seeds(write_seeds(tmp_path, claims=text))
    assert [problem.what for problem in problems] == ["holds no [[claims]] records"]
    assert lines_of(problems, "claims.toml") == [1]
