"""Which versions of a scene's bands may stand together, and what has to be said of them.

Here belongs the judgement over chips that have arrived. Telling two versions apart belongs to
``store.chips``; reading belongs to ``local`` and ``remote``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pipeline.errors import AssetError
from pipeline.model.scene import AssetFailure, Chip, Remark
from pipeline.sensors.sentinel2 import SCL, decide_radiometry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pipeline.model.scene import Asset, Scene

APART = timedelta(days=1)
"""Bands read within this time are taken to be one version, for want of anything better: upstream
replaces the files of a scene within hours."""


def mixed_with(
    scene: Scene, ends: Mapping[str, Chip | AssetFailure], started: datetime
) -> tuple[str, ...]:
    """Bands of a scene that were held before, while another band has turned out to be replaced.

    A held chip is trusted where the catalogue states its checksum, or its source is a local file
    whose size and time were compared. Any other may be of the old version, and is read again.

    Args:
        scene: the scene.
        ends: what became of each band.
        started: when this fetch began, UTC; chips read since are the new ones.
    """
    chips = {band: end for band, end in ends.items() if isinstance(end, Chip)}
    fresh = {band for band, chip in chips.items() if _is_since(chip, started)}
    if not any(chips[band].upstream_change for band in fresh):
        return ()
    return tuple(band for band in chips if band not in fresh and not _is_proven(scene.assets[band]))


def remarks_on(scene: Scene, chips: Mapping[str, Chip]) -> tuple[Remark, ...]:
    """What must be said of the chips of a scene: new versions, and what nothing proves."""
    changes = [
        Remark(scene.id, band, chip.upstream_change)
        for band, chip in chips.items()
        if chip.upstream_change
    ]
    unproven = [chip for band, chip in chips.items() if not _is_proven(scene.assets[band])]
    if _are_apart(unproven):
        words = (
            "its bands were read more than a day apart and the catalogue states no checksum: "
            "nothing proves that they are one version"
        )
        changes.append(Remark(scene.id, "", words))
    return tuple(changes)


def radiometry_words(scene: Scene, asset: Asset) -> str:
    """Offset and scale of an asset and how they were decided, in words, for the record.

    The decision that counts is taken where the numbers are used; a failure of it is told here
    and raised there.
    """
    if asset.band == SCL:
        return "classes, which have neither scale nor offset"
    try:
        return str(decide_radiometry(scene, asset))
    except AssetError as error:
        return f"not decided: {error.what}"


def _is_since(chip: Chip, started: datetime) -> bool:
    """Whether a chip was read in this fetch."""
    return chip.retrieved_at is not None and chip.retrieved_at >= started


def _is_proven(asset: Asset) -> bool:
    """Whether the version of an asset can be told without asking a server."""
    return asset.sha256 is not None or "://" not in asset.href


def _are_apart(chips: list[Chip]) -> bool:
    """Whether chips were read at times that do not belong together."""
    times = [chip.retrieved_at for chip in chips if chip.retrieved_at is not None]
    if len(times) < len(chips):
        return bool(times)
    return bool(times) and max(times) - min(times) > APART
