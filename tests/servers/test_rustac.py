"""The whole pass against a real STAC API server and a real range server, on rehearsal tiles."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from benchmarks.range_server import serve_folder
from benchmarks.stac_server import serve_items
from tests.servers.rehearsal import TILES, check_run, served_items

if TYPE_CHECKING:
    from pathlib import Path


def test_a_run_over_rustac_gives_what_the_folder_gives(tmp_path: Path) -> None:
    with serve_folder(TILES) as files:
        items = tmp_path / "items.json"
        listed = {"type": "FeatureCollection", "features": served_items(files.url)}
        items.write_text(json.dumps(listed), encoding="utf-8")
        with serve_items(items) as source:
            check_run(source, tmp_path, files)
    assert set(files.counts) <= {206}
