"""A watch kept between runs: it agrees with the answer for all dates at once, however they came."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import load_config
from pipeline.detect import monitor_cube
from pipeline.detect.monitor import HarmonicMonitor
from pipeline.detect.state import FORMAT, Images, MonitorState, packed, unpacked
from pipeline.detect.watch import begin, followed, update
from pipeline.errors import InputError, NothingSeenError, StateError
from pipeline.store.arrays import publish_arrays, read_arrays
from tests.unit.series_factory import Land, cube_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

OPTIONS = load_config().monitor
N_BASELINE = 60
LAND = Land(20, 20)
N_MONITORED = LAND.n_dates - N_BASELINE
BLOCK = (slice(5, 12), slice(3, 11))


def changing(land: Land = LAND) -> NDArray[np.float32]:
    """A land in which a block changes, another goes and comes back, and single looks stray."""
    values = land.values()
    values[(slice(70, None), *BLOCK)] -= np.float32(0.12)
    values[68:74, 14:18, 14:18] += np.float32(0.1)
    draw = np.random.default_rng(3)
    values[draw.random(values.shape) < 0.02] += np.float32(0.2)
    return values


def images_of(values: NDArray[np.float32], land: Land = LAND) -> Images:
    """All dates of a land, each with a key of its own."""
    return Images.of_band(values, land.dates, tuple(f"scene-{k}" for k in range(len(values))))


def watched(images: Images, state: MonitorState | None = None) -> MonitorState:
    """The watch after these images."""
    return followed(images, OPTIONS, N_BASELINE, N_MONITORED, state=state)


def assert_same(one: object, other: object) -> None:
    """Two states, down to the last bit."""
    if isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other)
    elif is_dataclass(one):
        assert type(one) is type(other)
        for field in fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name))
    else:
        assert one == other


@pytest.mark.parametrize("gaps", [0.0, 0.2, 0.6])
@pytest.mark.parametrize("seed", [1, 2])
def test_one_date_after_another_gives_the_answer_for_all_at_once(gaps: float, seed: int) -> None:
    land = replace(LAND, gaps=gaps, seed=seed)
    values = changing(land)
    batch = monitor_cube(values, land.dates, N_BASELINE)
    np.testing.assert_array_equal(watched(images_of(values, land)).confirmed, batch)
    assert (batch[BLOCK] >= 70).mean() > 0.9


def test_a_cube_of_several_bands_is_watched_the_same_way() -> None:
    parts = [changing(replace(LAND, seed=seed, gaps=0.0)) for seed in range(1, 5)]
    values = np.stack(parts, axis=1)
    hidden = np.random.default_rng(4).random((LAND.n_dates, 1, 20, 20)) < 0.2
    values[np.broadcast_to(hidden, values.shape)] = np.nan
    cube = cube_of(values, LAND.dates)
    images = Images.of_cube(cube, OPTIONS, cube.scene_ids)
    batch = HarmonicMonitor(OPTIONS).detect(cube, N_BASELINE).confirmed_index
    np.testing.assert_array_equal(watched(images).confirmed, batch)
    assert (batch[BLOCK] >= 70).mean() > 0.9


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(LAND.n_dates)), st.lists(st.integers(0, LAND.n_dates - 1), max_size=9))
def test_neither_order_nor_repetition_matters(order: list[int], again: list[int]) -> None:
    images = images_of(changing())
    pile = images.chosen(np.array([*order, *again]))
    assert_same(watched(pile), watched(images))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, N_MONITORED), min_size=1, max_size=6))
def test_it_does_not_matter_when_the_runs_were(steps: list[int]) -> None:
    images = images_of(changing())
    state, n_known = None, N_BASELINE
    for step in steps:
        n_known = min(n_known + step, LAND.n_dates)
        state = watched(images.chosen(slice(n_known)), state)
    assert_same(watched(images, state), watched(images))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, N_MONITORED - 1))
def test_a_late_image_gives_the_answer_as_if_it_had_come_in_time(missing: int) -> None:
    images = images_of(changing())
    held = np.delete(np.arange(LAND.n_dates), N_BASELINE + missing)
    before = watched(images.chosen(held))
    assert_same(watched(images, before), watched(images))


def test_a_late_image_of_the_baseline_makes_everything_anew() -> None:
    images = images_of(changing())
    before = watched(images.chosen(np.delete(np.arange(LAND.n_dates), 30)))
    assert_same(watched(images, before), watched(images))


def with_clouds(days: list[int]) -> tuple[NDArray[np.float32], NDArray[np.datetime64]]:
    """The land with further dates on which nothing is seen, some days after a date."""
    dates = LAND.dates
    further = np.unique(dates[days] + np.timedelta64(36, "h"))
    stamps = np.concatenate([dates.astype("datetime64[h]"), further])
    blind = np.full((len(further), 20, 20), np.nan, np.float32)
    order = np.argsort(stamps)
    return np.concatenate([changing(), blind])[order], stamps[order]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, LAND.n_dates - 1), min_size=1, max_size=12))
def test_dates_without_a_look_change_nothing(days: list[int]) -> None:
    values, stamps = with_clouds(days)
    n_baseline = int((stamps < LAND.dates[N_BASELINE]).sum())
    plain = monitor_cube(changing(), LAND.dates, N_BASELINE)
    found = monitor_cube(values, stamps, n_baseline)
    np.testing.assert_array_equal(found >= 0, plain >= 0)
    np.testing.assert_array_equal(stamps[found[found >= 0]], LAND.dates[plain[plain >= 0]])


def test_an_image_known_already_returns_the_state_itself() -> None:
    values, images = changing(), images_of(changing())
    state = watched(images)
    for k in (0, 30, 75, LAND.n_dates - 1):
        assert update(state, values[k], LAND.dates[k], f"scene-{k}") is state


def test_an_update_leaves_the_old_state_as_it_was() -> None:
    values, images = changing(), images_of(changing())
    state = watched(images.chosen(slice(72)))
    before = unpacked({name: array.copy() for name, array in packed(state).items()})
    after = update(state, values[72], LAND.dates[72], "scene-72")
    assert_same(state, before)
    assert len(after.dates) == 73
    assert_same(after, update(before, values[72], LAND.dates[72], "scene-72"))


def test_the_image_is_left_as_it_was() -> None:
    values = changing()
    state = watched(images_of(values).chosen(slice(72)))
    image = values[72].copy()
    image.setflags(write=False)
    update(state, image, LAND.dates[72], "new")
    np.testing.assert_array_equal(image, values[72])


def test_what_does_not_follow_is_refused_with_the_remedy() -> None:
    values = changing()
    state = watched(images_of(values))
    with pytest.raises(StateError, match="another image"):
        update(state, values[75], LAND.dates[75], "another key")
    with pytest.raises(StateError, match="older"):
        update(state, values[75], LAND.dates[75] - np.timedelta64(1, "D"), "late")
    later = LAND.dates[-1] + np.timedelta64(9, "D")
    with pytest.raises(StateError, match="2 bands"):
        update(state, np.zeros((2, 20, 20)), later, "new")


def test_two_images_of_one_date_are_refused() -> None:
    images = images_of(changing())
    twice = images.chosen(np.array([*range(LAND.n_dates), 70]))
    other = Images(twice.series, twice.dates, (*images.keys, "another"))
    with pytest.raises(StateError, match="one date"):
        watched(other)


def test_too_few_images_and_blind_images_are_errors() -> None:
    with pytest.raises(InputError, match="baseline of 60"):
        watched(images_of(changing()).chosen(slice(40)))
    with pytest.raises(NothingSeenError):
        watched(images_of(np.full((LAND.n_dates, 20, 20), np.nan, np.float32)))


def misfits() -> dict[str, Any]:
    """States that were made for something else than the watch in hand, or from something else."""
    images = images_of(changing())
    other = OPTIONS.model_copy(update={"min_weak": 2.0})
    renamed = Images(images.series, images.dates, ("renamed", *images.keys[1:]))
    larger = replace(LAND, height=21)
    return {
        "settings": followed(images, other, N_BASELINE, N_MONITORED),
        "baseline": followed(images, OPTIONS, N_BASELINE - 5, N_MONITORED),
        "horizon": followed(images, OPTIONS, N_BASELINE, N_MONITORED * 4),
        "content": watched(renamed),
        "size": watched(images_of(changing(larger), larger)),
        "future": watched(
            images_of(changing(replace(LAND, n_dates=95)), replace(LAND, n_dates=95))
        ),
    }


@pytest.mark.parametrize("kind", ["settings", "baseline", "horizon", "content", "size", "future"])
def test_a_state_that_does_not_fit_is_never_used(kind: str) -> None:
    images = images_of(changing())
    assert_same(watched(images, misfits()[kind]), watched(images))


def test_pixels_without_a_baseline_are_never_confirmed() -> None:
    values = changing()
    values[:N_BASELINE, :6] = np.nan
    values[N_BASELINE:, :6] = np.where(np.arange(30)[:, None, None] % 2, 9.0, np.inf)
    found = watched(images_of(values)).confirmed
    assert (found[:6] == -1).all()
    np.testing.assert_array_equal(found, monitor_cube(values, LAND.dates, N_BASELINE))


def test_a_hazy_date_is_restless_for_the_watch_too() -> None:
    values = changing()
    values[[71, 72, 80]] += np.float32(0.15)
    found = watched(images_of(values)).confirmed
    np.testing.assert_array_equal(found, monitor_cube(values, LAND.dates, N_BASELINE))


def test_a_state_lies_on_the_disk_and_goes_on_from_there(tmp_path: Path) -> None:
    images, path = images_of(changing()), tmp_path / "watch.state"
    state = watched(images.chosen(slice(75)))
    publish_arrays(path, packed(state))
    arrays = read_arrays(path)
    assert arrays is not None
    back = unpacked(arrays)
    assert_same(back, state)
    assert_same(watched(images, back), watched(images))


def test_arrays_that_are_no_state_are_refused() -> None:
    arrays = packed(watched(images_of(changing())))
    for broken in (
        {name: array for name, array in arrays.items() if name != "curves_reach"},
        arrays | {"format": np.array(FORMAT + 1)},
        arrays | {"counts": np.zeros(3, dtype=int)},
        {},
    ):
        with pytest.raises(StateError):
            unpacked(broken)


def test_the_baseline_alone_has_confirmed_nothing() -> None:
    images = images_of(changing()).chosen(slice(N_BASELINE))
    state = begin(images, OPTIONS, N_MONITORED)
    assert (state.confirmed == -1).all()
    assert state.confirmed.shape == (20, 20)
    assert not state.standing.places.size
