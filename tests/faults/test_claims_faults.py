"""Bad and hostile claims through the whole flow: from a file of an analyst to the report.

Here belong the faults of claims that no single module answers for. Each rule alone has its tests
beside the module that holds it.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
import unicodedata
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from pipeline.assess import assess, plans_of
from pipeline.claims import add_claims, check_new, check_seeds, load_seeds
from pipeline.config import load_config
from pipeline.errors import ClaimsError
from pipeline.model.change import Period
from pipeline.model.findings import Findings
from pipeline.model.signal import Evidence
from pipeline.publish import publish_products
from pipeline.report import render_report
from pipeline.terminal.claims import claim_page, claims_table
from tests.unit.findings_factory import INSTANTS, make_pieces, make_scenes, make_site
from tests.unit.seeds_factory import CLAIMS, spoil, write_seeds
from tests.unit.table_factory import FIRST, csv_text, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.model.assessment import Assessment
    from pipeline.model.claim import Seeds
    from pipeline.model.site import Site

OPTIONS = load_config().assess

NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; DROP TABLE runs; --",
    "Robert'); DELETE FROM ledger WHERE 1=1; --",
    "$(reboot) `reboot` ; rm -rf / | cat /etc/passwd && echo ${HOME}",
    "%s %d %n {0} {self.__class__} {{ 7 * 7 }} {% raw %}",
    "\\x3cscript\\x3e &lt;b&gt; &amp;amp;",
    "line one\nline two",
    "개성공단 — «naïve» \U0001d518\U0001d52b",
    "../../../../etc/passwd\\..\\..",
    "NA",
    "[bold red]markup[/bold red]",
]


def seen_through(tmp_path: Path, text: str) -> tuple[Findings, Path]:
    """A claim with that text wherever it takes words, weighed and published."""
    folder = write_seeds(tmp_path)
    row = FIRST | {
        "statement": text, "speaker": text, "place": text, "note": text, "asserted_by": "x",
        "basis": text, "alternative_predicts": text, "alternative_raised_by": text,
        "alternative_excluded_by": "", "zones": "",
    }  # fmt: skip
    done = add_claims(folder, write_csv(tmp_path, csv_text([row])))
    assert [str(one) for one in done.problems] == []
    seeds, site = load_seeds(folder), make_site()
    answers = assess(seeds, site, Evidence((), is_simulated=True), OPTIONS)
    findings = found(seeds, answers)
    products = tmp_path / "products"
    publish_products(products, findings, {"report.html": render_report(findings)})
    return findings, products


def found(seeds: Seeds, answers: tuple[Assessment, ...]) -> Findings:
    """The findings of a small pass with these claims."""
    pieces = make_pieces()
    return Findings(
        run_id="e" * 64,
        source="test catalogue",
        settings_sha256="f" * 64,
        site=make_site(),
        seeds=seeds,
        period=Period(INSTANTS[0], INSTANTS[-1]),
        scenes=make_scenes(pieces["cube"]),
        assessments=answers,
        failures=(),
        min_pixels=4,
        min_zone_clear_share=0.5,
        **pieces,
    )


@pytest.mark.parametrize("text", NASTY)
def test_b12_nasty_text_travels_letter_by_letter_and_does_nothing(
    tmp_path: Path, text: str
) -> None:
    findings, products = seen_through(tmp_path, text)
    assert findings.seeds is not None
    claim = findings.seeds.claims[-1]
    assert {claim.statement, claim.speaker, claim.place, claim.note} == {text}

    page = (products / "report.html").read_text(encoding="utf-8")
    shown = html.unescape(re.sub(r"<[^>]+>", "", page))
    assert " ".join(text.split()) in " ".join(shown.split())
    assert "<script" not in page.lower()
    assert not re.search(r"<[^>]*\son\w+\s*=", page)
    if "<" in text:
        assert text not in page

    held = json.loads((products / "assessments.json").read_bytes())
    assert any(text in one for one in strings(held))
    rows = csv.DictReader(io.StringIO((products / "assessments.csv").read_text(encoding="utf-8")))
    assert all(not str(cell).startswith(("=", "+", "@")) for row in rows for cell in row.values())

    screen = io.StringIO()
    plans = plans_of(findings.seeds, findings.site, OPTIONS)
    console = Console(file=screen, width=200)
    console.print(claims_table(findings.seeds))
    console.print(claim_page(claim, findings.seeds, findings.site, plans[-1]))
    printed = " ".join(screen.getvalue().split())
    assert " ".join(text.split()) in printed
    assert "\x1b" not in printed


def strings(value: object) -> list[str]:
    """Every text in a JSON value."""
    if isinstance(value, dict):
        return [one for inner in value.values() for one in strings(inner)]
    if isinstance(value, list):
        return [one for inner in value for one in strings(inner)]
    return [value] if isinstance(value, str) else []


IDS = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")
ZONES = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
names = st.text(min_size=1, max_size=80) | st.from_regex(r"[A-Za-z0-9-]{1,70}", fullmatch=True)
BUDGET = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80
)


@BUDGET
@given(name=names.filter(lambda text: "\r" not in text))
def test_b05_an_id_is_a_slug_or_is_refused(tmp_path: Path, name: str) -> None:
    """Path-like, look-alike, reversed and endless ids all end in the same refusal."""
    text = spoil(CLAIMS, '"plain-id"', json.dumps(name).replace("\x7f", "\\u007f"))
    problems = check_seeds(write_seeds(tmp_path, claims=text))
    fits = IDS.fullmatch(name) is not None and name.casefold() not in {"a001-01", "a001-02"}
    assert (not problems) is fits
    assert all(str(one).isprintable() for one in problems)


@BUDGET
@given(name=names)
def test_b05_an_id_of_a_table_is_a_slug_or_is_refused(tmp_path: Path, name: str) -> None:
    file = write_csv(tmp_path, csv_text([FIRST | {"id": "K-0"}, FIRST | {"id": name}]))
    try:
        found = check_new(write_seeds(tmp_path), file)
    except ClaimsError as error:
        assert str(error).isprintable()  # noqa: PT017 - other names raise nothing
        return
    assert all(IDS.fullmatch(one) for one in found.added)
    assert all(str(one).isprintable() for one in found.problems)


@pytest.mark.parametrize(
    "name",
    ["../../x", "NA/../x", "a\u200bb", "\u0430bc", "x" * 300, "a\nb", "\u202eabc", "", "-a", "a_b",
     unicodedata.normalize("NFD", "é"), "KAESONG"],
)  # fmt: skip
def test_b05_a_zone_id_that_is_no_slug_is_refused(tmp_path: Path, name: str) -> None:
    assert ZONES.fullmatch(name) is None
    old = 'zones = ["yard", "depot"]'
    text = spoil(CLAIMS, old, f"zones = [{json.dumps(name)}]")
    (problem,) = check_seeds(write_seeds(tmp_path, claims=text))
    assert problem.what.startswith("zones.0:")
    assert str(problem).isprintable()


@pytest.mark.parametrize(
    "line",
    ["remove = NO", "remove = 010", "remove = 12:30:45", "remove = 2\nremove = 2",
     "remove = &a 2", "remove = !!python/object 2", "remove = 1_0", "\tremove = 1.10",
     "remove = yes"],
)  # fmt: skip
def test_b06_what_yaml_would_guess_is_refused_by_line(tmp_path: Path, line: str) -> None:
    text = spoil(CLAIMS, "remove = 2", line)
    problems = check_seeds(write_seeds(tmp_path, claims=text))
    assert problems
    assert all(re.search(r"claims\.toml:(8|9|10)\b", one.where) for one in problems)


def test_b08_a_time_to_come_is_accepted_and_not_observable(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path)
    row = FIRST | {"time": "2031-05", "zones": "north-vacant"}
    assert add_claims(folder, write_csv(tmp_path, csv_text([row]))).added == ("N-01",)
    answers = assess(load_seeds(folder), make_site(), Evidence(()), OPTIONS)
    assert answers[-1].claim_id == "N-01"
    assert answers[-1].verdict.value == "not_observable"
    assert answers[-1].sentence


@pytest.mark.parametrize(
    ("day", "start_utc"),
    [
        (date(2013, 9, 16), datetime(2013, 9, 15, 15, 0, tzinfo=UTC)),
        (date(2017, 10, 17), datetime(2017, 10, 16, 15, 30, tzinfo=UTC)),
        (date(2015, 8, 15), datetime(2015, 8, 14, 15, 30, tzinfo=UTC)),
        (date(2018, 5, 5), datetime(2018, 5, 4, 15, 0, tzinfo=UTC)),
        (date(2020, 11, 25), datetime(2020, 11, 24, 15, 0, tzinfo=UTC)),
    ],
)
def test_f23_windows_are_civil_days_of_the_site(
    tmp_path: Path, day: date, start_utc: datetime
) -> None:
    """UTC+8:30 from August 2015 to May 2018, UTC+9 before and after."""
    (window,) = windows_of(tmp_path, day, (0, 0))
    assert datetime.fromisoformat(window[0]) == start_utc
    assert datetime.fromisoformat(window[0]).tzinfo is not None


def windows_of(tmp_path: Path, day: date, days: tuple[int, int]) -> list[tuple[str, str]]:
    """The windows of a claim about one day."""
    row = FIRST | {
        "time": day.isoformat(), "window_first_day": str(days[0]), "window_last_day": str(days[1]),
        "reference_first_day": "", "reference_last_day": "",
    }  # fmt: skip
    folder = write_seeds(tmp_path)
    add_claims(folder, write_csv(tmp_path, csv_text([row])))
    plan = plans_of(load_seeds(folder), make_site(), OPTIONS)[-1]
    return [(one.start_utc, one.end_utc) for one in plan.windows]


@BUDGET
@given(
    day=st.dates(date(2004, 1, 1), date(2030, 1, 1)),
    days=st.tuples(st.integers(-800, 800), st.integers(0, 800)),
)
def test_f23_a_window_never_depends_on_where_the_host_stands(
    tmp_path: Path, day: date, days: tuple[int, int]
) -> None:
    (window,) = windows_of(tmp_path, day, (days[0], days[0] + days[1]))
    start, end = map(datetime.fromisoformat, window)
    assert start.utcoffset() == end.utcoffset() == UTC.utcoffset(None)
    assert (end - start).days == days[1] + 1
    first = start.astimezone(ZoneInfo("Asia/Pyongyang"))
    assert abs((first.date() - day).days - days[0]) <= 1


def test_b09_an_unknown_zone_sensor_or_observable_and_a_missing_source(tmp_path: Path) -> None:
    site: Site = make_site()
    known = [zone.id for zone in site.zones]
    rows = [
        FIRST | {"id": "N-1", "zones": "moon"},
        FIRST | {"id": "N-2", "zones": "north-vacant", "sensors": "sputnik"},
        FIRST | {"id": "N-3", "zones": "north-vacant", "observable": "mood"},
        FIRST | {"id": "N-4", "zones": "north-vacant", "source": ""},
        FIRST | {"id": "N-5", "zones": "north-vacant", "source": "nobody"},
        FIRST | {"id": "N-6", "zones": "north-vacant"},
    ]
    file = write_csv(tmp_path, csv_text(rows))
    found = check_new(write_seeds(tmp_path), file, zone_ids=known)
    assert found.added == ("N-6",)
    assert [one.where.rsplit("new.csv:", 1)[1] for one in found.problems] == [
        f"{number + 1}: N-{number}" for number in range(1, 6)
    ]
    assert all(one.remedy for one in found.problems)
