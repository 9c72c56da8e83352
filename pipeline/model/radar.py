"""What radar says of a site: change between two periods, and the date from which it stands.

Here belong the results of the radar detectors as plain values. Finding them belongs to
``detect``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class RadarChange:
    """Backscatter of one period against that of another.

    Attributes:
        magnitude_db: mean of the second period less mean of the first, common mode taken off,
            float32, (polarisation, y, x); 0 where not seen.
        p_value: chance of as large a sum over polarisations on unchanged ground, float32, (y, x);
            1 where not seen, at least the smallest normal float32 where seen.
        changed: whether the pixel is called changed, bool, (y, x).
        seen: whether both periods had enough looks, bool, (y, x).
        limit_db: smallest change in one polarisation alone that would have been called with the
            power of the settings, float32, (polarisation, y, x); infinite where not seen.
        common_db: level of all ground against the first period, float32, (time, polarisation).
        common_mode: dates that were left out because of it, bool, (time,).
        before: dates that made the first period, bool, (time,).
        after: dates that made the second, bool, (time,).
        inflation: how much more the quiet ground moved than its own noise explains; the p-values
            allow for it.
        least_share: smallest share of false alarms that the ground of the first period can vouch
            for within a factor of two; 1 where that period is too short to tell.
    """

    magnitude_db: NDArray[np.float32]
    p_value: NDArray[np.float32]
    changed: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    limit_db: NDArray[np.float32]
    common_db: NDArray[np.float32]
    common_mode: NDArray[np.bool_]
    before: NDArray[np.bool_]
    after: NDArray[np.bool_]
    inflation: float
    least_share: float = 1.0

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        _freeze(self)


@dataclass(frozen=True)
class RadarOnset:
    """A lasting step of backscatter and when it came.

    Attributes:
        magnitude_db: mean after the likeliest onset less mean before, common mode taken off,
            float32, (polarisation, y, x); 0 where not seen.
        noise_db: standard deviation of one look of a pixel's window in the baseline, mean over
            polarisations, float32, (y, x); 0 where not seen.
        limit_db: smallest step in one polarisation alone that would have been called, with the
            power of the settings, at the last date at which it could be: the hardest one, with
            fewest looks behind it; float32, (polarisation, y, x); infinite where not seen.
        p_value: chance of as large a step at any date on unchanged ground, float32, (y, x); 1
            where not seen, at least the smallest normal float32 where seen.
        changed: whether the pixel is called changed, bool, (y, x): rare enough, not the fringe
            of a stronger step, and standing without the one look that speaks most for it.
        seen: whether there was a date at which its series could be split, bool, (y, x).
        last_without: date of the cube at which the step had not come, int16, (y, x); -1 where
            nothing is called.
        first_with: date of the cube at which it had, int16, (y, x); -1 likewise.
        common_db: level of all ground against the baseline, float32, (time, polarisation).
        common_mode: dates that were left out because of it, bool, (time,).
        n_baseline: how many leading dates were taken as normal.
        least_share: smallest share of false alarms that the ground of the baseline can vouch for
            within a factor of two; 1 where the baseline is too short to tell.
    """

    magnitude_db: NDArray[np.float32]
    noise_db: NDArray[np.float32]
    limit_db: NDArray[np.float32]
    p_value: NDArray[np.float32]
    changed: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    last_without: NDArray[np.int16]
    first_with: NDArray[np.int16]
    common_db: NDArray[np.float32]
    common_mode: NDArray[np.bool_]
    n_baseline: int
    least_share: float = 1.0

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        _freeze(self)


def _freeze(noun: RadarChange | RadarOnset) -> None:
    """Make every array of a noun read-only."""
    for value in vars(noun).values():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
