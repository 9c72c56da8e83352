"""The record of radar's steps: from one lasting step a pixel to what stood on every date.

Here belongs the translation of a dated step into the record that zones and objects are counted
from. Finding the step belongs to ``detect.radar_onset``.

Between the last look without a step and the first with it nobody knows on which side a look lies.
There the pixel counts as unseen, and so it does on a date that took no part: an object's bracket
then is as wide as those of its pixels, and weather is no look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.model.change import LastingSteps, SeriesChanges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config import RadarOptions
    from pipeline.model.cube import DateCube
    from pipeline.model.radar import RadarOnset

_MOST_LOOKS: Final = 255


def recorded_steps(onset: RadarOnset, cube: DateCube, options: RadarOptions) -> SeriesChanges:
    """The steps of a cube as a record of dates.

    Args:
        onset: what the detector said of the cube.
        cube: what it was asked of: a date without any clear pixel took no part.
        options: the settings that it was asked with.
    """
    date = np.arange(len(cube.instants), dtype=np.int16)[:, None, None]
    stands = onset.changed & (date >= onset.first_with)
    undecided = onset.changed & (date > onset.last_without) & ~stands
    seen = cube.clear & ~onset.common_mode[:, None, None] & ~undecided & onset.seen
    run = (stands & seen).cumsum(axis=0, dtype=np.int32)
    confirmed = (run >= options.min_lasting_looks).argmax(axis=0).astype(np.int16)
    by_band = np.where(onset.seen, onset.magnitude_db, np.float32(0))
    return SeriesChanges(
        n_baseline=onset.n_baseline,
        n_looks=options.min_lasting_looks,
        threshold=float("nan"),
        seen=seen,
        departs=stands & seen,
        changed=stands,
        run_length=np.minimum(run, _MOST_LOOKS).astype(np.uint8),
        confirmed_index=np.where(onset.changed, confirmed, np.int16(-1)),
        magnitude=np.where(onset.changed, _loudest(by_band), np.float32(0)),
        noise=onset.noise_db.copy(),
        monitored=onset.seen.copy(),
        steps=LastingSteps(
            bands=cube.bands,
            by_band=by_band,
            limit=onset.limit_db.max(axis=0),
            limit_power=options.limit_power,
            false_alarm_share=options.false_alarm_share,
            common_level=onset.common_db.copy(),
            common_mode=onset.common_mode.copy(),
            off_season=np.asarray(~cube.clear.any(axis=(1, 2))),
            least_share=onset.least_share,
        ),
    )


def _loudest(by_band: NDArray[np.float32]) -> NDArray[np.float32]:
    """The step of the band that changed most, signed, (y, x)."""
    loudest = np.abs(by_band).argmax(axis=0)
    return np.asarray(np.take_along_axis(by_band, loudest[None], axis=0)[0])
