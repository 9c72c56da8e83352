"""The page: complete, inert, honest in its words, the same bytes each time."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING

import jinja2
import pytest

from pipeline.model.assessment import Verdict
from pipeline.report import render_report
from pipeline.report.compose import compose
from pipeline.report.page import render
from pipeline.report.wording import TO
from tests.unit.findings_factory import make_findings, make_seeds, poisoned

if TYPE_CHECKING:
    from collections.abc import Iterator

VOID = {"meta", "link", "br", "img", "hr", "input"}
BANNED = (
    r"\bno activity\b", r"\bprove[sd]?\b", r"\bconfirms\b", r"\bshows that\b",
    r"\bdespite (the )?clouds?\b", r"\bsignifican\w*",
)  # fmt: skip
LARGEST_PAGE = 8_000_000


class Page(HTMLParser):
    """The tags, their attributes and the text of a page; refuses a page that does not nest."""

    def __init__(self, html: str) -> None:
        """Read the page."""
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and wait for its end."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that ends itself."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Match an end with its tag."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note what a reader sees."""
        if "style" not in self.open[-1:]:
            self.words.append(data)

    @property
    def text(self) -> str:
        """All words."""
        return " ".join(" ".join(self.words).split())

    def values(self, name: str) -> list[str]:
        """All values of an attribute."""
        return [attrs[name] or "" for _, attrs in self.tags if name in attrs]


