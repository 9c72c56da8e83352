"""Recorded items of the public catalogues: every asset that is a band may be asked for, or not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.catalogs.items import scene_from_item
from pipeline.catalogs.presets import PRESETS
from pipeline.errors import FetchError
from pipeline.fetch import fetch_scene
from pipeline.fetch.whole import is_read_whole
from pipeline.network.door import Door
from pipeline.sensors import SENSORS
from tests.unit.fetch_factory import SITE, options, store_at
from tests.unit.item_factory import REAL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.model.scene import Scene

pytestmark = pytest.mark.real
BANDS = ("blue", "green", "red", "nir", "scl")


def recorded(name: str) -> Path:
    path = REAL / "stac_items" / name
    if not path.exists():
        pytest.skip(f"no data at {path}; set ZONEWATCH_REAL")
    return path


def items_in(document: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    """The items of a recording, whatever it is wrapped in."""
    if isinstance(document, list):
        yield from document
    elif "response" in document:
        yield from items_in(document["response"]["body"])
    elif document.get("type") == "FeatureCollection":
        yield from document["features"]
    elif document.get("type") == "Feature":
        yield document


def scenes_in(folder: str, base: str) -> Iterator[Scene]:
    for path in sorted(recorded(folder).glob("*.json")):
        for item in items_in(json.loads(path.read_text(encoding="utf-8"))):
            is_cut = not item.get("properties") or not item.get("assets")
            if not is_cut and item.get("collection", "").startswith("sentinel-2"):
                yield scene_from_item(item, base=base)


@pytest.mark.parametrize(
    ("folder", "name"),
    [("earth_search_v1", "earth-search"), ("planetary_computer", "planetary-computer")],
)
def test_the_bands_of_recorded_scenes_lie_on_listed_hosts(folder: str, name: str) -> None:
    preset, n_asked = PRESETS[name], 0
    for scene in scenes_in(folder, preset.url):
        if scene.collection not in preset.collections["sentinel-2"]:
            continue
        for band in BANDS:
            preset.access.check(scene.assets[band].href)
            n_asked += 1
    assert n_asked >= 5 * len(BANDS)


def test_a_catalogue_may_not_ask_the_hosts_of_another() -> None:
    scenes = list(scenes_in("planetary_computer", PRESETS["planetary-computer"].url))
    with pytest.raises(FetchError, match="gives Sentinel-2"):
        PRESETS["earth-search"].access.check(scenes[0].assets["red"].href)


def test_landsat_of_earth_search_is_refused_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For whoever comes past the command line: one typed failure a band, and where to go."""
    preset, landsat = PRESETS["earth-search"], SENSORS["landsat"]
    path = recorded("earth_search_v1/POST_search_multicoll_0_exchange.json")
    items = items_in(json.loads(path.read_text(encoding="utf-8")))
    (item,) = [one for one in items if one["collection"] == "landsat-c2-l2"]
    scene = replace(scene_from_item(item, base=preset.url), epsg=32652)
    monkeypatch.setattr(Door, "answer", lambda *_: pytest.fail("something was asked"))
    bands = options(bands=landsat.required, optional_bands=landsat.optional)
    done = fetch_scene(SITE, scene, store_at(tmp_path), bands, access=preset.access)
    assert done.chips == {}
    assert {failure.band for failure in done.failures} == {*landsat.required, *landsat.optional}
    assert {failure.kind for failure in done.failures} == {"FetchError"}
    for failure in done.failures:
        assert "use --source planetary-computer" in failure.reason
        assert "\n" not in failure.reason
    assert "landsat" in PRESETS["planetary-computer"].sensors


def test_the_layout_of_cdse_gives_whole_files_of_one_bucket() -> None:
    path = recorded("cdse/stac_collection_sentinel-2-l2a.json")
    layout = json.loads(path.read_text(encoding="utf-8"))["item_assets"]
    assets = {key: {**entry, "href": f"s3://eodata/x/{key}.jp2"} for key, entry in layout.items()}
    item = {
        "type": "Feature", "id": "S2A", "collection": "sentinel-2-l2a",
        "geometry": None, "bbox": [126, 37, 127, 38], "links": [], "assets": assets,
        "properties": {"datetime": "2020-11-25T02:20:00Z", "proj:code": "EPSG:32652"},
    }  # fmt: skip
    scene = scene_from_item(item, base=PRESETS["cdse"].url)
    names = {band: scene.assets[band].key for band in BANDS}
    assert names == {
        "blue": "B02_10m", "green": "B03_10m", "red": "B04_10m", "nir": "B08_10m",
        "scl": "SCL_20m",
    }  # fmt: skip
    for band in BANDS:
        assert is_read_whole(scene.assets[band])
        assert PRESETS["cdse"].access.has_scheme("s3")
        assert not PRESETS["earth-search"].access.has_scheme("s3")
