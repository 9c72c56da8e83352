"""Frozen lists come back whole, or with a clear word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from shapely import box

from pipeline.errors import StoreError
from pipeline.model.scene import Asset, Scene
from pipeline.store.listing import freeze_listing, thaw_listing

if TYPE_CHECKING:
    from pathlib import Path

RED = Asset(
    "B04", "/x/B04.tif", "red", 10.0, 0.0001, -0.1, 0.0, "ab" * 32,
    ("https://b.example/B04.tif",), (10980, 10980), (10.0, 0.0, 300000.0, 0.0, -10.0, 4200000.0),
)  # fmt: skip
SCENE = Scene(
    "S2A_1", "sentinel-2-l2a", datetime(2020, 8, 5, 2, 16, 1, 24_000, tzinfo=UTC), "sentinel-2a",
    32652, box(126.6, 37.9, 126.7, 38.0), {"red": RED}, "05.00",
    boa_offset_applied=False, cloud_cover_pct=12.5, acquisition_key="key", is_simulated=True,
    relative_orbit=3, orbit_state="descending",
)  # fmt: skip


def test_a_list_comes_back_as_it_was(tmp_path: Path) -> None:
    scenes = (SCENE, replace(SCENE, id="../../evil", cloud_cover_pct=None, assets={}))
    listing = freeze_listing(tmp_path, scenes)
    assert thaw_listing(tmp_path, listing) == scenes


def test_the_same_list_has_the_same_id_and_another_has_not(tmp_path: Path) -> None:
    again = freeze_listing(tmp_path, (SCENE,))
    assert freeze_listing(tmp_path, (SCENE,)) == again
    assert freeze_listing(tmp_path, (replace(SCENE, id="S2A_2"),)) != again


def test_an_altered_or_missing_list_is_refused(tmp_path: Path) -> None:
    listing = freeze_listing(tmp_path, (SCENE,))
    (path,) = tmp_path.glob("listing-*.json")
    path.write_bytes(path.read_bytes().replace(b"S2A_1", b"S2A_9"))
    with pytest.raises(StoreError, match="altered"):
        thaw_listing(tmp_path, listing)
    with pytest.raises(StoreError, match="missing"):
        thaw_listing(tmp_path, "0" * 64)
