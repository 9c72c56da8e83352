"""Signatures: the arithmetic against another's, and nothing that prints what it holds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import obstore
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from obstore.store import S3Store

from pipeline.catalogs import open_catalog
from pipeline.catalogs.presets import CDSE, PRESETS
from pipeline.errors import InputError
from pipeline.network.presign import Bucket, Keys, presigned
from pipeline.network.signing import S3Signing

KEYS = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
HERE = Bucket("https://eodata.dataspace.copernicus.eu/eodata", "default")
NAMES = st.text("abcXYZ019-_.~ +é()&=", min_size=1, max_size=12).filter(lambda n: n.strip(". "))


def test_the_example_of_the_documentation() -> None:
    """Amazon S3 API reference, "Authenticating Requests: Using Query Parameters"."""
    place = Bucket("https://examplebucket.s3.amazonaws.com", "us-east-1")
    span = datetime(2013, 5, 24, tzinfo=UTC), timedelta(seconds=86400)
    url = presigned(place, "test.txt", KEYS, span)
    asked = parse_qs(urlsplit(url).query)
    assert asked["X-Amz-Signature"] == [
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    ]


@settings(max_examples=25)
@given(st.lists(NAMES, min_size=1, max_size=4).map("/".join))
def test_signatures_are_those_of_another_library(key: str) -> None:
    store = S3Store(
        "eodata",
        endpoint="https://eodata.dataspace.copernicus.eu",
        region="default",
        access_key_id=KEYS.access,
        secret_access_key=KEYS.secret,
        virtual_hosted_style_request=False,
    )
    theirs = obstore.sign(store, "GET", key, timedelta(minutes=10))
    stamp = datetime.strptime(
        parse_qs(urlsplit(theirs).query)["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ"
    ).replace(tzinfo=UTC)
    ours = presigned(HERE, key, KEYS, (stamp, timedelta(minutes=10)))
    assert parse_qs(urlsplit(ours).query) == parse_qs(urlsplit(theirs).query)


def test_the_environment_of_other_tools_changes_no_signature(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    span = datetime(2020, 1, 1, tzinfo=UTC), timedelta(minutes=10)
    before = presigned(HERE, "a", KEYS, span)
    for name in ("AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.setenv(name, "http://evil.example")
    assert presigned(HERE, "a", KEYS, span) == before


@pytest.mark.parametrize(
    "held", [(), ("CDSE_S3_ACCESS_KEY",), ("CDSE_S3_SECRET_KEY",), ("EMPTY",)], ids=str
)
def test_missing_credentials_are_named_before_any_search(
    monkeypatch: pytest.MonkeyPatch, held: tuple[str, ...]
) -> None:
    both = ("CDSE_S3_ACCESS_KEY", "CDSE_S3_SECRET_KEY")
    for name in both:
        monkeypatch.delenv(name, raising=False)
        if name in held:
            monkeypatch.setenv(name, "KEY-CANARY")
        elif held == ("EMPTY",):
            monkeypatch.setenv(name, " ")
    with pytest.raises(InputError, match=r"Remedy: make S3 keys") as caught:
        open_catalog("cdse")
    for name in both:
        assert (name in str(caught.value)) == (name not in held)
    assert "CANARY" not in str(caught.value)


def test_nothing_prints_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDSE_S3_ACCESS_KEY", "ACCESS-CANARY")
    monkeypatch.setenv("CDSE_S3_SECRET_KEY", "SECRET-CANARY")
    signing = CDSE.access.signing
    assert isinstance(signing, S3Signing)
    catalog = open_catalog("cdse")
    for thing in (signing, signing.keys(), signing.begin(), catalog.access, vars(catalog), KEYS):
        assert not re.search("CANARY|wJalr", f"{thing!r} {thing}")


@pytest.mark.parametrize("name", ["earth-search", "planetary-computer"])
def test_presets_open_by_name(name: str) -> None:
    catalog = open_catalog(name)
    assert catalog.name == PRESETS[name].url
    assert catalog.access is PRESETS[name].access
    assert catalog.collections["sentinel-2"][-1] == "sentinel-2-l2a"


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_may_ask_its_own_api_and_no_private_host(name: str) -> None:
    preset = PRESETS[name]
    assert preset.access.check(preset.url) == preset.url
    assert not preset.access.named
    assert not preset.access.is_public
    assert set(preset.collections) <= {"sentinel-2", "landsat", "sentinel-1"}


def test_an_unknown_preset_names_those_there_are() -> None:
    with pytest.raises(InputError, match="earth-search, planetary-computer, cdse"):
        open_catalog("earthsearch")
