"""What a plan's hash hangs on, and what it does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.assess import assess, plans_of
from pipeline.claims import load_seeds
from pipeline.config import load_config
from pipeline.model.assessment import Verdict
from pipeline.model.claim import Direction, Observable
from pipeline.model.plan import Registration
from pipeline.model.signal import Evidence, Signal
from tests.unit.findings_factory import make_site
from tests.unit.seeds_factory import CLAIMS, spoil, write_seeds

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config import AssessOptions
    from pipeline.model.claim import Claim, Prediction, Seeds

BUDGET = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)
OPTIONS = load_config().assess
SIZED = CLAIMS.replace(
    "min_area_m2 = 2400",
    "min_area_m2 = 2400\nexpected = 0.03\nwindow_days = [-5, 10]\nreference_days = [-365, -31]",
).replace('zones = ["yard", "depot"]', 'zones = ["north-vacant", "control-field"]')


@pytest.fixture
def seeds(tmp_path: Path) -> Seeds:
    """Claims with a stated size and windows."""
    return load_seeds(write_seeds(tmp_path, claims=SIZED))


def hash_of(claims: Seeds, claim_id: str = "A001-01", options: AssessOptions = OPTIONS) -> str:
    plans = plans_of(claims, make_site(), options)
    return next(plan.sha256 for plan in plans if plan.claim_id == claim_id)


def with_claim(seeds: Seeds, claim: Claim) -> Seeds:
    """The seeds with their first claim changed."""
    return replace(seeds, claims=(claim, *seeds.claims[1:]))


def with_prediction(seeds: Seeds, **changes: object) -> Seeds:
    """The seeds with the first prediction of their first claim changed."""
    claim = seeds.claims[0]
    prediction: Prediction = replace(claim.predictions[0], **changes)  # type: ignore[arg-type]
    return with_claim(seeds, replace(claim, predictions=(prediction,)))


def test_comments_spaces_and_the_order_of_keys_do_not_matter(tmp_path: Path, seeds: Seeds) -> None:
    loose = "# a remark\n" + SIZED.replace("expected = 0.03", "expected   =   3e-2 # why")
    loose = spoil(loose, 'direction = "increase"\nbasis = "rows on concrete"\n',
                  'basis = "rows on concrete"\ndirection = "increase"\n')  # fmt: skip
    loose = spoil(loose, "window_days = [-5, 10]", "window_days = [\n  -5,\n  10, # days\n]")
    other = load_seeds(write_seeds(tmp_path, claims=loose))
    assert other.sha256 != seeds.sha256
    assert hash_of(other) == hash_of(seeds)


@pytest.mark.parametrize(
    "changes",
    [
        {"expected": 0.031},
        {"expected": None},
        {"direction": Direction.CHANGE},
        {"observable": Observable.BUILT_UP},
        {"sensors": ("sentinel-2", "landsat")},
        {"sensors": ()},
        {"window_days": (-5, 11)},
        {"window_days": (-6, 10)},
        {"window_days": None},
        {"reference_days": (-366, -31)},
        {"reference_days": None},
        {"min_area_m2": 2401.0},
        {"basis": "rows of another kind"},
    ],
)
def test_every_part_of_a_prediction_counts(seeds: Seeds, changes: dict[str, object]) -> None:
    assert hash_of(with_prediction(seeds, **changes)) != hash_of(seeds)


def test_times_places_and_rivals_count(seeds: Seeds) -> None:
    claim = seeds.claims[0]
    time, rival = claim.times[0], claim.alternatives[0]
    later = replace(time, edtf="2020-11-26", start=date(2020, 11, 26), end=date(2020, 11, 26))
    others = [
        replace(claim, times=(later, *claim.times[1:])),
        replace(claim, times=claim.times[1:]),
        replace(claim, zone_ids=claim.zone_ids[:1]),
        replace(claim, alternatives=()),
        replace(claim, alternatives=(replace(rival, expected=0.01),)),
        replace(claim, alternatives=(replace(rival, excluded_by="season"),)),
    ]
    hashes = {hash_of(with_claim(seeds, one)) for one in others} | {hash_of(seeds)}
    assert len(hashes) == len(others) + 1


def test_what_is_only_said_of_a_claim_does_not_count(seeds: Seeds) -> None:
    claim = replace(seeds.claims[0], note="another note", reliability="R6", speaker="else")
    assert hash_of(with_claim(seeds, claim)) == hash_of(seeds)


@pytest.mark.parametrize("level", sorted(OPTIONS.model_dump()))
def test_every_level_counts(seeds: Seeds, level: str) -> None:
    value = getattr(OPTIONS, level)
    bolder = value + 1 if isinstance(value, int) else value * 1.01
    other = OPTIONS.model_copy(update={level: bolder})
    assert hash_of(seeds, options=other) != hash_of(seeds)


slugs = st.from_regex(r"Z[0-9]{1,6}", fullmatch=True)
days = st.dates(date(2016, 1, 1), date(2023, 1, 1))


@BUDGET
@given(added=st.lists(st.tuples(slugs, days), max_size=6, unique_by=lambda one: one[0]),
       place=st.integers(0, 3))  # fmt: skip
def test_claims_that_are_added_change_no_other_plan(
    seeds: Seeds, added: list[tuple[str, date]], place: int
) -> None:
    model = seeds.claims[0]
    new = tuple(
        replace(model, id=name, times=(replace(model.times[0], start=day, end=day),))
        for name, day in added
    )
    more = replace(seeds, claims=(*seeds.claims[:place], *new, *seeds.claims[place:]))
    before = {plan.claim_id: plan.sha256 for plan in plans_of(seeds, make_site(), OPTIONS)}
    after = {plan.claim_id: plan.sha256 for plan in plans_of(more, make_site(), OPTIONS)}
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + len(new)


def test_a_positive_control_is_a_break_for_all_others(seeds: Seeds) -> None:
    """Where the level is known to jump, nobody's history runs through."""
    control = replace(seeds.claims[2], is_positive_control=True)
    more = replace(seeds, claims=(*seeds.claims[:2], control))
    assert hash_of(more) != hash_of(seeds)


