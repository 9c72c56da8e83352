"""The ledger: one row a run, appended and never changed.

Here belong the table of runs and its reading and writing. The steps that give the table its
shape lie in ``pipeline/migrations``; what a run record says belongs to ``model.provenance``.

SQLite with a write-ahead log and full synchronisation is built in; another database is named by
its SQLAlchemy URL. Times are UTC in ISO 8601, which sorts as text.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError

from pipeline.errors import StoreError
from pipeline.store.files import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.model.provenance import RunRecord

MIGRATIONS = Path(__file__).parents[1] / "migrations"
BUSY_TIMEOUT_MS = 30_000
"""How long a writer waits for another one."""

_URL = re.compile(r"[a-z0-9+]+://.*")
_RESTORE = (
    "put back a copy of the file, or move it away: a new one is begun, "
    "and the run records in the site folders stay what they are"
)

RUNS = sa.table(
    "runs",
    sa.column("seq", sa.Integer),
    sa.column("run_id", sa.String),
    sa.column("site_id", sa.String),
    sa.column("source", sa.String),
    sa.column("state", sa.String),
    sa.column("is_simulated", sa.Boolean),
    sa.column("started", sa.String),
    sa.column("finished", sa.String),
    sa.column("record_sha256", sa.String),
    sa.column("n_products", sa.Integer),
    sa.column("n_failures", sa.Integer),
)


@dataclass(frozen=True)
class LedgerRow:
    """One run, as the ledger remembers it.

    Attributes:
        seq: number of the row, rising.
        run_id: what was computed from what.
        site_id: the site.
        source: the catalogue.
        state: ``complete`` or ``partial``.
        is_simulated: whether any input is simulated.
        started: UTC.
        finished: UTC.
        record_sha256: hash of the run record as canonical JSON, hex.
        n_products: how many products there are.
        n_failures: how many assets did not become data.
    """

    seq: int
    run_id: str
    site_id: str
    source: str
    state: str
    is_simulated: bool
    started: datetime
    finished: datetime
    record_sha256: str
    n_products: int
    n_failures: int


class RunLedger:
    """The rows of all runs."""

    def __init__(self, engine: sa.Engine, where: str) -> None:
        """Take over an engine whose database has its final shape."""
        self._engine, self._where = engine, where

    def append(self, record: RunRecord, started: datetime, finished: datetime) -> int:
        """Add a row for a run, durable when this returns.

        Returns:
            The number of the row.

        Raises:
            StoreError: if it cannot be written.
        """
        insert = sa.insert(RUNS).values(**_values(record, started, finished)).returning(RUNS.c.seq)
        with _translated(self._where), self._engine.begin() as connection:
            return int(connection.execute(insert).scalar_one())

    def rows(self) -> tuple[LedgerRow, ...]:
        """All rows, oldest first.

        Raises:
            StoreError: if they cannot be read.
        """
        return self._select(sa.select(RUNS).order_by(RUNS.c.seq))

    def latest(self, site_id: str) -> LedgerRow | None:
        """The newest row of a site; None if it has none.

        Raises:
            StoreError: if it cannot be read.
        """
        of_site = sa.select(RUNS).where(RUNS.c.site_id == site_id)
        found = self._select(of_site.order_by(RUNS.c.seq.desc()).limit(1))
        return found[0] if found else None

    def close(self) -> None:
        """Give back the connections."""
        self._engine.dispose()

    def _select(self, query: sa.Select[Any]) -> tuple[LedgerRow, ...]:
        """The rows that a query gives."""
        with _translated(self._where), self._engine.connect() as connection:
            return tuple(_row(dict(found)) for found in connection.execute(query).mappings())


def open_ledger(path_or_url: Path | str) -> RunLedger:
    """Open a ledger, made or brought to its present shape if need be.

    Args:
        path_or_url: a file of SQLite, or an SQLAlchemy URL.

    Raises:
        StoreError: if it is damaged, was written by a newer version, or cannot be opened.
    """
    url = _url(path_or_url)
    where = url.render_as_string(hide_password=True) if not url.database else url.database
    with _translated(where):
        engine = _engine(url)
        try:
            with engine.begin() as connection:
                _check_integrity(connection, where)
                _migrate(connection)
        except BaseException:
            engine.dispose()
            raise
    return RunLedger(engine, where)


def _url(path_or_url: Path | str) -> sa.URL:
    """The address of the database."""
    if isinstance(path_or_url, str) and _URL.fullmatch(path_or_url):
        return sa.make_url(path_or_url)
    path = Path(path_or_url)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError("the folder of the ledger cannot be made", where=str(path)) from error
    return sa.URL.create("sqlite", database=str(path))


def _engine(url: sa.URL) -> sa.Engine:
    """An engine; for SQLite one whose commits outlive a power cut."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _make_durable)
        sa.event.listen(engine, "begin", _begin_writing)
    return engine


