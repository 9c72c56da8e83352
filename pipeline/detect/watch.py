"""Watching on from a saved state: a baseline begins it, one new date costs one date.

Here belong the beginning from a baseline, the taking in of one image and the way from any pile
of images to the state after them. What a state is belongs to ``state``; the answer for all dates
at once to ``monitor``, with which this one agrees, whichever way the dates came.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from pipeline.detect.calibration import (
    Calibration,
    Fit,
    Witness,
    calibrate,
    date_scatter,
    distances,
    lessened,
    restlessness,
)
from pipeline.detect.runs import Runs, advance, magnitudes, no_runs
from pipeline.detect.series import (
    Series,
    days_of,
    looks_of,
    stamps_of,
    timeline_of,
)
from pipeline.detect.state import Curves, Images, MonitorState, Purpose, Standing
from pipeline.detect.stretch import fit_history
from pipeline.errors import InputError, StateError
from pipeline.raster.harmonics import blanked, count, seasonal_design

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from pipeline.config import MonitorOptions
    from pipeline.detect.series import Pixels
    from pipeline.detect.stretch import Timeline

    Float32: TypeAlias = NDArray[np.float32]
    Mask: TypeAlias = NDArray[np.bool_]

PIECE_PIXELS = 2**16
"""Pixels of an image held against their curves at once."""
CALM = np.ones(1, dtype=np.float32)


def begin(images: Images, options: MonitorOptions, n_monitored: int) -> MonitorState:
    """A watch that has seen its baseline and nothing else.

    Args:
        images: the baseline, in order.
        options: settings of the detector.
        n_monitored: dates over which the share of false alarms is stated.

    Raises:
        InputError: if the dates do not ascend.
        NothingSeenError: if no pixel has enough clear looks.
    """
    series, n_dates = images.series, len(images.dates)
    sample = series.sample()
    timeline = timeline_of(days_of(images.dates), n_dates, options, sample)
    learnt = calibrate(sample, timeline, options, n_monitored)
    return MonitorState(
        purpose=Purpose.of(options, n_dates, n_monitored),
        dates=images.dates,
        keys=images.keys,
        shape=series.shape,
        learnt=learnt,
        witness_places=series.sample_places()[learnt.witness.chosen],
        curves=_curves(series, timeline, learnt),
        standing=Standing(np.zeros(0, dtype=np.intp), no_runs(series.values.shape[1], 0)),
        confirmed_index=np.full(series.shape[0] * series.shape[1], -1, dtype=np.int16),
    )


def _curves(series: Series, timeline: Timeline, learnt: Calibration) -> Curves:
    """The curves of all pixels, block by block."""
    n_terms, n_bands, shape = len(timeline.design), series.values.shape[1], series.shape
    coefficients = np.empty((n_terms, n_bands, *shape), dtype=np.float32)
    reach = np.empty((n_bands, *shape), dtype=np.float32)
    covariance = np.empty((*shape, n_terms * (n_terms + 1) // 2), dtype=np.float32)

    def learn(pixels: Pixels) -> None:
        baseline = fit_history(series.stack(pixels), timeline, learnt.min_looks)
        fit, parts = Fit.of(baseline, timeline), coefficients[..., *pixels]
        parts[...] = fit.coefficients.reshape(parts.shape)
        blind = count(baseline.kept) < learnt.min_looks
        noise = np.where(blind, np.float32(np.inf), learnt.scale.reach(fit.noise))
        reach[:, *pixels] = noise.reshape(n_bands, *parts.shape[2:])
        covariance[pixels] = fit.covariance.T.reshape(*parts.shape[2:], -1)

    series.over_blocks(learn)
    flat = shape[0] * shape[1]
    return Curves(
        coefficients.reshape(n_terms, n_bands, flat),
        reach.reshape(n_bands, flat),
        covariance.reshape(flat, -1),
    )


def update(
    state: MonitorState,
    image: NDArray[np.floating],
    when: date | np.datetime64,
    key: str,
    *,
    seen: Mask | None = None,
) -> MonitorState:
    """Take in one image that is newer than all before; one known already changes nothing.

    Args:
        state: the watch so far; left as it is.
        image: (band, y, x), or (y, x) of a single band; not finite where not seen.
        when: its date.
        key: tells it from another image of the same date, a hash of its content for one.
        seen: bool, (y, x); None if what is not seen is not finite.

    Raises:
        StateError: if the image does not follow on the state; `followed` then makes it anew.
    """
    stamp = stamps_of([when])[0]
    if _is_known(state, stamp, key):
        return state
    flat = np.asarray(image).reshape(-1, len(state.confirmed_index)).astype(np.float32, copy=False)
    if len(flat) != len(state.curves.reach):
        raise StateError(f"an image of {len(flat)} bands for a state of {len(state.curves.reach)}")
    shown = None if seen is None else seen.ravel()
    day = np.array([(stamp - state.dates[0]) / np.timedelta64(1, "D")])
    design = seasonal_design(day, (len(state.curves.coefficients) - 1) // 2)
    witness, unrest = _asked(state, flat, shown, design)
    limit = np.float32(state.learnt.rule.weak) * unrest[0]
    far, beyond = _distances(state, flat, shown, design, limit=limit)
    places = np.flatnonzero(beyond)
    places = places[state.confirmed_index[places] < 0]
    doubt = state.curves.covariance.take(places, axis=0).T
    near = lessened(far.take(places, axis=-1)[None], design, doubt, unrest)[0]
    # What lies within the limit ends a run without being looked at closely.
    again = beyond[state.standing.places]
    waits = ~again & ~_is_seen(far.take(state.standing.places, axis=-1))
    standing, confirmed = _advanced(state, places, near, again=again, waits=waits)
    return replace(
        state,
        dates=np.append(state.dates, stamp),
        keys=(*state.keys, key),
        learnt=replace(state.learnt, witness=witness),
        standing=standing,
        confirmed_index=confirmed,
    )


def followed(
    images: Images,
    options: MonitorOptions,
    n_baseline: int,
    n_monitored: int,
    *,
    state: MonitorState | None = None,
) -> MonitorState:
    """The watch after all images, whichever way they came.

    A state is carried on if it was made for the same and from the oldest of these images;
    otherwise everything is made anew: a late image changes the order of those that followed it.

    Args:
        images: all of them, in any order, also twice.
        options: settings of the detector.
        n_baseline: oldest images that show the normal state.
        n_monitored: dates over which the share of false alarms is stated.
        state: from an earlier run, if there is one.

    Raises:
        StateError: if two different images bear one date.
        InputError: if there are fewer images than the baseline needs.
        NothingSeenError: if no pixel has enough clear looks in the baseline.
    """
    images = images.in_order()
    if not 1 <= n_baseline <= len(images.dates):
        raise InputError(
            f"a baseline of {n_baseline} dates does not fit a series of {len(images.dates)}",
            remedy="name how many of the first dates show the normal state",
        )
    purpose = Purpose.of(options, n_baseline, n_monitored)
    if state is None or not _fits(state, images, purpose):
        state = begin(images.chosen(slice(n_baseline)), options, n_monitored)
    for k in range(len(state.dates), len(images.dates)):
        one = images.chosen(slice(k, k + 1))
        seen = None if one.series.seen is None else one.series.seen[0]
        state = update(state, one.series.values[0], one.dates[0], one.keys[0], seen=seen)
    return state


def _fits(state: MonitorState, images: Images, purpose: Purpose) -> bool:
    """Whether a state is that of the oldest of these images."""
    n_known = len(state.dates)
    return (
        state.purpose == purpose
        and state.shape == images.series.shape
        and len(state.curves.reach) == images.series.values.shape[1]
        and np.array_equal(state.dates, images.dates[:n_known])
        and state.keys == images.keys[:n_known]
    )


def _is_known(state: MonitorState, stamp: np.datetime64, key: str) -> bool:
    """Whether an image was taken in before.

    Raises:
        StateError: if another image of its date was, or a newer one.
    """
    if stamp > state.dates[-1]:
        return False
    at = int(np.searchsorted(state.dates, stamp))
    if state.dates[at] == stamp and state.keys[at] == key:
        return True
    kind = "another image of" if state.dates[at] == stamp else "an image older than"
    raise StateError(
        f"{kind} a date that the state has taken in",
        where=str(stamp),
        remedy="make the state anew from all images",
    )


def _asked(
    state: MonitorState, flat: Float32, seen: Mask | None, design: Float32
) -> tuple[Witness, Float32]:
    """The witness after an image (band, pixel), and how restless its date is, (1,)."""
    witness, scale = state.learnt.witness, state.learnt.scale
    places = state.witness_places
    shown = None if seen is None else seen[places][None]
    looks = looks_of(flat.take(places, axis=-1)[None], shown)
    far = distances(looks, design, witness.fit, scale=scale, unrest=CALM)[0]
    scatter = date_scatter(far, witness.last, looks.seen[0])
    last = np.where(looks.seen[0], far, witness.last)
    return replace(witness, last=last), restlessness(np.array([scatter]), witness.usual)


def _distances(
    state: MonitorState, flat: Float32, seen: Mask | None, design: Float32, *, limit: np.float32
) -> tuple[Float32, Mask]:
    """Distances of an image from curves taken as certain, and whether they reach a limit.

    Returns:
        Float32, (band, pixel), NaN where not seen; and bool, (pixel,).
    """
    far, beyond, curves = np.empty_like(flat), np.empty(flat.shape[1], dtype=bool), state.curves
    # In pieces that stay near the processor.
    with np.errstate(invalid="ignore"):
        for start in range(0, flat.shape[1], PIECE_PIXELS):
            part = slice(start, start + PIECE_PIXELS)
            piece = far[:, part]
            for band, curve in enumerate(piece):
                np.matmul(design[:, 0], curves.coefficients[:, band, part], out=curve)
            np.subtract(flat[:, part], piece, out=piece)
            piece /= curves.reach[:, part]
            if seen is not None:
                piece[:, ~seen[part]] = np.nan
            if len(piece) > 1:
                piece[...] = state.learnt.scale.whitened(piece)
            np.greater_equal(magnitudes(piece), limit, out=beyond[part])
    return far, beyond


def _is_seen(far: Float32) -> Mask:
    """Whether distances (band, place) stand for a look, (place,)."""
    seen: Mask = np.all(np.isfinite(far), axis=0)
    return seen


def _advanced(
    state: MonitorState, places: NDArray[np.intp], far: Float32, *, again: Mask, waits: Mask
) -> tuple[Standing, NDArray[np.int16]]:
    """Runs and confirmations after an image.

    Args:
        state: before it.
        places: of the pixels that lie beyond the limit, ascending.
        far: their distances, (band, place), not finite where not seen.
        again: whether a standing run's pixel is one of them, (run,).
        waits: whether it was not seen, (run,).
    """
    rule, confirmed, old = state.learnt.rule, state.confirmed_index, state.standing
    seen = _is_seen(far)
    runs = no_runs(len(far), len(places))
    known, which = np.searchsorted(places, old.places[again]), np.flatnonzero(again)
    for mine, theirs in zip(vars(runs).values(), vars(old.runs).values(), strict=True):
        mine[..., known] = theirs.take(which, axis=-1)
    hit = advance(runs, blanked(far, seen), seen, rule)
    if hit.any():
        confirmed = confirmed.copy()
        confirmed[places[hit]] = len(state.dates)
    left = np.flatnonzero((runs.length > 0) & ~hit)
    return _merged(old, np.flatnonzero(waits), Standing(places, runs), left), confirmed


def _merged(
    one: Standing, of_one: NDArray[np.intp], other: Standing, of_other: NDArray[np.intp]
) -> Standing:
    """Some of the runs of each of two, by place."""
    places = np.concatenate([one.places[of_one], other.places[of_other]])
    order = np.argsort(places, kind="stable")
    pairs = zip(vars(one.runs).values(), vars(other.runs).values(), strict=True)
    both = (
        np.concatenate([a.take(of_one, axis=-1), b.take(of_other, axis=-1)], axis=-1)
        for a, b in pairs
    )
    return Standing(places[order], Runs(*(value.take(order, axis=-1) for value in both)))
