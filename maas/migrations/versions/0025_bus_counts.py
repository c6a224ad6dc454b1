"""Riders counted on buses, by drivers, counters or the office."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "bus_counts",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("vehicle_id", sa.String(), sa.ForeignKey("vehicles.id"), nullable=False),
        sa.Column("trip_id", sa.String()),
        sa.Column("call_index", sa.Integer()),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("boarded", sa.Integer(), nullable=False),
        sa.Column("alighted", sa.Integer(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("corrects", sa.String(), sa.ForeignKey("bus_counts.id")),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("source IN ('driver', 'counter', 'office')", name="source"),
        sa.CheckConstraint("boarded >= 0 AND alighted >= 0", name="counted"),
    )
    op.create_index(None, "bus_counts", ["service_date", "vehicle_id"])


def downgrade() -> None:
    op.drop_table("bus_counts")
