"""Enemies of a CSV of claims: what a spreadsheet does to a table, each refused with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.claims import check_new
from pipeline.errors import ClaimsError
from pipeline.store.claim_table import COLUMNS, REQUIRED, read_claim_table, template
from pipeline.store.document import MAX_BYTES
from pipeline.store.seeds import (
    AlternativeRecord,
    ClaimRecord,
    PredictionRecord,
    TimeRecord,
)
from tests.unit.seeds_factory import write_seeds
from tests.unit.table_factory import FIRST, FURTHER, SECOND, csv_text, write_csv

if TYPE_CHECKING:
    from pathlib import Path

BUDGET = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)
ROWS = (FIRST, FURTHER, SECOND)
ZONES = ("yard", "depot")


def read(tmp_path: Path, content: str | bytes) -> list[dict[str, Any]]:
    """The records of a table."""
    document = read_claim_table(write_csv(tmp_path, content), ClaimsError)
    records: list[dict[str, Any]] = document.values["claims"]
    assert document.flaws == ()
    return records


def refused(tmp_path: Path, content: str | bytes) -> ClaimsError:
    """Why a table cannot be read at all."""
    with pytest.raises(ClaimsError) as caught:
        read_claim_table(write_csv(tmp_path, content), ClaimsError)
    assert caught.value.remedy
    return caught.value


def problems_of(tmp_path: Path, content: str | bytes) -> tuple[ClaimsError, ...]:
    """What is wrong with single claims of a table."""
    file = write_csv(tmp_path, content)
    return check_new(write_seeds(tmp_path), file, zone_ids=ZONES).problems


def test_rows_become_claims_with_their_parts(tmp_path: Path) -> None:
    first, second = read(tmp_path, csv_text(ROWS))
    assert first["zones"] == ["yard", "depot"]
    assert first["remove"] == 1
    assert [time["edtf"] for time in first["times"]] == ["2020-11-25", "2020-10-25"]
    assert first["times"][0]["asserted_by"] == ["First Paper", "Third Paper"]
    assert first["predictions"] == [
        {
            "observable": "surface-change",
            "sensors": ["sentinel-2"],
            "direction": "increase",
            "basis": "rows on concrete",
            "expected": 0.03,
            "window_days": [-5, 10],
            "reference_days": [-365, -31],
        }
    ]
    assert first["alternatives"] == [
        {"id": "grain", "predicts": "the same every autumn", "excluded_by": "season"}
    ]
    assert (second["zones"], second["derived_from"]) == ([], ["N-01", "A001-01"])


def test_a_sound_table_has_no_problem(tmp_path: Path) -> None:
    found = check_new(write_seeds(tmp_path), write_csv(tmp_path, csv_text(ROWS)), zone_ids=ZONES)
    assert [str(one) for one in found.problems] == []
    assert found.added == ("N-01", "N-02")


def test_the_columns_are_the_keys_of_a_claim() -> None:
    """A key that is added to the records must be given a column."""
    records: dict[str, type[Any]] = {
        "": ClaimRecord, "times": TimeRecord, "predictions": PredictionRecord,
        "alternatives": AlternativeRecord,
    }  # fmt: skip
    for part, record in records.items():
        keys = set(record.model_fields) - set(records)
        assert {one.key for one in COLUMNS.values() if one.part == part} == keys


def test_the_template_is_a_claim_but_for_its_source_and_zones(tmp_path: Path) -> None:
    content = template().replace("an-id-of-sources-toml", "first").replace("a-zone", "yard")
    content = content.replace("another-zone", "depot")
    assert [str(one) for one in problems_of(tmp_path, content)] == []
    assert template().splitlines()[0].split(",") == list(COLUMNS)


def test_text_stays_text(tmp_path: Path) -> None:
    odd = {"NA": "NA", "None": "None", "NO": "NO", "1.10": "1.10", "0x10": "0x10", "null": "null"}
    for text in odd:
        (claim,) = read(tmp_path, csv_text([FIRST | {"statement": text, "note": text}]))
        assert (claim["statement"], claim["note"]) == (text, text)


@pytest.mark.parametrize("name", ["remove", "min_area_m2", "expected", "window_first_day"])
@pytest.mark.parametrize(
    "text", ["NA", "None", "nan", "inf", "1e5", "1,5", "\u0661", "0x10", "1_0"]
)
def test_what_counts_something_is_a_plain_number(tmp_path: Path, name: str, text: str) -> None:
    (problem,) = problems_of(tmp_path, csv_text([FIRST | {name: text}]))
    assert problem.where.endswith("new.csv:2: N-01")
    assert text in problem.what or ascii(text)[1:-1] in problem.what


def test_a_byte_order_mark_and_any_line_end_are_taken(tmp_path: Path) -> None:
    text = csv_text(ROWS)
    plain = read(tmp_path, text)
    assert read(tmp_path, b"\xef\xbb\xbf" + text.encode()) == plain
    for end in ("\n", "\r"):
        assert read(tmp_path, text.replace("\r\n", end)) == plain
    assert read(tmp_path, text + "\r\n,,,\r\n") == plain


@pytest.mark.parametrize("encoding", ["cp949", "utf-16", "euc-kr"])
def test_other_encodings_are_refused_with_their_line(tmp_path: Path, encoding: str) -> None:
    text = csv_text([FIRST, SECOND | {"speaker": "익명의 소식통"}])
    error = refused(tmp_path, text.encode(encoding))
    assert "not UTF-8" in error.what
    line = 1 if encoding == "utf-16" else 3
    assert error.where.endswith(f"new.csv:{line}")


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ((*COLUMNS, "mood"), "unknown column 'mood'"),
        ((*COLUMNS, ""), "unknown column ''"),
        ((*COLUMNS, "id"), "the column 'id' stands twice"),
        (("ID", *list(COLUMNS)[1:]), "unknown column 'ID'"),
        (("id;source;statement",), "unknown column 'id;source;statement'"),
        *(
            (tuple(one for one in COLUMNS if one != name), f"the column {name!r} is missing")
            for name in REQUIRED
        ),
    ],
)
def test_a_head_that_is_not_ours_is_refused(
    tmp_path: Path, head: tuple[str, ...], words: str
) -> None:
    error = refused(tmp_path, csv_text(ROWS, head))
    assert words in error.what
    assert error.where.endswith("new.csv:1")


def test_columns_may_come_in_any_order_and_optional_ones_may_stay_away(tmp_path: Path) -> None:
    text = csv_text([FIRST], tuple(reversed(list(COLUMNS))))
    (claim,) = read(tmp_path, text)
    (plain,) = read(tmp_path, csv_text([FIRST]))
    pair = ("window_days", "reference_days")
    assert {k: v for k, v in claim.items() if k != "predictions"} == {
        k: v for k, v in plain.items() if k != "predictions"
    }
    assert all(claim["predictions"][0][one] == plain["predictions"][0][one] for one in pair)
    bare = {name: FIRST[name] for name in REQUIRED} | {"testability": "T0"}
    (record,) = read(tmp_path, csv_text([bare], REQUIRED))
    assert "predictions" not in record


FORMULAS = [
    '=HYPERLINK("https://example.org","x")', "=1+1", "+1+1", "-2+3", "@SUM(A1)", "  =1+1",
    "=cmd|' /C calc'!A0", "-",
]  # fmt: skip


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("name", ["statement", "zones", "expected", "basis", "id"])
def test_a_formula_is_refused_and_the_other_claims_go_on(
    tmp_path: Path, name: str, formula: str
) -> None:
    rows = [FIRST | {"id": "N-03"}, FIRST | {name: formula}, FIRST | {"id": "N-04"}]
    found = check_new(write_seeds(tmp_path), write_csv(tmp_path, csv_text(rows)), zone_ids=ZONES)
    (problem,) = found.problems
    assert f"the cell {name!r} begins like a formula" in problem.what
    assert "new.csv:3" in problem.where
    assert found.added == ("N-03", "N-04")


def test_signed_numbers_are_no_formulas(tmp_path: Path) -> None:
    row = FIRST | {"direction": "decrease", "expected": "-0.03", "window_last_day": "+10"}
    (claim,) = read(tmp_path, csv_text([row]))
    assert claim["predictions"][0]["expected"] == -0.03
    assert claim["predictions"][0]["window_days"] == [-5, 10]


def test_rows_of_another_length_are_refused_one_by_one(tmp_path: Path) -> None:
    lines = csv_text([FIRST, FIRST | {"id": "N-03"}, FIRST | {"id": "N-04"}]).split("\r\n")
    lines[1] = lines[1].rsplit(",", 1)[0]
    lines[2] += ",one more"
    found = check_new(write_seeds(tmp_path), write_csv(tmp_path, "\n".join(lines)), zone_ids=ZONES)
    assert [one.where.rsplit("new.csv", 1)[1] for one in found.problems] == [":2: N-01", ":3: N-03"]
    assert all("cells stand below a head of" in one.what for one in found.problems)
    assert found.added == ("N-04",)


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    """A cell over several lines moves everything below it."""
    long = FIRST | {"id": "N-03", "note": "one\ntwo\r\nthree"}
    rows = [long, FIRST | {"time": "2020-11-31"}]
    (problem,) = problems_of(tmp_path, csv_text(rows))
    assert "'2020-11-31' is not an EDTF date" in problem.what
    assert problem.where.endswith("new.csv:5: N-01")


# A cell, what it holds, the words of the problem.
BAD_CELLS = [
    ("time", "2020-11-31", "is not an EDTF date"),
    ("time", "25/11/2020", "is not an EDTF date"),
    ("time", "early Nov", "is not an EDTF date"),
    ("time", "2020-11-25/2020-11-01", "ends before it starts"),
    ("time", "1989", "begins before 1990-01-01"),
    ("time", "2020-11-25 00:00:00", "is not an EDTF date"),
    ("time", "44160", "is not an EDTF date"),
    ("source", "nobody", "unknown source 'nobody'"),
    ("source", "", "source: Field required"),
    ("zones", "yard; moon", "unknown zone 'moon'"),
    ("zones", "Yard", "zones.0: String should match"),
    ("window_first_day", "20", "the first day 20 comes after the last day 10"),
    ("window_first_day", "", "window_days: List should have at least 2"),
    ("reference_last_day", "0", "has days in common"),
    ("expected", "-0.03", "no increase"),
    ("expected", "2", "a share cannot change by 2"),
    ("observable", "mood", "predictions.0.observable"),
    ("sensors", "sentinel-2, landsat", "predictions.0.sensors.0"),
    ("direction", "up", "predictions.0.direction"),
    ("testability", "T0", "a claim of testability T0 has no predictions"),
    ("from_imagery", "yes", "from_imagery"),
    ("derived_from", "N-99", "derived from 'N-99', which is not there"),
    ("derived_from", "N-01", "derived from itself, by a circle"),
    ("id", "plain-id", "is taken by the claim of claims.toml:"),
    ("id", "PLAIN-ID", "is taken by the claim of claims.toml:"),
    ("id", "../../x", "id: String should match"),
    ("reliability", "A1", "reliability"),
]


@pytest.mark.parametrize(("name", "cell", "words"), BAD_CELLS)
def test_a_bad_cell_is_named_with_its_line(
    tmp_path: Path, name: str, cell: str, words: str
) -> None:
    rows = [FIRST | {"id": "N-03"}, FIRST | {name: cell}]
    found = check_new(write_seeds(tmp_path), write_csv(tmp_path, csv_text(rows)), zone_ids=ZONES)
    assert [words in one.what for one in found.problems] == [True], [
        str(one) for one in found.problems
    ]
    assert "new.csv:3" in found.problems[0].where
    assert found.problems[0].remedy
    assert found.added == ("N-03",)


def test_a_bad_cell_of_a_further_row_is_named_with_that_row(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, csv_text([FIRST, FURTHER | {"time": "2020-02-30"}]))
    assert problem.where.endswith("new.csv:3: N-01")


def test_further_rows_need_no_id_and_may_not_contradict(tmp_path: Path) -> None:
    (claim,) = read(tmp_path, csv_text([FIRST, FURTHER | {"id": "", "speaker": "an analyst"}]))
    assert len(claim["times"]) == 2
    (problem,) = problems_of(tmp_path, csv_text([FIRST, FURTHER | {"speaker": "somebody else"}]))
    assert "'speaker' is not what the first row of the claim says" in problem.what
    assert problem.where.endswith("new.csv:3: N-01")


def test_a_claim_that_begins_twice_is_refused(tmp_path: Path) -> None:
    rows = [FIRST, FIRST | {"id": "N-03"}, FIRST]
    (problem,) = problems_of(tmp_path, csv_text(rows))
    assert "is taken by the record of line 2" in problem.what
    assert problem.where.endswith("new.csv:4: N-01")


def test_a_row_without_any_claim_before_it_is_a_claim_without_id(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, csv_text([FURTHER | {"id": ""}]))
    assert "id: Field required" in [one.what for one in problems]
    assert all(":2" in one.where for one in problems)


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_an_empty_file_is_refused(tmp_path: Path, content: str) -> None:
    assert "no head" in refused(tmp_path, content).what


def test_a_head_alone_holds_no_claims(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, csv_text([]))
    assert "holds no [[claims]] records" in problem.what


@pytest.mark.parametrize("tail", ['"open', 'x"y"', '"a"b'])
def test_quotes_that_do_not_close_are_refused_by_line(tmp_path: Path, tail: str) -> None:
    text = csv_text([FIRST]) + f"N-03,first,{tail}\r\n"
    if tail.startswith("x"):
        assert "cells stand below" in problems_of(tmp_path, text)[0].what
        return
    error = refused(tmp_path, text)
    assert "not valid CSV" in error.what
    assert error.where.endswith("new.csv:3")


def test_a_megabyte_is_the_end(tmp_path: Path) -> None:
    assert "larger than" in refused(tmp_path, b"a" * (MAX_BYTES + 1)).what
    with pytest.raises(ClaimsError, match="missing"):
        read_claim_table(tmp_path / "gone.csv", ClaimsError)
    cell = "x" * 200_000
    assert "field larger than" in refused(tmp_path, csv_text([FIRST | {"note": cell}])).what


@BUDGET
@given(content=st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_any_bytes_end_in_records_or_in_our_own_error(tmp_path: Path, content: bytes) -> None:
    head = ",".join(COLUMNS).encode() + b"\n"
    for whole in (content, head + content):
        try:
            read_claim_table(write_csv(tmp_path, whole), ClaimsError)
        except ClaimsError as error:
            assert error.where  # noqa: PT017 - other inputs raise nothing


words = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60).filter(
    lambda text: text.strip() == text and not text.startswith(("=", "+", "-", "@"))
)


@BUDGET
@given(statement=words, note=words)
def test_text_is_kept_letter_by_letter(tmp_path: Path, statement: str, note: str) -> None:
    (claim,) = read(tmp_path, csv_text([FIRST | {"statement": statement, "note": note}]))
    assert (claim["statement"], claim["note"]) == (statement, note)
