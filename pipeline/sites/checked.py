"""A value together with what is wrong with it, so that one look reports every fault.

Here belong the noun that carries faults from the small checks to the folder, and the wording of
places in a file. The checks themselves belong to the modules beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from pipeline.errors import SiteError
from pipeline.sites.names import find_name_fault

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import ValidationError

T = TypeVar("T")

MAX_SHOWN = 60
"""Characters of somebody else's text that a message repeats at most."""


@dataclass(frozen=True)
class Checked(Generic[T]):
    """What a check made of its input.

    Attributes:
        value: the result; None if the faults left nothing to use.
        faults: everything that is wrong, in the order of the file.
    """

    value: T | None
    faults: tuple[SiteError, ...] = ()


@dataclass(frozen=True)
class Place:
    """A feature in a file, as messages name it.

    Attributes:
        path: the file.
        index: position in the file's ``features``, from 0.
        id: the feature's id as it stands there, of any type.
    """

    path: Path
    index: int
    id: object = None

    def __str__(self) -> str:
        """The id where it can be trusted, else the position."""
        good = isinstance(self.id, str) and find_name_fault(self.id) is None
        return f"{self.path}, " + (f"feature {self.id}" if good else f"features[{self.index}]")

    def fault(self, what: str, remedy: str) -> SiteError:
        """An error about this feature."""
        return SiteError(what, where=str(self), remedy=remedy)


def shown(text: object) -> str:
    r"""Somebody else's text in printable ASCII, cut short.

    Example:
        >>> shown("gate\u202e")
        "'gate\\u202e'"
    """
    printable = ascii(text)
    return printable if len(printable) <= MAX_SHOWN else f"{printable[:MAX_SHOWN]}..."


def schema_faults(error: ValidationError, where: str, remedy: str) -> tuple[SiteError, ...]:
    """One error for every key that a pydantic model refused."""
    return tuple(
        SiteError(
            f"{'.'.join(shown(part).strip(chr(39)) for part in item['loc'])}: {item['msg']}",
            where=where,
            remedy=remedy,
        )
        for item in error.errors(include_url=False, include_input=False)
    )
