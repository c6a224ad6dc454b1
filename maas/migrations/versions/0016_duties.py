"""Steps as vehicles reported them, records of drivers' duties, and lines entered from paper."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | None = None
depends_on: str | None = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _step_reports()
    _duty_records()
    _paper_entries()


def _step_reports() -> None:
    op.create_table(
        "step_reports",
        sa.Column("id", RowId, nullable=False),
        sa.Column("vehicle_id", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("booking_id", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("boot", sa.String(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("said_at", sa.Double(), nullable=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("payment", sa.JSON(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("look", sa.Boolean(), nullable=False),
        sa.Column("looked_at", sa.Double(), nullable=True),
        sa.Column("looked_by", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('taken', 'known', 'stands', 'asked')",
            name=op.f("ck_step_reports_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.id"], name=op.f("fk_step_reports_vehicle_id_vehicles")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_reports")),
        sa.UniqueConstraint("vehicle_id", "event", name=op.f("uq_step_reports_vehicle_id_event")),
    )
    for columns in (("booking_id",), ("service_date", "vehicle_id"), ("look", "looked_at")):
        name = op.f("ix_step_reports_" + "_".join(columns))
        op.create_index(name, "step_reports", list(columns))


def _duty_records() -> None:
    op.create_table(
        "duty_records",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("vehicle_id", sa.String(), nullable=False),
        sa.Column("driver", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("recorded_at", sa.Double(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("corrects", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.id"], name=op.f("fk_duty_records_vehicle_id_vehicles")
        ),
        sa.ForeignKeyConstraint(
            ["corrects"], ["duty_records.id"], name=op.f("fk_duty_records_corrects_duty_records")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_records")),
    )
    for columns in (("service_date", "vehicle_id"), ("vehicle_id", "at")):
        name = op.f("ix_duty_records_" + "_".join(columns))
        op.create_index(name, "duty_records", list(columns))


def _paper_entries() -> None:
    op.create_table(
        "paper_entries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("area_id", sa.String(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("vehicle_id", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("conflicts", sa.JSON(), nullable=False),
        sa.Column("booking_id", sa.String(), nullable=True),
        sa.Column("entered_at", sa.Double(), nullable=False),
        sa.Column("entered_by", sa.String(), nullable=False),
        sa.Column("settled_at", sa.Double(), nullable=True),
        sa.Column("settled_by", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.CheckConstraint(
            "state IN ('taken', 'conflict', 'dropped')", name=op.f("ck_paper_entries_state")
        ),
        sa.ForeignKeyConstraint(
            ["area_id"], ["areas.id"], name=op.f("fk_paper_entries_area_id_areas")
        ),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.id"], name=op.f("fk_paper_entries_vehicle_id_vehicles")
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_paper_entries_booking_id_bookings")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_entries")),
    )
    for columns in (("area_id", "service_date"), ("area_id", "state")):
        name = op.f("ix_paper_entries_" + "_".join(columns))
        op.create_index(name, "paper_entries", list(columns))
