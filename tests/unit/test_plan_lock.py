"""The frozen plans beside the seeds: what is in them, and every way in which they may differ."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pipeline.assess import plans_of
from pipeline.claims import load_seeds
from pipeline.config import load_config
from pipeline.errors import ClaimsError
from pipeline.store.plan_lock import NAME, differences, lock_of, read_lock, write_lock
from tests.unit.findings_factory import make_site
from tests.unit.seeds_factory import write_seeds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.model.plan import Plan

OPTIONS = load_config().assess
SITE = make_site()


@pytest.fixture
def plans(tmp_path: Path) -> Sequence[Plan]:
    return plans_of(load_seeds(write_seeds(tmp_path)), SITE, OPTIONS)


def told(before: Sequence[Plan], after: Sequence[Plan]) -> list[str]:
    return list(differences(lock_of(SITE, before), lock_of(SITE, after)))


def test_a_lock_holds_site_levels_method_and_every_plan(
    tmp_path: Path, plans: Sequence[Plan]
) -> None:
    path = write_lock(tmp_path, SITE, plans)
    assert path == tmp_path / NAME
    held = json.loads(path.read_bytes())
    assert held == {
        "test-yard": {
            "site_sha256": "a" * 64,
            "method": plans[0].method,
            "levels": {name: float(one) for name, one in OPTIONS.model_dump().items()},
            "plans": {plan.claim_id: plan.sha256 for plan in plans},
        }
    }
    assert read_lock(tmp_path, "test-yard") == lock_of(SITE, plans)
    assert read_lock(tmp_path, "elsewhere") is None
    assert path.read_text(encoding="utf-8").count("\n") > len(plans)


def test_freezing_again_changes_no_byte_and_other_sites_stay(
    tmp_path: Path, plans: Sequence[Plan]
) -> None:
    path = write_lock(tmp_path, SITE, plans)
    first = path.read_bytes()
    assert write_lock(tmp_path, SITE, plans).read_bytes() == first
    write_lock(tmp_path, replace(SITE, id="another"), plans[:1])
    assert read_lock(tmp_path, "test-yard") == lock_of(SITE, plans)
    assert read_lock(tmp_path, "another") == lock_of(SITE, plans[:1])


def test_the_lock_is_no_part_of_the_seeds(tmp_path: Path, plans: Sequence[Plan]) -> None:
    before = load_seeds(tmp_path / "seeds").sha256
    write_lock(tmp_path / "seeds", SITE, plans)
    assert load_seeds(tmp_path / "seeds").sha256 == before


def test_plans_that_are_as_they_were_differ_in_nothing(plans: Sequence[Plan]) -> None:
    assert told(plans, plans) == []


def test_claims_that_changed_came_or_went_are_named(plans: Sequence[Plan]) -> None:
    first, second, third = plans
    changed = replace(first, places=("elsewhere",))
    assert told(plans, (changed, second, third)) == ["changed: the plans of A001-01"]
    assert told(plans, (first, second)) == ["gone: plain-id"]
    assert told((first, second), plans) == ["not frozen yet: plain-id"]
    assert told((first, second), (changed, third)) == [
        "changed: the plans of A001-01", "gone: A001-02", "not frozen yet: plain-id",
    ]  # fmt: skip


def test_many_claims_are_counted_not_listed(plans: Sequence[Plan]) -> None:
    many = [replace(plans[0], claim_id=f"A-{number}") for number in range(66)]
    (line,) = told(many, [replace(one, places=("x",)) for one in many])
    assert line == "changed: the plans of A-0, A-1, A-2, A-3, A-4, A-5 and 60 more"


def test_another_level_or_method_is_told_once_and_not_by_claim(plans: Sequence[Plan]) -> None:
    seeds_levels = dict(plans[0].levels)
    bolder = tuple(sorted((seeds_levels | {"min_power": 0.5}).items()))
    assert told(plans, [replace(one, levels=bolder) for one in plans]) == [
        "the level min_power was 0.8 and is 0.5"
    ]
    fewer = tuple(one for one in plans[0].levels if one[0] != "pad_days")
    assert told(plans, [replace(one, levels=fewer) for one in plans]) == [
        "the level pad_days was 10 and is not there"
    ]
    newer = [replace(one, method="99") for one in plans]
    assert told(plans, newer) == [f"the method was number {plans[0].method} and is 99"]


def test_another_outline_is_told(plans: Sequence[Plan]) -> None:
    lock, now = lock_of(SITE, plans), lock_of(replace(SITE, sha256="b" * 64), plans)
    assert list(differences(lock, now)) == ["the outlines or settings of the site are others"]


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"test-yard": 1}', b"\xff",
                                     b'{"test-yard": {"plans": {}}}'])  # fmt: skip
def test_a_damaged_lock_is_an_error_with_a_remedy(
    tmp_path: Path, plans: Sequence[Plan], content: bytes
) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(ClaimsError) as caught:
        read_lock(tmp_path, "test-yard")
    assert "version control" in caught.value.remedy
    if b"plans" not in content:
        with pytest.raises(ClaimsError):
            write_lock(tmp_path, SITE, plans)
        assert (tmp_path / NAME).read_bytes() == content
