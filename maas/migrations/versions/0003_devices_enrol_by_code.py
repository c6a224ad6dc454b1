"""Devices enrol themselves by a one-time code, and fixes say how their time was put right."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column(
        "devices", sa.Column("kind", sa.String(), nullable=False, server_default="tracker")
    )
    op.add_column(
        "positions", sa.Column("added_s", sa.Double(), nullable=False, server_default="0")
    )
    op.create_table(
        "enrol_codes",
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("vehicle_id", sa.String(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.id"], name=op.f("fk_enrol_codes_vehicle_id_vehicles")
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_enrol_codes")),
    )
