"""Black Marble: names, tiles, nights, bits and scalings against tables by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.errors import CorruptAssetError
from pipeline.sensors.blackmarble import (
    COMPOSITES,
    FLOATING,
    INTEGER,
    MOON,
    RADIANCE,
    Scaling,
    check_scaling,
    check_units,
    civil_day_of,
    cloud_class,
    is_saturated,
    overpass,
    parse_name,
    seen_in_composite,
    seen_tonight,
    tile_grid,
    to_radiance,
)
from tests.unit.lights_factory import MONTH_C1, NIGHT_C1, YEAR_C2

if TYPE_CHECKING:
    from numpy.typing import NDArray


def test_a_name_says_product_day_tile_and_version() -> None:
    granule = parse_name("VNP46A2.A2016041.h30v05.001.2020112010203.h5")
    assert (granule.product, granule.day, granule.tile) == ("VNP46A2", date(2016, 2, 10), "h30v05")
    assert (granule.collection, granule.produced) == ("001", "2020112010203")
    assert granule.grid == tile_grid(30, 5)


@pytest.mark.parametrize(
    "name",
    [
        "VNP46A1.A2016041.h30v05.001.2020112010203.h5",
        "VNP46A2.A2016041.h30v05.001.h5",
        "VNP46A2.A2016041.h30v05.001.2020112010203.tif",
        "VNP46A2.A2016367.h30v05.001.2020112010203.h5",
        "VNP46A2.A2015366.h30v05.001.2020112010203.h5",
        "VNP46A2.A2016000.h30v05.001.2020112010203.h5",
        "VNP46A2.A2016041.h36v05.001.2020112010203.h5",
        "VNP46A2.A2016041.h30v18.001.2020112010203.h5",
        "VNP46A3.A2016041.h30v05.001.2020112010203.h5",
        "VNP46A4.A2016032.h30v05.001.2020112010203.h5",
        "x/VNP46A2.A2016041.h30v05.001.2020112010203.h5",
    ],
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(CorruptAssetError) as caught:
        parse_name(name)
    assert caught.value.where == name


@given(h=st.integers(0, 35), v=st.integers(0, 17))
def test_tiles_are_ten_degrees_and_meet(h: int, v: int) -> None:
    edge = tile_grid(h, v).bounds
    assert (edge.left, edge.top) == (-180 + 10 * h, 90 - 10 * v)
    assert edge.right == pytest.approx(edge.left + 10)
    assert edge.bottom == pytest.approx(edge.top - 10)


def test_the_tile_of_the_site_holds_it() -> None:
    assert tile_grid(30, 5).cell(126.62, 37.93) == (496, 1588)
    with pytest.raises(ValueError, match="outside"):
        tile_grid(29, 5).cell(126.62, 37.93)


# (UTC day of the file, instant, civil day of the night): the offset was 8:30 from Aug 2015 on.
NIGHTS = [
    (date(2020, 11, 24), datetime(2020, 11, 24, 16, 30, tzinfo=UTC), date(2020, 11, 25)),
    (date(2016, 2, 10), datetime(2016, 2, 10, 17, 0, tzinfo=UTC), date(2016, 2, 11)),
    (date(2017, 12, 31), datetime(2017, 12, 31, 17, 0, tzinfo=UTC), date(2018, 1, 1)),
    (date(2013, 4, 3), datetime(2013, 4, 3, 16, 30, tzinfo=UTC), date(2013, 4, 4)),
]


@pytest.mark.parametrize(("utc_day", "instant", "civil_day"), NIGHTS)
def test_the_night_of_a_file_is_that_of_the_next_civil_day(
    utc_day: date, instant: datetime, civil_day: date
) -> None:
    assert overpass(utc_day, "Asia/Pyongyang") == instant
    assert civil_day_of(instant, "Asia/Pyongyang") == civil_day


@given(
    day=st.dates(date(2012, 1, 19), date(2026, 12, 31)),
    zone=st.sampled_from(
        ["Asia/Pyongyang", "Europe/Berlin", "America/Los_Angeles", "Pacific/Kiritimati", "UTC"]
    ),
)
def test_every_file_has_one_night_within_its_utc_day(day: date, zone: str) -> None:
    instant = overpass(day, zone)
    assert instant.date() == day
    local = instant.astimezone(ZoneInfo(zone))
    # An hour either way where clocks changed in between.
    assert timedelta(minutes=29) <= timedelta(hours=local.hour, minutes=local.minute)
    assert timedelta(hours=local.hour, minutes=local.minute) <= timedelta(hours=2, minutes=31)


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        (MONTH_C1, datetime(2016, 2, 1, tzinfo=UTC), datetime(2016, 3, 1, tzinfo=UTC)),
        (
            "VNP46A3.A2015335.h30v05.001.2021112010203.h5",
            datetime(2015, 12, 1, tzinfo=UTC),
            datetime(2016, 1, 1, tzinfo=UTC),
        ),
        (YEAR_C2, datetime(2016, 1, 1, tzinfo=UTC), datetime(2017, 1, 1, tzinfo=UTC)),
    ],
)
def test_composites_last_a_month_or_a_year(name: str, start: datetime, end: datetime) -> None:
    period = parse_name(name).period("Asia/Pyongyang")
    assert (period.start, period.end) == (start, end - timedelta(microseconds=1))


def test_a_night_is_an_instant() -> None:
    period = parse_name(NIGHT_C1).period("Asia/Pyongyang")
    assert period.start == period.end == datetime(2016, 2, 10, 17, 0, tzinfo=UTC)


# (type, attributes) -> the scaling, or None where it must be refused.
SCALINGS: list[tuple[str, dict[str, float], Scaling | None]] = [
    ("u2", {"scale_factor": 0.1, "offset": 0, "_FillValue": 65535}, INTEGER),
    ("u2", {"scale_factor": 0.1, "add_offset": 0}, INTEGER),
    ("u2", {"scale_factor": float(np.float32(0.1))}, INTEGER),
    ("u2", {}, None),
    ("u2", {"scale_factor": 1.0}, None),
    ("u2", {"scale_factor": 0.01}, None),
    ("u2", {"scale_factor": 0.1, "offset": 5}, None),
    ("u2", {"scale_factor": 0.1, "add_offset": 5}, None),
    ("u2", {"scale_factor": 0.1, "_FillValue": 0}, None),
    ("f4", {"scale_factor": 1.0, "_FillValue": float(np.float32(-999.9))}, FLOATING),
    ("f4", {}, FLOATING),
    ("f4", {"scale_factor": 0.1}, None),
    ("f4", {"_FillValue": -9999}, None),
    ("f4", {"scale_factor": float("nan")}, None),
    ("f8", {}, None),
    ("i2", {"scale_factor": 0.1}, None),
    ("u1", {"scale_factor": 0.1}, None),
]


@pytest.mark.parametrize(("dtype", "attrs", "expected"), SCALINGS)
def test_a_scaling_is_the_documented_one_or_refused(
    dtype: str, attrs: dict[str, float], expected: Scaling | None
) -> None:
    for order in "<>":
        stored = np.dtype(order + dtype)
        if expected is not None:
            assert check_scaling(RADIANCE, stored, attrs, where="f.h5") == expected
            continue
        with pytest.raises(CorruptAssetError, match=r"documented") as caught:
            check_scaling(RADIANCE, stored, attrs, where="f.h5")
        assert caught.value.where == "f.h5"


@pytest.mark.parametrize(
    "units",
    ["nWatts/(cm^2 sr)", "nW/cm2/sr", "nW cm-2 sr-1", "nWatts / cm^2 / sr", "nW/(cm^2 sr)", None],
)
def test_the_documented_unit_in_its_spellings(units: str | None) -> None:
    check_units(RADIANCE, units, where="f.h5")


@pytest.mark.parametrize("units", ["W/(cm^2 sr)", "nW/(m^2 sr)", "uW/(cm^2 sr)", "none", "", "K"])
def test_other_units_are_refused(units: str) -> None:
    with pytest.raises(CorruptAssetError, match="documented is nW"):
        check_units(RADIANCE, units, where="f.h5")


def test_moonlight_is_an_irradiance() -> None:
    check_units(MOON, "nWatts/cm^2", where="f.h5")
    with pytest.raises(CorruptAssetError):
        check_units(RADIANCE, "nWatts/cm^2", where="f.h5")


@given(stored=arrays(np.uint16, (3, 4), elements=st.sampled_from([0, 1, 123, 65533, 65534, 65535])))
def test_radiance_of_collection_1_against_plain_loops(stored: NDArray[np.uint16]) -> None:
    values, top = to_radiance(stored, INTEGER), is_saturated(stored, INTEGER)
    assert values.dtype == np.float32
    for place, dn in np.ndenumerate(stored):
        if dn == 65535:
            assert np.isnan(values[place])
        else:
            assert values[place] == pytest.approx(float(dn) * 0.1, rel=1e-6)
        assert top[place] == (dn == 65534)


def test_radiance_of_collection_2_keeps_what_is_below_zero() -> None:
    stored = np.array([[-999.9, -0.3, 0.0, 7_000.5, np.inf, np.nan]], np.float32)
    values = to_radiance(stored, FLOATING)
    assert np.isnan(values[0]).tolist() == [True, False, False, False, True, True]
    assert values[0, 1:4].tolist() == [pytest.approx(-0.3), 0.0, 7_000.5]
    assert not is_saturated(stored, FLOATING).any()


@given(
    mask=arrays(np.uint16, (4, 4)),
    quality=arrays(np.uint8, (4, 4), elements=st.sampled_from([0, 1, 2, 255])),
    lit=arrays(np.bool_, (4, 4)),
)
def test_what_counts_as_seen_against_plain_loops(
    mask: NDArray[np.uint16], quality: NDArray[np.uint8], lit: NDArray[np.bool_]
) -> None:
    radiance = np.where(lit, np.float32(3), np.float32(np.nan)).astype(np.float32)
    seen, classes = seen_tonight(radiance, quality, mask), cloud_class(mask)
    for place, bits in np.ndenumerate(mask):
        text = f"{int(bits):016b}"[::-1]
        cloud = int(text[6]) + 2 * int(text[7])
        clear = text[0] == "0" and cloud <= 1 and text[9] == "0" and bits != 65535
        assert seen[place] == (clear and quality[place] <= 1 and lit[place])
        assert classes[place] == (255 if bits == 65535 else cloud)


def test_a_composite_rests_on_looks_of_its_own_period() -> None:
    radiance = np.array([1, 1, 1, 1, 1, np.nan], np.float32)
    quality = np.array([0, 1, 2, 255, 0, 0], np.uint8)
    n_looks = np.array([9, 2, 9, 9, 0, 9], np.uint16)
    seen = seen_in_composite(radiance, quality, n_looks)
    assert seen.tolist() == [True, True, False, False, False, False]
    unknown = seen_in_composite(radiance[:1], quality[:1], np.array([65535], np.uint16))
    assert not unknown.any()


def test_the_composites_are_six_and_the_widest_comes_first() -> None:
    assert COMPOSITES[0] == "AllAngle_Composite_Snow_Free"
    assert len(set(COMPOSITES)) == 6
    assert "OffNadir_Composite_Snow_Covered" in COMPOSITES
