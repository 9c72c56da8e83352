"""The change map: what the detector says of every pixel, as three bands of one GeoTIFF.

Here belongs the choice of bands and codes. Writing a cloud-optimised GeoTIFF belongs to ``store``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from pipeline.model.change import DECIBEL, NOISE_UNIT
from pipeline.store.rasters import write_cog

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pipeline.model.change import SeriesChanges
    from pipeline.model.cube import DateCube
    from pipeline.model.findings import Findings

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAGNITUDES = {
    NOISE_UNIT: "mean distance from the baseline in noise standard deviations",
    DECIBEL: "lasting step in dB, signed, of the polarisation that stepped most; 0 for none",
}
STATUS_CODES = "0 unchanged, 1 first, 2 provisional, 3 confirmed, 4 finished"


def write_change_map(path: Path, findings: Findings) -> None:
    """Write bands magnitude, first_changed and status; NaN where no pixel is monitored.

    Raises:
        StoreError: if the file cannot be written.
    """
    changes, cube = findings.changes, findings.cube
    bands = {
        "magnitude": np.where(changes.monitored, changes.magnitude, np.nan),
        "first_changed": first_changed_day(changes, cube),
        "status": status_codes(changes),
    }
    tags = {
        "zonewatch:simulated": str(findings.is_simulated).lower(),
        "zonewatch:run_id": findings.run_id,
        "zonewatch:source": findings.source,
        "zonewatch:sensor": cube.sensor,
        "zonewatch:orbit": cube.orbit,
        "magnitude": MAGNITUDES[changes.magnitude_unit],
        "first_changed": "days since 1970-01-01 UTC of the first look with a change",
        "status": STATUS_CODES,
    }
    frozen = {name: band.astype(np.float32) for name, band in bands.items()}
    write_cog(path, frozen, cube.grid, nodata=float("nan"), tags=tags)


def first_changed_day(changes: SeriesChanges, cube: DateCube) -> NDArray[np.float32]:
    """Day since 1970-01-01 on which a pixel first stands changed, (y, x); NaN for none.

    Days of this century fit a float32 exactly.
    """
    days = np.array([(instant - EPOCH).days for instant in cube.instants], dtype=np.float32)
    day = days[np.argmax(changes.changed, axis=0)]
    stands = changes.changed.any(axis=0) & changes.monitored
    return np.where(stands, day, np.float32(np.nan)).astype(np.float32)


def status_codes(changes: SeriesChanges) -> NDArray[np.float32]:
    """How far the evidence for each pixel has come, (y, x), by ``STATUS_CODES``.

    An open run counts by its length at the last look at the pixel; a pixel that changed once and
    is at its baseline again is finished, unless a new run is open there.
    """
    last = len(changes.seen) - 1 - np.argmax(changes.seen[::-1], axis=0)
    length = np.take_along_axis(changes.run_length, last[None], axis=0)[0]
    was_changed = changes.changed.any(axis=0)
    code = np.where(was_changed, 4, np.where(length > 1, 2, np.where(length == 1, 1, 0)))
    code = np.where(changes.changed[-1], 3, code)
    return np.where(changes.monitored, code, np.nan).astype(np.float32)
