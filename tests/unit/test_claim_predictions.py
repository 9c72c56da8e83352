"""Enemies of what a claim predicts: sizes, windows, controls, rivals; each with its line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.claims import check_seeds, load_seeds, load_sound_seeds
from pipeline.errors import ClaimsError
from tests.unit.seeds_factory import CLAIMS, EVENTS, MARK, SOURCES, marked_lines, spoil, write_seeds
from tests.unit.test_claims import lines_of

if TYPE_CHECKING:
    from pathlib import Path

BUDGET = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)
SIZED = "expected = 0.03\nwindow_days = [-5, 10]\nreference_days = [-365, -31]\n"
SOUND = spoil(CLAIMS, "min_area_m2 = 2400\n", f"min_area_m2 = 2400\n{SIZED}")


def changed(old: str, new: str) -> str:
    """The sound claims with one passage in another form."""
    return spoil(SOUND, old, new)


def test_size_window_and_reference_become_part_of_the_noun(tmp_path: Path) -> None:
    text = changed(
        'predicts = "the same every autumn"',
        'predicts = "the same every autumn"\nexpected = -0.5\nexcluded_by = "season"',
    )
    claim = load_seeds(write_seeds(tmp_path, claims=text)).claims[0]
    prediction, rival = claim.predictions[0], claim.alternatives[0]
    assert (prediction.expected, prediction.min_area_m2) == (0.03, 2400.0)
    assert (prediction.window_days, prediction.reference_days) == ((-5, 10), (-365, -31))
    assert (rival.expected, rival.excluded_by) == (-0.5, "season")
    assert not claim.is_positive_control


def test_what_is_left_out_is_none(tmp_path: Path) -> None:
    claim = load_seeds(write_seeds(tmp_path)).claims[0]
    prediction = claim.predictions[0]
    assert prediction.expected is None
    assert prediction.window_days is None
    assert prediction.reference_days is None
    assert (claim.alternatives[0].expected, claim.alternatives[0].excluded_by) == (None, "")


# What stands there, what takes its place with ``@`` where the problem must be named, and words of
# the problem and of its remedy.
ENEMIES = [
    ("expected = 0.03", "expected = -0.03@", "no increase", "sign of the direction"),
    ("expected = 0.03", "expected = 0@", "a size of 0 is none", "unit of the observable"),
    ("expected = 0.03", "expected = -0.0@", "a size of 0 is none", "unit of the observable"),
    ("expected = 0.03", "expected = 1.5@", "a share cannot change by 1.5", "unit"),
    ("expected = 0.03", "expected = nan@", "finite number", "unit of the observable"),
    ("expected = 0.03", "expected = -inf@", "finite number", "unit of the observable"),
    ("expected = 0.03", 'expected = "0.03"@', "expected: Input should be a valid number", "unit"),
    ("expected = 0.03", "expected = true@", "expected: Input should be a valid number", "unit"),
    ("[-5, 10]", "[10, -5]@", "the first day 10 comes after the last day -5", "[first, last]"),
    ("[-5, 10]", "[10]@", "window_days: List should have at least 2", "[first, last]"),
    ("[-5, 10]", "[-5, 10, 11]@", "window_days: List should have at most 2", "[first, last]"),
    ("[-5, 10]", "[-5, 99999]@", "window_days.1:", "[first, last]"),
    ("[-5, 10]", "[-5, 10.5]@", "window_days.1:", "[first, last]"),
    ("[-5, 10]", '["-5", "10"]@', "window_days.0:", "[first, last]"),
    ("[-5, 10]", "-5@", "window_days: Input should be a valid list", "[first, last]"),
    ("[-365, -31]", "[-31, -365]@", "the first day -31 comes after", "outside of window_days"),
    ("[-365, -31]", "[-365, -5]@", "has days in common with window_days [-5, 10]", "outside"),
    ("[-365, -31]", "[10, 40]@", "has days in common", "outside of window_days"),
    ("[-365, -31]", "[-2, 2]@", "has days in common", "outside of window_days"),
    ("[-365, -31]", "[-400, 400]@", "has days in common", "outside of window_days"),
    ("window_days = [-5, 10]\nreference_days = [-365, -31]", "reference_days = [-365, -31]@",
     "need a window_days", "outside of window_days"),
    ('id = "grain"\n', 'id = "grain"\nexcluded_by = "luck"@\n', "excluded_by:", "words listed"),
    ('id = "grain"\n', 'id = "grain"\nexpected = inf@\n', "alternatives.0.expected:", "unit"),
    ("from_imagery = true", "positive_control = 1@", "positive_control:", "README"),
]  # fmt: skip


@pytest.mark.parametrize("enemy", ENEMIES)
def test_a_prediction_that_cannot_be_is_refused_by_its_line(
    tmp_path: Path, enemy: tuple[str, str, str, str]
) -> None:
    old, new, words, remedy = enemy
    text = changed(old, new.replace("@", f" {MARK}"))
    problems = check_seeds(write_seeds(tmp_path, claims=text))
    assert lines_of(problems, "claims.toml")[:1] == marked_lines(text)
    assert any(words in problem.what for problem in problems), [str(one) for one in problems]
    assert all(remedy in problem.remedy for problem in problems)
    assert all("A001-01" in problem.where for problem in problems)


def test_one_bad_window_is_not_told_twice(tmp_path: Path) -> None:
    """The days that it is compared with are not held against a window that does not exist."""
    text = changed("[-5, 10]", "[10, -5]")
    assert len(check_seeds(write_seeds(tmp_path, claims=text))) == 1


@pytest.mark.parametrize(
    ("direction", "size"),
    [("decrease", -0.03), ("change", 0.03), ("change", -0.03), ("no-change", 0.03),
     ("no-change", -0.03), ("increase", 1.0), ("decrease", -1.0)],
)  # fmt: skip
def test_sizes_that_fit_their_direction_are_taken(
    tmp_path: Path, direction: str, size: float
) -> None:
    text = spoil(changed("expected = 0.03", f"expected = {size}"), '"increase"', f'"{direction}"')
    (first, *_) = load_seeds(write_seeds(tmp_path, claims=text)).claims
    assert first.predictions[0].expected == size


def test_no_change_needs_no_size(tmp_path: Path) -> None:
    claim = load_seeds(write_seeds(tmp_path)).claims[2]
    assert claim.predictions[0].expected is None


def test_light_and_heat_are_no_shares(tmp_path: Path) -> None:
    for observable in ("night-light", "surface-temperature", "vegetation"):
        text = spoil(changed("expected = 0.03", "expected = 1.5"), '"surface-change"',
                     f'"{observable}"')  # fmt: skip
        assert check_seeds(write_seeds(tmp_path, claims=text)) == ()


@pytest.mark.parametrize("observable", ["surface-change", "built-up", "snow-cleared"])
def test_no_share_changes_by_more_than_all_of_it(tmp_path: Path, observable: str) -> None:
    text = spoil(changed("expected = 0.03", "expected = 1.01"), '"surface-change"',
                 f'"{observable}"')  # fmt: skip
    (problem,) = check_seeds(write_seeds(tmp_path, claims=text))
    assert "a share cannot change by 1.01" in problem.what


def test_no_share_falls_by_more_than_all_of_it(tmp_path: Path) -> None:
    text = spoil(changed("expected = 0.03", "expected = -1.01"), '"increase"', '"decrease"')
    (problem,) = check_seeds(write_seeds(tmp_path, claims=text))
    assert "a share cannot change by -1.01" in problem.what


@BUDGET
@given(
    window=st.tuples(st.integers(-900, 900), st.integers(0, 400)),
    reference=st.tuples(st.integers(-900, 900), st.integers(0, 400)),
)
def test_windows_are_taken_exactly_when_no_day_is_in_both(
    tmp_path: Path, window: tuple[int, int], reference: tuple[int, int]
) -> None:
    days = [list(range(first, first + n + 1)) for first, n in (window, reference)]
    (a, b), (c, d) = ((held[0], held[-1]) for held in days)
    text = spoil(changed("[-5, 10]", f"[{a}, {b}]"), "[-365, -31]", f"[{c}, {d}]")
    problems = check_seeds(write_seeds(tmp_path, claims=text))
    assert bool(problems) is bool(set(days[0]) & set(days[1]))


def controlled(*changes: tuple[str, str]) -> str:
    """The sound claims, the first of them a positive control, with passages changed."""
    text = spoil(changed('testability = "T2"', 'testability = "T1"'),
                 "from_imagery = true", "positive_control = true")  # fmt: skip
    for old, new in changes:
        text = spoil(text, old, new)
    return text


def test_a_positive_control_is_read(tmp_path: Path) -> None:
    assert load_seeds(write_seeds(tmp_path, claims=controlled())).claims[0].is_positive_control


@pytest.mark.parametrize(
    "change",
    [('testability = "T1"\nnote', 'testability = "T2"\nnote'), ("expected = 0.03\n", ""),
     ('"increase"', '"no-change"')],
)  # fmt: skip
def test_what_may_be_missed_is_no_positive_control(tmp_path: Path, change: tuple[str, str]) -> None:
    text = controlled(change)
    (problem,) = check_seeds(write_seeds(tmp_path, claims=text))
    assert "a positive control is of testability T1" in problem.what
    assert problem.where.endswith("claims.toml:3: A001-01")


@pytest.mark.parametrize(
    ("edtf", "words"),
    [("2101", "begins after 2100-01-01"), ("9999-12-31", "begins after"),
     ("2020/9999", "'..' says that it is still open")],
)  # fmt: skip
def test_times_that_no_window_can_be_made_of_are_refused(
    tmp_path: Path, edtf: str, words: str
) -> None:
    text = spoil(CLAIMS, 'edtf = "2020-11-25"', f'edtf = "{edtf}" {MARK}')
    problems = check_seeds(write_seeds(tmp_path, claims=text))
    assert lines_of(problems, "claims.toml") == marked_lines(text)
    assert words in problems[0].what


@pytest.mark.parametrize("edtf", ["2031-05", "2099-12-31", "2020/..", "2100-01-01"])
def test_a_time_to_come_is_accepted(tmp_path: Path, edtf: str) -> None:
    text = spoil(CLAIMS, 'edtf = "2020-11-25"', f'edtf = "{edtf}"')
    assert check_seeds(write_seeds(tmp_path, claims=text)) == ()


BAD_CLAIMS = {
    "an impossible date": ('edtf = "2017-10"', 'edtf = "2017-11-31"'),
    "a missing source": ('source = "second"\nstatement = "it', 'source = "x"\nstatement = "it'),
    "no source at all": ('id = "plain-id"\nsource = "second"\n', 'id = "plain-id"\n'),
    "a bad zone id": ('zones = ["yard"]', 'zones = ["Yard!"]'),
    "an id that is taken": ('id = "plain-id"', 'id = "a001-01"'),
}


@pytest.mark.parametrize("name", BAD_CLAIMS)
def test_the_other_claims_go_on(tmp_path: Path, name: str) -> None:
    folder = write_seeds(tmp_path, claims=spoil(CLAIMS, *BAD_CLAIMS[name]))
    seeds, problems = load_sound_seeds(folder)
    assert [claim.id for claim in seeds.claims] == ["A001-01", "A001-02"]
    assert len(problems) == 1
    assert "claims.toml:" in problems[0].where
    assert problems[0].remedy
    with pytest.raises(ClaimsError):
        load_seeds(folder)


def test_a_claim_may_rest_on_one_that_is_left_out(tmp_path: Path) -> None:
    """What it repeats was said all the same; only its own weighing is lost."""
    text = spoil(CLAIMS, 'edtf = "2020-11-25"', 'edtf = "2020-11-31"')
    seeds, problems = load_sound_seeds(write_seeds(tmp_path, claims=text))
    assert [claim.id for claim in seeds.claims] == ["A001-02", "plain-id"]
    assert seeds.claims[0].derived_from == ("A001-01",)
    assert len(problems) == 1


def test_a_sound_folder_has_nothing_left_out(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path)
    assert load_sound_seeds(folder) == (load_seeds(folder), ())


@pytest.mark.parametrize(
    "texts",
    [
        {"sources": spoil(SOURCES, '"2020-12"', '"2020-13"')},
        {"events": spoil(EVENTS, '"T1"', '"good"')},
        {"claims": "stray = 1\n" + CLAIMS},
        {"claims": CLAIMS.replace('reliability = "R', 'reliability = "Q')},
        {"claims": "not toml"},
    ],
)
def test_what_is_wrong_beyond_a_claim_stops_everything(
    tmp_path: Path, texts: dict[str, str]
) -> None:
    with pytest.raises(ClaimsError):
        load_sound_seeds(write_seeds(tmp_path, **texts))
    with pytest.raises(ClaimsError):
        load_sound_seeds(tmp_path / "nowhere")


@BUDGET
@given(size=st.floats(allow_nan=True, allow_infinity=True))
def test_any_size_is_taken_or_refused_as_the_rule_says(tmp_path: Path, size: float) -> None:
    text = changed("expected = 0.03", f"expected = {size!r}")
    problems = check_seeds(write_seeds(tmp_path, claims=text))
    assert bool(problems) is not (math.isfinite(size) and 0 < size <= 1)
