"""What changed: by pixel, by zone and date, and as objects with an onset interval.

Here belong the results of detection as plain values. Finding changes belongs to ``detect``,
counting them by zone to ``zones``, folding them into objects to ``history``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from pipeline.model.grid import Window


class Status(StrEnum):
    """How far the evidence for a change has come."""

    FIRST = "first"
    """One clear look departs from the baseline."""
    PROVISIONAL = "provisional"
    """More than one look in a row, fewer than the rule asks for."""
    CONFIRMED = "confirmed"
    """As many looks in a row as the rule asks for."""
    FINISHED = "finished"
    """Confirmed once, and the surface has since gone back to its baseline."""


@dataclass(frozen=True)
class Period:
    """A span of time, both ends included, UTC."""

    start: datetime
    end: datetime

    def __contains__(self, instant: datetime) -> bool:
        """Whether the instant lies inside."""
        return self.start <= instant <= self.end


@dataclass(frozen=True)
class ChangeMap:
    """What a detector says of a pair of dates.

    Attributes:
        magnitude: strength of the change in the detector's own unit, float32, (y, x).
        p_value: chance of what the pixel alone shows, or more, on unchanged ground of the pair,
            float32, (y, x); 1 where nothing was seen.
        changed: whether the pixel is called changed, bool, (y, x).
        seen: whether the pixel was seen on both dates, bool, (y, x).
        threshold: the magnitude from which a pixel, or the region it lies in, is called changed.
        p_bound: p-values up to this one are upper bounds: what is called may all lie there, and be
            change; 0 where a law tells unchanged ground apart.
    """

    magnitude: NDArray[np.float32]
    p_value: NDArray[np.float32]
    changed: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    threshold: float
    p_bound: float = 0.0

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for array in (self.magnitude, self.p_value, self.changed, self.seen):
            array.setflags(write=False)


NOISE_UNIT = "noise"
"""Magnitudes of a detector that counts in noise standard deviations of each pixel."""
DECIBEL = "dB"


@dataclass(frozen=True)
class LastingSteps:
    """What a detector of lasting steps knows beyond the record of dates; all of it in decibels.

    Attributes:
        bands: along the band axis.
        by_band: level after each pixel's step less the level before, float32, (band, y, x); 0
            where not monitored.
        limit: smallest step in one band alone that would have been called although it came so
            late that it could only just be judged, float32, (y, x); infinite where not monitored.
        limit_power: the chance of being called that the limit is stated for.
        false_alarm_share: share of unchanged pixels that may be called.
        least_share: smallest such share that the ground of the baseline vouches for within a
            factor of two; 1 for none.
        common_level: level of all ground against the baseline, float32, (time, band).
        common_mode: dates that took no part because of it, bool, (time,).
        off_season: dates of the baseline in other months than those monitored, which took no
            part either, bool, (time,).
    """

    bands: tuple[str, ...]
    by_band: NDArray[np.float32]
    limit: NDArray[np.float32]
    limit_power: float
    false_alarm_share: float
    common_level: NDArray[np.float32]
    common_mode: NDArray[np.bool_]
    off_season: NDArray[np.bool_]
    least_share: float = 1.0

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)


@dataclass(frozen=True)
class SeriesChanges:
    """What a detector says of every pixel at every date of a cube.

    The time axis is that of the cube, baseline first. ``changed`` is written back to the first
    departing look of a run once the run is confirmed, and carried through dates on which the
    pixel was not seen, so that it answers "what stood there on that day", not "what was known".

    Two kinds of detectors make it. One judges every look by its distance from the baseline; the
    other dates one lasting step a pixel by all looks together, and then ``steps`` is there.

    Attributes:
        n_baseline: how many leading dates the baseline was fitted to.
        n_looks: clear looks that confirm a change: in a row, or after a step.
        threshold: distance from the baseline, in noise standard deviations, from which one look
            departs; NaN where no single look is judged.
        seen: whether the pixel was seen, bool, (time, y, x); with steps also whether it is known
            on which side of its step the look lies.
        departs: whether a seen look lies beyond the threshold, or behind a step, bool,
            (time, y, x).
        changed: whether the pixel lies in a confirmed run, bool, (time, y, x).
        run_length: departing looks in a row up to this date, uint8, (time, y, x).
        confirmed_index: date at which the first change is confirmed, int16, (y, x); -1 for none.
        magnitude: mean distance from the baseline over the first confirmed run, in noise standard
            deviations; of a step, the change in the band that changed most, signed, in decibels;
            float32, (y, x); 0 where nothing is confirmed.
        noise: standard deviation of clear baseline looks about the fit, mean over the bands, in
            reflectance; with steps, of the window that is judged, in decibels; float32, (y, x).
        monitored: whether the baseline had enough looks, bool, (y, x).
        steps: what is known of lasting steps; None where every look is judged by itself.
    """

    n_baseline: int
    n_looks: int
    threshold: float
    seen: NDArray[np.bool_]
    departs: NDArray[np.bool_]
    changed: NDArray[np.bool_]
    run_length: NDArray[np.uint8]
    confirmed_index: NDArray[np.int16]
    magnitude: NDArray[np.float32]
    noise: NDArray[np.float32]
    monitored: NDArray[np.bool_]
    steps: LastingSteps | None = None

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    @property
    def magnitude_unit(self) -> str:
        """What magnitudes count."""
        return NOISE_UNIT if self.steps is None else DECIBEL

    @property
    def left_out(self) -> NDArray[np.bool_]:
        """Dates of the cube that took no part, bool, (time,)."""
        if self.steps is None:
            return np.zeros(len(self.seen), dtype=bool)
        return self.steps.common_mode | self.steps.off_season


@dataclass(frozen=True)
class ZoneSeries:
    """A zone, date by date, in coverage-weighted pixels.

    Attributes:
        zone_id: the zone.
        is_control: whether it is a control.
        n_pixels: its area in pixels.
        seen_px: pixels seen clearly, float64, (time,).
        departing_px: seen pixels beyond the threshold, float64, (time,).
        changed_px: pixels in a confirmed run, seen or carried, float64, (time,).
        snow_px: pixels of snow, float64, (time,); NaN for a sensor that cannot tell snow.
        noise: median noise of its pixels, in the unit of the detector; NaN if none is monitored.
        step_limit: median limit of its pixels, in decibels; NaN without steps.
    """

    zone_id: str
    is_control: bool
    n_pixels: float
    seen_px: NDArray[np.float64]
    departing_px: NDArray[np.float64]
    changed_px: NDArray[np.float64]
    snow_px: NDArray[np.float64]
    noise: float
    step_limit: float = float("nan")

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for array in (self.seen_px, self.departing_px, self.changed_px, self.snow_px):
            array.setflags(write=False)

    @property
    def departing_share(self) -> NDArray[np.float64]:
        """Departing pixels over seen pixels, (time,); NaN where nothing was seen."""
        share = np.full(self.seen_px.shape, np.nan)
        np.divide(self.departing_px, self.seen_px, out=share, where=self.seen_px > 0)
        return share


@dataclass(frozen=True)
class Bracket:
    """When something turned: between the last clear look without and the first clear look with.

    Attributes:
        last_without: UTC; None if the site was never seen without.
        first_with: UTC.
    """

    last_without: datetime | None
    first_with: datetime


@dataclass(frozen=True)
class Detection:
    """A connected region that changed, in one zone.

    Attributes:
        id: stable name made from zone, onset and place.
        zone_id: the zone that holds it.
        onset: when it appeared.
        reversal: when it went back, read as (last look with, first look without); None if it did
            not.
        status: how far the evidence has come.
        n_pixels: size inside the zone, in pixels.
        area_m2: size inside the zone, in square metres.
        area_error_m2: half the perimeter in pixels times the pixel area: a one-pixel edge.
        magnitude: mean distance from the baseline, in the unit beside it.
        magnitude_unit: ``NOISE_UNIT``, or ``DECIBEL`` for the signed step of the band that
            changed most.
        by_band: of a lasting step, band and mean change in decibels; empty otherwise.
        n_looks: clear looks in which it was seen departing.
        scene_ids: the scenes of the onset bracket and of the confirmation.
        window: the block of the grid that holds it.
        mask: its pixels inside the zone, bool, (height, width) of the window.
    """

    id: str
    zone_id: str
    onset: Bracket
    reversal: Bracket | None
    status: Status
    n_pixels: int
    area_m2: float
    area_error_m2: float
    magnitude: float
    n_looks: int
    scene_ids: tuple[str, ...]
    window: Window
    mask: NDArray[np.bool_]
    magnitude_unit: str = NOISE_UNIT
    by_band: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        """Freeze the array."""
        self.mask.setflags(write=False)
