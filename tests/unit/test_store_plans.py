"""Enemies of registered plans: a plan changed after a look, a chain altered, cut or killed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import StoreError
from pipeline.model.plan import Plan, Registration
from pipeline.store.layout import WorkFolder
from pipeline.store.plans import hash_of, note_look, registered_plans

if TYPE_CHECKING:
    from pathlib import Path

OLD = Plan("A-1", ("yard",), (), (), (), ("2016-02-10T00:00:00+00:00",), (("pad_days", 10.0),), "2")
OTHER = replace(OLD, claim_id="B-1")
NEW = replace(OLD, levels=(("pad_days", 11.0),))
THIRD = replace(OLD, levels=(("pad_days", 12.0),))


@pytest.fixture
def work(tmp_path: Path) -> WorkFolder:
    return WorkFolder(tmp_path / "work", "yard")


def entries(work: WorkFolder) -> list[dict[str, object]]:
    return [json.loads(line) for line in work.plans.read_bytes().splitlines()]


def test_a_first_plan_is_fixed_and_not_late(work: WorkFolder) -> None:
    assert registered_plans(work, (OLD, OTHER)) == {
        "A-1": Registration(OLD.sha256, is_post_hoc=False),
        "B-1": Registration(OTHER.sha256, is_post_hoc=False),
    }
    first, second = entries(work)
    assert first["plan"] == OLD.document
    assert first["sha256"] == OLD.sha256 == hash_of(OLD.document)
    assert first["before"] == "0" * 64
    assert second["before"] != first["before"]
    age = datetime.now(UTC) - datetime.fromisoformat(str(first["at"]))
    assert 0 <= age.total_seconds() < 3600


def test_the_same_plans_again_change_no_byte(work: WorkFolder) -> None:
    registered_plans(work, (OLD,))
    note_look(work, (OLD,))
    before, when = work.plans.read_bytes(), work.plans.stat().st_mtime_ns
    for _ in range(3):
        assert not registered_plans(work, (OLD,))["A-1"].is_post_hoc
        note_look(work, (OLD,))
    assert (work.plans.read_bytes(), work.plans.stat().st_mtime_ns) == (before, when)


def test_a_plan_that_changes_before_any_look_is_not_late(work: WorkFolder) -> None:
    registered_plans(work, (OLD,))
    assert registered_plans(work, (NEW,))["A-1"] == Registration(NEW.sha256, is_post_hoc=False)


def test_a_plan_that_changes_after_a_look_is_late_and_stays_so(work: WorkFolder) -> None:
    registered_plans(work, (OLD,))
    note_look(work, (OLD,))
    late = Registration(OLD.sha256, is_post_hoc=True)
    assert registered_plans(work, (NEW,))["A-1"] == late
    note_look(work, (NEW,))
    assert registered_plans(work, (NEW,))["A-1"] == late
    assert registered_plans(work, (THIRD,))["A-1"] == late


def test_going_back_to_the_fixed_plan_is_not_late(work: WorkFolder) -> None:
    registered_plans(work, (OLD,))
    note_look(work, (OLD,))
    registered_plans(work, (NEW,))
    assert registered_plans(work, (OLD,))["A-1"] == Registration(OLD.sha256, is_post_hoc=False)


def test_nobody_picks_among_plans_that_lay_ready_before_the_look(work: WorkFolder) -> None:
    """The last one before the first look counts, not the one that turns out best."""
    for plan in (OLD, NEW, THIRD):
        registered_plans(work, (plan,))
    note_look(work, (THIRD,))
    assert registered_plans(work, (OLD,))["A-1"] == Registration(THIRD.sha256, is_post_hoc=True)
    assert not registered_plans(work, (THIRD,))["A-1"].is_post_hoc


def test_a_look_under_one_claim_says_nothing_of_another(work: WorkFolder) -> None:
    registered_plans(work, (OLD,))
    note_look(work, (OLD,))
    changed = replace(OTHER, method="3")
    registered_plans(work, (OTHER,))
    assert not registered_plans(work, (changed,))["B-1"].is_post_hoc


def test_entries_are_only_ever_added(work: WorkFolder) -> None:
    grown = b""
    for step in ((OLD,), (OLD, OTHER), (NEW,), (THIRD, OTHER)):
        registered_plans(work, step)
        note_look(work, step)
        now = work.plans.read_bytes()
        assert now.startswith(grown)
        assert len(now) > len(grown)
        grown = now


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
@given(
    steps=st.lists(st.tuples(st.sampled_from((OLD, NEW, THIRD)), st.booleans()), max_size=8),
    last=st.sampled_from((OLD, NEW, THIRD)),
)
def test_the_rule_is_that_of_a_plain_loop(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Plan, bool]], last: Plan
) -> None:
    work = WorkFolder(tmp_path_factory.mktemp("work"), "yard")
    fixed, seen, has_looked = "", set(), False
    for plan, looks in [*steps, (last, False)]:
        if plan.sha256 not in seen and not has_looked:
            fixed = plan.sha256
        seen.add(plan.sha256)
        told = registered_plans(work, (plan,))["A-1"]
        assert told == Registration(fixed, is_post_hoc=plan.sha256 != fixed)
        if looks:
            note_look(work, (plan,))
            has_looked = True


def filled(work: WorkFolder) -> bytes:
    registered_plans(work, (OLD, OTHER))
    note_look(work, (OLD, OTHER))
    registered_plans(work, (NEW,))
    return work.plans.read_bytes()


def refused(work: WorkFolder) -> StoreError:
    with pytest.raises(StoreError) as caught:
        registered_plans(work, (OLD,))
    assert "plans.jsonl" in caught.value.where
    assert "begin a new work folder" in caught.value.remedy
    return caught.value


def test_every_flipped_byte_but_one_of_the_last_look_is_noticed(work: WorkFolder) -> None:
    """What the chain cannot know is the end of its last line, which nothing follows."""
    content = filled(work)
    for at in range(0, content.rindex(b'{"at"'), 7):
        spoiled = bytearray(content)
        spoiled[at] ^= 1
        work.plans.write_bytes(bytes(spoiled))
        refused(work)


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_an_entry_taken_out_is_noticed_by_line(work: WorkFolder, gone: int) -> None:
    lines = filled(work).splitlines(keepends=True)
    work.plans.write_bytes(b"".join(lines[:gone] + lines[gone + 1 :]))
    assert refused(work).where.endswith(f"plans.jsonl:{gone + 1}")


def test_entries_in_another_order_are_noticed(work: WorkFolder) -> None:
    lines = filled(work).splitlines(keepends=True)
    work.plans.write_bytes(b"".join([lines[1], lines[0], *lines[2:]]))
    refused(work)


@pytest.mark.parametrize(
    "content", [b"\n", b"{}\n", b"[]\n", b"null\n", b"\xff\xfe\n", b"not json\n", b'{"before":1}\n']
)
def test_what_is_no_chain_is_refused(work: WorkFolder, content: bytes) -> None:
    work.folder.mkdir(parents=True)
    work.plans.write_bytes(content)
    assert refused(work).where.endswith(":1")


def test_a_chain_cut_short_is_refused(work: WorkFolder) -> None:
    content = filled(work)
    for cut in (1, 2, 40):
        work.plans.write_bytes(content[:-cut])
        refused(work)


def test_a_plan_under_a_false_hash_is_refused(work: WorkFolder) -> None:
    line = filled(work).splitlines()[0].replace(b'"pad_days",10.0', b'"pad_days",99.0')
    work.plans.write_bytes(line + b"\n")
    refused(work)


def test_a_folder_in_place_of_the_file_is_an_error_of_ours(work: WorkFolder) -> None:
    work.plans.mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot be read"):
        registered_plans(work, (OLD,))


def test_a_disk_that_fails_leaves_the_chain_as_it_was(
    work: WorkFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = filled(work)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.store.files.force", full)
    with pytest.raises(StoreError, match="free space"):
        registered_plans(work, (THIRD,))
    assert work.plans.read_bytes() == content


def test_without_plans_there_is_no_file(work: WorkFolder) -> None:
    assert registered_plans(work, ()) == {}
    note_look(work, ())
    assert not work.plans.exists()
