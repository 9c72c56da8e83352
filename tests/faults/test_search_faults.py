"""A live catalogue that misbehaves: the answer is whole, or it is an error, and it is bounded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.catalogs import StacApiCatalog
from pipeline.config import load_config
from pipeline.errors import SearchError
from pipeline.model.change import Period
from pipeline.model.grid import Bounds
from tests.faults.stac_stub import COLLECTION, N_PAGES, PAGE, stac_stub
from tests.unit.item_factory import BOTTOM, LEFT, RIGHT, TOP

if TYPE_CHECKING:
    from pipeline.model.scene import Scene

PLACE = Bounds(LEFT, BOTTOM, RIGHT, TOP)
YEAR = Period(datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 12, 31, tzinfo=UTC))
OPTIONS = load_config().search.model_copy(
    update={"collections": ("not-there", COLLECTION), "timeout_s": 5.0, "attempts": 3}
)
ALL = [f"S{index}" for index in range(N_PAGES * PAGE)]


def listed(url: str, **changes: Any) -> tuple[Scene, ...]:  # noqa: ANN401 - any option
    options = OPTIONS.model_copy(update=changes)
    return StacApiCatalog(url).search(PLACE, YEAR, options)


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_all_pages_come_in_both_methods(method: str) -> None:
    with stac_stub(method=method) as served:
        scenes = listed(served.url)
    assert [scene.id for scene in scenes] == ALL
    assert len(served.searches) == N_PAGES


def test_only_collection_box_and_time_are_asked_for() -> None:
    with stac_stub() as served:
        listed(served.url)
    asked = served.searches[0]
    assert set(asked) == {"collections", "bbox", "datetime", "limit"}
    assert asked["bbox"] == list(PLACE)
    assert asked["datetime"] == "2020-01-01T00:00:00Z/2020-12-31T00:00:00Z"


def test_relative_assets_lie_beside_the_item() -> None:
    with stac_stub() as served:
        scene = listed(served.url)[0]
    assert scene.assets["red"].href == f"{served.url}/collections/{COLLECTION}/items/red.tif"


def test_an_empty_answer_is_an_answer() -> None:
    with stac_stub("nothing") as served:
        assert listed(served.url) == ()


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize(
    ("mode", "n_more"), [("429 once", 1), ("503 on page 2", 1), ("429 on page 3", 2)]
)
def test_throttled_and_failing_pages_are_asked_again_and_nothing_is_lost(
    mode: str, n_more: int, method: str
) -> None:
    with stac_stub(mode, method) as served:
        scenes = listed(served.url)
    assert [scene.id for scene in scenes] == ALL
    assert len(served.searches) == N_PAGES + n_more


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize(
    ("mode", "status"), [("503 on page 3 for ever", 503), ("429 on page 2 for ever", 429)]
)
def test_a_page_that_never_comes_is_an_error_and_no_short_list(
    mode: str, status: int, method: str
) -> None:
    with (
        stac_stub(mode, method) as served,
        pytest.raises(SearchError, match=f"answered {status}"),
    ):
        listed(served.url)


def test_s06_a_document_that_is_too_deep_is_an_error_with_either_parser(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A faster parser is taken where there is one; the plain one raises another error."""
    monkeypatch.setattr("pystac.stac_io.orjson", None)
    with stac_stub("deep") as served, pytest.raises(SearchError, match="in full"):
        listed(served.url, attempts=1)


def test_throttling_without_end_ends() -> None:
    with stac_stub("429 for ever") as served, pytest.raises(SearchError, match="answered 429"):
        listed(served.url)
    assert len(served.searches) == OPTIONS.attempts


FAULTS = {
    "loop": "circle",
    "tokens": "circle",
    "endless": "more than 7 pages.*max_pages",
    "matched": "incomplete: 6 of 50",
    "context": "incomplete: 4 of 50",
    "empty": "incomplete: 0 of 50",
    "truncated": "could not be listed in full",
    "cut": "could not be listed in full",
    "deep": "could not be listed in full",
    "html": "could not be listed in full",
    "list": "not an object",
    "403": "answered 403",
    "broken item": "item S2: not a usable STAC item",
}


@pytest.mark.parametrize(("mode", "message"), FAULTS.items(), ids=FAULTS)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_an_incomplete_listing_is_an_error(mode: str, message: str, method: str) -> None:
    with stac_stub(mode, method) as served, pytest.raises(SearchError, match=message) as caught:
        listed(served.url, max_pages=7, attempts=1)
    assert caught.value.exit_code == 3
    assert len(served.searches) <= 8


def test_more_items_than_allowed_are_refused() -> None:
    with stac_stub() as served, pytest.raises(SearchError, match=r"more than 5 items.*max_items"):
        listed(served.url, max_items=5)


def test_a_stalled_page_is_given_up() -> None:
    with stac_stub("stall") as served, pytest.raises(SearchError, match="in full"):
        listed(served.url, timeout_s=0.2, attempts=2)
    assert len(served.searches) == 1 + 2


@pytest.mark.parametrize("mode", ["foreign", "redirect", "foreign search"])
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_another_host_is_refused_and_never_asked(mode: str, method: str) -> None:
    with (
        stac_stub() as other,
        stac_stub(mode, method, foreign=other.url) as served,
        pytest.raises(SearchError, match="leads away from"),
    ):
        listed(served.url)
    assert other.requests == []


def test_no_wanted_collection_names_what_there_is() -> None:
    with stac_stub("other collection") as served, pytest.raises(SearchError, match="it has modis"):
        listed(served.url)
    assert served.searches == []


def test_collections_that_run_in_a_circle_are_refused() -> None:
    with stac_stub("collections loop") as served, pytest.raises(SearchError, match="circle"):
        listed(served.url)
    assert len(served.requests) < 10


def test_nobody_at_home() -> None:
    with stac_stub() as served:
        url = served.url
    with pytest.raises(SearchError, match="in full"):
        listed(url, attempts=1)


def test_messages_hold_no_credentials() -> None:
    with stac_stub("403") as served:
        port = served.url.rsplit(":", 1)[1]
        url = f"http://user:hunter2@127.0.0.1:{port}?token=hunter3"
        with pytest.raises(SearchError) as caught:
            listed(url)
    chain = [caught.value, caught.value.__cause__]
    assert not any(secret in str(error) for error in chain for secret in ("hunter2", "hunter3"))


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with stac_stub() as other, stac_stub() as served:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, other.url)
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("NO_PROXY", "")
        assert len(listed(served.url)) == len(ALL)
    assert other.requests == []
