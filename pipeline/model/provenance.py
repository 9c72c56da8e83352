"""What a run did: its frozen inputs, its outputs, and everything that did not work.

Here belongs the run record as plain values. Writing it belongs to ``store`` and ``publish``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pipeline.model.scene import AssetFailure, Remark


@dataclass(frozen=True)
class Artifact:
    """A published file.

    Attributes:
        name: path relative to the product folder, with forward slashes.
        sha256: hash of the file, hex.
        nbytes: size of the file.
    """

    name: str
    sha256: str
    nbytes: int


@dataclass(frozen=True)
class RunRecord:
    """One run, from its inputs to its outputs.

    Attributes:
        run_id: hash of inputs, parameters and algorithm versions; the same for the same work.
        site_id: the site.
        source: name or address of the catalogue.
        state: ``complete`` or ``partial``.
        is_simulated: whether any input is simulated.
        inputs: hash by name: AOI folder, seeds folder, settings and every chip.
        versions: version by stage or library.
        outputs: the products.
        failures: every asset that did not become data.
        superseded: ids of the scenes that gave way to another one of their overpass.
        remarks: what is no failure and must be said, such as "changed because upstream changed".
    """

    run_id: str
    site_id: str
    source: str
    state: str
    is_simulated: bool
    inputs: Mapping[str, str]
    versions: Mapping[str, str]
    outputs: tuple[Artifact, ...]
    failures: tuple[AssetFailure, ...]
    superseded: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class ListedScene:
    """A scene as an earlier listing named it, with what is needed to tell whether it is gone.

    Attributes:
        instant: when it was taken, UTC.
        collection: the catalogue's id of the collection; empty if the item names none.
        id: the catalogue's id of the item.
        acquisition_key: what two items of one overpass share.
    """

    instant: datetime
    collection: str
    id: str
    acquisition_key: str


@dataclass(frozen=True)
class FetchRecord:
    """The last fetch of a site that was not part of a run.

    Attributes:
        source: name or address of the catalogue.
        sensor: id of the sensor.
        finished: when it ended, UTC.
        n_listed: scenes that the catalogue listed.
        n_complete: scenes of which every band that must be there is held.
        failures: every asset that did not become data.
        remarks: what is no failure and must be said.
    """

    source: str
    sensor: str
    finished: datetime
    n_listed: int
    n_complete: int
    failures: tuple[AssetFailure, ...] = ()
    remarks: tuple[Remark, ...] = ()
