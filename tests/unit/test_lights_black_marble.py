"""Black Marble files in a folder: sound ones become looks, each fault a failure that names it."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest
from shapely import box

from pipeline.errors import CorruptAssetError, MissingBandError
from pipeline.fetch.lights import read_light_folder
from pipeline.model.coarse import CoarseLook, Layer, Quantity
from pipeline.model.degrees import DegreeGrid
from pipeline.raster.outline_mean import site_radiance
from pipeline.sites import load_site
from pipeline.store import hdf5
from pipeline.store.files import sha256_of
from tests.unit.lights_factory import (
    BLOCK,
    CLEAR_NIGHT,
    DAILY_GROUP,
    LATER_GROUP,
    MONTH_C1,
    NIGHT_C1,
    NIGHT_C2,
    TILE_COL,
    TILE_ROW,
    YEAR_C2,
    Written,
    composites,
    edited,
    light,
    make_site,
    night,
    write_h5,
)

if TYPE_CHECKING:
    from collections.abc import Callable

RADIANCE = "DNB_BRDF-Corrected_NTL"
SITE = make_site()


def only_look(folder: Path) -> CoarseLook:
    looks, failures = read_light_folder(SITE, folder, "black-marble")
    assert failures == ()
    assert len(looks) == 1
    return looks[0]


def only_failure(folder: Path, kind: str, *words: str) -> None:
    looks, failures = read_light_folder(SITE, folder, "black-marble")
    assert looks == ()
    assert len(failures) == 1, failures
    assert failures[0].kind == kind, failures[0]
    for word in words:
        assert word in failures[0].reason, failures[0].reason
    assert str(folder) not in failures[0].reason
    assert failures[0].scene_id in failures[0].reason


def test_a_night_of_collection_1(tmp_path: Path) -> None:
    dn = np.arange(120, dtype=np.uint16).reshape(10, 12)
    path = write_h5(tmp_path / NIGHT_C1, night(dn))
    look = only_look(tmp_path)
    assert look.quantity is Quantity.RADIANCE
    assert (look.label.sensor, look.label.product) == ("black-marble", "VNP46A2")
    assert (look.label.variant, look.label.collection) == (RADIANCE, "001")
    assert look.period.start == look.period.end == datetime(2016, 2, 10, 17, tzinfo=UTC)
    assert isinstance(look.grid, DegreeGrid)
    assert look.grid.left_deg == pytest.approx(120 + TILE_COL / 240)
    assert look.grid.top_deg == pytest.approx(40 - TILE_ROW / 240)
    assert look.grid.shape == (10, 12)
    assert np.allclose(look.values, dn * 0.1)
    assert look.seen.all()
    assert not look.saturated.any()
    assert look.sources[0].name == NIGHT_C1
    assert look.sources[0].sha256 == sha256_of(path)
    assert np.allclose(look.layers[Layer.MOON], 2.0)
    assert (look.layers[Layer.SNOW] == 0).all()
    assert not look.is_simulated
    assert look.noise.sigma == 0.5
    with pytest.raises(ValueError, match="read-only"):
        look.values[0, 0] = 1


def test_the_same_night_in_the_layout_of_collection_2(tmp_path: Path) -> None:
    write_h5(tmp_path / NIGHT_C2, night(-0.25, collection=2), LATER_GROUP, lonlat=True)
    look = only_look(tmp_path)
    assert np.allclose(look.values, -0.25)
    assert look.seen.all()
    assert look.label.collection == "002"


def test_the_gap_filled_layer_is_no_evidence(tmp_path: Path) -> None:
    layers = night(65535)
    assert layers["Gap_Filled_DNB_BRDF-Corrected_NTL"].block == 9_999
    write_h5(tmp_path / NIGHT_C1, layers)
    look = only_look(tmp_path)
    assert not look.seen.any()
    assert np.isnan(look.values).all()
    mean = site_radiance(look, SITE)
    assert (mean.mean, mean.seen_sum, mean.seen_share) == (None, None, 0.0)


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("Mandatory_Quality_Flag", 2),
        ("Mandatory_Quality_Flag", 255),
        ("QF_Cloud_Mask", CLEAR_NIGHT | 1),
        ("QF_Cloud_Mask", CLEAR_NIGHT | 2 << 6),
        ("QF_Cloud_Mask", CLEAR_NIGHT | 3 << 6),
        ("QF_Cloud_Mask", CLEAR_NIGHT | 1 << 9),
        ("QF_Cloud_Mask", 65535),
    ],
)
def test_cloud_day_and_poor_retrievals_are_unseen(tmp_path: Path, field: str, code: int) -> None:
    layers = night()
    block = np.full((10, 12), layers[field].block)
    block[:, 3] = code
    layers[field].block = block
    write_h5(tmp_path / NIGHT_C1, layers)
    look = only_look(tmp_path)
    assert not look.seen[:, 3].any()
    assert np.delete(look.seen, 3, axis=1).all()
    assert site_radiance(look, SITE).seen_share < 1


def test_snow_stays_seen_and_is_told(tmp_path: Path) -> None:
    layers = night()
    layers["Snow_Flag"].block = 1
    write_h5(tmp_path / NIGHT_C1, layers)
    look = only_look(tmp_path)
    assert look.seen.all()
    assert (look.layers[Layer.SNOW] == 1).all()


def test_the_top_of_the_range_is_told(tmp_path: Path) -> None:
    dn = np.full((10, 12), 65534, np.uint16)
    write_h5(tmp_path / NIGHT_C1, night(dn))
    look = only_look(tmp_path)
    assert look.saturated.all()
    assert site_radiance(look, SITE).saturated_share == pytest.approx(1)


@pytest.mark.parametrize(("name", "collection"), [(MONTH_C1, 1), (YEAR_C2, 2)])
def test_composites_give_a_look_each(tmp_path: Path, name: str, collection: int) -> None:
    layers = composites(123, collection=collection)
    layers["NearNadir_Composite_Snow_Free_Quality"].block = 2
    write_h5(tmp_path / name, layers, LATER_GROUP, lonlat=True)
    looks, failures = read_light_folder(SITE, tmp_path)
    assert failures == ()
    by_name = {look.label.variant: look for look in looks}
    assert len(by_name) == 6
    factor = 0.1 if collection == 1 else 1.0
    assert np.allclose(by_name["OffNadir_Composite_Snow_Covered"].values, 144 * factor)
    assert np.allclose(by_name["AllAngle_Composite_Snow_Free"].values, 123 * factor)
    assert np.allclose(by_name["AllAngle_Composite_Snow_Free"].layers[Layer.STD], 5 * factor)
    assert (by_name["AllAngle_Composite_Snow_Free"].layers[Layer.N_LOOKS] == 12).all()
    filled = by_name.pop("NearNadir_Composite_Snow_Free")
    assert not filled.seen.any()
    assert all(look.seen.all() for look in by_name.values())


def test_a_composite_without_its_companion_is_missing_a_field(tmp_path: Path) -> None:
    layers = composites()
    del layers["OffNadir_Composite_Snow_Covered_Quality"]
    write_h5(tmp_path / MONTH_C1, layers, LATER_GROUP)
    only_failure(tmp_path, "MissingBandError", "OffNadir_Composite_Snow_Covered_Quality")


def test_a_month_without_its_first_composite_is_missing_a_field(tmp_path: Path) -> None:
    layers = composites()
    del layers["AllAngle_Composite_Snow_Free"]
    write_h5(tmp_path / MONTH_C1, layers, LATER_GROUP)
    only_failure(tmp_path, "MissingBandError", "AllAngle_Composite_Snow_Free")


def test_the_site_is_simulated_or_the_file_says_so(tmp_path: Path) -> None:
    path = write_h5(tmp_path / NIGHT_C1, night())
    looks, _ = read_light_folder(make_site(is_simulated=True), tmp_path)
    assert looks[0].is_simulated
    with h5py.File(path, "a") as file:
        file.attrs["zonewatch:simulated"] = "true"
    assert only_look(tmp_path).is_simulated


# Faults of one file.


def test_the_wrong_tile(tmp_path: Path) -> None:
    write_h5(tmp_path / NIGHT_C1.replace("h30", "h29"), night())
    only_failure(tmp_path, "WrongPlaceError", "does not lie inside")


def test_a_tile_under_the_wrong_name(tmp_path: Path) -> None:
    path = write_h5(tmp_path / NIGHT_C2, night(1.0, collection=2), LATER_GROUP, lonlat=True)
    with edited(path, LATER_GROUP) as fields:
        fields["lon"][...] = fields["lon"][...] - 10
    only_failure(tmp_path, "CorruptAssetError", "elsewhere than tile h30v05")


def test_corners_that_contradict_the_name(tmp_path: Path) -> None:
    path = write_h5(tmp_path / NIGHT_C1, night())
    with h5py.File(path, "a") as file:
        file.attrs["WestBoundingCoord"] = 120.0
        file.attrs["NorthBoundingCoord"] = 40.0
    assert only_look(tmp_path).seen.all()
    with h5py.File(path, "a") as file:
        file.attrs["NorthBoundingCoord"] = 50.0
    only_failure(tmp_path, "CorruptAssetError", "elsewhere than tile h30v05")


@pytest.mark.parametrize("field", sorted(set(night()) - {"Gap_Filled_DNB_BRDF-Corrected_NTL"}))
def test_a_missing_field(tmp_path: Path, field: str) -> None:
    layers = night()
    del layers[field]
    write_h5(tmp_path / NIGHT_C1, layers)
    only_failure(tmp_path, "MissingBandError", f"the field {field} is missing")


def test_a_missing_group(tmp_path: Path) -> None:
    write_h5(tmp_path / NIGHT_C1, night(), "HDFEOS/GRIDS/Other/Data Fields")
    only_failure(tmp_path, "MissingBandError", "VNP_Grid_DNB")


@pytest.mark.parametrize("shape", [(2400, 2401), (3600, 3600)])
def test_a_wrong_shape(tmp_path: Path, shape: tuple[int, int]) -> None:
    layers = night()
    layers["Snow_Flag"].shape = shape
    write_h5(tmp_path / NIGHT_C1, layers)
    only_failure(tmp_path, "CorruptAssetError", "Snow_Flag", str(shape[1]))


def replace(field: str, **layer: Any) -> Callable[[dict[str, Written]], None]:  # noqa: ANN401 - fields of Written
    def change(layers: dict[str, Written]) -> None:
        for key, value in layer.items():
            setattr(layers[field], key, value)

    return change


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (replace(RADIANCE, attrs={"scale_factor": 1.0}), "scale"),
        (replace(RADIANCE, attrs={}), "scale"),
        (replace("DNB_Lunar_Irradiance", attrs={"scale_factor": 0.01}), "scale"),
        (replace(RADIANCE, attrs={"scale_factor": 0.1, "offset": 3.0}), "offset"),
        (replace(RADIANCE, attrs={"scale_factor": 0.1, "units": "W/(m^2 sr)"}), "W/(m^2 sr)"),
        (replace(RADIANCE, fill=0, attrs={"scale_factor": 0.1}), "fill"),
        (replace(RADIANCE, dtype="f8"), "float64"),
        (replace("Mandatory_Quality_Flag", dtype="f4"), "unsigned"),
        (replace("QF_Cloud_Mask", dtype="i2", fill=-1), "unsigned"),
    ],
)
def test_fields_that_are_not_as_documented(
    tmp_path: Path, change: Callable[[dict[str, Written]], None], word: str
) -> None:
    layers = night()
    change(layers)
    write_h5(tmp_path / NIGHT_C1, layers)
    only_failure(tmp_path, "CorruptAssetError", word, "documented")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.99])
def test_a_truncated_file(tmp_path: Path, share: float) -> None:
    data = write_h5(tmp_path / NIGHT_C1, night()).read_bytes()
    (tmp_path / NIGHT_C1).write_bytes(data[: int(share * len(data))])
    only_failure(tmp_path, "CorruptAssetError", "cut short")


def test_another_format_under_the_name(tmp_path: Path) -> None:
    (tmp_path / NIGHT_C1).write_bytes(b"<html>please log in</html>")
    only_failure(tmp_path, "CorruptAssetError", "cannot be read as HDF5")


def test_a_damaged_block(tmp_path: Path) -> None:
    path = write_h5(tmp_path / NIGHT_C1, night())
    with h5py.File(path) as file:
        dataset = file[f"{DAILY_GROUP}/{RADIANCE}"]
        offset = dataset.id.get_chunk_info_by_coord((480, 1440)).byte_offset
    data = bytearray(path.read_bytes())
    data[offset : offset + 20] = b"\xff" * 20
    path.write_bytes(data)
    only_failure(tmp_path, "CorruptAssetError", "damaged")


@pytest.mark.parametrize("kind", ["external", "soft"])
@pytest.mark.parametrize("at", [RADIANCE, "HDFEOS"])
def test_links_are_not_followed(tmp_path: Path, kind: str, at: str) -> None:
    """The file behind the link is sound, so that without the guard it would be read."""
    other = tmp_path / "elsewhere" / "other.h5"
    other.parent.mkdir()
    write_h5(other, night())
    path = tmp_path / NIGHT_C1
    layers = night()
    if at == RADIANCE:
        del layers[RADIANCE]
        layers["kept"] = light(5)
    write_h5(path, layers)
    with h5py.File(path, "a") as file:
        where = f"{DAILY_GROUP}/{RADIANCE}" if at == RADIANCE else "HDFEOS"
        if at == "HDFEOS":
            file.move("HDFEOS", "real")
        inside = f"/{DAILY_GROUP}/kept" if at == RADIANCE else "/real"
        file[where] = (
            h5py.ExternalLink(str(other), f"/{where}")
            if kind == "external"
            else h5py.SoftLink(inside)
        )
    only_failure(tmp_path, "CorruptAssetError", "links are not followed")


def test_storage_outside_the_file_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "raw.bin").write_bytes(b"\x05\x00" * 2400 * 2400)
    layers = night()
    del layers[RADIANCE]
    path = write_h5(tmp_path / NIGHT_C1, layers)
    with edited(path) as fields:
        external = [(str(tmp_path / "raw.bin"), 0, h5py.h5f.UNLIMITED)]
        made = fields.create_dataset(RADIANCE, (2400, 2400), "<u2", external=external)
        made.attrs["scale_factor"] = 0.1
        assert made[496, 1588] == 5
    only_failure(tmp_path, "CorruptAssetError", "in other files")


def test_a_virtual_data_set_is_not_opened(tmp_path: Path) -> None:
    other = write_h5(tmp_path / "other.h5x", night(5))
    layers = night()
    del layers[RADIANCE]
    path = write_h5(tmp_path / NIGHT_C1, layers)
    layout = h5py.VirtualLayout((2400, 2400), "u2")
    layout[...] = h5py.VirtualSource(str(other), f"{DAILY_GROUP}/{RADIANCE}", (2400, 2400))
    with edited(path) as fields:
        made = fields.create_virtual_dataset(RADIANCE, layout)
        made.attrs["scale_factor"] = 0.1
        assert made[BLOCK][0, 0] == 5
    only_failure(tmp_path, "CorruptAssetError", "in other files")


def test_a_huge_declared_size_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    layers = night()
    del layers[RADIANCE]
    path = write_h5(tmp_path / NIGHT_C1, layers)
    with edited(path) as fields:
        size = (3_000_000, 3_000_000)
        fields.create_dataset(RADIANCE, size, "u2", chunks=(1000, 1000)).attrs["scale_factor"] = 0.1
    assert path.stat().st_size < 1_000_000
    only_failure(tmp_path, "CorruptAssetError", "3000000")


def test_a_huge_chunk_is_refused(tmp_path: Path) -> None:
    layers = night()
    del layers[RADIANCE]
    path = write_h5(tmp_path / NIGHT_C1, layers)
    with edited(path) as fields:
        made = fields.create_dataset(
            RADIANCE, (2400, 2400), "u2", chunks=(24_000, 2400), maxshape=(None, 2400)
        )
        made.attrs["scale_factor"] = 0.1
    only_failure(tmp_path, "CorruptAssetError", "in chunks of 115200000 bytes")


def repacked(tmp_path: Path, packed: bytes, filter_mask: int = 0) -> None:
    """A sound file, but for the chunk under the site."""
    layers = night()
    del layers[RADIANCE]
    path = write_h5(tmp_path / NIGHT_C1, layers)
    with edited(path) as fields:
        made = fields.create_dataset(
            RADIANCE, (2400, 2400), "u2", chunks=(240, 240), compression="gzip"
        )
        made.attrs["scale_factor"] = 0.1
        made.id.write_direct_chunk((480, 1440), packed, filter_mask)
        # The library itself reads the oversized chunk without a word.
        assert filter_mask or made[496, 1588] == 0


@pytest.mark.parametrize("n_bytes", [240 * 240 * 2 + 1, 240 * 240 * 200])
def test_a_chunk_that_unpacks_to_more_than_it_declares(tmp_path: Path, n_bytes: int) -> None:
    repacked(tmp_path, zlib.compress(bytes(n_bytes)))
    only_failure(tmp_path, "CorruptAssetError", "does not unpack")


def test_a_chunk_whose_filter_was_left_out(tmp_path: Path) -> None:
    repacked(tmp_path, bytes(240 * 240 * 2), filter_mask=1)
    only_failure(tmp_path, "CorruptAssetError", "does not unpack")


def test_a_chunk_that_unpacks_to_what_it_declares(tmp_path: Path) -> None:
    repacked(tmp_path, zlib.compress(bytes(240 * 240 * 2)))
    assert (only_look(tmp_path).values == 0).all()


def test_filters_that_are_not_built_in_are_refused(tmp_path: Path) -> None:
    layers = night()
    del layers[RADIANCE]
    path = write_h5(tmp_path / NIGHT_C1, layers)
    with edited(path) as fields:
        made = fields.create_dataset(RADIANCE, (2400, 2400), "u2", compression="lzf")
        made.attrs["scale_factor"] = 0.1
    only_failure(tmp_path, "CorruptAssetError", "not built in")


def test_a_group_in_the_place_of_a_field(tmp_path: Path) -> None:
    layers = night()
    del layers[RADIANCE]
    path = write_h5(tmp_path / NIGHT_C1, layers)
    with edited(path) as fields:
        fields.create_group(RADIANCE)
    only_failure(tmp_path, "CorruptAssetError", "is no field")


def test_words_in_the_place_of_numbers(tmp_path: Path) -> None:
    layers = night()
    del layers[RADIANCE]
    path = write_h5(tmp_path / NIGHT_C1, layers)
    with edited(path) as fields:
        fields.create_dataset(RADIANCE, (2400, 2400), h5py.string_dtype(), chunks=(240, 240))
    only_failure(tmp_path, "CorruptAssetError", "no plain number")


def test_attributes_that_are_lists_are_not_read(tmp_path: Path) -> None:
    path = write_h5(tmp_path / NIGHT_C1, night())
    with edited(path) as fields:
        fields[RADIANCE].attrs["valid_range"] = [0, 65534]
        fields[RADIANCE].attrs["units"] = "nW/(cm^2 sr)"
        fields[RADIANCE].attrs["nothing"] = h5py.Empty("f4")
    assert only_look(tmp_path).seen.all()


def test_a_symbolic_link_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    real = write_h5(tmp_path / "elsewhere.data", night())
    (tmp_path / "inside" / NIGHT_C1).symlink_to(real)
    only_failure(tmp_path / "inside", "FetchError", "no plain file")


def test_another_name_is_told(tmp_path: Path) -> None:
    write_h5(tmp_path / "night.h5", night())
    only_failure(tmp_path, "CorruptAssetError", "the name is not that of")


def test_one_bad_file_does_not_hide_the_others(tmp_path: Path) -> None:
    write_h5(tmp_path / NIGHT_C1, night())
    later = NIGHT_C1.replace("2016041", "2016042")
    (tmp_path / later).write_bytes(b"")
    looks, failures = read_light_folder(SITE, tmp_path)
    assert [look.sources[0].name for look in looks] == [NIGHT_C1]
    assert [failure.scene_id for failure in failures] == [later]


def test_of_two_versions_the_later_counts_and_the_other_is_told(tmp_path: Path) -> None:
    write_h5(tmp_path / NIGHT_C1, night(10))
    write_h5(tmp_path / NIGHT_C2, night(2.0, collection=2), LATER_GROUP)
    looks, failures = read_light_folder(SITE, tmp_path)
    assert [look.label.collection for look in looks] == ["002"]
    assert [(one.scene_id, one.kind) for one in failures] == [(NIGHT_C1, "SupersededError")]
    assert NIGHT_C2 in failures[0].reason


def test_comparators_are_read_along_and_cut_at_the_tile(tmp_path: Path) -> None:
    write_h5(tmp_path / NIGHT_C1, night())
    town = box(126.54, 37.96, 126.57, 37.985)
    looks, _ = read_light_folder(SITE, tmp_path, also=[town])
    assert looks[0].grid.bounds.left <= 126.54
    assert looks[0].grid.bounds.top >= 37.985
    far = box(119.0, 37.96, 119.5, 37.985)
    looks, _ = read_light_folder(SITE, tmp_path, also=[far])
    assert looks[0].grid.bounds.left == 120


def test_the_door_knows_a_vector_and_its_length(tmp_path: Path) -> None:
    path = write_h5(tmp_path / "f.h5", night(), LATER_GROUP, lonlat=True)
    with hdf5.open_hdf5(path) as file:
        assert file.vector(f"{LATER_GROUP}/lon", 2400)[0] == pytest.approx(120 + 0.5 / 240)
        with pytest.raises(CorruptAssetError, match=r"has the shape \(2400,\)"):
            file.vector(f"{LATER_GROUP}/lon", 2401)
        with pytest.raises(MissingBandError):
            file.vector(f"{LATER_GROUP}/elevation", 2400)


def test_the_site_folder_of_the_repository_is_read(tmp_path: Path) -> None:
    """Its search box is 50 by 36 thousandths of a degree: 103.68 pixels of 15 arc-seconds."""
    site = load_site(Path(__file__).parents[2] / "aoi" / "kaesong")
    write_h5(tmp_path / NIGHT_C1, night())
    looks, failures = read_light_folder(site, tmp_path)
    assert failures == ()
    found = site_radiance(looks[0], site)
    assert found.n_pixels == pytest.approx(103.68)
    assert found.mean == pytest.approx(12.3)
