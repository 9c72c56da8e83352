"""The page of a dossier in a real browser: nothing is fetched, all is drawn, it fits a phone."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.dossier import write_dossier
from tests.browser.test_report_page import ARGUMENTS, CHROMIUM
from tests.unit.dossier_factory import make_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed (apt-get install chromium)"
)


@cache
def index() -> Path:
    made = make_run(Path(tempfile.mkdtemp()))
    return write_dossier(made.wanted()).folder / "data" / "index.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this file."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as play:
        running = play.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield running
        running.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_it_opens_from_disk_and_fits(browser: Browser, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(index().as_uri())
    outside = [one for one in asked if not one.startswith(("data:", index().as_uri()))]
    assert (outside, complaints) == ([], [])
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0
    assert page.locator(".banner").inner_text().startswith("SIMULATED")
    assert page.locator("svg image").count() >= 2
    assert page.locator("figure.card svg circle").count() > 50
    page.close()


def test_every_link_on_it_leads_somewhere(browser: Browser) -> None:
    page = browser.new_page()
    page.goto(index().as_uri())
    targets = page.eval_on_selector_all("a[href^='#']", "all => all.map(a => a.hash.slice(1))")
    assert targets
    for target in targets:
        assert page.locator(f"[id='{target}']").count() == 1, target
    page.close()


def test_charts_are_drawings_of_their_own(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 800, "height": 400})
    for chart in sorted((index().parent / "charts").iterdir()):
        page.goto(chart.as_uri())
        assert page.locator("svg circle").count() > 50
        assert "SIMULATED" in page.content()
    page.close()
