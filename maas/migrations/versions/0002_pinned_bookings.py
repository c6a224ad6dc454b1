"""A dispatcher may give a booking its vehicle for good."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("bookings", sa.Column("pinned_vehicle_id", sa.String(), nullable=True))
