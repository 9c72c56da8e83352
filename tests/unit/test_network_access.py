"""What may be asked: the table of addresses, before a name is resolved and after."""

from __future__ import annotations

import ipaddress
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.catalogs.presets import PRESETS
from pipeline.errors import FetchError
from pipeline.network.access import (
    LOOPBACK_NAMES,
    PUBLIC,
    Access,
    is_open,
    origin_of,
    with_query,
    without_query,
)

HOME = Access.of_source("http://127.0.0.1:8080/v1")
LISTED = Access(hosts=("api.example.org", ".blob.example.net"))


@pytest.mark.parametrize(
    ("access", "url", "shown"),
    [
        (PUBLIC, "https://example.org/a/B04.tif?sig=S#f", "https://example.org/a/B04.tif"),
        (PUBLIC, "https://example.org:8443/a", "https://example.org:8443/a"),
        (PUBLIC, "HTTPS://EXAMPLE.org/a", "https://example.org/a"),
        (PUBLIC, "https://8.8.8.8/a", "https://8.8.8.8/a"),
        (PUBLIC, "https://[2001:4860:4860::8888]/a", "https://[2001:4860:4860::8888]/a"),
        (HOME, "http://127.0.0.1:81/a", "http://127.0.0.1:81/a"),
        (HOME, "http://localhost:81/a", "http://localhost:81/a"),
        (HOME, "http://[::1]:81/a", "http://[::1]:81/a"),
        (HOME, "https://example.org/a", "https://example.org/a"),
        (LISTED, "https://api.example.org/v1", "https://api.example.org/v1"),
        (LISTED, "https://one.blob.example.net/c/a", "https://one.blob.example.net/c/a"),
        (Access.of_source("http://10.0.0.5/v1"), "http://10.0.0.5:99/a", "http://10.0.0.5:99/a"),
    ],
)
def test_addresses_that_may_be_asked(access: Access, url: str, shown: str) -> None:
    assert access.check(url) == shown


REFUSED = [
    "http://example.org/a",
    "http://127.0.0.1.example.org/a",
    "http://localhost.example.org/a",
    "http://127.0.0.1/a",
    "http://localhost/a",
    "HTTP://LOCALHOST/a",
    "file:///etc/passwd",
    "/etc/passwd",
    "/vsicurl/http://127.0.0.1/a",
    "/vsizip/a.zip/b.tif",
    "vrt://a.tif",
    "GTIFF_DIR:1:a.tif",
    "ftp://127.0.0.1/a",
    "s3://bucket/a",
    "https://169.254.169.254/latest",
    "http://169.254.169.254/latest",
    "https://127.0.0.1/a",
    "https://127.1/a",
    "https://10.0.0.1/a",
    "https://192.168.1.1/a",
    "https://100.64.0.1/a",
    "https://224.0.0.1/a",
    "https://240.0.0.1/a",
    "https://[::1]/a",
    "https://[::]/a",
    "https://[fe80::1]/a",
    "https://[fd00::1]/a",
    "https://[::ffff:10.0.0.1]/a",
    "https://[64:ff9b::7f00:1]/a",
    "https://[2002:7f00:1::]/a",
    "https://2130706433/a",
    "https://0x7f000001/a",
    "https://0x7f.1/a",
    "https://0177.1/a",
    "http://0.0.0.0/a",
    "https://127.0.0.1./a",
    "https://example.org./a",
    "https://example..org/a",
    "https://user:SECRET@example.org/a",
    "http://user@127.0.0.1/a",
    "https://:SECRET@example.org/a",
    "https:///a",
    "https://example.org:port/a?SECRET",
    "https://[bad/a?SECRET",
    "",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("url", REFUSED)
def test_addresses_that_may_not_be_asked(url: str) -> None:
    with pytest.raises(FetchError) as caught:
        PUBLIC.check(url)
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("access", "url"),
    [
        (HOME, "http://127.0.0.2/a"),
        (HOME, "http://example.org/a"),
        (HOME, "http://user@127.0.0.1/a"),
        (HOME, "http://169.254.169.254/a"),
        (HOME, "ftp://127.0.0.1/a"),
        (LISTED, "https://example.org/a"),
        (LISTED, "https://evil-api.example.org/a"),
        (LISTED, "https://api.example.org.evil.example/a"),
        (LISTED, "https://blob.example.net/a"),
        (LISTED, "http://api.example.org/v1"),
        (LISTED, "https://8.8.8.8/a"),
    ],
)
def test_who_named_one_host_named_no_other(access: Access, url: str) -> None:
    with pytest.raises(FetchError, match="not one to ask"):
        access.check(url)


def test_a_refusal_says_what_the_catalogue_can_give() -> None:
    with pytest.raises(FetchError, match="--source planetary-computer"):
        PRESETS["earth-search"].access.check("https://landsatlook.usgs.gov/data/B4.TIF")


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_our_own_error(text: str) -> None:
    for access in (PUBLIC, HOME):
        with suppress(FetchError):
            assert access.check(text).startswith("http")


