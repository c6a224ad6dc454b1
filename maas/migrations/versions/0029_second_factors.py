"""A second proof of who signs in: codes of a device, and some to recover with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0029"
down_revision: str | None = "0028"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "second_factors",
        sa.Column("staff_name", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("confirmed_at", sa.Double()),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_name"], ["staff.name"], ondelete="CASCADE",
            name="fk_second_factors_staff_name_staff",
        ),
        sa.PrimaryKeyConstraint("staff_name", name="pk_second_factors"),
    )  # fmt: skip
    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("staff_name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_name"], ["staff.name"], ondelete="CASCADE",
            name="fk_recovery_codes_staff_name_staff",
        ),
        sa.PrimaryKeyConstraint("code_hash", name="pk_recovery_codes"),
    )  # fmt: skip
    op.create_index("ix_recovery_codes_staff_name", "recovery_codes", ["staff_name"])


def downgrade() -> None:
    op.drop_table("recovery_codes")
    op.drop_table("second_factors")