@pytest.fixture(scope="module")
def html() -> str:
    return render_report(make_findings()).decode()


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def strings(value: object) -> Iterator[str]:
    """Every text inside the content of a page."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from strings(part)
    elif is_dataclass(value):
        for field in fields(value):
            yield from strings(getattr(value, field.name))


def test_same_findings_same_bytes() -> None:
    assert render_report(make_findings()) == render_report(make_findings())


def test_the_page_begins_with_its_doctype_and_is_small(html: str) -> None:
    assert html.startswith("<!doctype html>")
    assert len(html.encode()) < LARGEST_PAGE


def test_nothing_is_fetched_and_nothing_runs(page: Page) -> None:
    policy = [attrs for tag, attrs in page.tags if tag == "meta" and "content" in attrs]
    assert any("default-src 'none'" in (one["content"] or "") for one in policy)
    assert "script" not in [tag for tag, _ in page.tags]
    for name in ("src", "href", "action", "srcset", "data", "poster"):
        for value in page.values(name):
            assert value.startswith(("#", "data:image/png;base64,", "data:,")), value
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]


def test_styles_fetch_nothing(html: str) -> None:
    style = html[html.index("<style>") : html.index("</style>")]
    assert "@import" not in style
    assert "url(" not in style


def test_every_link_inside_the_page_arrives(page: Page) -> None:
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    targets = [value[1:] for value in page.values("href") if value.startswith("#")]
    assert targets
    assert set(targets) <= set(ids)


def test_every_claim_is_there_with_verdict_dates_and_speakers(page: Page) -> None:
    for claim in make_seeds().claims:
        assert f"claim-{claim.id}" in page.values("id")
        assert claim.statement in page.text
        for time in claim.times:
            assert time.start.isoformat() in page.text
            assert time.asserted_by[0] in page.text
    for word in ("Corroborated", "Not corroborated", "Contradicted", "Not observable"):
        assert word in page.text


def test_every_named_zone_is_there_and_no_cell_has_a_section(page: Page) -> None:
    for zone in make_findings().named_zones:
        assert f"zone-{zone.id}" in page.values("id")
        assert zone.label in page.text
    assert not [one for one in page.values("id") if one.startswith("zone-cell")]


def test_both_dates_of_a_conflict_stand_equal() -> None:
    (claim,) = [
        row for group in compose(make_findings()).sources for row in group.claims
        if row.id == "K000-01"
    ]  # fmt: skip
    assert claim.times == (
        ("2020-10-25 (event)", "Yonhap"),
        ("2020-11-25 (event)", "Daily NK"),
    )
    assert "Date disputed" in [one.label for one in claim.modifiers]


def test_a_quiet_zone_states_its_limit(page: Page) -> None:
    line = "No change larger than 400 m² (4 px) at contrast 0.040 was measured in 16 clear looks"
    assert f"{line} (limit estimated)." in page.text


def test_a_zone_of_unknown_place_says_so(page: Page) -> None:
    assert "Position not established: 2 cells of the search grid stand in" in page.text
    assert "A change was measured in 0 of them" in page.text


def test_onset_is_an_interval_and_area_carries_its_error(page: Page) -> None:
    assert f"2020-09-19 {TO} 2020-10-09" in page.text
    assert "10,000 ± 2,000 m²" in page.text


def test_failures_are_told(page: Page) -> None:
    assert "CorruptAssetError" in page.text
    assert "the file ends too early" in page.text
    clean = Page(render_report(replace(make_findings(), failures=())).decode())
    assert "Every asset of every scene arrived" in clean.text


def test_f21_what_is_said_of_the_listing_stands_on_the_page(page: Page) -> None:
    words = "2 scenes that an earlier listing named are not listed any more: <b>S1</b>, S2"
    told = Page(render_report(replace(make_findings(), on_listing=(words,))).decode())
    assert f"Note: {words}." in told.text
    assert "Note:" not in page.text


@pytest.mark.parametrize("is_simulated", [True, False])
def test_banner_if_and_only_if_simulated(*, is_simulated: bool) -> None:
    page = Page(render_report(make_findings(is_simulated=is_simulated)).decode())
    marks = ["SIMULATED" in page.text, "banner" in page.values("class"), "rehearsal" in page.text]
    assert set(marks) == {is_simulated}
    assert ("Contains modified Copernicus Sentinel data" in page.text) is not is_simulated


def test_every_figure_of_a_simulated_site_is_marked(html: str) -> None:
    figures = re.findall(r'<svg viewBox="0 0 [^"]*" role="img".*?</svg>', html, re.DOTALL)
    assert len(figures) >= 8
    for figure in figures:
        assert "SIMULATED" in figure or "acquisitions by year" in figure


@pytest.mark.parametrize("is_simulated", [True, False])
def test_no_banned_word(*, is_simulated: bool) -> None:
    findings = make_findings(is_simulated=is_simulated)
    text = Page(render_report(findings).decode()).text
    for pattern in BANNED:
        assert not re.search(pattern, text, re.IGNORECASE), pattern


def test_no_verdict_is_told_by_colour_alone(html: str) -> None:
    for chip in re.findall(r'<span class="chip [^"]*">(.*?)</span>\s*(?:</|<)', html, re.DOTALL):
        assert re.sub(r"<[^>]*>|[^A-Za-z]", "", chip)


def test_pictures_speak(page: Page) -> None:
    drawn = [attrs for tag, attrs in page.tags if tag == "svg" and attrs.get("role") == "img"]
    assert drawn
    assert all(attrs.get("aria-label") for attrs in drawn)
    heads = [attrs for tag, attrs in page.tags if tag == "th"]
    assert heads
    assert all(attrs.get("scope") for attrs in heads)


def test_headings_skip_no_level(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    body = levels[levels.index(1) :]
    assert all(b - a <= 1 for a, b in pairwise(body))


@pytest.mark.parametrize(
    "payload",
    [
        "<script>window.__x=1</script>",
        '"><img src=x onerror="window.__x=1">',
        "' onmouseover='window.__x=1",
        "</style><script>window.__x=1</script>",
        "</title><script>window.__x=1</script>",
        "javascript:window.__x=1",
        "{{ 7 * 7 }}{% raw %}",
        "]]><svg onload=window.__x=1>",
        "\u202egnp.exe\u0000\ufffe",
    ],
)
def test_hostile_text_stays_text(payload: str) -> None:
    plain = Page(render_report(make_findings()).decode())
    hostile = Page(render_report(poisoned(make_findings(), payload)).decode())
    assert "49" not in hostile.text or "{{" not in payload
    assert {tag for tag, _ in hostile.tags} == {tag for tag, _ in plain.tags}
    assert [tag for tag, _ in hostile.tags].count("image") == [t for t, _ in plain.tags].count(
        "image"
    )
    for name in ("src", "href"):
        assert all(one.startswith(("#", "data:")) for one in hostile.values(name))
    assert not [name for _, attrs in hostile.tags for name in attrs if name.startswith("on")]


def test_hostile_ids_make_no_tags_and_links_still_arrive() -> None:
    findings = make_findings()
    assert findings.seeds is not None
    evil = 'K"><script>window.__x=1</script> #%&'
    claims = (replace(findings.seeds.claims[0], id=evil), *findings.seeds.claims[1:])
    answers = (replace(findings.assessments[0], claim_id=evil), *findings.assessments[1:])
    findings = replace(findings, seeds=replace(findings.seeds, claims=claims), assessments=answers)
    page = Page(render_report(findings).decode())
    assert "script" not in [tag for tag, _ in page.tags]
    assert f"claim-{evil}" in page.values("id")


def test_a_lone_surrogate_does_not_stop_the_page() -> None:
    data = render_report(poisoned(make_findings(), "bad \udcff end"))
    assert "bad ? end" in data.decode()


def test_without_claims_there_is_no_claims_section() -> None:
    page = Page(render_report(replace(make_findings(), seeds=None, assessments=())).decode())
    assert "claims" not in page.values("id")
    assert "#claims" not in page.values("href")


def test_without_detections_every_placed_zone_is_quiet() -> None:
    content = compose(replace(make_findings(), detections=()))
    assert [group.key for group in content.groups] == ["quiet", "unplaced", "control"]
    assert content.site_map.legend == ()


def test_an_undefined_name_in_a_template_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render(None)  # type: ignore[arg-type]


def test_counts_per_verdict_hold_all_four() -> None:
    content = compose(make_findings())
    assert [one.count for one in content.verdicts] == [1] * len(Verdict)
    assert content.summary[0] == "40 of 42 listed scenes gave a usable look at the site."
    assert content.summary[1] == (
        "1 change of at least 4 px was measured, in 2 of 3 zones whose place is known."
    )


def test_the_words_of_the_page_name_no_machine() -> None:
    for text in strings(compose(make_findings())):
        assert "/tmp" not in text  # noqa: S108 - looked for, not used
        assert "/work" not in text
