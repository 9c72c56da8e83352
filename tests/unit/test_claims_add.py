"""Claims that an analyst adds: all or none, whole or not at all, and read back as they were."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.claims import add_claims, check_new, check_seeds, load_seeds
from pipeline.errors import ClaimsError, StoreError
from pipeline.store.document import MAX_BYTES
from pipeline.store.toml_text import records_text
from tests.unit.seeds_factory import CLAIMS, spoil, write_seeds
from tests.unit.table_factory import FIRST, FURTHER, SECOND, csv_text, write_csv

if TYPE_CHECKING:
    from pathlib import Path

BUDGET = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)
ZONES = ("yard", "depot")
BAD = FIRST | {"id": "N-09", "time": "2020-11-31"}
NEW_TOML = CLAIMS.replace('"A001-0', '"B001-0').replace('"plain-id"', '"other-id"')


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Everything that a folder holds."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_table_is_added_behind_what_is_there(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path)
    before = (folder / "claims.toml").read_bytes()
    done = add_claims(folder, write_csv(tmp_path, csv_text([FIRST, FURTHER, SECOND])))
    assert (done.added, done.problems) == (("N-01", "N-02"), ())
    after = (folder / "claims.toml").read_bytes()
    assert after.startswith(before)
    assert check_seeds(folder, zone_ids=ZONES) == ()
    seeds = load_seeds(folder)
    assert [claim.id for claim in seeds.claims][-2:] == ["N-01", "N-02"]
    added = seeds.claims[-2]
    assert added.statement == "goods, in rows"
    assert [time.edtf for time in added.times] == ["2020-11-25", "2020-10-25"]
    assert added.predictions[0].expected == 0.03
    assert added.predictions[0].reference_days == (-365, -31)
    assert added.alternatives[0].excluded_by == "season"
    assert seeds.claims[-1].derived_from == ("N-01", "A001-01")


def test_a_toml_is_added_like_a_table(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path)
    old = load_seeds(folder).claims
    done = add_claims(folder, write_csv(tmp_path, NEW_TOML, "new.toml"))
    assert done.added == ("B001-01", "B001-02", "other-id")
    new = load_seeds(folder).claims[len(old) :]
    assert [claim.predictions for claim in new] == [claim.predictions for claim in old]
    assert [claim.times for claim in new] == [claim.times for claim in old]
    assert new[0].note == old[0].note.replace("A001-0", "B001-0")


def test_one_bad_claim_keeps_all_out_and_nothing_is_touched(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path)
    before = bytes_of(folder)
    done = add_claims(folder, write_csv(tmp_path, csv_text([FIRST, BAD, SECOND])))
    assert done.added == ()
    (problem,) = done.problems
    assert "new.csv:3: N-09" in problem.where
    assert bytes_of(folder) == before


def test_bad_claims_are_skipped_only_if_that_is_asked_for(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path)
    file = write_csv(tmp_path, csv_text([FIRST, BAD, SECOND]))
    done = add_claims(folder, file, skip_bad=True)
    assert done.added == ("N-01", "N-02")
    assert len(done.problems) == 1
    assert check_seeds(folder, zone_ids=ZONES) == ()


def test_what_rests_on_a_bad_claim_is_bad_down_the_whole_line(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path)
    child = FIRST | {"id": "N-10", "derived_from": "N-09"}
    grandchild = FIRST | {"id": "N-11", "derived_from": "N-10; A001-01"}
    file = write_csv(tmp_path, csv_text([grandchild, child, FIRST, BAD]))
    done = add_claims(folder, file, skip_bad=True)
    assert done.added == ("N-01",)
    assert [one.where.rsplit(":", 1)[1] for one in done.problems] == [" N-11", " N-10", " N-09"]
    assert "derived from 'N-10', which is refused" in done.problems[0].what


def test_nothing_good_writes_nothing(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path)
    before = bytes_of(folder)
    done = add_claims(folder, write_csv(tmp_path, csv_text([BAD])), skip_bad=True)
    assert done.added == ()
    assert bytes_of(folder) == before


def test_adding_twice_is_refused(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path)
    file = write_csv(tmp_path, csv_text([FIRST]))
    assert add_claims(folder, file).added
    before = bytes_of(folder)
    done = add_claims(folder, file)
    assert "is taken by the claim of claims.toml:" in done.problems[0].what
    line = int(done.problems[0].what.rsplit(":", 1)[1])
    lines = (folder / "claims.toml").read_text(encoding="utf-8").split("\n")
    assert lines[line - 1] == 'id = "N-01"'
    assert bytes_of(folder) == before


def test_checking_writes_nothing(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path)
    before = bytes_of(folder)
    assert check_new(folder, write_csv(tmp_path, csv_text([FIRST]))).added == ("N-01",)
    assert bytes_of(folder) == before


def test_stray_keys_beside_the_claims_of_a_toml_keep_all_out(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path)
    file = write_csv(tmp_path, "stray = 1\n" + NEW_TOML, "new.toml")
    done = add_claims(folder, file, skip_bad=True)
    assert done.added == ()
    assert "unknown key 'stray'" in done.problems[0].what


def test_a_folder_that_is_not_sound_takes_nothing(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path, claims=spoil(CLAIMS, "remove = 2", "remove = -2"))
    with pytest.raises(ClaimsError, match=r"claims\.toml:8"):
        add_claims(folder, write_csv(tmp_path, csv_text([FIRST])))
    with pytest.raises(ClaimsError, match="no such folder"):
        add_claims(tmp_path / "nowhere", write_csv(tmp_path, csv_text([FIRST])))


@pytest.mark.parametrize("name", ["new.xlsx", "new.txt", "new", "new.json"])
def test_other_kinds_of_files_are_refused_with_what_to_do(tmp_path: Path, name: str) -> None:
    with pytest.raises(ClaimsError, match="neither a CSV nor a TOML") as caught:
        add_claims(write_seeds(tmp_path), write_csv(tmp_path, csv_text([FIRST]), name))
    assert "template" in caught.value.remedy


def test_a_file_that_would_outgrow_its_reader_is_refused(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path, claims=CLAIMS + "#" * (MAX_BYTES - len(CLAIMS) - 100) + "\n")
    before = bytes_of(folder)
    with pytest.raises(ClaimsError, match="would grow larger than"):
        add_claims(folder, write_csv(tmp_path, csv_text([FIRST])))
    assert bytes_of(folder) == before


def test_a_file_without_a_last_line_end_and_with_a_mark_is_continued(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path)
    path = folder / "claims.toml"
    path.write_bytes(b"\xef\xbb\xbf" + CLAIMS.rstrip("\n").encode().replace(b"\n", b"\r\n"))
    assert add_claims(folder, write_csv(tmp_path, csv_text([FIRST]))).added
    assert load_seeds(folder).claims[-1].id == "N-01"


def test_a_disk_that_fails_leaves_the_folder_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_seeds(tmp_path)
    before = bytes_of(folder)
    file = write_csv(tmp_path, csv_text([FIRST]))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.store.files.force", full)
    with pytest.raises(StoreError, match="free space"):
        add_claims(folder, file)
    assert bytes_of(folder) == before


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
scalars = texts | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False)
names = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True)
plain = st.dictionaries(names, scalars | st.lists(texts, max_size=3), max_size=4)
records = st.dictionaries(
    names,
    scalars | st.lists(texts, max_size=3) | st.lists(plain, min_size=1, max_size=3),
    max_size=5,
)


@settings(deadline=None, max_examples=50)
@given(held=st.lists(records, min_size=1, max_size=3))
def test_whatever_is_written_is_read_back(held: list[dict[str, Any]]) -> None:
    assert tomllib.loads(records_text("claims", [*held])) == {"claims": held}


@pytest.mark.parametrize("value", [None, (1, 2), b"x", {"a": 1}])
def test_what_toml_has_not_is_not_written(value: object) -> None:
    with pytest.raises(TypeError, match="not written as TOML"):
        records_text("claims", [{"key": value}])


hard = texts.filter(
    lambda text: (
        bool(text.strip()) and text.strip() == text and not text.startswith(("=", "+", "-", "@"))
    )
)


@BUDGET
@given(statement=hard)
def test_a_statement_goes_from_the_table_to_the_noun_letter_by_letter(
    tmp_path: Path, statement: str
) -> None:
    folder = write_seeds(tmp_path)
    add_claims(folder, write_csv(tmp_path, csv_text([FIRST | {"statement": statement}])))
    assert load_seeds(folder).claims[-1].statement == statement
