"""Coarse chips at rest: kept as delivered, found cheaply, proven on reading, bit for bit."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.errors import CorruptAssetError, StoreError
from pipeline.model.coarse import SourceFile
from pipeline.model.coarse_chip import CoarseChip, RawLayer
from pipeline.model.degrees import DegreeGrid
from pipeline.model.grid import Bounds, Grid
from pipeline.model.site import SITE_PLACE
from pipeline.prepare.coarse import prepare_coarse
from pipeline.sensors.coarse_looks import looks_of
from pipeline.store.coarse_chips import Account, CoarseStore, HeldCoarse
from pipeline.store.coarse_record import unsealed
from pipeline.store.files import canonical_json
from pipeline.store.rasters import open_raster
from tests.unit.coarse_factory import SITE, bring, write_later_night, write_night

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

DEGREES = DegreeGrid(126.6 - 1 / 240, 37.95, 1 / 240, 1 / 240, 3, 4)
METRES = Grid("EPSG:32652", 290_010.0, 4_200_030.0, 70.0, 3, 4)
SPAN = datetime(2016, 2, 10, 17, tzinfo=UTC), datetime(2016, 2, 10, 17, tzinfo=UTC)
ACCOUNT = Account(("ecostress", "ECO", "002"), "one night", SPAN, "as stored", {"": 0.5}, {})


def layers() -> dict[str, NDArray[np.generic]]:
    """Numbers of several types, with NaN, infinities and extremes."""
    odd = np.array([np.nan, -np.inf, np.inf, -0.0, 1e-45, 3.4e38] * 2, np.float32)
    return {
        "LST": odd.reshape(3, 4),
        "QC": np.arange(12, dtype=np.uint16).reshape(3, 4) * 5461,
        "cloud": np.full((3, 4), 255, np.uint8),
        "error": np.full((3, 4), -999.9, np.float64),
    }


def make_chip(grid: DegreeGrid | Grid = DEGREES, **changes: object) -> CoarseChip:
    numbers = {"nodata": float("nan"), "scale_factor": 0.1}
    raw = {name: RawLayer(pixels, "a.tif", numbers, "K") for name, pixels in layers().items()}
    chip = CoarseChip(
        "a.tif", SITE_PLACE, Bounds(126.6, 37.9, 126.61, 37.95), "UTC", grid, raw,
        (SourceFile("a.tif", "ab" * 32),),
    )  # fmt: skip
    return replace(chip, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("grid", [DEGREES, METRES])
def test_every_layer_comes_back_as_it_was_delivered(
    tmp_path: Path, grid: DegreeGrid | Grid
) -> None:
    store, chip = CoarseStore(tmp_path), make_chip(grid)
    held = store.save(chip, ACCOUNT)
    (found,) = CoarseStore(tmp_path).versions("one night", SITE_PLACE)
    assert (found.path, found.record.as_bytes()) == (held.path, held.record.as_bytes())
    assert found.is_whole
    back = store.read(found)
    assert back.grid == grid
    assert (back.name, back.place, back.wanted, back.timezone) == (
        chip.name, chip.place, chip.wanted, chip.timezone,
    )  # fmt: skip
    assert back.sources == chip.sources
    assert list(back.layers) == list(chip.layers)
    for name, layer in back.layers.items():
        assert layer.pixels.dtype == chip.layers[name].pixels.dtype
        np.testing.assert_array_equal(layer.pixels, chip.layers[name].pixels)
        assert np.isnan(layer.numbers["nodata"])
        assert (layer.numbers["scale_factor"], layer.units) == (0.1, "K")


def test_the_digest_is_that_of_the_numbers_and_not_of_the_day_they_came(tmp_path: Path) -> None:
    stores = [CoarseStore(tmp_path / name) for name in "abc"]
    assert stores[0].digest() == ""
    for number, store in enumerate(stores):
        chip = make_chip()
        if number == 2:
            raw = {name: replace(one, units="other") for name, one in chip.layers.items()}
            chip = replace(chip, layers=raw)
        store.save(chip, ACCOUNT)
    assert stores[0].digest() == stores[1].digest() != stores[2].digest()
    before = stores[0].digest()
    (held,) = [one for one in stores[0].holdings() if isinstance(one, HeldCoarse)]
    held.restamp({"a.tif": (5, 7)})
    assert stores[0].digest() == before
    held.path.write_bytes(b"spoilt")
    assert stores[0].digest() not in ("", before)


@settings(deadline=None, max_examples=40)
@given(
    arrays(
        st.sampled_from([np.dtype(code) for code in ("u1", "u2", ">u2", "i2", "<f4", ">f4", "f8")]),
        (3, 4),
    )
)
def test_any_numbers_come_back(tmp_path_factory: pytest.TempPathFactory, pixels: object) -> None:
    assert isinstance(pixels, np.ndarray)
    chip = make_chip(layers={"x": RawLayer(pixels, "a.tif")})
    store = CoarseStore(tmp_path_factory.mktemp("store"))
    (back,) = store.read(store.save(chip, ACCOUNT)).layers.values()
    np.testing.assert_array_equal(back.pixels, pixels)
    assert back.pixels.dtype.kind == pixels.dtype.kind
    assert back.pixels.dtype.itemsize == pixels.dtype.itemsize


@pytest.mark.parametrize("number", [0.0, -0.0, np.nan, np.inf])
def test_a_place_of_nothing_but_one_odd_number_is_kept(tmp_path: Path, number: float) -> None:
    pixels = np.full((3, 4), number, np.float32)
    store = CoarseStore(tmp_path)
    held = store.save(make_chip(layers={"x": RawLayer(pixels, "a.tif")}), ACCOUNT)
    np.testing.assert_array_equal(store.read(held).layers["x"].pixels, pixels)


def test_one_type_of_number_is_one_plain_file_with_named_bands(tmp_path: Path) -> None:
    held = CoarseStore(tmp_path).save(make_chip(is_simulated=True), ACCOUNT)
    assert [path.name.rpartition("-")[2] for path in sorted(held.path.parent.glob("*.tif"))] == [
        "f4.tif", "f8.tif", "u1.tif", "u2.tif",
    ]  # fmt: skip
    for path in held.path.parent.glob("*.tif"):
        with open_raster(path) as dataset:
            assert set(dataset.descriptions) <= set(layers())
            assert dataset.tags()["zonewatch_simulated"] == "true"
            assert dataset.crs.to_epsg() == 4326


def test_the_record_says_what_came_from_where_and_how_it_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    path = write_night(folder)
    (fetched,) = bring(folder, tmp_path / "store")
    (held,) = fetched.held
    tree = json.loads(held.path.read_bytes())["record"]
    assert (tree["product"], tree["collection"]) == ("VNP46A2", "001")
    assert tree["start"] == "2016-02-10T17:00:00+00:00"
    assert tree["sources"][0]["name"] == path.name
    assert len(tree["sources"][0]["sha256"]) == 64
    assert datetime.fromisoformat(tree["retrieved_at"]).tzinfo is not None
    assert [layer["name"] for layer in tree["layers"]] == [
        "DNB_BRDF-Corrected_NTL", "DNB_Lunar_Irradiance", "Latest_High_Quality_Retrieval",
        "Mandatory_Quality_Flag", "QF_Cloud_Mask", "Snow_Flag",
    ]  # fmt: skip
    assert tree["layers"][0]["numbers"] == {"_FillValue": 65535, "offset": 0, "scale_factor": 0.1}
    assert "scale x stored" in tree["reading"]
    assert "quality 0 or 1" in tree["reading"]
    assert str(tmp_path).encode() not in held.path.read_bytes()


def flipped(data: bytes, bit: int) -> bytes:
    bad = bytearray(data)
    bad[bit // 8] ^= 1 << (bit % 8)
    return bytes(bad)


def test_every_flipped_bit_of_a_stored_chip_is_noticed(tmp_path: Path) -> None:
    """All bits of the record, and 200 bits of every file of pixels, each as its size and time lie.

    The time of the file is put back after each flip: only hashes can tell.
    """
    folder = tmp_path / "in"
    folder.mkdir()
    write_night(folder)
    (fetched,) = bring(folder, tmp_path / "store")
    store, (held,) = CoarseStore(tmp_path / "store"), fetched.held
    record = held.path.read_bytes()
    for bit in range(8 * len(record)):
        with pytest.raises(ValueError):  # noqa: PT011 - broken JSON, another text, a broken seal
            unsealed(flipped(record, bit))
    chosen = random.Random(3)  # noqa: S311 - which bits are flipped is no secret
    for path in sorted(held.path.parent.glob("*.tif")):
        data = path.read_bytes()
        for bit in chosen.sample(range(8 * len(data)), 200):
            path.write_bytes(flipped(data, bit))
            with pytest.raises(CorruptAssetError, match="altered after it was saved"):
                store.read(held)
            assert not store.versions(held.record.acquisition, SITE_PLACE)[0].is_whole
        path.write_bytes(data)
    held.path.write_bytes(record)
    assert looks_of(store.read(held))[0].seen.all()


def test_a_flipped_record_is_told_and_no_older_version_takes_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_night(folder)
    write_later_night(folder)
    bring(folder, tmp_path / "store")
    store = CoarseStore(tmp_path / "store")
    newest = next(one for one in store.holdings() if "002" in held_name(one))
    assert isinstance(newest, HeldCoarse)
    data = newest.path.read_bytes()
    for bit in random.Random(4).sample(range(8 * len(data)), 50):  # noqa: S311 - see above
        newest.path.write_bytes(flipped(data, bit))
        found = prepare_coarse(SITE, store)
        assert found.looks == ()
        assert [one.kind for one in found.failures] == ["CorruptAssetError"]
        assert "was altered" in found.failures[0].reason
    newest.path.write_bytes(data)
    assert len(prepare_coarse(SITE, store).looks) == 1


def held_name(one: object) -> str:
    return one.record.name if isinstance(one, HeldCoarse) else ""


def test_an_altered_chip_is_fetched_again(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_night(folder)
    (before,) = bring(folder, tmp_path / "store")
    path = next(before.held[0].path.parent.glob("*u2.tif"))
    data, times = path.read_bytes(), path.stat()
    path.write_bytes(flipped(data, 8 * len(data) // 2))
    assert before.is_new
    (found,) = prepare_coarse(SITE, CoarseStore(tmp_path / "store")).failures
    assert found.kind == "CorruptAssetError"
    assert "run the fetch again" in found.reason
    (after,) = bring(folder, tmp_path / "store")
    assert after.is_new
    assert path.read_bytes() == data
    assert times.st_size == len(data)
    assert len(prepare_coarse(SITE, CoarseStore(tmp_path / "store")).looks) == 1


@pytest.mark.parametrize("ending", ["u1.tif", "u2.tif"])
def test_a_missing_file_is_an_error_to_read_and_a_reason_to_fetch(
    tmp_path: Path, ending: str
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_night(folder)
    (fetched,) = bring(folder, tmp_path / "store")
    next(fetched.held[0].path.parent.glob(f"*{ending}")).unlink()
    store = CoarseStore(tmp_path / "store")
    with pytest.raises(StoreError, match="cannot be read"):
        store.read(fetched.held[0])
    assert [one.kind for one in prepare_coarse(SITE, store).failures] == ["StoreError"]
    assert bring(folder, tmp_path / "store")[0].is_new


def test_pixels_without_a_record_are_no_chip(tmp_path: Path) -> None:
    store = CoarseStore(tmp_path)
    store.save(make_chip(), ACCOUNT).path.unlink()
    assert list(store.holdings()) == []
    assert store.versions("one night", SITE_PLACE) == ()


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"\xff", b"1e999", b"[" * 100_000])
def test_what_is_no_record_is_told(tmp_path: Path, data: bytes) -> None:
    store = CoarseStore(tmp_path)
    held = store.save(make_chip(), ACCOUNT)
    held.path.write_bytes(data)
    (found,) = store.holdings()
    assert isinstance(found, CorruptAssetError)
    assert found.where == f"{held.path.parent.name}/{held.path.name}"
    assert store.versions("one night", SITE_PLACE) == ()


def test_a_record_of_another_chip_under_this_name_is_told(tmp_path: Path) -> None:
    store = CoarseStore(tmp_path)
    one = store.save(make_chip(), ACCOUNT)
    other = store.save(make_chip(), replace(ACCOUNT, acquisition="another night"))
    one.path.write_bytes(other.path.read_bytes())
    errors = [found for found in store.holdings() if isinstance(found, CorruptAssetError)]
    assert ["under the name of another" in str(error) for error in errors] == [True]


@pytest.mark.parametrize("name", ["../../outside.tif", "/etc/passwd", "a\\b.tif", ""])
def test_a_record_that_names_a_file_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    held = CoarseStore(tmp_path).save(make_chip(), ACCOUNT)
    facts = [one.model_copy(update={"name": name}) for one in held.record.files]
    forged = held.record.model_copy(update={"files": tuple(facts)}).as_bytes()
    with pytest.raises(ValueError, match=r"files\.0\.name"):
        unsealed(forged)


def test_another_spelling_of_the_same_record_is_refused(tmp_path: Path) -> None:
    held = CoarseStore(tmp_path).save(make_chip(), ACCOUNT)
    tree = json.loads(held.path.read_bytes())
    assert unsealed(canonical_json(tree)).as_bytes() == held.record.as_bytes()
    with pytest.raises(ValueError, match="not the text"):
        unsealed(json.dumps(tree).encode())


@settings(deadline=None, max_examples=40)
@given(st.text(min_size=1), st.text(min_size=1))
def test_no_word_of_a_stranger_becomes_a_path(
    tmp_path_factory: pytest.TempPathFactory, acquisition: str, place: str
) -> None:
    root = tmp_path_factory.mktemp("store")
    chip, account = make_chip(place=place), replace(ACCOUNT, acquisition=acquisition)
    held = CoarseStore(root).save(chip, account)
    assert held.path.resolve().parent.parent == root.resolve()
    assert set(held.path.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")


def test_a_chip_needs_layers_of_its_shape() -> None:
    with pytest.raises(ValueError, match="no layer"):
        make_chip(layers={})
    with pytest.raises(ValueError, match="on a grid of"):
        make_chip(layers={"x": RawLayer(np.zeros((2, 2)), "a.tif")})
    chip = make_chip()
    with pytest.raises(ValueError, match="read-only"):
        chip.layers["QC"].pixels[0, 0] = 1
