"""What a person sees of claims: every field of one, a line of each, nothing that acts."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from pipeline.assess import plans_of
from pipeline.config import load_config
from pipeline.model.claim import Direction, Observable, Testability
from pipeline.terminal.claims import claim_page, claims_table, plain
from tests.unit.findings_factory import make_seeds, make_site

if TYPE_CHECKING:
    from rich.console import RenderableType

    from pipeline.model.claim import Seeds

SITE = make_site()


def drawn(what: RenderableType, width: int = 120) -> str:
    screen = io.StringIO()
    Console(file=screen, width=width, force_terminal=False).print(what)
    return screen.getvalue()


def words_of(text: str) -> str:
    return " ".join(text.split())


def page(seeds: Seeds, claim_id: str = "K000-01") -> str:
    plans = plans_of(seeds, SITE, load_config().assess)
    place = next(n for n, one in enumerate(seeds.claims) if one.id == claim_id)
    return words_of(drawn(claim_page(seeds.claims[place], seeds, SITE, plans[place])))


@pytest.fixture
def seeds() -> Seeds:
    """The seeds of the findings, their first claim with all that a claim can have."""
    held = make_seeds()
    first = held.claims[0]
    prediction = replace(
        first.predictions[0],
        observable=Observable.NIGHT_LIGHT,
        direction=Direction.DECREASE,
        sensors=("viirs-dnb",),
        expected=-1.8,
        window_days=(2, 365),
        reference_days=(-365, -31),
        basis="power went off",
    )
    rival = replace(first.alternatives[0], expected=0.5)
    shut = replace(rival, id="haze", excluded_by="controls", expected=None)
    first = replace(
        first, predictions=(prediction,), alternatives=(rival, shut), is_positive_control=True,
        is_from_imagery=True,
    )  # fmt: skip
    child = replace(held.claims[1], derived_from=("K000-01", "K000-99"))
    return replace(held, claims=(first, child, *held.claims[2:]))


def test_a_page_holds_everything_about_a_claim(seeds: Seeds) -> None:
    shown = page(seeds)
    claim, source = seeds.claims[0], seeds.sources[1]
    for text in (
        claim.statement, claim.speaker, claim.place, claim.note, source.publisher, source.title,
        source.published, source.file, source.note, source.sha256[:12],
        "one step from the event", "R2 of R1 (best) to R6", "positive control",
        "read off satellite images itself",
        "event 2020-10-25 Yonhap", "event 2020-11-25 Daily NK",
        "night light: down 83 %, viirs-dnb", "power went off", "-1.8 of its natural logarithm",
        "2020-10-27 to 2021-10-25, against 2019-10-26 to 2020-09-24 (event 2020-10-25)",
        "2020-11-27 to 2021-11-25, against 2019-11-26 to 2020-10-25 (event 2020-11-25)",
        "grain the same signal. Raised by VOA. [open: the method does not rule it out; expected",
        "expected size +0.5]",
        "[ruled out by the controls: it would move them too]",
        "rests on no claim of the folder", "is repeated by K000-02 Statement 2",
        "north-vacant: has an outline in test-yard",
        "pad_days 10",
    ):  # fmt: skip
        assert text in shown, text
    plans = plans_of(seeds, SITE, load_config().assess)
    assert plans[0].sha256 in shown


def test_a_page_tells_both_ends_of_dependence_and_what_is_missing(seeds: Seeds) -> None:
    shown = page(seeds, "K000-02")
    assert "rests on K000-01 Statement 1 about goods in the yards K000-99 left out" in shown
    assert "electronics: not placed by any source, 2 cells are searched" in shown
    assert "none stated: neither support nor opposition can come of it" in shown


def test_the_default_window_is_shown_as_days(seeds: Seeds) -> None:
    """Ten days of margin on both sides of an asserted day."""
    assert "2020-10-15 to 2020-11-04, against all other looks" in page(seeds, "K000-03")


def test_a_claim_without_anything_to_see_says_so(seeds: Seeds) -> None:
    shown = page(seeds, "K000-04")
    assert "T0: it predicts nothing that a satellite could see" in shown
    assert "Predictions, fixed before a look at the data none" in shown
    assert "Other explanations" not in shown


def test_sub_metre_predictions_have_no_window(seeds: Seeds) -> None:
    claim = seeds.claims[0]
    unseen = replace(claim.predictions[0], sensors=("sub-metre",), expected=None)
    seeds = replace(seeds, claims=(replace(claim, predictions=(unseen,)), *seeds.claims[1:]))
    assert "window none: no open sensor is asked" in page(seeds)


def test_a_table_has_a_line_for_each_claim(seeds: Seeds) -> None:
    shown = drawn(claims_table(seeds))
    for claim in seeds.claims:
        assert f"\n {claim.id} " in shown
    assert "4 claims of 2 sources (3 T1, 0 T2, 0 T3, 1 T0)" in shown
    assert "T1 ●" in shown
    assert "2020-10-25 ≠ 2020-11-25" in words_of(shown)
    assert "night light: down 83 %, viirs-dnb" in shown
    assert "nothing to be seen" in shown
    assert "electronics?" not in shown


def test_only_testable_claims_and_unplaced_zones_can_be_told(seeds: Seeds) -> None:
    placed = [zone.id for zone in SITE.zones if zone.is_placed]
    shown = drawn(claims_table(seeds, only_testable=True, placed=placed))
    assert "3 of 4 claims" in shown
    assert "K000-04" not in shown
    assert "electronics?" in shown
    assert "north-vacant?" not in shown


ONE_LINERS = {
    "night light: up 348 %,": (Observable.NIGHT_LIGHT, Direction.INCREASE, 1.5),
    "night light: no change beyond 22 %,": (Observable.NIGHT_LIGHT, Direction.NO_CHANGE, -0.25),
    "temperature: down 0.8 K,": (Observable.SURFACE_TEMPERATURE, Direction.DECREASE, -0.8),
    "built up: up 8 % of the place,": (Observable.BUILT_UP, Direction.INCREASE, 0.08),
    "vegetation: down 0.1 NDVI,": (Observable.VEGETATION, Direction.DECREASE, -0.1),
    "surface change: changed, viirs-dnb": (Observable.SURFACE_CHANGE, Direction.CHANGE, None),
}


@pytest.mark.parametrize("words", ONE_LINERS)
def test_a_prediction_in_one_line(seeds: Seeds, words: str) -> None:
    observable, direction, size = ONE_LINERS[words]
    claim = seeds.claims[0]
    one = replace(claim.predictions[0], observable=observable, direction=direction, expected=size)
    seeds = replace(seeds, claims=(replace(claim, predictions=(one,)),))
    assert words in words_of(drawn(claims_table(seeds), 200))


@pytest.mark.parametrize("grade", Testability)
def test_every_grade_has_its_words(seeds: Seeds, grade: Testability) -> None:
    seeds = replace(seeds, claims=(replace(seeds.claims[0], testability=grade),))
    assert f"{grade.value}: " in drawn(claims_table(seeds))
    assert f"{grade.value}: " in page(seeds)


HOSTILE = [
    "\x1b[2J\x1b]0;title\x07", "\u202eevil", "[red]not red[/red]", "[/]", "\r\x08\x7f",
    "$(reboot) `id`; rm -rf / | cat", "'; DROP TABLE runs; --", "<script>alert(1)</script>",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_does_nothing(seeds: Seeds, text: str) -> None:
    claim = seeds.claims[0]
    bad = replace(
        claim, statement=text, speaker=text, place=text, note=text,
        times=(replace(claim.times[0], asserted_by=(text,)),),
        predictions=(replace(claim.predictions[0], basis=text),),
        alternatives=(replace(claim.alternatives[0], predicts=text, raised_by=text),),
    )  # fmt: skip
    source = replace(seeds.sources[1], publisher=text, title=text, note=text)
    seeds = replace(seeds, claims=(bad,), sources=(seeds.sources[0], source))
    shown = page(seeds)
    assert shown.isprintable()
    assert shown.count(words_of(plain(text))) >= 8
    drawn(claims_table(seeds))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_nothing_unprintable_is_left_and_what_is_printable_stays(text: str) -> None:
    shown = plain(text)
    assert shown.replace("\n", "").isprintable()
    if text.isprintable():
        assert shown == text
