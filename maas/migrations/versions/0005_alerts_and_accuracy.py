"""Alerts and trips called off, the stop events of buses, and what was told of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "stop_visits",
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("trip_id", sa.String(), nullable=False),
        sa.Column("call_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("vehicle_id", sa.String(), nullable=False),
        sa.Column("arrive_s", sa.Double(), nullable=True),
        sa.Column("depart_s", sa.Double(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(
            "service_date", "trip_id", "call_index", "vehicle_id", name=op.f("pk_stop_visits")
        ),
    )
    op.create_table(
        "judged",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("route_id", sa.String(), nullable=False),
        sa.Column("stop_id", sa.String(), nullable=False),
        sa.Column("trip_id", sa.String(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=True),
        sa.Column("expected", sa.BigInteger(), nullable=True),
        sa.Column("low", sa.BigInteger(), nullable=True),
        sa.Column("high", sa.BigInteger(), nullable=True),
        sa.Column("be_there_by", sa.BigInteger(), nullable=True),
        sa.Column("actual", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judged")),
    )
    op.create_index(op.f("ix_judged_service_date"), "judged", ["service_date"])
    op.create_index(op.f("ix_judged_route_id_service_date"), "judged", ["route_id", "service_date"])
    op.create_index(op.f("ix_judged_stop_id_service_date"), "judged", ["stop_id", "service_date"])
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("header", sa.String(), nullable=False),
        sa.Column("header_en", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("spoken", sa.Text(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("effect", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("routes", sa.JSON(), nullable=False),
        sa.Column("stops", sa.JSON(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("starts_at", sa.Double(), nullable=False),
        sa.Column("ends_at", sa.Double(), nullable=True),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index(op.f("ix_alerts_ends_at"), "alerts", ["ends_at"])
    op.create_table(
        "called_off",
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("trip_id", sa.String(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("service_date", "trip_id", name=op.f("pk_called_off")),
    )
