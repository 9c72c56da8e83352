"""Errors say what, where and what to do, in one line, with the right exit code."""

from __future__ import annotations

import pytest

from pipeline import errors
from pipeline.errors import FetchRetryError, InputError, MissingBandError, PipelineError, Transient


def test_the_three_parts_become_one_line() -> None:
    error = InputError("ring crosses\nitself", where="zones.geojson: a", remedy="redraw it")
    assert str(error) == "zones.geojson: a: ring crosses itself. Remedy: redraw it."


def test_parts_may_be_missing() -> None:
    assert str(PipelineError("nothing works")) == "nothing works."


def test_a_missing_band_prints_plainly_though_it_is_a_key_error() -> None:
    assert str(MissingBandError("no band red", where="S2A")) == "S2A: no band red."


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("InputError", 2), ("ConfigError", 2), ("SiteError", 2), ("ClaimsError", 2),
        ("RasterInputError", 2), ("EmptySearchError", 2), ("SearchError", 3),
        ("AssetError", 3), ("NothingSeenError", 3), ("StoreError", 1), ("BusyError", 1),
    ],
)  # fmt: skip
def test_exit_codes(kind: str, code: int) -> None:
    assert getattr(errors, kind)("x").exit_code == code


def test_only_passing_failures_may_be_retried() -> None:
    assert isinstance(FetchRetryError("slow"), Transient)
    assert not isinstance(errors.FetchError("gone"), Transient)
    assert not isinstance(errors.CorruptAssetError("bad"), Transient)
