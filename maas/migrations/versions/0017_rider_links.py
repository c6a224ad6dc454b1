"""Members' own links, and the colours of vehicles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0010"
branch_labels: str | None = None
depends_on: str | None = None

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "rider_links",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("member_id", RowId, nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.Column("used_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_rider_links_member_id_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rider_links")),
    )
    op.create_index(op.f("ix_rider_links_member_id"), "rider_links", ["member_id"])
    with op.batch_alter_table("vehicles") as vehicles:
        vehicles.add_column(sa.Column("colour", sa.String(), nullable=False, server_default=""))