def _make_durable(connection: Any, _: object) -> None:  # noqa: ANN401 - a DBAPI has no types
    """Settings of every SQLite connection."""
    # The driver must not begin transactions itself: it would do so too late to exclude others.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_writing(connection: sa.Connection) -> None:
    """Take the right to write at once, so that two writers queue instead of clashing."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _check_integrity(connection: sa.Connection, where: str) -> None:
    """Refuse a damaged file before anything is added to it.

    Raises:
        StoreError: if SQLite finds a fault.
    """
    if connection.dialect.name != "sqlite":
        return
    answer = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
    if answer != "ok":
        raise StoreError("the ledger is damaged", where=where, remedy=_RESTORE)


def _migrate(connection: sa.Connection) -> None:
    """Run the steps that the database has not seen, in the transaction of the connection.

    Raises:
        RevisionError: if it has seen a step that is not known here.
    """
    script = ScriptDirectory(MIGRATIONS, version_locations=[str(MIGRATIONS)])

    def steps(seen: Any, _: MigrationContext) -> list[RevisionStep]:  # noqa: ANN401 - Alembic's
        """What lies between the present shape and the newest."""
        unseen = script.iterate_revisions("head", seen or "base")
        known = script.revision_map
        return [MigrationStep.upgrade_from_script(known, one) for one in reversed([*unseen])]

    context = MigrationContext.configure(connection, opts={"fn": steps})
    with Operations.context(context):
        context.run_migrations()


@contextmanager
def _translated(where: str) -> Iterator[None]:
    """Turn what the database says into our own words.

    Raises:
        StoreError: for every error of the database.
    """
    try:
        yield
    except RevisionError as error:
        remedy = "update zonewatch, or name another work folder"
        what = "the ledger was written by a newer version"
        raise StoreError(what, where=where, remedy=remedy) from error
    except (sa.exc.SQLAlchemyError, ModuleNotFoundError) as error:
        reason = str(getattr(error, "orig", None) or type(error).__name__)
        raise StoreError(
            f"the ledger cannot be used ({reason})", where=where, remedy=_RESTORE
        ) from error


def _values(record: RunRecord, started: datetime, finished: datetime) -> dict[str, Any]:
    """The columns of a run."""
    return {
        "run_id": record.run_id,
        "site_id": record.site_id,
        "source": record.source,
        "state": record.state,
        "is_simulated": record.is_simulated,
        "started": _text(started),
        "finished": _text(finished),
        "record_sha256": hashlib.sha256(canonical_json(asdict(record))).hexdigest(),
        "n_products": len(record.outputs),
        "n_failures": len(record.failures),
    }


def _text(instant: datetime) -> str:
    """An instant as UTC text of fixed width.

    Raises:
        StoreError: if it has no time zone.
    """
    if instant.tzinfo is None:
        raise StoreError("the ledger takes instants with a time zone only", where=str(instant))
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def _row(values: dict[str, Any]) -> LedgerRow:
    """A row from its columns."""
    times = {key: datetime.fromisoformat(values[key]) for key in ("started", "finished")}
    return LedgerRow(**{**values, **times})
