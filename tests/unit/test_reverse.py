"""The other direction: changes without a claim, events beside changes, by place and by time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from pipeline.assess.reverse import compare
from pipeline.config import load_config
from pipeline.model.change import Bracket, Status
from pipeline.model.claim import Event, Observable, Seeds, Testability
from pipeline.model.comparison import Outcome
from pipeline.model.signal import Evidence, Signal, StandingChange
from pipeline.model.site import GeometryStatus, Site, Zone, ZoneKind
from tests.unit.words_factory import IMAGE, claim

OPTIONS = load_config().assess
START = datetime(2019, 1, 3, 2, 16, tzinfo=UTC)
N_LOOKS = 220
INSTANTS = tuple(START + timedelta(days=5 * n) for n in range(N_LOOKS))
ONSET = Bracket(datetime(2020, 10, 19, 2, tzinfo=UTC), datetime(2020, 10, 24, 2, tzinfo=UTC))


def zone(zone_id: str, kind: ZoneKind = ZoneKind.PRODUCTION) -> Zone:
    return Zone(zone_id, zone_id, kind, GeometryStatus.INVENTED, box(0, 0, 1, 1))


SITE = Site(
    "test", "Test", "Asia/Pyongyang", "EPSG:32652", box(0, 0, 2, 2), date(2020, 7, 31),
    (
        zone("yard"), zone("gate"), zone("cell-r00-c00", ZoneKind.CELL),
        zone("field", ZoneKind.CONTROL),
    ),
)  # fmt: skip


def line(place: str, seed: int, *, is_control: bool = False, bump: float = 0.0) -> Signal:
    """Shares of a per cent, with a rise after the onset."""
    rng = np.random.default_rng(seed)
    after = np.array([instant >= ONSET.first_with for instant in INSTANTS])
    values = np.abs(rng.normal(0.01, 0.005, N_LOOKS)) + bump * after
    return Signal(
        "sentinel-2", "", Observable.SURFACE_CHANGE, place, "share of pixels", INSTANTS, values,
        np.full(N_LOOKS, 0.01), INSTANTS, 0.001, 10.0, 1e5, np.ones(N_LOOKS, dtype=np.int64),
        is_control,
    )  # fmt: skip


def change(
    zone_id: str, *, onset: Bracket = ONSET, status: Status = Status.CONFIRMED, number: int = 1
) -> StandingChange:
    return StandingChange(f"{zone_id}-{number}", zone_id, onset, None, status, 900.0, "sentinel-2")


def event(
    event_id: str = "E1", day: date = date(2020, 10, 22), zones: tuple[str, ...] = ("yard",),
    grade: Testability = Testability.STRONG,
) -> Event:  # fmt: skip
    return Event(
        event_id, day, day, "day", "a yard", zones, "something", "", "NK Pro", "imagery", "bright",
        "S2", grade, ("https://example.org",),
    )  # fmt: skip


EVIDENCE = Evidence(
    (line("yard", 1, bump=0.1), line("gate", 2), line("field", 3, is_control=True)),
    (change("yard"),),
)


def seeds(*events: Event, claims: tuple = ()) -> Seeds:  # type: ignore[type-arg]
    return Seeds((), claims, events, "0")


def test_a_change_that_a_claim_names_is_explained_and_any_other_is_not() -> None:
    named = compare(seeds(claims=(claim(IMAGE),)), SITE, EVIDENCE, OPTIONS)
    assert named.unexplained == ()
    elsewhere = replace(claim(IMAGE), zone_ids=("gate",))
    assert compare(seeds(claims=(elsewhere,)), SITE, EVIDENCE, OPTIONS).unexplained
    silent = replace(claim(IMAGE), testability=Testability.SUB_METRE)
    assert compare(seeds(claims=(silent,)), SITE, EVIDENCE, OPTIONS).unexplained
    late = replace(IMAGE, start=date(2021, 3, 1), end=date(2021, 3, 1))
    assert compare(seeds(claims=(claim(late),)), SITE, EVIDENCE, OPTIONS).unexplained


def test_an_unexplained_change_gets_the_numbers_of_a_claim() -> None:
    (found,) = compare(seeds(), SITE, EVIDENCE, OPTIONS).unexplained
    assert found.test is not None
    assert found.test.effect is not None
    assert found.test.effect.difference == pytest.approx(0.1, abs=0.01)
    assert found.q_value == found.test.effect.p_value
    assert found.n_like_it == 1


def test_what_no_line_holds_is_listed_all_the_same() -> None:
    bare = Evidence((), (change("yard"),))
    (found,) = compare(seeds(), SITE, bare, OPTIONS).unexplained
    assert found.test is None
    assert found.q_value is None


def test_a_cell_does_not_tell_again_what_a_zone_tells() -> None:
    both = replace(EVIDENCE, changes=(change("yard"), change("cell-r00-c00")))
    assert [one.zone_id for one in compare(seeds(), SITE, both, OPTIONS).unexplained] == ["yard"]
    alone = replace(EVIDENCE, changes=(change("cell-r00-c00"),))
    assert [one.zone_id for one in compare(seeds(), SITE, alone, OPTIONS).unexplained] == [
        "cell-r00-c00"
    ]


@pytest.mark.parametrize("status", [Status.FIRST, Status.PROVISIONAL])
def test_what_is_not_confirmed_is_no_change(status: Status) -> None:
    waiting = replace(EVIDENCE, changes=(change("yard", status=status),))
    found = compare(seeds(event()), SITE, waiting, OPTIONS)
    assert found.unexplained == ()
    assert found.events[0].outcome is Outcome.MISSED


@pytest.mark.parametrize(
    ("day", "error"),
    [
        (date(2020, 10, 22), 0.0),
        (date(2020, 11, 1), -7.5),
        (date(2020, 10, 10), 8.5),
    ],
)
def test_the_onset_error_is_the_distance_of_bracket_and_report(day: date, error: float) -> None:
    (found,) = compare(seeds(event(day=day)), SITE, EVIDENCE, OPTIONS).events
    assert found.outcome is Outcome.AGREES
    assert found.change_ids == ("yard-1",)
    assert found.onset_error_days == pytest.approx(error, abs=0.6)
    assert found.bracket_days == pytest.approx(5.0)


def test_an_event_is_missed_unseen_or_beyond_the_sensors() -> None:
    asked = (
        event("E1", zones=("gate",)),
        event("E2", day=date(2012, 5, 1)),
        event("E3", grade=Testability.SUB_METRE),
        event("E4", zones=()),
    )
    found = compare(seeds(*asked), SITE, EVIDENCE, OPTIONS).events
    assert [one.outcome for one in found] == [
        Outcome.MISSED, Outcome.NOT_OBSERVABLE, Outcome.NOT_OBSERVABLE, Outcome.NOT_OBSERVABLE,
    ]  # fmt: skip
    assert found[0].n_looks > OPTIONS.min_window_looks
    assert all(one.onset_error_days is None for one in found)


def test_an_event_names_the_claims_of_its_place_and_time() -> None:
    both = seeds(event(day=date(2020, 10, 25)), claims=(claim(IMAGE),))
    assert compare(both, SITE, EVIDENCE, OPTIONS).events[0].claim_ids == ("K-1",)
    other = seeds(event(day=date(2019, 10, 25)), claims=(claim(IMAGE),))
    assert compare(other, SITE, EVIDENCE, OPTIONS).events[0].claim_ids == ()


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(4)))
def test_order_does_not_matter(order: list[int]) -> None:
    brackets = [Bracket(ONSET.last_without, ONSET.first_with + timedelta(days=n)) for n in range(4)]
    changes = [change(("yard", "gate")[n % 2], onset=brackets[n], number=n) for n in range(4)]
    mixed = replace(EVIDENCE, changes=tuple(changes[n] for n in order))
    plain = replace(EVIDENCE, changes=tuple(changes))
    assert compare(seeds(event()), SITE, mixed, OPTIONS).unexplained == (
        compare(seeds(event()), SITE, plain, OPTIONS).unexplained
    )
