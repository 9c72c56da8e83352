"""What is said of a measured limit: in findings, on the page, in the terminal."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import terminal
from pipeline.model.limit import Basis, Plant, SiteLimits
from pipeline.publish.rows import zone_row
from pipeline.report import render_report, wording
from pipeline.terminal.limits import limit_notes, limit_table
from pipeline.words import lint
from tests.unit.findings_factory import make_findings
from tests.unit.limit_factory import GOOD, site_limits, sounding, zone_limit
from tests.unit.test_terminal import text_of

if TYPE_CHECKING:
    from pipeline.model.findings import DetectionLimit
    from pipeline.model.limit import ZoneLimit


def limit_with(zone: ZoneLimit) -> DetectionLimit:
    findings = replace(make_findings(), measured=site_limits(zone))
    return findings.limit_of("north-vacant")


def test_the_least_is_that_from_which_on_all_stronger_are_found() -> None:
    least = GOOD.least(Plant.BRIGHTER)
    assert least is not None
    assert (least.contrast, least.n_pixels) == (0.1, 4)
    lucky = zone_limit(sounding(0.02, 4), sounding(0.04, None), sounding(0.08, 4))
    one = lucky.least(Plant.BRIGHTER)
    assert one is not None
    assert one.contrast == 0.08


def test_the_area_of_the_least_is_that_of_the_strongest() -> None:
    uneven = zone_limit(sounding(0.04, 9), sounding(0.06, 4), sounding(0.08, 6), sounding(0.1, 6))
    least = uneven.least(Plant.BRIGHTER)
    assert least is not None
    assert (least.contrast, least.n_pixels) == (0.08, 6)
    assert zone_limit(sounding(0.04, 4), sounding(0.08, None)).least(Plant.BRIGHTER) is None
    assert GOOD.least(Plant.GREEN_LOST) is None
    assert zone_limit().least(Plant.DARKER) is None


@settings(deadline=None)
@given(st.lists(st.sampled_from([None, 4, 6, 9]), max_size=8))
def test_everything_stronger_than_the_least_is_found_at_its_area(sizes: list[int | None]) -> None:
    made = [sounding((k + 1) / 100, size) for k, size in enumerate(sizes)]
    least = zone_limit(*made).least(Plant.BRIGHTER)
    if least is None:
        assert not sizes or sizes[-1] is None
        return
    assert least.n_pixels is not None
    for one in made[made.index(least) :]:
        assert one.n_pixels is not None
        assert one.n_pixels <= least.n_pixels


def test_a_measured_limit_is_that_of_the_kind_hardest_to_find() -> None:
    limit = limit_with(GOOD)
    assert (limit.n_pixels, limit.area_m2, limit.contrast) == (4, 400.0, 0.1)
    assert (limit.basis, limit.power, limit.n_looks) == (Basis.PLANTED, 0.8, 3)
    assert limit.unseen == ((Plant.GREEN_LOST, 0.03),)


def test_a_zone_that_was_not_planted_in_is_estimated() -> None:
    findings = replace(make_findings(), measured=site_limits(GOOD))
    other = findings.limit_of("control-field")
    assert other.basis is Basis.ESTIMATED
    assert other == make_findings().limit_of("control-field")


def test_where_nothing_was_found_there_is_no_contrast() -> None:
    limit = limit_with(zone_limit(sounding(0.2, None)))
    assert math.isinf(limit.contrast)
    assert wording.quiet(limit, 20).startswith("Not observable")
    assert "nothing that was planted was found" in wording.limit_words(limit)
    assert terminal.limit_cell(limit) == "nothing"
    unwatched = limit_with(replace(zone_limit(), n_pixels=0))
    assert math.isnan(unwatched.contrast)
    assert wording.quiet(unwatched, 20).startswith("Too few clear looks")


def test_the_page_says_what_a_limit_rests_on() -> None:
    estimated = render_report(make_findings()).decode()
    assert "(limit estimated)" in estimated
    assert "measured by planting" not in estimated
    planted = replace(
        make_findings(), measured=site_limits(GOOD, replace(GOOD, zone_id="control-field"))
    )
    page = render_report(planted).decode()
    assert "(limit measured by planting)" in page
    assert "found with a probability of 80" in page


def test_kinds_that_stay_unseen_are_named() -> None:
    words = wording.quiet(limit_with(GOOD), 20)
    assert "contrast 0.100 was measured in 20 clear looks (limit measured by planting)." in words
    assert "A loss of vegetation of 0.03, the strongest that could be planted" in words
    assert not lint(words)
    assert wording.unseen(make_findings().limit_of("north-vacant")) == ""


def test_the_rows_say_what_a_limit_rests_on() -> None:
    findings = replace(make_findings(), measured=site_limits(GOOD))
    zone, field = (findings.site.zone(one) for one in ("north-vacant", "control-field"))
    assert zone_row(zone, findings)["limit_basis"] == "measured by planting"
    assert zone_row(field, findings)["limit_basis"] == "estimated"
    blind = replace(findings, measured=site_limits(zone_limit(sounding(0.2, None))))
    assert zone_row(zone, blind)["limit_contrast"] is None


@pytest.mark.parametrize(
    ("measured", "words"),
    [(None, "estimated; `zonewatch limit test-yard`"), (site_limits(GOOD), "measured by planting")],
)
def test_the_terminal_says_how_it_is_seen_from(measured: SiteLimits | None, words: str) -> None:
    text = text_of(terminal.zone_table(replace(make_findings(), measured=measured)))
    assert words in " ".join(text.split())


def test_the_table_tells_no_room_from_not_found() -> None:
    bare = zone_limit(sounding(0.2, 4), zone_id="bare")
    none = replace(zone_limit(zone_id="dark"), n_pixels=0, n_free=0)
    lines = text_of(limit_table("Yard [x]", site_limits(GOOD, bare, none))).splitlines()
    assert "Yard [x]: change found with 80 %, measured by planting" in lines[0]
    good, one, dark = (
        next(line for line in lines if line.strip().startswith(name))
        for name in ("north-vacant", "bare", "dark")
    )
    assert "400 m2, 0.10 (85-93 %)" in good
    assert "none up to 0.03" in good
    assert "75 %" in good
    assert one.count("no room") == 2
    assert dark.count("no room") == 3
    assert "none" in dark


def test_the_notes_say_what_was_planted_when_and_with_which_seed() -> None:
    notes = " ".join(limit_notes(site_limits(GOOD)))
    assert all(plant.value in notes for plant in Plant)
    assert "from 2020-10-01 to 2020-12-01 and last to 2021-02-01" in notes
    assert "0.05 % of unchanged pixels. Seed 7." in notes
    assert not lint(notes)
