"""A booking keeps the rides in vehicles that broke down: who sat there together shares the fare."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0017"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column(
        "bookings", sa.Column("rode_before", sa.String(), nullable=False, server_default="")
    )
