"""The whole pass against stac-fastapi-pgstac on PostgreSQL, where somebody asked for it.

``ZONEWATCH_PGSTAC=1 ./dev test tests/servers/test_pgstac.py``, with the ``pgstac`` extra,
PostgreSQL and PostGIS on the machine.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from benchmarks.range_server import serve_folder
from tests.servers.pgstac import missing, serve_pgstac
from tests.servers.rehearsal import TILES, check_run, collection, served_items

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(
    os.environ.get("ZONEWATCH_PGSTAC") != "1", reason="starts PostgreSQL; set ZONEWATCH_PGSTAC=1"
)
def test_a_run_over_pgstac_gives_what_the_folder_gives(tmp_path: Path) -> None:
    if lacking := missing():
        pytest.skip(lacking)
    with (
        serve_folder(TILES) as files,
        serve_pgstac(served_items(files.url), collection()) as source,
    ):
        check_run(source, tmp_path, files)