@given(st.ip_addresses(), st.sampled_from(["http", "https", "HTTPS"]))
def test_no_private_number_is_asked_in_any_family(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address, scheme: str
) -> None:
    host = f"[{ip}]" if ip.version == 6 else str(ip)
    with suppress(FetchError):
        PUBLIC.check(f"{scheme}://{host}/a")
        assert ip.is_global
        assert not ip.is_loopback


@given(st.ip_addresses(v=4))
def test_an_address_is_no_more_open_for_being_wrapped(ip: ipaddress.IPv4Address) -> None:
    for wrapped in (f"::ffff:{ip}", str(ipaddress.IPv6Address((0x2002 << 112) | (int(ip) << 80)))):
        assert is_open(ip) or not is_open(ipaddress.ip_address(wrapped))


@pytest.mark.parametrize(
    ("access", "host", "address"),
    [
        (PUBLIC, "example.org", "93.184.215.14"),
        (PUBLIC, "example.org", "2606:2800:21f::1"),
        (PUBLIC, "example.org", "64:ff9b::808:808"),
        (HOME, "127.0.0.1", "127.0.0.1"),
        (HOME, "localhost", "127.0.0.1"),
        (HOME, "localhost", "::1"),
        (HOME, "example.org", "93.184.215.14"),
        (Access.of_source("http://10.0.0.5"), "10.0.0.5", "10.0.0.5"),
    ],
)
def test_connections_that_are_made(access: Access, host: str, address: str) -> None:
    access.check_connection(host, address)


@pytest.mark.parametrize(
    ("access", "host", "address"),
    [
        (PUBLIC, "example.org", "127.0.0.1"),
        (PUBLIC, "example.org", "10.0.0.1"),
        (PUBLIC, "example.org", "169.254.169.254"),
        (PUBLIC, "example.org", "::1"),
        (PUBLIC, "example.org", "fe80::1%eth0"),
        (PUBLIC, "example.org", "::ffff:127.0.0.1"),
        (PUBLIC, "example.org", "not an address"),
        (PUBLIC, "127.0.0.1", "127.0.0.1"),
        (HOME, "example.org", "127.0.0.1"),
        (HOME, "localhost", "93.184.215.14"),
        (HOME, "localhost", "10.0.0.1"),
        (HOME, "10.0.0.1", "10.0.0.1"),
        (LISTED, "api.example.org", "192.168.0.1"),
    ],
)
def test_connections_that_are_not_made(access: Access, host: str, address: str) -> None:
    with pytest.raises(FetchError, match="private address"):
        access.check_connection(host, address)


def test_a_name_in_the_source_opens_no_private_address() -> None:
    access = Access.of_source("https://stac.example.org/v1")
    assert access == PUBLIC
    with pytest.raises(FetchError):
        access.check_connection("stac.example.org", "127.0.0.1")


@pytest.mark.parametrize("host", sorted(LOOPBACK_NAMES))
def test_the_three_names_of_this_machine_are_one(host: str) -> None:
    written = f"[{host}]" if ":" in host else host
    assert Access.of_source(f"http://{written}:8080").named == LOOPBACK_NAMES


SIGNED = "https://a.example.org/x?sig=CANARY-CANARY&se=2020"


@pytest.mark.parametrize(
    "target",
    [
        "https://a.example.org/y?sig=CANARY-CANARY",
        "https://b.example.org/y",
        "https://b.example.org/y?se=2020",
        "https://b.example.org/y?sig=another-one",
    ],
)
def test_redirects_that_are_followed(target: str) -> None:
    assert PUBLIC.check_hop(SIGNED, target) == without_query(target)


@pytest.mark.parametrize(
    ("access", "url", "target"),
    [
        (PUBLIC, SIGNED, "http://a.example.org/y"),
        (PUBLIC, SIGNED, "https://127.0.0.1/y"),
        (PUBLIC, SIGNED, "https://user@b.example.org/y"),
        (PUBLIC, SIGNED, "https://b.example.org/y?sig=CANARY-CANARY"),
        (PUBLIC, SIGNED, "https://b.example.org/CANARY-CANARY"),
        (PUBLIC, "https://a.example.org/?k=a%2Fb%2Fc%2Fdef", "https://b.example.org/?q=a/b/c/def"),
        (LISTED, "https://api.example.org/v1", "https://elsewhere.example/v1"),
        (HOME, "https://a.example.org/x", "http://127.0.0.1:22/y"),
    ],
)
def test_redirects_that_are_refused(access: Access, url: str, target: str) -> None:
    with pytest.raises(FetchError) as caught:
        access.check_hop(url, target)
    assert "CANARY" not in caught.value.what


def test_origins_and_queries() -> None:
    assert origin_of("https://A.example:443/x") == origin_of("https://a.example/y")
    assert origin_of("https://a.example") != origin_of("https://a.example:8443")
    assert origin_of("https://a.example") != origin_of("http://a.example")
    assert with_query("https://a.example/s?p=2", {}) == "https://a.example/s?p=2"
    assert with_query("https://a.example/s?p=2", {"q": "a b"}).startswith("https://a.example/s?p=2")
    assert without_query("https://[bad?x") == ""
