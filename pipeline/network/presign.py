"""The signature of version 4 that S3 services ask for, as part of an address.

Here belongs the arithmetic of one signature. It is written out because the libraries at hand let
the environment choose the service that a signature goes to (obstore 0.12 prefers
``AWS_ENDPOINT_URL_S3`` to the endpoint it is given, and adds ``AWS_SESSION_TOKEN``); the tests
hold it against obstore's. When and what to sign belongs to ``signing``.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

if TYPE_CHECKING:
    from datetime import datetime, timedelta

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class Keys:
    """A pair of keys.

    Attributes:
        access: names the account.
        secret: never leaves this machine.
    """

    access: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Bucket:
    """Where objects lie.

    Attributes:
        url: address of the bucket, path style.
        region: as the service calls it.
    """

    url: str
    region: str


def presigned(bucket: Bucket, key: str, keys: Keys, span: tuple[datetime, timedelta]) -> str:
    """The address of an object with a signature to read it.

    Source: AWS Signature Version 4, "Authenticating Requests: Using Query Parameters".

    Args:
        bucket: where the object lies.
        key: of the object, unquoted.
        keys: of the account.
        span: now, in UTC, and how long the signature is good.
    """
    now, life = span
    stamp, scope = f"{now:%Y%m%dT%H%M%SZ}", f"{now:%Y%m%d}/{bucket.region}/s3/aws4_request"
    query = urlencode(
        {
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Credential": f"{keys.access}/{scope}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(int(life.total_seconds())),
            "X-Amz-SignedHeaders": "host",
        },
        quote_via=quote,
        safe="",
    )
    url = f"{bucket.url}/{quote(key, safe='/~')}"
    parts = urlsplit(url)
    request = f"GET\n{parts.path}\n{query}\nhost:{parts.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"{ALGORITHM}\n{stamp}\n{scope}\n{digest}"
    return f"{url}?{query}&X-Amz-Signature={_signature(keys.secret, scope, text)}"


def _signature(secret: str, scope: str, text: str) -> str:
    """The signature of a text, hex: a chain of keyed hashes over the parts of its scope."""
    link = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), text):
        link = hmac.digest(link, part.encode(), "sha256")
    return link.hex()
