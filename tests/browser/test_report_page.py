"""The page in a real browser: nothing runs, nothing is fetched, everything fits and can be read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.report import render_report
from tests.unit.findings_factory import make_findings, poisoned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PAYLOADS = (
    "<script>window.__x=1</script>",
    '"><img src=x onerror="window.__x=1">',
    "' autofocus onfocus='window.__x=1' x='",
    "</style></title></svg><svg onload=window.__x=1>",
    "<style>body{background:url(http://127.0.0.1:9/leak)}</style>",
)

pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed (apt-get install chromium)"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this file."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as play:
        running = play.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh tab."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def show(page: Page, folder: Path, data: bytes) -> tuple[list[str], list[str]]:
    """Open a page from a folder; give what it asked for beyond itself, and its complaints."""
    file = folder / "report.html"
    file.write_bytes(data)
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(file.as_uri())
    outside = [url for url in asked if url != file.as_uri() and not url.startswith("data:")]
    return outside, complaints


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_neither_runs_nor_calls(page: Page, tmp_path: Path, payload: str) -> None:
    outside, _ = show(page, tmp_path, render_report(poisoned(make_findings(), payload)))
    assert page.evaluate("typeof window.__x") == "undefined"
    assert outside == []
    assert page.get_by_text(payload[:20]).count() > 0


def test_the_page_asks_for_nothing_and_complains_of_nothing(page: Page, tmp_path: Path) -> None:
    assert show(page, tmp_path, render_report(make_findings())) == ([], [])


@pytest.mark.parametrize("width", [360, 390, 768, 1024, 1440])
def test_no_sideways_scrolling(page: Page, tmp_path: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    show(page, tmp_path, render_report(make_findings()))
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("is_simulated", [True, False])
def test_banner_stays_in_sight_while_scrolling(
    page: Page, tmp_path: Path, *, is_simulated: bool
) -> None:
    show(page, tmp_path, render_report(make_findings(is_simulated=is_simulated)))
    page.evaluate("window.scrollTo({top: 3000, behavior: 'instant'})")
    banner = page.locator(".banner")
    assert banner.count() == int(is_simulated)
    if is_simulated:
        place = banner.bounding_box()
        assert place is not None
        assert 0 <= place["y"] < 5
        assert place["height"] > 30


def test_every_picture_is_drawn(page: Page, tmp_path: Path) -> None:
    show(page, tmp_path, render_report(make_findings()))
    sizes = page.evaluate(
        "Array.from(document.querySelectorAll('svg[role=img]'), s => {"
        "const b = s.getBoundingClientRect(); return [b.width, b.height]; })"
    )
    assert len(sizes) >= 8
    assert min(min(size) for size in sizes) > 40


def test_a_link_leads_to_its_zone(page: Page, tmp_path: Path) -> None:
    show(page, tmp_path, render_report(make_findings()))
    page.locator(".side a", has_text="North vacant lot").click()
    page.wait_for_function("document.querySelector('#zone-north-vacant').matches(':target')")


def test_folded_claims_open_by_keyboard(page: Page, tmp_path: Path) -> None:
    show(page, tmp_path, render_report(make_findings()))
    fold = page.locator("details.more").first
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    assert fold.evaluate("element => element.open") is True


CONTRAST = """() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const lum = ([r, g, b]) => [r, g, b].map(v => { v /= 255;
    return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; })
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const back = e => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; }
    return [255, 255, 255]; };
  const out = [];
  for (const e of document.querySelectorAll('main *, .side *')) {
    if (e.closest('svg') || !e.getClientRects().length) continue;
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const a = lum(parse(getComputedStyle(e).color)), b = lum(back(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) out.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)}`);
  }
  return out;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_schemes(browser: Browser, tmp_path: Path, scheme: str) -> None:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    tab = context.new_page()
    show(tab, tmp_path, render_report(make_findings()))
    weak = tab.evaluate(CONTRAST)
    context.close()
    assert weak == []
