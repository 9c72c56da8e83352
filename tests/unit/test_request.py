"""Words become requests, or one line that says what was wrong with them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.errors import ConfigError, InputError
from pipeline.request import ROOT, find_folder, period_between, request_for, sample_lights
from pipeline.run import EVER


def test_the_rehearsal_needs_nothing_but_its_name(tmp_path: Path) -> None:
    request = request_for("kaesong-rehearsal", "", tmp_path)
    assert request.site_folder.resolve() == ROOT / "aoi" / "kaesong-rehearsal"
    assert request.seeds_folder is not None
    assert request.seeds_folder.resolve() == ROOT / "seeds" / "kaesong"
    assert Path(request.source).parent.name == "kaesong-rehearsal"
    assert request.period == EVER


def test_a_path_is_as_good_as_a_name(tmp_path: Path) -> None:
    folder = ROOT / "aoi" / "kaesong-rehearsal"
    assert request_for(str(folder), "", tmp_path).site_folder == folder


def test_the_real_site_comes_without_imagery_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--source"):
        request_for("kaesong", "", tmp_path)
    named = request_for("kaesong", "https://example.org/stac", tmp_path)
    assert named.source == "https://example.org/stac"


def test_the_rehearsal_comes_with_night_lights_and_the_real_site_does_not() -> None:
    assert list(sample_lights("kaesong-rehearsal").glob("SVDNB_*.tif"))
    with pytest.raises(InputError, match="none comes with this site"):
        sample_lights("kaesong")


def test_an_unknown_site_names_the_known_ones() -> None:
    with pytest.raises(InputError, match="kaesong-rehearsal") as caught:
        find_folder("atlantis", "aoi")
    assert "atlantis" in str(caught.value)


def test_a_period_holds_its_last_day_to_the_end() -> None:
    period = period_between("2020-08-01", "2020-12-31")
    assert period.start == datetime(2020, 8, 1, tzinfo=UTC)
    assert datetime(2020, 12, 31, 23, 59, 59, tzinfo=UTC) in period
    assert datetime(2021, 1, 1, tzinfo=UTC) not in period


def test_an_open_side_is_open() -> None:
    assert period_between("", "") == EVER
    assert period_between("2020-08-01", "").end == EVER.end


@pytest.mark.parametrize(
    ("since", "until", "word"),
    [
        ("2020-13-01", "", "2020-13-01"),
        ("25/11/2020", "", "YYYY"),
        ("2021-01-01", "2020-01-01", "before"),
    ],
)
def test_a_wrong_day_is_named(since: str, until: str, word: str) -> None:
    with pytest.raises(InputError, match=word):
        period_between(since, until)


def test_a_wrong_settings_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml"):
        request_for("kaesong-rehearsal", "", tmp_path, settings=tmp_path / "none.toml")
