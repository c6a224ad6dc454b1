"""Accounts that an organisation signs in, each known by what the organisation calls it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0032"
down_revision: str | None = "0031"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "identities",
        sa.Column("id_hash", sa.String(), nullable=False),
        sa.Column("staff_name", sa.String(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_name"], ["staff.name"], ondelete="CASCADE",
            name="fk_identities_staff_name_staff",
        ),
        sa.PrimaryKeyConstraint("id_hash", name="pk_identities"),
        sa.UniqueConstraint("staff_name", name="uq_identities_staff_name"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("identities")
