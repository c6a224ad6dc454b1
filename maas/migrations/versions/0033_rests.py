"""Breaks that the office puts into the plans of vehicles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0033"
down_revision: str | None = "0032"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "rests",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("vehicle_id", sa.String(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("place_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("earliest_s", sa.Integer(), nullable=False),
        sa.Column("latest_s", sa.Integer(), nullable=False),
        sa.Column("lasts_s", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["disruptions.id"], name="fk_rests_id_disruptions"),
        sa.ForeignKeyConstraint(["place_id"], ["places.id"], name="fk_rests_place_id_places"),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.id"], name="fk_rests_vehicle_id_vehicles"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_rests"),
    )
    op.create_index("ix_rests_service_date", "rests", ["service_date"])


def downgrade() -> None:
    op.drop_table("rests")
