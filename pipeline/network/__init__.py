"""The one door to the network: no other room opens a socket.

Here belongs what may be asked (``access``), how a connection is made (``backend``), how an answer
is waited for (``door``, ``retries``), and the three things that are read: whole documents
(``documents``), ranges of objects (``ranges``), whole objects (``downloads``). Signatures are put
on in ``signing``. What the bytes mean belongs to ``catalogs`` and ``fetch``.
"""

from __future__ import annotations

from pipeline.network.access import PUBLIC, Access, without_query
from pipeline.network.documents import Answer, Patience, Reader
from pipeline.network.door import Door
from pipeline.network.downloads import Downloaded, download
from pipeline.network.ranges import RemoteObject
from pipeline.network.signing import S3Signing, SasSigning, Signer, Signing

__all__ = [
    "PUBLIC",
    "Access",
    "Answer",
    "Door",
    "Downloaded",
    "Patience",
    "Reader",
    "RemoteObject",
    "S3Signing",
    "SasSigning",
    "Signer",
    "Signing",
    "download",
    "without_query",
]