def line(end: datetime) -> Signal:
    """Looks every five days from 2018 on, without any change."""
    instants = tuple(
        datetime.fromtimestamp(second, UTC)
        for second in range(int(datetime(2018, 1, 1, tzinfo=UTC).timestamp()),
                            int(end.timestamp()), 5 * 86_400)
    )  # fmt: skip
    values = np.random.default_rng(3).normal(0.01, 0.002, len(instants))
    return Signal(
        "sentinel-2", "", Observable.SURFACE_CHANGE, "north-vacant", "share", instants, values,
        np.zeros(len(instants)), instants, 0.001, 10.0, 40_000.0,
        np.ones(len(instants), dtype=np.int64),
    )  # fmt: skip


def verdict_of(seeds: Seeds, claim: Claim) -> tuple[Verdict, str]:
    evidence = Evidence((line(datetime(2022, 1, 1, tzinfo=UTC)),))
    only = replace(seeds, claims=(claim,))
    (answer,) = assess(only, make_site(), evidence, OPTIONS)
    return answer.verdict, answer.reason


@pytest.mark.parametrize("day", [date(2031, 5, 1), date(2099, 12, 31), date(1995, 1, 1)])
@pytest.mark.parametrize("windows", [True, False])
def test_a_time_to_come_or_before_the_sensor_is_not_observable(
    seeds: Seeds, day: date, *, windows: bool
) -> None:
    claim = seeds.claims[0]
    time = replace(claim.times[0], edtf=day.isoformat(), start=day, end=day)
    prediction = claim.predictions[0]
    if not windows:
        prediction = replace(prediction, window_days=None, reference_days=None)
    claim = replace(claim, times=(time,), predictions=(prediction,))
    verdict, reason = verdict_of(seeds, claim)
    assert verdict is Verdict.NOT_OBSERVABLE
    assert reason == "no acquisition lies in the window"


def test_a_plan_that_came_late_is_shown_as_such(seeds: Seeds) -> None:
    evidence = Evidence((line(datetime(2022, 1, 1, tzinfo=UTC)),))
    late = {"A001-01": Registration("0" * 64, is_post_hoc=True)}
    answers = assess(seeds, make_site(), evidence, OPTIONS, registered=late)
    shown = [one.claim_id for one in answers if "post_hoc" in {m.value for m in one.modifiers}]
    assert shown == ["A001-01"]
