"""Corrections that point to what they correct, vehicles' days, closed months, simulated days."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from maas.store.tables import RowId

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    _corrections()
    _vehicle_days()
    op.create_table(
        "closings",
        sa.Column("id", RowId, nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.CheckConstraint("state IN ('provisional', 'closed')", name=op.f("ck_closings_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closings")),
        sa.UniqueConstraint("month", "state", name=op.f("uq_closings_month_state")),
    )
    op.create_table(
        "simulated_days",
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("service_date", name=op.f("pk_simulated_days")),
    )
    op.add_column("rides", sa.Column("dated", sa.Date()))
    op.add_column("rides", sa.Column("seal", sa.String(), nullable=False, server_default=""))
    op.create_index(op.f("ix_rides_dated"), "rides", ["dated"])


def _corrections() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", RowId, nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("old", sa.JSON(), nullable=False),
        sa.Column("new", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "subject IN ('ride', 'booking', 'vehicle_day')", name=op.f("ck_corrections_subject")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    for columns in (["service_date"], ["dated"], ["subject", "subject_id"]):
        op.create_index(op.f(f"ix_corrections_{'_'.join(columns)}"), "corrections", columns)


def _vehicle_days() -> None:
    op.create_table(
        "vehicle_days",
        sa.Column("vehicle_id", sa.String(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("area_id", sa.String(), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("distance_m", sa.Integer(), nullable=False),
        sa.Column("loaded_m", sa.Integer(), nullable=False),
        sa.Column("duty_s", sa.Integer(), nullable=False),
        sa.Column("energy_wh", sa.Integer()),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.Double(), nullable=False),
        sa.CheckConstraint(
            "source IN ('meter', 'roads', 'simulated')", name=op.f("ck_vehicle_days_source")
        ),
        sa.CheckConstraint(
            "loaded_m >= 0 AND loaded_m <= distance_m", name=op.f("ck_vehicle_days_loaded")
        ),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.id"], name=op.f("fk_vehicle_days_vehicle_id_vehicles")
        ),
        sa.ForeignKeyConstraint(
            ["area_id"], ["areas.id"], name=op.f("fk_vehicle_days_area_id_areas")
        ),
        sa.PrimaryKeyConstraint("vehicle_id", "service_date", name=op.f("pk_vehicle_days")),
    )
    op.create_index(op.f("ix_vehicle_days_dated"), "vehicle_days", ["dated"])
    op.create_index(op.f("ix_vehicle_days_service_date"), "vehicle_days", ["service_date"])


def downgrade() -> None:
    op.drop_index(op.f("ix_rides_dated"), "rides")
    op.drop_column("rides", "seal")
    op.drop_column("rides", "dated")
    for table in ("simulated_days", "closings", "vehicle_days", "corrections"):
        op.drop_table(table)
