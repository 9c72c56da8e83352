"""The first shape: one table, one row a run. What a run is belongs to ``model.provenance``."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table of runs."""
    op.create_table(
        "runs",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("site_id", sa.String(63), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("is_simulated", sa.Boolean, nullable=False),
        sa.Column("started", sa.String(32), nullable=False),
        sa.Column("finished", sa.String(32), nullable=False),
        sa.Column("record_sha256", sa.String(64), nullable=False),
        sa.Column("n_products", sa.Integer, nullable=False),
        sa.Column("n_failures", sa.Integer, nullable=False),
        sa.CheckConstraint("state in ('complete', 'partial')", name="runs_state"),
        sqlite_autoincrement=True,
    )
    op.create_index("runs_by_site", "runs", ["site_id", "seq"])


def downgrade() -> None:
    """Remove the table of runs."""
    op.drop_table("runs")
