"""The ledger: nothing acknowledged is lost, nothing damaged is added to."""

from __future__ import annotations

import hashlib
import json
import signal
import sqlite3
import subprocess
import sys
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import StoreError
from pipeline.model.provenance import Artifact, RunRecord
from pipeline.model.scene import AssetFailure
from pipeline.store import ledger as module
from pipeline.store.ledger import open_ledger

if TYPE_CHECKING:
    from pipeline.store.ledger import LedgerRow

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2020, 11, 25, 1, 2, 3, 456789, tzinfo=UTC)
END = START + timedelta(minutes=3)
RECORD = RunRecord(
    run_id="ab" * 32,
    site_id="kaesong",
    source="sample'); DROP TABLE runs; --",
    state="partial",
    is_simulated=True,
    inputs={"site": "12" * 32},
    versions={"stage:fetch": "1"},
    outputs=(Artifact("a.tif", "cd" * 32, 7),),
    failures=(AssetFailure("S", "red", "FetchError", "no"), AssetFailure("T", "", "X", "y")),
)
WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from pipeline.model.provenance import RunRecord
from pipeline.store.ledger import open_ledger
ledger = open_ledger(Path(sys.argv[1]))
now = datetime(2020, 1, 1, tzinfo=UTC)
for n in range(int(sys.argv[3])):
    record = RunRecord(f"{n:064x}", sys.argv[2], "x", "complete", True, {}, {}, (), ())
    print(ledger.append(record, now, now), flush=True)
"""


def append_all(path: Path, *records: RunRecord) -> tuple[LedgerRow, ...]:
    ledger = open_ledger(path)
    for record in records:
        ledger.append(record, START, END)
    return ledger.rows()


def test_a_row_comes_back_as_it_was_said(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ledger.sqlite"
    assert open_ledger(path).append(RECORD, START, END) == 1
    (row,) = open_ledger(path).rows()
    assert (row.seq, row.run_id, row.site_id, row.source) == (
        1,
        "ab" * 32,
        "kaesong",
        RECORD.source,
    )
    assert (row.state, row.is_simulated, row.n_products, row.n_failures) == ("partial", True, 1, 2)
    assert (row.started, row.finished) == (START, END)
    text = json.dumps(asdict(RECORD), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert row.record_sha256 == hashlib.sha256(f"{text}\n".encode()).hexdigest()


def test_rows_stand_in_the_order_of_writing_and_the_latest_is_the_last(tmp_path: Path) -> None:
    other = replace(RECORD, site_id="other", state="complete", is_simulated=False)
    rows = append_all(tmp_path / "l", RECORD, other, RECORD)
    assert [row.seq for row in rows] == [1, 2, 3]
    ledger = open_ledger(tmp_path / "l")
    assert ledger.latest("kaesong") == rows[2]
    assert ledger.latest("other") == rows[1]
    assert ledger.latest("' OR 1=1 --") is None


def test_an_instant_of_another_zone_is_kept_as_utc_and_one_of_none_is_refused(
    tmp_path: Path,
) -> None:
    ledger = open_ledger(tmp_path / "l")
    pyongyang = timezone(timedelta(hours=8, minutes=30))
    ledger.append(RECORD, START.astimezone(pyongyang), END)
    row = ledger.latest("kaesong")
    assert row is not None
    assert row.started.utcoffset() == timedelta(0)
    assert row.started == START
    with pytest.raises(StoreError, match="time zone"):
        ledger.append(RECORD, START.replace(tzinfo=None), END)


def test_a_state_that_is_none_is_refused(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "l")
    with pytest.raises(StoreError, match="CHECK"):
        ledger.append(replace(RECORD, state="maybe"), START, END)
    assert ledger.rows() == ()


def test_commits_outlive_a_power_cut(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "l")
    with ledger._engine.connect() as connection:
        for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("busy_timeout", 30000)):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() == value


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    rows = append_all(tmp_path / "l", RECORD)
    for _ in range(3):
        assert open_ledger(tmp_path / "l").rows() == rows
    with sqlite3.connect(tmp_path / "l") as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    raw.close()


def test_a_url_names_the_same_ledger(tmp_path: Path) -> None:
    rows = append_all(tmp_path / "l", RECORD)
    assert open_ledger(f"sqlite:///{tmp_path / 'l'}").rows() == rows
    assert open_ledger(str(tmp_path / "l")).rows() == rows


@pytest.mark.parametrize("url", ["postgresql+nonsense://u:SECRET@h/d", "oracle://u:SECRET@h/d"])
def test_a_database_that_is_not_there_is_one_line_without_the_password(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_ledger(url)
    assert "SECRET" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_newer_ledger_is_left_alone(tmp_path: Path) -> None:
    append_all(tmp_path / "l", RECORD)
    with sqlite3.connect(tmp_path / "l") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    before = (tmp_path / "l").read_bytes()
    with pytest.raises(StoreError, match="newer version"):
        open_ledger(tmp_path / "l")
    assert (tmp_path / "l").read_bytes() == before


def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    (tmp_path / "l").touch()
    assert append_all(tmp_path / "l", RECORD)[0].seq == 1


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"x" * 99]
)
def test_a_file_that_is_no_ledger_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "l").write_bytes(content)
    with pytest.raises(StoreError, match="put back a copy"):
        open_ledger(tmp_path / "l")
    assert (tmp_path / "l").read_bytes() == content


def test_a_damaged_page_is_noticed_before_anything_is_added(tmp_path: Path) -> None:
    path = tmp_path / "l"
    append_all(path, *[replace(RECORD, source="x" * 900)] * 40)
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    raw.close()
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 600] = b"\xff" * 600
    path.write_bytes(data)
    with pytest.raises(StoreError, match="Remedy: put back a copy"):
        open_ledger(path)
    assert path.read_bytes() == bytes(data)


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="unable to open"):
        open_ledger(tmp_path)


def test_a_writer_that_holds_on_too_long_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_TIMEOUT_MS", 50)
    ledger = open_ledger(tmp_path / "l")
    raw = sqlite3.connect(tmp_path / "l", isolation_level=None)
    raw.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        ledger.append(RECORD, START, END)
    raw.execute("ROLLBACK")
    raw.close()
    assert ledger.append(RECORD, START, END) == 1


def start_writer(path: Path, site: str, n_rows: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", WRITER, str(path), site, str(n_rows)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)  # noqa: S603 - ourselves


def test_two_processes_that_make_and_fill_one_ledger_lose_nothing(tmp_path: Path) -> None:
    children = [start_writer(tmp_path / "l", site, 25) for site in ("a", "b")]
    said = [child.communicate()[0].split() for child in children]
    assert [child.returncode for child in children] == [0, 0]
    rows = open_ledger(tmp_path / "l").rows()
    assert [row.seq for row in rows] == list(range(1, 51))
    for site, numbers in zip(("a", "b"), said, strict=True):
        own = [row for row in rows if row.site_id == site]
        assert [row.seq for row in own] == [int(number) for number in numbers]
        assert [int(row.run_id, 16) for row in own] == list(range(25))


def test_a_killed_writer_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    acknowledged = 0
    for n_rows in (1, 4, 9):
        with start_writer(tmp_path / "l", "a", 10_000) as child:
            assert child.stdout is not None
            for _ in range(n_rows):
                acknowledged = int(child.stdout.readline())
            child.send_signal(signal.SIGKILL)
            rest = child.stdout.read().split()
            acknowledged = int(rest[-1]) if rest else acknowledged
        rows = open_ledger(tmp_path / "l").rows()
        assert [row.seq for row in rows][:acknowledged] == list(range(1, acknowledged + 1))
