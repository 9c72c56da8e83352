"""The tree of what goes wrong: every error says what, where, and what to do about it.

Here belong error types and nothing else. Catching, retrying and printing belong to the stages
and to the command line.
"""

from __future__ import annotations

from typing import ClassVar


class PipelineError(Exception):
    """Root of everything that zonewatch raises on purpose.

    Attributes:
        what: the failure in one plain sentence, without a full stop.
        where: the file, feature, scene or option that is at fault; empty if there is none.
        remedy: what the person in front of the machine can do about it.
        exit_code: what the command line returns for it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        """Hold the three parts and join them into one line."""
        self.what, self.where, self.remedy = what, where, remedy
        place = f"{where}: " if where else ""
        cure = f" Remedy: {remedy}." if remedy else ""
        super().__init__(" ".join(f"{place}{what}.{cure}".split()))


class Transient(Exception):  # noqa: N818 - a mix-in that marks errors, not an error of its own
    """Mix-in: the same call may succeed later, so it may be retried."""


class InputError(PipelineError, ValueError):
    """Something the person gave us cannot be used."""

    exit_code = 2


class StateError(InputError):
    """An image does not follow on what a saved watch has taken in."""


class ConfigError(InputError):
    """A setting is unknown, out of bounds or of the wrong type."""


class SiteError(InputError):
    """An AOI folder breaks a rule."""


class ClaimsError(InputError):
    """A claims folder breaks a rule."""


class RasterInputError(InputError):
    """A raster named by the user cannot be used."""


class NotJudgedError(InputError):
    """A sensor can be brought in and prepared, and no detector reads what it measures."""


class DossierError(InputError):
    """A dossier cannot be read as one, or is none of ours."""


class NotVerifiedError(PipelineError):
    """A dossier is not what it says it is: a byte or a number of it does not agree."""

    exit_code = 3


class SearchError(PipelineError):
    """A catalogue could not be listed in full."""

    exit_code = 3


class EmptySearchError(SearchError, LookupError):
    """A catalogue answered, and holds nothing for this place and time."""

    exit_code = 2


class NoCollectionError(SearchError):
    """A catalogue holds none of the collections that are wanted; they may bear other names now."""


class AssetError(PipelineError):
    """One asset of one scene could not be turned into an array."""

    exit_code = 3


class MissingBandError(AssetError, KeyError):
    """A scene lacks a band that the work needs."""

    __str__ = Exception.__str__


class FetchError(AssetError, OSError):
    """The bytes of an asset did not arrive, or not all of them."""


class FetchRetryError(FetchError, Transient):
    """The bytes did not arrive for a reason that may pass (throttling, time-out, 5xx).

    Attributes:
        wait_s: how long the server asked to wait before the next attempt.
    """

    def __init__(
        self, what: str, *, where: str = "", remedy: str = "", wait_s: float = 0.0
    ) -> None:
        """Hold the three parts and the pause."""
        super().__init__(what, where=where, remedy=remedy)
        self.wait_s = wait_s


class RadiometryError(AssetError):
    """Nobody can tell what the numbers of an asset mean."""


class CorruptAssetError(AssetError):
    """The bytes arrived and are not what the catalogue promised."""


class RadiometryStepError(AssetError):
    """A scene steps by a documented processing offset: it was read with the wrong one."""


class WrongPlaceError(AssetError):
    """A file is sound, and does not hold the site."""


class SupersededError(AssetError):
    """A later version of the same asset was delivered beside it."""


class NothingSeenError(PipelineError):
    """Not one clear look is left to work with."""

    exit_code = 3


class StoreError(PipelineError, OSError):
    """A file or record of ours is missing, altered or cannot be written."""


class BusyError(StoreError):
    """Another run holds the site."""
