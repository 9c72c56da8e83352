"""Monthly DNB, DMSP-OLS and ECOSTRESS files in a folder: looks, companions and faults."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from shapely import box

from pipeline.errors import CorruptAssetError, EmptySearchError, InputError
from pipeline.fetch.lights import SENSORS, read_light_folder
from pipeline.model.coarse import CoarseLook, Layer, Quantity
from pipeline.model.grid import Grid
from pipeline.raster.outline_mean import outline_mean
from pipeline.sensors import ecostress, nightlights
from tests.unit.lights_factory import NIGHT_C1, make_site, night, write_h5, write_tif

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.model.scene import AssetFailure

DNB = "SVDNB_npp_20160201-20160229_75N060E_vcmcfg_v10_c201603161200.avg_rade9.tif"
DNB_COUNT = DNB.replace("avg_rade9", "cf_cvg")
DMSP = "F101992.v4b_web.stable_lights.avg_vis.tif"
DMSP_COUNT = "F101992.v4b_web.cf_cvg.tif"
ECO = "ECOv002_L2T_LSTE_26223_012_52SBH_20230219T202943_0710_01_LST.tif"
SITE = make_site()
FINE, COARSE, ECO_STEP = 1 / 240, 1 / 120, 0.0005422


def lights(value: float = 2.5, size: int = 60) -> NDArray[np.float32]:
    return np.full((size, size), value, np.float32)


def heat(value: float = 290.0) -> NDArray[np.float32]:
    return np.full((400, 400), value, np.float32)


def read(folder: Path) -> tuple[tuple[CoarseLook, ...], tuple[AssetFailure, ...]]:
    return read_light_folder(SITE, folder)


def only_look(folder: Path) -> CoarseLook:
    looks, failures = read(folder)
    assert failures == ()
    assert len(looks) == 1
    return looks[0]


def only_failure(folder: Path, kind: str, *words: str) -> None:
    looks, failures = read(folder)
    assert looks == ()
    assert [one.kind for one in failures] == [kind], failures
    for word in words:
        assert word in failures[0].reason, failures[0].reason
    assert str(folder) not in failures[0].reason


# Names.


@pytest.mark.parametrize(
    ("name", "sensor", "product", "variant", "first", "last"),
    [
        (DNB, "dnb-monthly", "npp", "vcmcfg", "2016-02-01", "2016-02-29"),
        (
            "SVDNB_j01_20211201-20211231_75N060E_vcmslcfg_v10_c202201011200.avg_rade9h.tif",
            "dnb-monthly",
            "j01",
            "vcmslcfg",
            "2021-12-01",
            "2021-12-31",
        ),
        (
            "NL_STP_VIIRS.M_201401_VCMCFG_GADM-2.8-SHPZIP.tif",
            "dnb-monthly",
            "npp",
            "vcmcfg",
            "2014-01-01",
            "2014-01-31",
        ),
        (DMSP, "dmsp-ols", "F10", "stable_lights", "1992-01-01", "1992-12-31"),
        (
            "NL_STP_OLS.Y_1992_STABLE_LIGHTS_GADM-2.8-SHPZIP.tif",
            "dmsp-ols",
            "satellite-not-stated",
            "stable_lights",
            "1992-01-01",
            "1992-12-31",
        ),
    ],
)
def test_names_of_night_lights(
    *, name: str, sensor: str, product: str, variant: str, first: str, last: str
) -> None:
    named = nightlights.parse_name(name)
    assert named is not None
    assert (named.label.sensor, named.label.product) == (sensor, product)
    assert named.label.variant == variant
    assert (named.first.isoformat(), named.last.isoformat()) == (first, last)
    assert not named.is_count


@pytest.mark.parametrize(
    "name",
    [
        DNB.replace("0229", "0228"),
        DNB.replace("20160201", "20160202"),
        DNB.replace("20160201-20160229", "20161301-20161331"),
        "NL_STP_VIIRS.M_201413_VCMCFG_GADM.tif",
    ],
)
def test_names_without_a_month_are_refused(name: str) -> None:
    with pytest.raises(CorruptAssetError, match="no days of the calendar"):
        nightlights.parse_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "F101992.v4b_web.avg_vis.tif",
        DNB.replace(".tif", ".masked.tif"),
        "F101992.stable_lights.png",
        "x.tif",
    ],
)
def test_other_names_are_no_night_lights(name: str) -> None:
    assert nightlights.parse_name(name) is None


def test_the_name_of_an_ecostress_scene() -> None:
    named = ecostress.parse_name(ECO.replace("_LST.tif", "_LST_crop.tif"))
    assert named is not None
    assert (named.orbit, named.scene, named.tile) == (26223, 12, "52SBH")
    assert named.instant == datetime(2023, 2, 19, 20, 29, 43, tzinfo=UTC)
    assert (named.version, named.build, named.iteration) == ("002", "0710", "01")
    assert named.layer == "LST"
    error = ecostress.parse_name(ecostress.companion(ECO, "LST_err"))
    assert error is not None
    assert error.layer == "LST_err"
    assert ecostress.companion(ecostress.companion(ECO, "QC"), "LST") == ECO
    with pytest.raises(CorruptAssetError, match="no time"):
        ecostress.parse_name(ECO.replace("20230219", "20230230"))
    with pytest.raises(ValueError, match="no name"):
        ecostress.companion("x.tif", "QC")


# Light by month and year.


def test_a_month_without_its_count(tmp_path: Path) -> None:
    """A zero may be a pixel that was never seen, and nodata is no light."""
    pixels = lights()
    pixels[14, :] = 0.0
    pixels[15, :], pixels[16, :], pixels[17, :] = -3.4e38, -np.inf, np.nan
    pixels[18, :] = -0.15
    write_tif(tmp_path / DNB, pixels, FINE, nodata=-3.4e38)
    look = only_look(tmp_path)
    assert look.quantity is Quantity.RADIANCE
    assert (look.period.start, look.period.end.date().day) == (
        datetime(2016, 2, 1, tzinfo=UTC),
        29,
    )
    first = round((38.0 - look.grid.bounds.top) * 240)
    row = {number: number - first for number in range(13, 19)}
    assert look.seen[row[13]].all()
    assert not look.seen[row[14]].any()
    assert np.isfinite(look.values[row[14]]).all()
    for gone in (15, 16, 17):
        assert np.isnan(look.values[row[gone]]).all()
        assert not look.seen[row[gone]].any()
    assert look.values[row[18]] == pytest.approx(-0.15)
    assert look.seen[row[18]].all()


def test_a_month_with_its_count(tmp_path: Path) -> None:
    pixels, counts = lights(0.0), np.full((60, 60), 7, np.uint16)
    counts[14, :] = 0
    write_tif(tmp_path / DNB, pixels, FINE)
    write_tif(tmp_path / DNB_COUNT, counts, FINE)
    look = only_look(tmp_path)
    row = 14 - round((38.0 - look.grid.bounds.top) * 240)
    assert not look.seen[row].any()
    assert np.delete(look.seen, row, axis=0).all()
    assert set(np.unique(look.layers[Layer.N_LOOKS])) == {0, 7}
    assert [source.name for source in look.sources] == [DNB, DNB_COUNT]


def test_a_count_on_other_pixels(tmp_path: Path) -> None:
    write_tif(tmp_path / DNB, lights(), FINE)
    write_tif(tmp_path / DNB_COUNT, np.ones((60, 60), np.uint16), FINE, corner=(126.5 + FINE, 38.0))
    only_failure(tmp_path, "CorruptAssetError", DNB_COUNT, "lie elsewhere")


def test_a_damaged_count_spoils_the_look(tmp_path: Path) -> None:
    write_tif(tmp_path / DNB, lights(), FINE)
    (tmp_path / DNB_COUNT).write_bytes(b"II*\x00")
    only_failure(tmp_path, "CorruptAssetError", "cannot be read")


def test_a_count_without_its_light(tmp_path: Path) -> None:
    write_tif(tmp_path / DNB_COUNT, np.ones((60, 60), np.uint16), FINE)
    only_failure(tmp_path, "FetchError", "is not there")


def test_a_year_of_dmsp(tmp_path: Path) -> None:
    pixels = np.full((40, 40), 12, np.uint8)
    pixels[8, :], pixels[9, :], pixels[10, :] = 255, 63, 0
    write_tif(tmp_path / DMSP, pixels, COARSE)
    look = only_look(tmp_path)
    assert look.quantity is Quantity.DN
    first = round((38.0 - look.grid.bounds.top) * 120)
    assert not look.seen[8 - first].any()
    assert look.saturated[9 - first].all()
    assert not np.delete(look.saturated, 9 - first, axis=0).any()
    assert look.seen[10 - first].all()
    assert outline_mean(look, SITE.boundary).saturated_share > 0


def test_satellites_are_kept_apart(tmp_path: Path) -> None:
    for number, name in enumerate(("F121995", "F101995", "F101994")):
        path = tmp_path / f"{name}.v4b_web.stable_lights.avg_vis.tif"
        write_tif(path, np.full((40, 40), number, np.uint8), COARSE)
    looks, failures = read(tmp_path)
    assert failures == ()
    order = [(look.label.product, look.period.start.year) for look in looks]
    assert order == [("F10", 1994), ("F10", 1995), ("F12", 1995)]


def test_versions_of_a_year_do_not_stand_side_by_side(tmp_path: Path) -> None:
    for version in ("v4b", "v4c"):
        path = tmp_path / DMSP.replace("v4b", version)
        write_tif(path, np.full((40, 40), 5, np.uint8), COARSE)
    looks, failures = read(tmp_path)
    assert [look.label.collection for look in looks] == ["v4c"]
    assert [one.kind for one in failures] == ["SupersededError"]


@pytest.mark.parametrize("value", [64, 254, -1])
def test_numbers_beyond_the_range_of_dmsp(tmp_path: Path, value: int) -> None:
    write_tif(tmp_path / DMSP, np.full((40, 40), value, np.int16), COARSE)
    only_failure(tmp_path, "CorruptAssetError", "the product 0 to 63")


def test_light_beyond_all_reason(tmp_path: Path) -> None:
    write_tif(tmp_path / DNB, lights(1e7), FINE)
    only_failure(tmp_path, "CorruptAssetError", "1e+07")


@pytest.mark.parametrize(
    ("name", "step"), [(DNB, COARSE), (DMSP, FINE), (DNB, FINE * 1.001), (DMSP, 0.01)]
)
def test_pixels_of_another_size(tmp_path: Path, name: str, step: float) -> None:
    write_tif(tmp_path / name, lights(1.0, 120), step)
    only_failure(tmp_path, "CorruptAssetError", "documented are")


def test_a_raster_that_was_warped_to_metres(tmp_path: Path) -> None:
    corner = (280_000.0, 4_210_000.0)
    write_tif(tmp_path / DNB, lights(), 463.0, corner=corner, crs="EPSG:32652")
    only_failure(tmp_path, "CorruptAssetError", "documented is a grid in degrees")


def test_other_degrees(tmp_path: Path) -> None:
    write_tif(tmp_path / DNB, lights(), FINE, crs="EPSG:4301")
    only_failure(tmp_path, "CorruptAssetError", "WGS 84")


def test_south_up(tmp_path: Path) -> None:
    transform = rasterio.Affine(FINE, 0, 126.5, 0, FINE, 37.8)
    write_tif(tmp_path / DNB, lights(), FINE, transform=transform)
    only_failure(tmp_path, "CorruptAssetError", "north up")


def test_a_raster_of_another_country(tmp_path: Path) -> None:
    write_tif(tmp_path / DNB, lights(), FINE, corner=(6.4, 1.7))
    only_failure(tmp_path, "WrongPlaceError", "does not lie inside")


def test_a_raster_that_holds_part_of_the_site(tmp_path: Path) -> None:
    write_tif(tmp_path / DNB, lights(), FINE, corner=(126.61, 38.0))
    only_failure(tmp_path, "WrongPlaceError", "does not lie inside")


def test_a_scale_that_is_not_documented(tmp_path: Path) -> None:
    path = write_tif(tmp_path / DNB, lights(), FINE)
    with rasterio.open(path, "r+") as dataset:
        dataset.scales = (0.1,)
    only_failure(tmp_path, "CorruptAssetError", "without scale and offset")


def test_a_raster_of_two_bands(tmp_path: Path) -> None:
    profile: dict[str, Any] = {"driver": "GTiff", "height": 60, "width": 60, "dtype": "float32"}
    transform = rasterio.Affine(FINE, 0, 126.5, 0, -FINE, 38.0)
    with rasterio.open(
        tmp_path / DNB, "w", count=2, crs="EPSG:4326", transform=transform, **profile
    ) as dataset:
        dataset.write(np.ones((2, 60, 60), np.float32))
    only_failure(tmp_path, "CorruptAssetError", "one band")


def test_a_virtual_raster_under_the_name(tmp_path: Path) -> None:
    (tmp_path / DNB).write_text("<VRTDataset rasterXSize='9' rasterYSize='9'/>", encoding="utf-8")
    only_failure(tmp_path, "CorruptAssetError", "cannot be read as GTiff")


def test_a_sidecar_changes_nothing(tmp_path: Path) -> None:
    path = write_tif(tmp_path / DNB, lights(), FINE)
    text = "<PAMDataset><PAMRasterBand band='1'><NoDataValue>2.5</NoDataValue></PAMRasterBand>"
    path.with_name(f"{DNB}.aux.xml").write_text(f"{text}</PAMDataset>", encoding="utf-8")
    assert only_look(tmp_path).seen.all()


def test_a_raster_that_calls_itself_simulated(tmp_path: Path) -> None:
    path = write_tif(tmp_path / DNB, lights(), FINE)
    assert not only_look(tmp_path).is_simulated
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(zonewatch_simulated="true")
    assert only_look(tmp_path).is_simulated


def test_a_truncated_raster(tmp_path: Path) -> None:
    path = write_tif(tmp_path / DNB, lights(), FINE)
    path.write_bytes(path.read_bytes()[:4_000])
    only_failure(tmp_path, "CorruptAssetError", "damaged")


@given(
    stored=arrays(
        np.float32,
        (3, 5),
        elements=st.sampled_from([0.0, 5.0, 63.0, 255.0, -3.4e38, -np.inf, np.inf, np.nan]),
    ),
    counts=arrays(np.uint16, (3, 5), elements=st.integers(0, 2)),
    has_count=st.booleans(),
)
def test_what_counts_as_light_against_plain_loops(
    *, stored: NDArray[np.float32], counts: NDArray[np.uint16], has_count: bool
) -> None:
    given_count = counts if has_count else None
    for sensor in ("dnb-monthly", "dmsp-ols"):
        values = nightlights.light_values(stored, sensor, None, where="f")
        seen = nightlights.light_seen(values, sensor, given_count)
        for place, number in np.ndenumerate(stored):
            holds = bool(np.isfinite(number)) and float(number) > -1e30
            holds &= not (sensor == "dmsp-ols" and number == 255)
            assert np.isfinite(values[place]) == holds
            zero_means_nothing = sensor == "dnb-monthly" and not has_count and number == 0
            looked = counts[place] > 0 if has_count else not zero_means_nothing
            assert seen[place] == (holds and looked)


# Heat.


def eco(folder: Path, layer: str, pixels: NDArray[Any], **profile: Any) -> None:  # noqa: ANN401 - GDAL's options
    write_tif(folder / ecostress.companion(ECO, layer), pixels, ECO_STEP, **profile)


def test_a_scene_of_temperature_alone(tmp_path: Path) -> None:
    pixels = heat()
    pixels[:, 250] = np.nan
    eco(tmp_path, "LST", pixels, nodata=np.nan)
    look = only_look(tmp_path)
    assert look.quantity is Quantity.LST
    assert (look.label.sensor, look.label.variant) == ("ecostress", "52SBH")
    assert look.period.start == datetime(2023, 2, 19, 20, 29, 43, tzinfo=UTC)
    assert look.layers == {}
    assert 0 < look.seen.mean() < 1
    assert np.isfinite(look.values[look.seen]).all()
    assert outline_mean(look, SITE.boundary).mean == pytest.approx(290)


def test_a_scene_with_its_layers(tmp_path: Path) -> None:
    quality, cloud = np.zeros((400, 400), np.uint16), np.zeros((400, 400), np.uint8)
    quality[101, :], quality[102, :], quality[103, :] = 3, 2, 1
    cloud[104, :], cloud[105, :] = 1, 255
    eco(tmp_path, "LST", heat())
    eco(tmp_path, "QC", quality)
    eco(tmp_path, "cloud", cloud)
    eco(tmp_path, "water", np.ones((400, 400), np.uint8))
    eco(tmp_path, "LST_err", np.full((400, 400), 0.8, np.float32))
    eco(tmp_path, "height", heat())
    look = only_look(tmp_path)
    first = round((38.0 - look.grid.bounds.top) / ECO_STEP)
    rows = [bool(look.seen[row - first].all()) for row in range(100, 107)]
    assert rows == [True, False, False, True, False, False, True]
    assert look.layers[Layer.ERROR_K][0, 0] == pytest.approx(0.8)
    assert (look.layers[Layer.WATER] == 1).all()
    assert len(look.sources) == 5


def test_layers_on_other_pixels_than_the_temperature(tmp_path: Path) -> None:
    eco(tmp_path, "LST", heat())
    write_tif(
        tmp_path / ecostress.companion(ECO, "cloud"), np.zeros((401, 400), np.uint8), ECO_STEP
    )
    only_failure(tmp_path, "CorruptAssetError", "_cloud.tif", "lie elsewhere")


def test_a_layer_without_its_temperature(tmp_path: Path) -> None:
    eco(tmp_path, "cloud", np.zeros((400, 400), np.uint8))
    only_failure(tmp_path, "FetchError", "is not there")


@pytest.mark.parametrize(
    ("pixels", "word"),
    [
        (heat(17.0), "not kelvin"),
        (heat(14_500.0), "not kelvin"),
        (heat(np.inf), "not kelvin"),
        (heat(14_500.0).astype(np.uint16), "floating point"),
    ],
)
def test_temperatures_in_another_unit(tmp_path: Path, pixels: NDArray[Any], word: str) -> None:
    eco(tmp_path, "LST", pixels)
    only_failure(tmp_path, "CorruptAssetError", word)


def test_grids_that_differ_by_a_row_are_kept_as_they_are(tmp_path: Path) -> None:
    eco(tmp_path, "LST", heat())
    other = ECO.replace("20230219T202943", "20230405T190258")
    shifted = heat(280.0)[:-1]
    write_tif(tmp_path / other, shifted, ECO_STEP, corner=(126.5, 38.0 - ECO_STEP / 3))
    looks, failures = read(tmp_path)
    assert failures == ()
    assert looks[0].grid != looks[1].grid
    means = [outline_mean(look, SITE.boundary) for look in looks]
    assert [mean.mean for mean in means] == [pytest.approx(290), pytest.approx(280)]
    assert means[0].area_m2 == pytest.approx(means[1].area_m2, rel=1e-4)


def test_a_scene_on_the_metric_grid_of_its_tile(tmp_path: Path) -> None:
    corner = (199_980.0, 4_300_020.0)
    pixels = np.full((1568, 1568), 290.0, np.float32)
    write_tif(tmp_path / ECO, pixels, 70.0, corner=corner, crs="EPSG:32652")
    look = only_look(tmp_path)
    assert isinstance(look.grid, Grid)
    assert look.grid.gsd_m == 70
    assert (look.grid.left - 199_980) % 70 == 0
    mean = outline_mean(look, SITE.boundary)
    assert mean.seen_share == pytest.approx(1)
    assert mean.area_m2 == pytest.approx(4_395 * 3_996, rel=0.01)


# Folders.


def test_a_folder_of_everything_is_parted_by_sensor(tmp_path: Path) -> None:
    write_h5(tmp_path / NIGHT_C1, night())
    write_tif(tmp_path / DNB, lights(), FINE)
    write_tif(tmp_path / DMSP, np.full((40, 40), 5, np.uint8), COARSE)
    eco(tmp_path, "LST", heat())
    (tmp_path / "README.txt").write_text("not data", encoding="utf-8")
    looks, failures = read(tmp_path)
    assert failures == ()
    assert sorted(look.label.sensor for look in looks) == sorted(SENSORS)
    for sensor in SENSORS:
        alone, failures = read_light_folder(SITE, tmp_path, sensor)
        assert failures == ()
        assert [look.label.sensor for look in alone] == [sensor]


def test_a_raster_of_unknown_name_is_told(tmp_path: Path) -> None:
    write_tif(tmp_path / "lights.tif", lights(), FINE)
    only_failure(tmp_path, "CorruptAssetError", "the name is none of")


@pytest.mark.parametrize("sensor", [None, *SENSORS])
def test_an_empty_folder_is_no_answer(tmp_path: Path, sensor: str | None) -> None:
    with pytest.raises(EmptySearchError, match="holds no file"):
        read_light_folder(SITE, tmp_path, sensor)


def test_a_folder_of_another_sensor_is_no_answer(tmp_path: Path) -> None:
    write_tif(tmp_path / DNB, lights(), FINE)
    with pytest.raises(EmptySearchError, match="holds no file of dmsp-ols"):
        read_light_folder(SITE, tmp_path, "dmsp-ols")


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        read_light_folder(SITE, tmp_path / "nowhere")
    with pytest.raises(InputError, match="no sensor 'modis'"):
        read_light_folder(SITE, tmp_path, "modis")


def test_a_folder_under_the_name_of_a_file(tmp_path: Path) -> None:
    (tmp_path / DNB).mkdir()
    only_failure(tmp_path, "FetchError", "no plain file")


def test_zones_far_from_the_site_are_read_along(tmp_path: Path) -> None:
    write_tif(tmp_path / DNB, lights(), FINE)
    looks, _ = read_light_folder(SITE, tmp_path, also=[box(126.52, 37.97, 126.53, 37.98)])
    assert looks[0].grid.bounds.left < 126.53
