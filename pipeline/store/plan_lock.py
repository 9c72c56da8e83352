"""The plans of a claims folder for one site, frozen in a file beside it for version control.

Here belong writing the lock, and telling where it and the plans at hand differ. The date comes
from whoever keeps the file: a commit, a mail, a time stamp. What happened in a work folder is told
by ``plans``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pipeline.errors import ClaimsError
from pipeline.store.files import publish_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pipeline.model.plan import Plan
    from pipeline.model.site import Site

NAME: Final = "plans.lock.json"
"""One file a claims folder, with one entry for every site that it was frozen for."""


@dataclass(frozen=True)
class PlanLock:
    """The plans of one folder for one site.

    Attributes:
        site_sha256: hash of the AOI folder.
        method: number of the method.
        levels: every level and count that the rule uses, by name.
        plans: hash of the plan by claim.
    """

    site_sha256: str
    method: str
    levels: Mapping[str, float]
    plans: Mapping[str, str]


def lock_of(site: Site, plans: Sequence[Plan]) -> PlanLock:
    """The lock that fits these plans."""
    first = plans[0]
    hashes = {plan.claim_id: plan.sha256 for plan in plans}
    return PlanLock(site.sha256, first.method, dict(first.levels), hashes)


def write_lock(folder: Path, site: Site, plans: Sequence[Plan]) -> Path:
    """Freeze the plans of a site; entries of other sites stay. The file's path.

    Raises:
        ClaimsError: if the file that is there cannot be read.
        StoreError: if it cannot be written.
    """
    path = folder / NAME
    held = _entries(path)
    held[site.id] = vars(lock_of(site, plans))
    text = json.dumps(held, indent=2, sort_keys=True, ensure_ascii=False)
    publish_bytes(path, f"{text}\n".encode())
    return path


def read_lock(folder: Path, site_id: str) -> PlanLock | None:
    """The lock of a site; None if there is none.

    Raises:
        ClaimsError: if the file is damaged.
    """
    path = folder / NAME
    entry = _entries(path).get(site_id)
    if entry is None:
        return None
    try:
        return PlanLock(**entry)
    except TypeError as error:
        raise _damaged(path) from error


def differences(lock: PlanLock, now: PlanLock) -> Iterator[str]:
    """What differs between a lock and the plans at hand, the general before the particular."""
    if lock.method != now.method:
        yield f"the method was number {lock.method} and is {now.method}"
    for name in sorted(lock.levels.keys() | now.levels.keys()):
        before, after = lock.levels.get(name), now.levels.get(name)
        if before != after:
            yield f"the level {name} was {_shown(before)} and is {_shown(after)}"
    if lock.site_sha256 != now.site_sha256:
        yield "the outlines or settings of the site are others"
    if (lock.method, lock.levels) == (now.method, now.levels):
        changed = [name for name, one in lock.plans.items() if now.plans.get(name, one) != one]
        if changed:
            yield f"the plans of {_listed(changed)} are others"
    gone = [name for name in lock.plans if name not in now.plans]
    new = [name for name in now.plans if name not in lock.plans]
    if gone:
        yield f"{_listed(gone)} stood there and stands no more"
    if new:
        yield f"{_listed(new)} is new"


def _listed(names: Sequence[str], most: int = 6) -> str:
    """Ids in a row, not too many of them."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def _shown(level: float | None) -> str:
    """A level, or that there was none."""
    return "not there" if level is None else f"{level:g}"


def _entries(path: Path) -> dict[str, Any]:
    """Everything that the file holds, by site.

    Raises:
        ClaimsError: if it is damaged.
    """
    try:
        held = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path) from error
    if not isinstance(held, dict) or not all(isinstance(one, dict) for one in held.values()):
        raise _damaged(path)
    return held


def _damaged(path: Path) -> ClaimsError:
    """The error of a lock that cannot be used."""
    remedy = "restore it from version control, or delete it and freeze the plans anew"
    return ClaimsError("the frozen plans cannot be read", where=str(path), remedy=remedy)
