"""The common noun of the signs: what it refuses, and what follows from its fields."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from pipeline.model.sign import Missing, Sign, SignBaseline, SignSeries
from tests.unit.signs_factory import START


def series(**parts: object) -> SignSeries:
    n = 4
    baseline = SignBaseline(
        expected=np.array([0.1, 0.1, 0.2, 0.2]),
        errors=np.array([0.05, 0.05, 0.1, 0.1]),
        spread=0.05,
        dof=10,
        n_looks=11,
        is_pooled=False,
        smallest_changes=np.array([0.1, 0.1, 0.3, 0.3]),
    )
    made = SignSeries(
        sign=Sign.ROOF_CHANGE,
        place="z0",
        unit="share",
        instants=tuple(START + timedelta(days=k) for k in range(n)),
        values=np.array([0.3, np.nan, 0.5, 0.2]),
        controls=np.array([0.1, 0.1, 0.1, 0.2]),
        missing=(None, Missing.UNSEEN, None, None),
        resolution=0.01,
        effective_pixels=100,
        baseline=baseline,
    )
    return replace(made, **parts)  # type: ignore[arg-type]  # fields of the noun


def test_what_follows_from_the_fields() -> None:
    one = series()
    assert one.usable.tolist() == [True, False, True, True]
    assert one.differences[[0, 2, 3]] == pytest.approx([0.2, 0.4, 0.0])
    assert one.departures[[0, 2, 3]] == pytest.approx([0.1, 0.2, -0.2])
    assert one.scores[[0, 2, 3]] == pytest.approx([2, 2, -2])
    assert np.isnan(one.departures[1])
    assert one.smallest_change == pytest.approx(0.3)
    assert dict(one.n_missing) == {Missing.UNSEEN: 1}


def test_a_sign_that_is_not_observable_departs_from_nothing() -> None:
    one = series(baseline=None, not_observable="no roof")
    assert np.isnan(one.departures).all()
    assert np.isnan(one.scores).all()
    assert np.isnan(one.smallest_change)


def test_arrays_cannot_be_written() -> None:
    one = series(companions={"more": np.zeros(4)})
    for array in (one.values, one.controls, one.companions["more"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    assert one.baseline is not None
    with pytest.raises(ValueError, match="read-only"):
        one.baseline.expected[0] = 1


@pytest.mark.parametrize(
    ("parts", "match"),
    [
        ({"values": np.zeros(3)}, "another length"),
        ({"missing": (None,) * 3}, "another length"),
        ({"companions": {"more": np.zeros(3)}}, "another length"),
        ({"instants": (START,) * 4}, "ascend"),
        ({"missing": (None,) * 4}, "never both"),
        ({"missing": (Missing.SNOW, Missing.UNSEEN, None, None)}, "never both"),
        ({"controls": np.array([0.1, 0.1, np.nan, 0.1])}, "never both"),
        ({"baseline": None}, "says why not"),
        ({"not_observable": "no roof"}, "says why not"),
    ],
)
def test_what_it_refuses(parts: dict[str, object], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        series(**parts)


def test_no_usable_look_has_no_smallest_change() -> None:
    one = series(values=np.full(4, np.nan), missing=(Missing.UNSEEN,) * 4)
    assert np.isnan(one.smallest_change)
