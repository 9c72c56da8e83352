"""The signs on simulated scenes of the generator: what was planted, and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.simulated_cube import SimulatedCube, simulated_cube
from pipeline.signs import onset_of, plot_clearing, roof_change, snow_cleared_share
from pipeline.simulate.changes import SNOW_CLEARED, planted_changes

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.model.sign import SignSeries
    from pipeline.simulate.changes import Change

pytestmark = pytest.mark.xdist_group("signs-rehearsal")
SEED = 20201008
END = datetime(2020, 7, 31, 15, tzinfo=UTC)
OVERLAPS = "whole-complex"


@cache
def scenes(*, with_changes: bool) -> SimulatedCube:
    return simulated_cube(SEED, with_changes=with_changes)


def asked(
    sign: Callable[..., tuple[SignSeries, ...]], *, with_changes: bool = True
) -> dict[str, SignSeries]:
    one = scenes(with_changes=with_changes)
    in_baseline = np.array([instant < END for instant in one.cube.instants])
    return {found.place: found for found in sign(one.cube, one.masks, in_baseline)}


def planted(kind: str) -> tuple[Change, ...]:
    return tuple(one for one in planted_changes(SEED) if one.kind == kind)


def late(one: SignSeries) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    after: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.array(
        [instant >= END for instant in one.instants]
    )
    return np.logical_and(one.usable, after)


def day(instant: datetime | None) -> date:
    assert instant is not None
    return instant.date()


@pytest.mark.parametrize(
    ("kind", "sign"), [("cleared_plot", plot_clearing), ("removed_roof", roof_change)]
)
def test_what_was_planted_is_dated_in_its_zone(
    kind: str, sign: Callable[..., tuple[SignSeries, ...]]
) -> None:
    (change,) = planted(kind)
    found = asked(sign)
    onset = onset_of(found[change.zone_id], 1)
    assert onset is not None
    assert day(onset.last_without) < change.first_day <= day(onset.first_with)
    others = {place for place, one in found.items() if onset_of(one, 1) is not None}
    assert others <= {change.zone_id, OVERLAPS}


def test_yards_that_were_swept_stand_out_in_deep_snow() -> None:
    changes = planted(SNOW_CLEARED)
    (zone,) = {one.zone_id for one in changes}
    found = asked(snow_cleared_share)
    swept = found[zone]
    days = [instant.date() for instant in swept.instants]
    during = late(swept) & np.array([changes[0].stands(one) for one in days])
    assert during.sum() >= 2
    assert (swept.scores[during] > 3).sum() >= 2
    strongest = {
        place: float(np.nanmax(one.scores[late(one)]))
        for place, one in found.items()
        if late(one).any() and place not in (zone, OVERLAPS)
    }
    assert max(strongest.values()) < float(np.nanmax(swept.scores[during])) / 3
    without = asked(snow_cleared_share, with_changes=False)[zone]
    assert np.nanmax(np.abs(without.scores[late(without)])) < 2


@pytest.mark.parametrize("sign", [plot_clearing, roof_change, snow_cleared_share])
def test_nothing_lasts_where_nothing_was_planted(
    sign: Callable[..., tuple[SignSeries, ...]],
) -> None:
    for one in asked(sign, with_changes=False).values():
        assert onset_of(one, 1) is None
        assert onset_of(one, -1) is None
        assert one.is_simulated


def test_what_no_zone_can_show_is_said() -> None:
    found = asked(roof_change)
    assert "told from paving" in found["control-farmland"].not_observable
    assert "enough to compare" in found[OVERLAPS].not_observable
