"""Passkeys, what is begun at the door and used once, and how and where a login was proved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0031"
down_revision: str | None = "0030"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("staff_name", sa.String(), nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double()),
        sa.ForeignKeyConstraint(
            ["staff_name"], ["staff.name"], ondelete="CASCADE",
            name="fk_passkeys_staff_name_staff",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
    )  # fmt: skip
    op.create_index("ix_passkeys_staff_name", "passkeys", ["staff_name"])
    op.create_table(
        "attempts",
        sa.Column("id_hash", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("browser_hash", sa.String(), nullable=False),
        sa.Column("kept", sa.String(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id_hash", name="pk_attempts"),
    )
    with op.batch_alter_table("sessions") as table:
        table.add_column(sa.Column("proved_at", sa.Double(), nullable=False, server_default="0"))
        table.add_column(sa.Column("way", sa.String(), nullable=False, server_default="password"))
        table.add_column(sa.Column("browser", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("sessions") as table:
        table.drop_column("browser")
        table.drop_column("way")
        table.drop_column("proved_at")
    op.drop_table("attempts")
    op.drop_table("passkeys")
