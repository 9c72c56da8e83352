"""Signatures on addresses: put on just before an address is asked, and kept nowhere else.

Here belong the plans (what a catalogue says about how it is signed; no secret in them) and the
signers that a door makes of them (they hold tokens for as long as the door is open). Neither
prints what it holds. What becomes of a refused request belongs to whoever asked.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from pipeline.errors import FetchError, FetchRetryError, InputError
from pipeline.network.access import without_query
from pipeline.network.documents import Patience, ask
from pipeline.network.door import Call
from pipeline.network.presign import Bucket, Keys, presigned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.network.door import Door

MARGIN = timedelta(seconds=60)
"""A token that runs out earlier than this from now is renewed before it is used."""
LIFE = timedelta(minutes=10)
"""How long a signature of our own is good: longer than the largest object takes."""
_TOKEN = re.compile(r"[A-Za-z0-9%&=.:+/_~-]{1,4096}")
_OK = 200


class Signing(Protocol):
    """How the addresses of a catalogue are signed."""

    @property
    def scheme(self) -> str:
        """Scheme of the addresses that only a signature makes readable."""
        ...

    def begin(self) -> Signer:
        """A signer for one door.

        Raises:
            InputError: if credentials are missing.
        """
        ...


class Signer(Protocol):
    """Puts signatures on the addresses that go through one door."""

    async def signed(self, door: Door, url: str) -> str:
        """The address with a signature that is good now.

        Raises:
            FetchError: if there is none to be had.
        """
        ...

    def forget(self, signed: str) -> None:
        """Never use the signature of this address again: it was refused."""
        ...


@dataclass(frozen=True)
class SasSigning:
    """Azure blobs whose tokens are given out by a service, one a container.

    Source: planetarycomputer.microsoft.com/docs/concepts/sas; the service answers
    ``GET token_url/account/container`` with ``token`` and ``msft:expiry``. The container is taken
    from the address itself, so that no token of one container goes to another one.

    Attributes:
        token_url: address of the service.
        suffix: end of the hosts whose addresses are signed.
    """

    token_url: str
    suffix: str = ".blob.core.windows.net"
    scheme: str = "https"

    def begin(self) -> Signer:
        """A signer without tokens yet."""
        return _SasSigner(self)


@dataclass(frozen=True)
class _Token:
    """A token and when it runs out."""

    text: str = field(repr=False)
    expiry: datetime

    @property
    def is_good(self) -> bool:
        """Whether it will live through a request."""
        return datetime.now(UTC) + MARGIN < self.expiry


@dataclass
class _SasSigner:
    """The tokens of one door, by container."""

    plan: SasSigning
    tokens: dict[str, _Token] = field(default_factory=dict, repr=False)
    locks: Mapping[str, asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock), repr=False
    )

    async def signed(self, door: Door, url: str) -> str:
        """The address with a token that is good now; others pass as they are.

        Raises:
            FetchError: if the service gives none.
        """
        container = self._container(url)
        if not container:
            return url
        async with self.locks[container]:
            token = self.tokens.get(container)
            if token is None or not token.is_good:
                token = self.tokens[container] = await self._renewed(door, container)
        bare = url.partition("#")[0]
        return f"{bare}{'&' if '?' in bare else '?'}{token.text}"

    def forget(self, signed: str) -> None:
        """Drop the token of an address, unless it was renewed in the meantime."""
        container = self._container(signed)
        token = self.tokens.get(container)
        if token is not None and signed.endswith(token.text):
            del self.tokens[container]

    def _container(self, url: str) -> str:
        """Account and container of an address; empty if it is not one to sign."""
        parts = urlsplit(url)
        host, folder = parts.hostname or "", parts.path.split("/")[1:2]
        if not host.endswith(self.plan.suffix) or not folder or not folder[0]:
            return ""
        return f"{host.removesuffix(self.plan.suffix)}/{folder[0]}"

    async def _renewed(self, door: Door, container: str) -> _Token:
        """A token from the service; one that is issued already expired is asked for once more.

        Raises:
            FetchRetryError: if the second one has run out, too.
            FetchError: if the service refuses or makes no sense.
        """
        for _ in range(2):
            token = await self._asked(door, container)
            if token.is_good:
                return token
        what = "the signing service gives out signatures that have run out"
        remedy = "check the clock of this machine, then run again"
        raise FetchRetryError(what, where=self.plan.token_url, remedy=remedy)

    async def _asked(self, door: Door, container: str) -> _Token:
        """One answer of the service."""
        url = f"{self.plan.token_url}/{container}"
        answer = await ask(door, Call(url), Patience(max_bytes=65_536))
        if answer.status != _OK:
            what = f"the signing service answered {answer.status}"
            raise FetchError(what, where=without_query(url), remedy="run again later")
        try:
            return _token_of(answer.body)
        except (ValueError, KeyError, TypeError, RecursionError):
            # The cause is left out, since it may quote the answer, which holds a token.
            what = "the answer of the signing service makes no sense"
            raise FetchError(what, where=without_query(url), remedy="run again later") from None


def _token_of(body: bytes) -> _Token:
    """The token in an answer.

    Raises:
        ValueError, KeyError, TypeError, RecursionError: if there is none.
    """
    document = json.loads(body)
    text, expiry = document["token"], datetime.fromisoformat(document["msft:expiry"])
    if not _TOKEN.fullmatch(text) or expiry.tzinfo is None:
        raise ValueError("no token")
    return _Token(text, expiry)


@dataclass(frozen=True)
class S3Signing:
    """A bucket behind an S3 service, with keys from the environment.

    Attributes:
        bucket: the only bucket that is read.
        endpoint: address of the service.
        region: as the service calls it.
        variables: names of the environment variables with the access key and the secret key.
        remedy: where to get keys.
    """

    bucket: str
    endpoint: str
    region: str
    variables: tuple[str, str]
    remedy: str
    scheme: str = "s3"

    def begin(self) -> Signer:
        """A signer with the keys of the environment.

        Raises:
            InputError: if they are not there.
        """
        return _S3Signer(self, self.keys())

    def keys(self) -> Keys:
        """The keys of the environment.

        Raises:
            InputError: if one is not there.
        """
        found = [os.environ.get(name, "").strip() for name in self.variables]
        if all(found):
            return Keys(*found)
        missing = " and ".join(n for n, key in zip(self.variables, found, strict=True) if not key)
        raise InputError(
            f"the catalogue needs credentials: {missing} not set in the environment",
            where=self.endpoint,
            remedy=self.remedy,
        )


@dataclass(frozen=True)
class _S3Signer:
    """The keys of one door."""

    plan: S3Signing
    keys: Keys = field(repr=False)

    async def signed(self, _: Door, url: str) -> str:
        """The address of an object of the bucket, signed for a while; others pass as they are.

        Raises:
            FetchError: if it lies in another bucket.
        """
        if not url.startswith("s3://"):
            return url
        bucket, _slash, key = url.removeprefix("s3://").partition("/")
        if bucket != self.plan.bucket or not key or {"", ".", ".."} & set(key.split("/")):
            what = f"only objects of the bucket {self.plan.bucket} are read from this catalogue"
            raise FetchError(what, where=without_query(url), remedy="use another catalogue")
        place = Bucket(f"{self.plan.endpoint}/{bucket}", self.plan.region)
        return presigned(place, key, self.keys, (datetime.now(UTC), LIFE))

    def forget(self, signed: str) -> None:
        """Nothing: every signature is a new one."""
