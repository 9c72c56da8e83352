"""Real pixels over real servers: what comes out of the cube is what the data set holds."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.range_server import Served, parse_range, serve_folder
from benchmarks.romania_site import (
    GRID,
    SITE_ID,
    Series,
    data_folder,
    first_dates,
    read_series,
    write_items,
    write_seeds,
    write_site,
)
from benchmarks.romania_truth import TRUTHS, Share, score, truth_by
from benchmarks.stac_server import serve_items
from pipeline.catalogs import open_catalog
from pipeline.claims import load_seeds
from pipeline.config import load_config
from pipeline.fetch import fetch
from pipeline.model.change import Period
from pipeline.prepare import prepare
from pipeline.search import search
from pipeline.sites import check_site, load_site
from pipeline.store.chips import ChipStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.model.site import Site

# async-geotiff multiplies affine transforms in a way that affine 3 wants to do without one day.
pytestmark = [
    pytest.mark.real,
    pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning"),
]
EVER = Period(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
CONFIG = load_config()
N_DATES = 12


@dataclass(frozen=True)
class Stage:
    """A series behind its two servers."""

    series: Series
    site: Site
    source: str
    files: Served


def series() -> Series:
    """The data set, or a skip that says why."""
    folder = data_folder()
    if not folder.is_dir():
        pytest.skip(f"no data at {folder}; set ZONEWATCH_REAL")
    return read_series(folder)


@contextmanager
def served(folder: Path, data: Series) -> Iterator[Stage]:
    """Serve a series with its site."""
    cogs = folder / "cogs"
    cogs.mkdir()
    with serve_folder(cogs) as files:
        items = write_items(data, cogs, files.url)
        with serve_items(items) as source:
            yield Stage(data, load_site(write_site(folder / "aoi")), source, files)


def test_search_fetch_and_prepare_give_the_pixels_of_the_data_set(tmp_path: Path) -> None:
    data, chips = first_dates(series(), N_DATES), ChipStore(tmp_path / "chips")
    with served(tmp_path, data) as stage:
        catalog = open_catalog(stage.source)
        scenes = search(stage.site, catalog, EVER, CONFIG.search)
        fetched = fetch(stage.site, scenes, chips, CONFIG.fetch, access=catalog.access)
        first = sum(stage.files.counts.values())
        again = fetch(stage.site, scenes, chips, CONFIG.fetch, access=catalog.access)
        second = sum(stage.files.counts.values())
    assert [scene.instant for scene in scenes] == list(data.instants)
    assert first >= 5 * N_DATES
    assert set(stage.files.counts) <= {200, 206}
    assert second == first
    assert [one.chips for one in again] == [one.chips for one in fetched]
    prepared = prepare(stage.site, fetched, chips, CONFIG.prepare)
    assert prepared.failures == ()
    assert len(prepared.looks) == N_DATES
    check_cube(prepared.cube.values, prepared.cube.clear, prepared.cube.scene_ids, data)
    assert prepared.cube.grid == GRID


def check_cube(
    values: np.ndarray, clear: np.ndarray, scene_ids: tuple[str, ...], data: Series
) -> None:
    """Compare every pixel of every date with the data set."""
    names = [f"ROMANIA_{instant:%Y%m%d}" for instant in data.instants]
    for index, name in enumerate(scene_ids):
        at = names.index(name)
        scl = data.bands["scl"][at]
        assert np.array_equal(clear[index], np.isin(scl, (4, 5, 6, 7)))
        for order, band in enumerate(("blue", "green", "red", "nir")):
            expected = np.where(np.isin(scl, (4, 5, 6, 7, 11)), data.bands[band][at] * 1e-4, 0)
            assert np.allclose(values[index, order], expected, atol=2e-6)


def test_all_pages_of_the_real_server_come(tmp_path: Path) -> None:
    whole = series()
    data = Series(whole.instants, {"scl": whole.bands["scl"]})
    with served(tmp_path, data) as stage:
        half = Period(data.instants[0], data.instants[69])
        everything = search(stage.site, open_catalog(stage.source), EVER, CONFIG.search)
        some = search(stage.site, open_catalog(stage.source), half, CONFIG.search)
    assert [scene.instant for scene in everything] == list(data.instants)
    assert len(data.instants) == 140
    assert some == everything[:70]


def test_the_site_and_its_seeds_are_sound(tmp_path: Path) -> None:
    series()
    folder = write_site(tmp_path / "aoi")
    assert check_site(folder) == ()
    site = load_site(folder)
    assert (site.id, len(site.zones), len(site.controls)) == (SITE_ID, 16, 4)
    (claim,) = load_seeds(write_seeds(tmp_path / "seeds")).claims
    assert set(claim.zone_ids) == {zone.id for zone in site.zones} - {z.id for z in site.controls}


@pytest.mark.parametrize(
    ("name", "n_lost", "n_stable"), [("mean", 62, 3909), ("median", 151, 6967)]
)
def test_the_truths_hold_as_many_pixels_as_they_are_said_to(
    name: str, n_lost: int, n_stable: int
) -> None:
    truth = truth_by(series(), TRUTHS[name])
    assert (truth.positive.sum(), truth.negative.sum()) == (n_lost, n_stable)
    assert not (truth.positive & truth.negative).any()
    perfect = score(truth.positive, truth)
    assert perfect.recall == Share(n_lost, n_lost)
    assert perfect.false_alarms == Share(0, n_stable)
    everything = score(np.ones(GRID.shape, np.bool_), truth)
    assert everything.false_alarms == Share(n_stable, n_stable)


def test_a_share_states_its_counts_and_its_interval() -> None:
    # Wilson's interval for 56 of 62, by his formula with z = 1.959964.
    assert str(Share(56, 62)) == "0.9032 (56/62, 0.8045-0.9549)"
    assert str(Share(0, 0)) == "none of none"


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-9", (0, 10)),
        ("bytes=90-", (90, 100)),
        ("bytes=90-500", (90, 100)),
        ("bytes=-7", (93, 100)),
        ("bytes=-500", (0, 100)),
        ("bytes=100-", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-9", None),
    ],
)
def test_byte_ranges(header: str, span: tuple[int, int] | None) -> None:
    assert parse_range(header, 100) == span
