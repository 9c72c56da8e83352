"""Which hosts may be asked, and which addresses a connection may go to.

Here belong addresses as text and as numbers; nothing is sent. An address is judged twice: as it
is written, before a name is resolved, and as the number that the name stands for, before the
connection is made (``backend``).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit, urlunsplit

import httpx

from pipeline.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.network.signing import Signing

Ip: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
"""Three ways to write one host; who names one names all."""
SECRET_CHARS = 8
"""A value in a query that is shorter than this is no secret worth the name."""
_NUMBER = re.compile(r"(0x[0-9a-f]*|\d+)", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class Access:
    """What may be asked on behalf of one catalogue; it holds no secret.

    Attributes:
        hosts: names that may be asked over https; one with a dot in front stands for all below.
        is_public: whether any host with a public address may be asked over https.
        named: private hosts that the user named, over http or https, on any port.
        signing: how addresses are signed; None if they are not.
        max_connections: no more are open at once.
        remedy: what to do about an address that is refused.
    """

    hosts: tuple[str, ...] = ()
    is_public: bool = False
    named: frozenset[str] = frozenset()
    signing: Signing | None = None
    max_connections: int = 64
    remedy: str = "use a catalogue whose assets have public https addresses"

    @classmethod
    def of_source(cls, url: str) -> Access:
        """What may be asked on behalf of a catalogue that the user named by its address.

        That is any public host over https, and a private host only if it is the very one that
        the address names by number or as ``localhost``. A name that leads to a private address
        is no such naming: whoever owns the name can change where it leads.

        Example:
            >>> sorted(Access.of_source("http://127.0.0.1:8080/v1").named)
            ['127.0.0.1', '::1', 'localhost']
        """
        host = _host(parsed(url))
        if host in LOOPBACK_NAMES:
            return cls(is_public=True, named=LOOPBACK_NAMES)
        ip = ip_of(host)
        return cls(is_public=True, named=frozenset({host} if ip and not is_open(ip) else ()))

    def has_scheme(self, scheme: str) -> bool:
        """Whether addresses of a scheme can be read at all."""
        return scheme in ("http", "https") or (
            self.signing is not None and self.signing.scheme == scheme
        )

    def check(self, url: str) -> str:
        """Refuse an address that may not be asked; give it without its query, fit for print.

        Raises:
            FetchError: if it is refused, or is no address.
        """
        parts = parsed(url)
        shown = _shown(parts)
        if parts.userinfo or not self._allows(parts.scheme, _host(parts)):
            what = "the address is not one to ask"
            raise FetchError(what, where=shown, remedy=self.remedy)
        return shown

    def check_hop(self, url: str, target: str) -> str:
        """The same for the target of a redirect.

        Raises:
            FetchError: if it is refused, leads from outside to a private host, or would carry
                the query of the first address, which may be a signature, to another host.
        """
        shown = self.check(target)
        first, second = parsed(url), parsed(target)
        if _host(first) == _host(second):
            return shown
        values = [value for _, value in first.params.multi_items()]
        known = {target, str(second), *(value for _, value in second.params.multi_items())}
        leaks = any(v in one for v in values if len(v) >= SECRET_CHARS for one in known)
        if leaks or (_host(second) in self.named and _host(first) not in self.named):
            what = "the server redirects to a host that may not have this request"
            raise FetchError(what, where=shown, remedy=self.remedy)
        return shown

    def check_connection(self, host: str, address: str) -> None:
        """Refuse the number that a name stands for.

        Raises:
            FetchError: if it is private and the user did not name it.
        """
        ip = ip_of(address)
        is_home = host in self.named and ip is not None and (ip.is_loopback or host == address)
        if not is_home and (ip is None or host in self.named or not is_open(ip)):
            what = "the name of the host leads to a private address"
            raise FetchError(what, where=host, remedy=self.remedy)

    def _allows(self, scheme: str, host: str) -> bool:
        """Whether a host may be asked in that way, as far as its name tells."""
        if host in self.named:
            return scheme in ("http", "https")
        if scheme != "https" or not _is_plain(host):
            return False
        return self.is_public or any(_matches(host, pattern) for pattern in self.hosts)


def is_open(ip: Ip) -> bool:
    """Whether an address belongs to the public internet, whatever it is wrapped in.

    Example:
        >>> [is_open(ipaddress.ip_address(text)) for text in ("8.8.8.8", "::ffff:10.0.0.1")]
        [True, False]
    """
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_open(inner)
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def without_query(url: str) -> str:
    """The URL without query, fragment and credentials, fit for a message.

    Example:
        >>> without_query("https://user:word@host.example/stac?token=secret")
        'https://host.example/stac'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def with_query(url: str, parameters: Mapping[str, Any]) -> str:
    """The URL with more in its query.

    Example:
        >>> with_query("https://host.example/search?a=1", {"limit": 10})
        'https://host.example/search?a=1&limit=10'

    Raises:
        FetchError: if it is no address.
    """
    parts = parsed(url)
    return str(parts.copy_merge_params(dict(parameters))) if parameters else url


def origin_of(url: str) -> str:
    """Scheme and host, and the port if it is not the usual one.

    Example:
        >>> origin_of("https://Host.example:443/a"), origin_of("http://host.example:80")
        ('https://host.example', 'http://host.example')

    Raises:
        FetchError: if it is no address.
    """
    parts = parsed(url)
    return f"{parts.scheme}://{_place(parts)}"


@lru_cache(maxsize=1024)
def parsed(url: str) -> httpx.URL:
    """The address as the library that will ask it reads it, so that no two readings differ.

    Raises:
        FetchError: if it is no address.
    """
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError):
        # The cause is left out, since it may quote the address with its query.
        raise FetchError("the address is malformed") from None


def _host(parts: httpx.URL) -> str:
    """The host as it is asked."""
    return parts.raw_host.decode("ascii")


def _place(parts: httpx.URL) -> str:
    """Host and port."""
    host = f"[{_host(parts)}]" if ":" in _host(parts) else _host(parts)
    return host if parts.port is None else f"{host}:{parts.port}"


def _shown(parts: httpx.URL) -> str:
    """The address without query, fragment and user."""
    path = parts.raw_path.partition(b"?")[0].decode("ascii")
    return f"{parts.scheme}://{_place(parts)}{path}"


@lru_cache(maxsize=1024)
def ip_of(text: str) -> Ip | None:
    """The address that a text is; None if it is none."""
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _is_plain(host: str) -> bool:
    """Whether a host is a name or a public address in its usual spelling."""
    ip = ip_of(host)
    if ip is not None:
        return is_open(ip)
    # A last label that is a number makes the whole an address in an odd spelling: 2130706433,
    # 0x7f.1. An empty label is a dot at the end, which hides a name from a list of names.
    return bool(_NAME.fullmatch(host)) and not _NUMBER.fullmatch(host.rpartition(".")[2])


def _matches(host: str, pattern: str) -> bool:
    """Whether a host is the one that is listed, or below it."""
    return host.endswith(pattern) if pattern.startswith(".") else host == pattern


PUBLIC = Access(is_public=True)
"""Any public host over https and nothing else."""
