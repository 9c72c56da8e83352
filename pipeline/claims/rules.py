"""The rules that hold between records: ids, sources, zones, descent, stored articles.

Here belongs each rule with the words in which a broken one is told. The shape of one record
belongs to ``store.seeds``.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from pipeline.claims.shelf import Shelf
    from pipeline.store.seeds import ClaimRecord, EventRecord, SourceRecord


def check_ids(*shelves: Shelf[Any]) -> None:
    """Ids are unique in their file, also where upper and lower case are one."""
    for shelf in shelves:
        first: dict[str, int] = {}
        for position, name in enumerate(shelf.ids):
            before = first.setdefault(name.casefold(), position)
            if name and before != position:
                line = shelf.document.line_of((shelf.key, before, "id"))
                what = f"the id {name!r} is taken by the record of line {line}"
                shelf.complain(what, "give every record an id of its own", (position, "id"))


def check_sources(sources: Shelf[SourceRecord], claims: Shelf[ClaimRecord]) -> None:
    """Every claim rests on a source of the folder."""
    known = set(sources.ids)
    for position, claim in claims.records.items():
        if claim.source not in known:
            what = f"unknown source {claim.source!r}"
            remedy = (
                f"name one of {', '.join(sorted(known))}, or add it to {sources.document.path.name}"
            )
            claims.complain(what, remedy, (position, "source"))


def check_zones(shelf: Shelf[ClaimRecord] | Shelf[EventRecord], known: Collection[str]) -> None:
    """Every zone is one of the site, if the site's zones are given."""
    for position, record in shelf.records.items():
        for zone in record.zones:
            if known and zone not in known:
                remedy = "name a zone of the site's zones.geojson, or an empty list"
                shelf.complain(f"unknown zone {zone!r}", remedy, (position, "zones"))


def check_taken(held: Shelf[ClaimRecord], new: Shelf[ClaimRecord]) -> None:
    """No new claim bears the id of one that is held."""
    lines = {
        name.casefold(): held.document.line_of((held.key, position, "id"))
        for position, name in enumerate(held.ids)
    }
    for position, name in enumerate(new.ids):
        if name.casefold() in lines:
            where = f"{held.document.path.name}:{lines[name.casefold()]}"
            what = f"the id {name!r} is taken by the claim of {where}"
            new.complain(what, "give every claim an id of its own", (position, "id"))


def check_descent(claims: Shelf[ClaimRecord], held: Shelf[ClaimRecord] | None = None) -> None:
    """What a claim is derived from exists, and is not derived from the claim.

    Args:
        claims: the claims to check.
        held: claims of another file that they may rest on; None for none.
    """
    shelves = (claims,) if held is None else (held, claims)
    parents = {one.id: one.derived_from for shelf in shelves for one in shelf.records.values()}
    known = {name for shelf in shelves for name in shelf.ids}
    for position, claim in claims.records.items():
        for parent in claim.derived_from:
            if parent not in known:
                remedy = "name the id of a claim in this file"
                what = f"derived from {parent!r}, which is not there"
                claims.complain(what, remedy, (position, "derived_from"))
        if claim.id in _ancestors(claim.id, parents):
            remedy = "take out the link that closes the circle"
            claims.complain("derived from itself, by a circle", remedy, (position, "derived_from"))


def check_dependents(claims: Shelf[ClaimRecord]) -> None:
    """No claim rests on one that is refused; asked until none does."""
    kept = claims.sound
    while True:
        refused = set(claims.ids) - {one.id for one in kept.values()}
        for position, claim in kept.items():
            for parent in refused.intersection(claim.derived_from):
                remedy = f"mend {parent} first"
                what = f"derived from {parent!r}, which is refused"
                claims.complain(what, remedy, (position, "derived_from"))
        if claims.sound.keys() == kept.keys():
            return
        kept = claims.sound


def _ancestors(name: str, parents: Mapping[str, list[str]]) -> set[str]:
    """Every id that can be reached from one id by going to parents."""
    found: set[str] = set()
    waiting = list(parents.get(name, ()))
    while waiting:
        parent = waiting.pop()
        if parent not in found:
            found.add(parent)
            waiting.extend(parents.get(parent, ()))
    return found


def check_articles(
    sources: Shelf[SourceRecord], claims: Shelf[ClaimRecord], articles: Path
) -> None:
    """The stored articles are the ones that the sources were read from."""
    suspect: dict[str, str] = {}
    for position, source in sources.records.items():
        what = _altered(articles / source.file, source.sha256)
        if what:
            remedy = "restore the article, or read it again and record its new SHA-256"
            sources.complain(what, remedy, (position, "sha256"))
            suspect[source.id] = what
    for position, claim in claims.records.items():
        if claim.source in suspect:
            what = f"its source {claim.source!r} cannot be relied on: {suspect[claim.source]}"
            remedy = f"see {sources.document.path.name}"
            claims.complain(what, remedy, (position, "source"))


def _altered(path: Path, sha256: str) -> str:
    """What is wrong with a stored article; nothing if its bytes have the hash."""
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return f"the article {path.name} cannot be read ({error.strerror})"
    if found == sha256:
        return ""
    return f"the article {path.name} has SHA-256 {found}, recorded is {sha256}"
