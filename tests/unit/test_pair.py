"""`zonewatch pair`: two files in, one change map out, and every way to get it wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS

from pipeline.detect.fused import FusedPair
from pipeline.detect.ratio import LogRatio
from pipeline.errors import RasterInputError, StoreError
from pipeline.model.grid import Grid
from pipeline.pair import PairSummary, compare_files
from pipeline.raster.registration import NONE
from pipeline.store.files import sha256_of
from pipeline.store.rasters import tag_name
from tests.unit.pair_factory import OPTIONS, make_pair, plant
from tests.unit.raster_factory import write_tiff

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

GRID = Grid("EPSG:32652", 190_000, 4_100_000, 10, 120, 120)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path, NDArray[np.bool_]]:
    """Two rasters with three planted blocks, and the truth."""
    before, after = make_pair(1)
    truth = plant(after, 3)
    write_tiff(tmp_path / "before.tif", before, GRID)
    write_tiff(tmp_path / "after.tif", after, GRID)
    return tmp_path / "before.tif", tmp_path / "after.tif", truth


def run(before: Path, after: Path, **options: Any) -> PairSummary:  # noqa: ANN401 - passed on
    return compare_files(before, after, before.parent / "out.tif", options=OPTIONS, **options)


def refused(before: Path, after: Path, message: str, **options: Any) -> RasterInputError:  # noqa: ANN401
    with pytest.raises(RasterInputError, match=message) as caught:
        run(before, after, **options)
    assert caught.value.exit_code == 2
    assert caught.value.remedy
    assert caught.value.where
    assert not (before.parent / "out.tif").exists()
    assert not list(before.parent.glob(".*part*"))
    return caught.value


def retag(path: Path, **tags: str) -> None:
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(**tags)


def test_the_map_holds_what_the_detector_says(
    pair: tuple[Path, Path, NDArray[np.bool_]],
) -> None:
    before, after, truth = pair
    summary = run(before, after)
    with rasterio.open(before) as one, rasterio.open(after) as two:
        changes = FusedPair(OPTIONS).compare(one.read(), two.read(), np.ones(GRID.shape, bool))
    with rasterio.open(before.parent / "out.tif") as out:
        assert out.descriptions == ("magnitude", "p_value", "changed")
        assert set(out.dtypes) == {"float32"}
        assert np.isnan(out.nodata)
        assert out.crs == CRS.from_epsg(32652)
        assert out.transform == rasterio.Affine(*GRID.transform)
        magnitude, p_value, changed = out.read()
    assert (magnitude == changes.magnitude).all()
    assert (p_value == changes.p_value).all()
    assert ((changed == 1) == changes.changed).all()
    assert changed[truth].mean() > 0.9
    assert summary.n_seen == truth.size
    assert summary.n_changed == changed.sum()
    assert summary.share_changed == summary.n_changed / summary.n_seen
    assert summary.threshold == changes.threshold
    assert summary.method == "fused"
    assert summary.offset == NONE
    assert not summary.is_simulated


def test_the_tags_say_what_went_in(pair: tuple[Path, Path, NDArray[np.bool_]]) -> None:
    before, after, _ = pair
    run(before, after)
    with rasterio.open(before.parent / "out.tif") as out:
        tags = out.tags()
    assert tags["zonewatch_before_sha256"] == sha256_of(before)
    assert tags["zonewatch_after_sha256"] == sha256_of(after)
    assert tags["zonewatch_software"] == "zonewatch"
    assert len(tags["zonewatch_settings_sha256"]) == 64
    assert tag_name("zonewatch:simulated") not in tags
    assert str(before.parent) not in str(tags)


def test_the_same_inputs_give_the_same_bytes(pair: tuple[Path, Path, NDArray[np.bool_]]) -> None:
    before, after, _ = pair
    run(before, after)
    first = (before.parent / "out.tif").read_bytes()
    run(before, after)
    assert (before.parent / "out.tif").read_bytes() == first


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("key", ["zonewatch_simulated", "zonewatch:simulated"])
def test_simulated_stays_simulated(
    pair: tuple[Path, Path, NDArray[np.bool_]], which: int, key: str
) -> None:
    before, after, _ = pair
    retag((before, after)[which], **{key: "true"})
    assert run(before, after).is_simulated
    with rasterio.open(before.parent / "out.tif") as out:
        assert out.tags()["zonewatch_simulated"] == "true"


def test_what_is_marked_as_not_simulated_is_not(
    pair: tuple[Path, Path, NDArray[np.bool_]],
) -> None:
    before, after, _ = pair
    retag(before, zonewatch_simulated="false")
    assert not run(before, after).is_simulated


def test_nodata_nan_and_mask_are_not_seen(tmp_path: Path) -> None:
    before, after = make_pair(2)
    before[3, :4], after[0, :, :5], after[2, 70, 70] = -9999, -1, np.nan
    kept = np.ones(GRID.shape, np.uint8)
    kept[100:] = 0
    write_tiff(tmp_path / "a.tif", before, GRID, nodata=-9999)
    write_tiff(tmp_path / "b.tif", after, GRID, nodata=-1)
    write_tiff(tmp_path / "m.tif", kept * 7, GRID)
    expected = np.zeros(GRID.shape, bool)
    expected[4:100, 5:] = True
    expected[70, 70] = False
    assert run(tmp_path / "a.tif", tmp_path / "b.tif", mask=tmp_path / "m.tif").n_seen == (
        expected.sum()
    )
    with rasterio.open(tmp_path / "out.tif") as out:
        assert (np.isfinite(out.read()) == expected).all()
        assert "zonewatch_mask_sha256" in out.tags()


def test_an_envi_image_is_read_by_its_header(pair: tuple[Path, Path, NDArray[np.bool_]]) -> None:
    before, after, _ = pair
    run(before, after)
    tiff = (before.parent / "out.tif").read_bytes()
    folder = before.parent / "envi"
    folder.mkdir()
    for path in (before, after):
        with rasterio.open(path) as source:
            profile = {k: source.profile[k] for k in ("crs", "transform", "width", "height")}
            with rasterio.open(
                folder / path.stem, "w", driver="ENVI", count=6, dtype="float32", **profile
            ) as copy:
                copy.write(source.read())
    run(folder / "before", folder / "after")
    with rasterio.open(folder / "out.tif") as one, rasterio.open(before.parent / "out.tif") as two:
        assert (one.read() == two.read()).all()
    assert (folder / "out.tif").read_bytes() != tiff  # the hashes of the inputs differ
    (folder / "after.hdr").unlink()
    with pytest.raises(RasterInputError, match="no ENVI header lies beside it"):
        run(folder / "before", folder / "after")


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32652"])
def test_align_puts_the_second_on_the_grid_of_the_first(tmp_path: Path, crs: str) -> None:
    before, after = make_pair(3)
    truth = plant(after, 3)
    step = 1e-4 if crs == "EPSG:4326" else 10
    place = {"crs": crs, "transform": rasterio.Affine(step, 0, 126, 0, -step, 37)}
    moved = rasterio.Affine(step, 0, 126 + 3 * step, 0, -step, 37 - 2 * step)
    write_tiff(tmp_path / "a.tif", before, GRID, **place)
    write_tiff(tmp_path / "b.tif", after[:, 2:-1, 3:], GRID, **place | {"transform": moved})
    refused(tmp_path / "a.tif", tmp_path / "b.tif", "the grids differ")
    summary = run(tmp_path / "a.tif", tmp_path / "b.tif", align=True)
    with rasterio.open(tmp_path / "out.tif") as out:
        assert out.shape == (120, 120)
        assert out.transform == place["transform"]
        magnitude, _, changed = out.read()
        assert out.tags()["zonewatch_aligned"] == "true"
    seen = np.isfinite(magnitude)
    expected = np.zeros((120, 120), bool)
    expected[2:-1, 3:] = True
    assert (seen & ~expected).sum() == 0
    assert summary.n_seen == seen.sum() >= 0.97 * expected.sum()
    assert changed[truth & seen].mean() > 0.9
    assert changed[~truth & seen].mean() < 0.02


def test_align_leaves_rasters_on_one_grid_alone(
    pair: tuple[Path, Path, NDArray[np.bool_]],
) -> None:
    before, after, _ = pair
    plain = run(before, after)
    assert run(before, after, align=True) == plain


def test_align_without_overlap_is_refused(tmp_path: Path) -> None:
    before, after = make_pair(3)
    far = Grid("EPSG:32652", 400_000, 4_300_000, 10, 120, 120)
    write_tiff(tmp_path / "a.tif", before, GRID)
    write_tiff(tmp_path / "b.tif", after, far)
    refused(tmp_path / "a.tif", tmp_path / "b.tif", "0 pixels seen", align=True)


def test_a_missing_file_is_named(pair: tuple[Path, Path, NDArray[np.bool_]]) -> None:
    before, after, _ = pair
    error = refused(before, before.with_name("none.tif"), "cannot be opened")
    assert "none.tif" in error.where
    error = refused(before.parent, after, "cannot be opened")
    assert error.where == str(before.parent)


@pytest.mark.parametrize("content", [b"", b"<html>login</html>", b"\x89PNG\r\n\x1a\n" + bytes(99)])
def test_what_is_no_raster_is_named(
    pair: tuple[Path, Path, NDArray[np.bool_]], content: bytes
) -> None:
    before, after, _ = pair
    after.write_bytes(content)
    assert refused(before, after, "no GeoTIFF").where == str(after)


def test_a_cut_tiff_is_named(pair: tuple[Path, Path, NDArray[np.bool_]]) -> None:
    before, after, _ = pair
    content = after.read_bytes()
    after.write_bytes(content[: len(content) // 2])
    assert str(after) in refused(before, after, "cannot be read|damaged").where


def test_a_vrt_named_tif_reads_nothing(pair: tuple[Path, Path, NDArray[np.bool_]]) -> None:
    before, after, _ = pair
    after.write_text(
        '<VRTDataset rasterXSize="9" rasterYSize="9"><VRTRasterBand dataType="Byte" band="1">'
        "<SimpleSource><SourceFilename>/etc/passwd</SourceFilename></SimpleSource>"
        "</VRTRasterBand></VRTDataset>"
    )
    refused(before, after, "no GeoTIFF")


def test_one_band_is_compared_by_its_ratio(tmp_path: Path) -> None:
    before, after = (np.exp(date[:1]) for date in make_pair(1))
    after[:, 40:60, 40:60] *= 30
    write_tiff(tmp_path / "a.tif", before, GRID)
    write_tiff(tmp_path / "b.tif", after, GRID)
    summary = run(tmp_path / "a.tif", tmp_path / "b.tif")
    changes = LogRatio(OPTIONS).compare(before, after, np.ones(GRID.shape, bool))
    with rasterio.open(tmp_path / "out.tif") as out:
        assert (out.read(1) == changes.magnitude).all()
        assert out.read(3)[45:55, 45:55].all()
        assert out.tags()["zonewatch_algorithm"].startswith("ratio ")
    assert summary.method == "ratio"
    assert summary.offset == NONE


def test_decibels_are_refused_with_the_way_out(tmp_path: Path) -> None:
    before, after = (date[:1] - 12 for date in make_pair(1))
    write_tiff(tmp_path / "a.tif", before, GRID)
    write_tiff(tmp_path / "b.tif", after, GRID)
    error = refused(tmp_path / "a.tif", tmp_path / "b.tif", "negative values")
    assert "dB" in error.remedy


def test_a_date_that_lies_off_is_moved_and_the_map_says_so(tmp_path: Path) -> None:
    before, after = make_pair(3)
    truth = plant(after, 3)
    write_tiff(tmp_path / "a.tif", before, GRID)
    write_tiff(tmp_path / "b.tif", np.roll(after, (1, -1), (1, 2)), GRID)
    summary = run(tmp_path / "a.tif", tmp_path / "b.tif")
    assert np.allclose(summary.offset, (1, -1), atol=0.2)
    with rasterio.open(tmp_path / "out.tif") as out:
        assert float(out.tags()["zonewatch_moved_south_px"]) == pytest.approx(-1, abs=0.2)
        assert float(out.tags()["zonewatch_moved_east_px"]) == pytest.approx(1, abs=0.2)
        assert out.read(3)[truth].mean() > 0.9


def test_other_band_counts_are_refused(tmp_path: Path) -> None:
    before, after = make_pair(1)
    write_tiff(tmp_path / "a.tif", before, GRID)
    write_tiff(tmp_path / "b.tif", after[:4], GRID)
    refused(tmp_path / "a.tif", tmp_path / "b.tif", "6 bands against 4")


@pytest.mark.parametrize("which", [0, 1])
def test_a_missing_crs_is_refused(tmp_path: Path, which: int) -> None:
    before, after = make_pair(1)
    for name, date, at in (("a.tif", before, 0), ("b.tif", after, 1)):
        write_tiff(tmp_path / name, date, GRID, crs=None if at == which else GRID.crs)
    for align in (False, True):
        error = refused(tmp_path / "a.tif", tmp_path / "b.tif", "no CRS", align=align)
        assert error.where.endswith(("a.tif", "b.tif")[which])


def test_another_crs_is_refused_unless_aligned(tmp_path: Path) -> None:
    before, after = make_pair(1)
    write_tiff(tmp_path / "a.tif", before, GRID)
    write_tiff(tmp_path / "b.tif", after, GRID, crs="EPSG:32651")
    error = refused(tmp_path / "a.tif", tmp_path / "b.tif", "EPSG:32652 and EPSG:32651")
    assert "--align" in error.remedy


def test_half_a_pixel_of_shift_is_not_the_same_grid(tmp_path: Path) -> None:
    before, after = make_pair(1)
    write_tiff(tmp_path / "a.tif", before, GRID)
    write_tiff(tmp_path / "b.tif", after, Grid(GRID.crs, 190_005, 4_100_000, 10, 120, 120))
    refused(tmp_path / "a.tif", tmp_path / "b.tif", "shifted by 0.50 columns and 0.00 rows")


def test_a_mask_elsewhere_is_refused(pair: tuple[Path, Path, NDArray[np.bool_]]) -> None:
    before, after, _ = pair
    mask = before.with_name("mask.tif")
    keep = np.ones((60, 120), np.uint8)
    write_tiff(mask, keep, Grid(GRID.crs, 190_000, 4_100_000, 10, 60, 120))
    refused(before, after, "does not lie on the grid", mask=mask)
    keep = np.ones((120, 120), np.uint8)
    write_tiff(mask, keep, Grid(GRID.crs, 190_100, 4_100_000, 10, 120, 120))
    refused(before, after, "does not lie on the grid", mask=mask)
    write_tiff(mask, np.stack([keep, keep]), GRID)
    refused(before, after, "has 2 bands", mask=mask)


def test_a_mask_that_keeps_nothing_is_refused(
    pair: tuple[Path, Path, NDArray[np.bool_]],
) -> None:
    before, after, _ = pair
    mask = before.with_name("mask.tif")
    write_tiff(mask, np.zeros((120, 120), np.uint8), GRID)
    refused(before, after, "leaves no pixel", mask=mask)
    write_tiff(mask, np.full((120, 120), 255, np.uint8), GRID, nodata=255)
    refused(before, after, "leaves no pixel", mask=mask)


def test_nothing_seen_on_both_dates_is_refused(tmp_path: Path) -> None:
    before, after = make_pair(1)
    before[:, :60], after[:, 60:] = np.nan, np.nan
    write_tiff(tmp_path / "a.tif", before, GRID)
    write_tiff(tmp_path / "b.tif", after, GRID)
    refused(tmp_path / "a.tif", tmp_path / "b.tif", "0 pixels seen on both dates")


def test_a_constant_band_is_refused_with_the_files(tmp_path: Path) -> None:
    before, after = make_pair(1)
    after[2] = 0
    write_tiff(tmp_path / "a.tif", before, GRID)
    write_tiff(tmp_path / "b.tif", after, GRID)
    error = refused(tmp_path / "a.tif", tmp_path / "b.tif", "band is constant")
    assert "band 3 of the second date" in error.where
    assert "b.tif" in error.where


def test_complex_pixels_are_refused(pair: tuple[Path, Path, NDArray[np.bool_]]) -> None:
    before, after, _ = pair
    write_tiff(after, np.ones((6, 120, 120), np.complex64), GRID)
    refused(before, after, "complex64")


def test_the_output_may_not_be_an_input_or_a_folder(
    pair: tuple[Path, Path, NDArray[np.bool_]],
) -> None:
    before, after, _ = pair
    kept = after.read_bytes()
    for out in (after, after.parent / "." / after.name, after.parent):
        with pytest.raises(RasterInputError, match="the output"):
            compare_files(before, after, out, options=OPTIONS)
    assert after.read_bytes() == kept


def test_an_error_leaves_an_older_output_as_it_was(
    pair: tuple[Path, Path, NDArray[np.bool_]], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after, _ = pair
    out = before.with_name("out.tif")
    run(before, after)
    kept = out.read_bytes()
    with pytest.raises(RasterInputError):
        run(before, before.with_name("none.tif"))
    assert out.read_bytes() == kept
    monkeypatch.setattr("pipeline.store.named.read_window", lambda _: np.zeros(3))
    with pytest.raises(StoreError, match="did not reach the disk"):
        run_with_pixels(before, out)
    assert out.read_bytes() == kept
    assert not list(out.parent.glob(".*part*"))


def run_with_pixels(before: Path, out: Path) -> None:
    """Write a map whose read-back goes wrong."""
    from pipeline.store.named import Place, write_change_map  # noqa: PLC0415 - patched above

    one, two = make_pair(1)
    changes = FusedPair(OPTIONS).compare(one, two, np.ones(GRID.shape, bool))
    with rasterio.open(before) as dataset:
        place = Place(dataset.crs, dataset.transform, dataset.shape)
    write_change_map(out, changes, place, {})
