"""What a seeds folder holds arrives to the letter, and every byte of it counts."""

from __future__ import annotations

import os
import shutil
from datetime import date
from typing import TYPE_CHECKING

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.claims import FILES, load_seeds
from tests.unit.seeds_factory import CLAIMS, SOUND, spoil, write_seeds

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = [
    "<script>alert(1)</script>",
    "'; DROP TABLE claims; --",
    "$(rm -rf ~) `id`",
    '=HYPERLINK("http://x")',
    "{{ 7 * 7 }} {% raw %}",
    "a\\b\u202ec\u0000d\nNO\tnull",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_is_kept_to_the_letter(tmp_path: Path, text: str) -> None:
    claims = spoil(CLAIMS, '"goods stood in rows"', tomli_w.dumps({"v": text})[4:].strip())
    seeds = load_seeds(write_seeds(tmp_path, claims=claims))
    assert seeds.claims[0].statement == text


def test_hash_covers_every_byte_and_no_path(tmp_path: Path) -> None:
    folder = write_seeds(tmp_path)
    before = load_seeds(folder).sha256
    moved = shutil.copytree(folder, tmp_path / "elsewhere")
    assert load_seeds(moved).sha256 == before
    for name in FILES:
        changed = shutil.copytree(folder, tmp_path / f"changed-{name}")
        with (changed / name).open("ab") as stream:
            stream.write(b"\n")
        assert load_seeds(changed).sha256 != before
    os.utime(folder / FILES[0], (0, 0))
    assert load_seeds(folder).sha256 == before


def test_a_byte_order_mark_and_windows_line_ends_change_no_record(tmp_path: Path) -> None:
    plain = load_seeds(write_seeds(tmp_path))
    folder = write_seeds(tmp_path)
    for name, text in SOUND.items():
        (folder / name).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    other = load_seeds(folder)
    assert (other.sources, other.claims, other.events) == (
        plain.sources,
        plain.claims,
        plain.events,
    )
    assert other.sha256 != plain.sha256


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    days=st.lists(
        st.dates(date(1990, 1, 1), date(2100, 1, 1)), min_size=1, max_size=5, unique=True
    ),
    kinds=st.lists(st.sampled_from(["event", "image", "report"]), min_size=5, max_size=5),
)
def test_times_are_kept_all_and_in_order(
    tmp_path: Path, days: list[date], kinds: list[str]
) -> None:
    said = list(zip(days, kinds, strict=False))
    block = "".join(
        f'[[claims.times]]\nedtf = "{day}"\nkind = "{kind}"\nasserted_by = ["x"]\n'
        for day, kind in said
    )
    old = '[[claims.times]]\nedtf = "2017-10"\nkind = "event"\nasserted_by = ["somebody else"]\n'
    claim = load_seeds(write_seeds(tmp_path, claims=spoil(CLAIMS, old, block))).claims[2]
    assert [(time.start, time.end, time.kind) for time in claim.times] == [
        (day, day, kind) for day, kind in said
    ]
    kinds_used = [kind for _, kind in said]
    assert claim.is_date_disputed == (len(set(kinds_used)) < len(kinds_used))
