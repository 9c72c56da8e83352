"""The series detector between runs: what it has learnt, and how far every pixel has come.

Here belong the nouns of a watch, and the plain arrays that it is kept as. Taking in dates belongs
to ``watch``, lying on the disk to ``store.arrays``.

A state is a value: taking in a date makes a new one. Thresholds hold for a stated number of
monitored dates, so that they do not move as dates come in.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pipeline.detect.calibration import Calibration, Fit, Scale, Witness
from pipeline.detect.runs import Rule, Runs
from pipeline.detect.series import Series, stamps_of
from pipeline.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pipeline.config import MonitorOptions
    from pipeline.detect.series import Dates
    from pipeline.model.cube import DateCube

    Float32: TypeAlias = NDArray[np.float32]

FORMAT = 1
"""Raised by hand when the arrays of a state change their meaning."""


@dataclass(frozen=True)
class Purpose:
    """What a state was made for: one that was made for something else is of no use.

    Attributes:
        settings: hash of the detector's settings.
        n_baseline: leading dates that show the normal state.
        n_monitored: dates over which the share of false alarms is stated.
    """

    settings: str
    n_baseline: int
    n_monitored: int

    @classmethod
    def of(cls, options: MonitorOptions, n_baseline: int, n_monitored: int) -> Purpose:
        """The purpose of a watch with some settings."""
        text = options.model_dump_json().encode()
        return cls(hashlib.sha256(text).hexdigest(), n_baseline, n_monitored)


@dataclass(frozen=True)
class Curves:
    """What every pixel is held against.

    Attributes:
        coefficients: of the seasonal curve, float32, (term, band, pixel).
        reach: noise of single looks, infinite where a pixel is not monitored, float32,
            (band, pixel).
        covariance: of the coefficients in units of the noise variance, float32,
            (pixel, pair of terms): a pixel's lie side by side, because few pixels are asked for.
    """

    coefficients: Float32
    reach: Float32
    covariance: Float32

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for array in vars(self).values():
            array.setflags(write=False)


@dataclass(frozen=True)
class Standing:
    """Pixels that stand in a run which has confirmed nothing yet.

    Attributes:
        places: where they lie among all pixels, ascending, (run,).
        runs: how far each has come.
    """

    places: NDArray[np.intp]
    runs: Runs


@dataclass(frozen=True)
class MonitorState:
    """A watch after its newest date.

    Attributes:
        purpose: what it was made for.
        dates: taken in so far, ascending, UTC, datetime64[us], (time,).
        keys: what tells each image from another of the same date, (time,).
        shape: rows and columns.
        learnt: what holds for the whole site; the witness has seen the newest date.
        witness_places: where the witness's pixels lie among all pixels.
        curves: what every pixel is held against.
        standing: runs under way.
        confirmed_index: date at which each pixel's first change is confirmed, -1 for none,
            int16, (pixel,).
    """

    purpose: Purpose
    dates: NDArray[np.datetime64]
    keys: tuple[str, ...]
    shape: tuple[int, int]
    learnt: Calibration
    witness_places: NDArray[np.intp]
    curves: Curves
    standing: Standing
    confirmed_index: NDArray[np.int16]

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for array in (self.dates, self.witness_places, self.confirmed_index):
            array.setflags(write=False)

    @property
    def confirmed(self) -> NDArray[np.int16]:
        """Index of the date that confirms a change, -1 for none, int16, (y, x)."""
        return self.confirmed_index.reshape(self.shape)


@dataclass(frozen=True)
class Images:
    """Images in the order in which they came.

    Attributes:
        series: their pixels.
        dates: one for each, UTC, datetime64[us], (time,).
        keys: what tells each from another of the same date, a hash of its content for one.
    """

    series: Series
    dates: NDArray[np.datetime64]
    keys: tuple[str, ...]

    @classmethod
    def of_cube(cls, cube: DateCube, options: MonitorOptions, keys: tuple[str, ...]) -> Images:
        """The dates of a cube."""
        return cls(Series.of_cube(cube, options), stamps_of(cube.instants), keys)

    @classmethod
    def of_band(cls, values: NDArray[Any], dates: Dates, keys: tuple[str, ...]) -> Images:
        """One band, (time, y, x), NaN where not seen."""
        return cls(Series.of_band(values, dates), stamps_of(dates), keys)

    def chosen(self, which: slice | NDArray[np.intp]) -> Images:
        """Some of the images."""
        keys = np.array(self.keys, dtype=object)[which].tolist()
        return Images(self.series.dates(which), self.dates[which], tuple(keys))

    def in_order(self) -> Images:
        """By date, each once.

        Raises:
            StateError: if two different images bear one date.
        """
        stamps, first, of = np.unique(self.dates, return_index=True, return_inverse=True)
        if any(self.keys[first[k]] != key for k, key in zip(of, self.keys, strict=True)):
            raise StateError("two images bear one date", remedy="keep one image of each date")
        if len(stamps) == len(self.dates) and (np.diff(first) > 0).all():
            return self
        return self.chosen(first)


def packed(state: MonitorState) -> dict[str, NDArray[Any]]:
    """A state as plain arrays by name."""
    learnt, rule = state.learnt, state.learnt.rule
    counts = (*state.shape, state.purpose.n_baseline, state.purpose.n_monitored)
    return {
        "format": np.array(FORMAT),
        "settings": np.array(state.purpose.settings),
        "dates": state.dates.astype(np.int64),
        "keys": np.array(state.keys),
        "counts": np.array([*counts, learnt.min_looks, rule.n_strong, rule.n_weak]),
        "levels": np.array([rule.strong, rule.weak, learnt.witness.usual]),
        "restlessness": learnt.restlessness,
        "witness_chosen": learnt.witness.chosen,
        "witness_last": learnt.witness.last,
        "witness_places": state.witness_places,
        "standing_places": state.standing.places,
        "confirmed_index": state.confirmed_index,
        **_named("scale", learnt.scale),
        **_named("fit", learnt.witness.fit),
        **_named("curves", state.curves),
        **_named("runs", state.standing.runs),
    }


def unpacked(arrays: Mapping[str, NDArray[Any]]) -> MonitorState:
    """The state that some arrays were made from.

    Raises:
        StateError: if they are not those of a state, or of a state of another format.
    """
    try:
        if int(arrays["format"]) != FORMAT:
            raise StateError("a state of another format", remedy="make it anew from all images")
        n_rows, n_cols, n_baseline, n_monitored, min_looks, n_strong, n_weak = (
            int(one) for one in arrays["counts"]
        )
        strong, weak, usual = (float(one) for one in arrays["levels"])
        fit = Fit(*_members("fit", arrays, Fit))
        witness = Witness(arrays["witness_chosen"], fit, arrays["witness_last"], usual)
        scale = Scale(*_members("scale", arrays, Scale))
        rule = Rule(n_strong, strong, n_weak, weak)
        return MonitorState(
            purpose=Purpose(str(arrays["settings"]), n_baseline, n_monitored),
            dates=arrays["dates"].astype("datetime64[us]"),
            keys=tuple(arrays["keys"].tolist()),
            shape=(n_rows, n_cols),
            learnt=Calibration(scale, arrays["restlessness"], rule, min_looks, witness),
            witness_places=arrays["witness_places"],
            curves=Curves(*_members("curves", arrays, Curves)),
            standing=Standing(arrays["standing_places"], Runs(*_members("runs", arrays, Runs))),
            confirmed_index=arrays["confirmed_index"],
        )
    except (KeyError, ValueError, TypeError) as error:
        remedy = "make it anew from all images"
        raise StateError("these arrays are not those of a state", remedy=remedy) from error


def _named(prefix: str, noun: object) -> dict[str, NDArray[Any]]:
    """The arrays of a noun by name."""
    return {f"{prefix}_{name}": value for name, value in vars(noun).items()}


def _members(prefix: str, arrays: Mapping[str, NDArray[Any]], kind: type) -> list[NDArray[Any]]:
    """The arrays of a noun in the order of its fields."""
    return [arrays[f"{prefix}_{one.name}"] for one in fields(kind)]
