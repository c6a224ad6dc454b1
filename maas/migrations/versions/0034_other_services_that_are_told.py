"""Other services that are told of bookings, and what each of them has still to be told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0034"
down_revision: str | None = "0033"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("area_id", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("kinds", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("secret_before", sa.String(), nullable=False),
        sa.Column("both_until", sa.Double(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("resume_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name="fk_webhooks_area_id_areas"),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
    )
    op.create_index("ix_webhooks_area_id", "webhooks", ["area_id"])
    op.create_table(
        "webhook_letters",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("webhook_id", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("next_at", sa.Double(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'dead')", name=op.f("ck_webhook_letters_state")),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], ondelete="CASCADE",
            name="fk_webhook_letters_webhook_id_webhooks",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_letters"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index(
        "ix_webhook_letters_webhook_id_state_next_at",
        "webhook_letters",
        ["webhook_id", "state", "next_at"],
    )


def downgrade() -> None:
    op.drop_table("webhook_letters")
    op.drop_table("webhooks")
