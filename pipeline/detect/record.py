"""The record of every date: which looks depart, which pixels stand changed, and when it ended.

Here belongs the walk through the dates of a block with its write-backs. The rule itself belongs
to ``runs``. Axes: distance (time, band, pixel), seen (time, pixel).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from pipeline.detect.runs import NEVER, Rule, Runs, advance, magnitudes, no_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float32: TypeAlias = NDArray[np.float32]
    Mask: TypeAlias = NDArray[np.bool_]
    Index: TypeAlias = NDArray[np.int16]


@dataclass(frozen=True)
class Record:
    """The arrays of ``SeriesChanges``, still to be filled; axes end in pixel or in (y, x)."""

    seen: Mask
    departs: Mask
    changed: Mask
    run_length: NDArray[np.uint8]
    confirmed_index: Index
    magnitude: Float32
    noise: Float32
    monitored: Mask

    @classmethod
    def empty(cls, n_dates: int, *shape: int) -> Record:
        """Nothing seen, nothing found."""
        cube = (n_dates, *shape)
        return cls(
            seen=np.zeros(cube, dtype=bool),
            departs=np.zeros(cube, dtype=bool),
            changed=np.zeros(cube, dtype=bool),
            run_length=np.zeros(cube, dtype=np.uint8),
            confirmed_index=np.full(shape, -1, dtype=np.int16),
            magnitude=np.zeros(shape, dtype=np.float32),
            noise=np.zeros(shape, dtype=np.float32),
            monitored=np.zeros(shape, dtype=bool),
        )

    def put(self, pixels: tuple[slice, slice], block: Record) -> None:
        """Take in what was found in a block of rows and columns."""
        for mine, theirs in zip(vars(self).values(), vars(block).values(), strict=True):
            target = mine[..., *pixels]
            target[...] = theirs.reshape(target.shape)


@dataclass
class _Standing:
    """Confirmed changes as they stand on a date.

    Attributes:
        strong_from: date of the first look of the strong run, (pixel,).
        weak_from: date of the first look of the whole run, (pixel,).
        quiet_from: date of the first of the newest looks in a row back at the baseline.
        n_quiet: how many they are, (pixel,).
        is_on: whether a confirmed change stands, (pixel,).
        is_weak: whether it was confirmed by the weak threshold, (pixel,).
        first, end: first date of the first change and of the time after it, (pixel,).
    """

    strong_from: Index
    weak_from: Index
    quiet_from: Index
    n_quiet: NDArray[np.uint8]
    is_on: Mask
    is_weak: Mask
    first: Index
    end: Index

    @classmethod
    def none(cls, n_pixels: int, n_dates: int) -> _Standing:
        """Before the first date."""
        return cls(
            strong_from=np.zeros(n_pixels, dtype=np.int16),
            weak_from=np.zeros(n_pixels, dtype=np.int16),
            quiet_from=np.zeros(n_pixels, dtype=np.int16),
            n_quiet=np.zeros(n_pixels, dtype=np.uint8),
            is_on=np.zeros(n_pixels, dtype=bool),
            is_weak=np.zeros(n_pixels, dtype=bool),
            first=np.zeros(n_pixels, dtype=np.int16),
            end=np.full(n_pixels, n_dates, dtype=np.int16),
        )

    def note(self, runs: Runs, seen: Mask, date: int) -> None:
        """Note which runs begin on a date."""
        self.weak_from[seen & (runs.length == 1)] = date
        self.strong_from[seen & (runs.n_strong == 1)] = date


def recorded(distance: Float32, seen: Mask, rule: Rule, n_baseline: int) -> Record:
    """Walk through all dates of a block; runs start afresh where monitoring starts.

    Nothing is confirmed in the baseline, whose looks are those that the curve was fitted to.
    """
    n_dates, n_bands, n_pixels = distance.shape
    block = Record.empty(n_dates, n_pixels)
    block.seen[...] = seen
    size = magnitudes(distance)
    np.logical_and(seen, size >= rule.strong, out=block.departs)
    runs, standing = no_runs(n_bands, n_pixels), _Standing.none(n_pixels, n_dates)
    for date in range(n_dates):
        if date == n_baseline:
            runs = no_runs(n_bands, n_pixels)
        hit = advance(runs, distance[date], seen[date], rule)
        block.run_length[date] = runs.n_strong
        if date >= n_baseline:
            standing.note(runs, seen[date], date)
            _begin(block, standing, hit, runs.n_strong >= rule.n_strong, date=date)
            _carry(block, standing, runs, date)
            _finish(block, standing, rule, date)
    _describe(block, standing, size)
    return block


def _begin(block: Record, standing: _Standing, hit: Mask, is_strong: Mask, *, date: int) -> None:
    """Write runs confirmed on a date back to their first look."""
    new = np.flatnonzero(hit & ~standing.is_on)
    if not new.size:
        return
    start = np.where(is_strong[new], standing.strong_from[new], standing.weak_from[new])
    inside = np.arange(date + 1)[:, None] >= start
    looks = inside & block.seen[: date + 1, new]
    block.changed[: date + 1, new] |= inside
    block.departs[: date + 1, new] |= looks
    counted = np.minimum(looks.cumsum(axis=0), NEVER)
    block.run_length[: date + 1, new] = np.where(inside, counted, block.run_length[: date + 1, new])
    never = block.confirmed_index[new] < 0
    standing.first[new[never]] = start[never]
    block.confirmed_index[new[never]] = date
    standing.is_on[new], standing.is_weak[new] = True, ~is_strong[new]
    standing.n_quiet[new] = 0


def _carry(block: Record, standing: _Standing, runs: Runs, date: int) -> None:
    """Carry standing changes to a date, and count the looks that are back at the baseline.

    A change stays out as long as its looks lie beyond the threshold that confirmed it.
    """
    on, seen = standing.is_on, block.seen[date]
    block.changed[date] |= on
    lingers = on & standing.is_weak & (runs.length > 0)
    block.departs[date] |= lingers & seen
    np.copyto(block.run_length[date], runs.length, where=lingers)
    out = block.departs[date]
    quiet = on & seen & ~out
    standing.quiet_from[quiet & (standing.n_quiet == 0)] = date
    standing.n_quiet[seen & out] = 0
    standing.n_quiet[quiet] += 1


def _finish(block: Record, standing: _Standing, rule: Rule, date: int) -> None:
    """End the changes that have been back at the baseline for as many looks as confirm one."""
    over = np.flatnonzero(standing.is_on & (standing.n_quiet >= rule.n_strong))
    if not over.size:
        return
    back = np.arange(date + 1)[:, None] >= standing.quiet_from[over]
    block.changed[: date + 1, over] &= ~back
    standing.is_on[over], standing.n_quiet[over] = False, 0
    still_first = over[standing.end[over] == len(block.seen)]
    standing.end[still_first] = standing.quiet_from[still_first]


def _describe(block: Record, standing: _Standing, size: Float32) -> None:
    """Mean distance over the looks of each pixel's first change."""
    found = np.flatnonzero(block.confirmed_index >= 0)
    date = np.arange(len(size))[:, None]
    first = (date >= standing.first[found]) & (date < standing.end[found]) & block.seen[:, found]
    total = (size[:, found] * first).sum(axis=0)
    block.magnitude[found] = total / np.maximum(first.sum(axis=0), 1)
