"""Places that are no longer offered, and vehicles that are out of service until further notice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    hidden: sa.Column[bool] = sa.Column(
        "hidden", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column("places", hidden)
    in_service: sa.Column[bool] = sa.Column(
        "in_service", sa.Boolean(), nullable=False, server_default=sa.true()
    )
    op.add_column("vehicles", in_service)


def downgrade() -> None:
    op.drop_column("vehicles", "in_service")
    op.drop_column("places", "hidden")
