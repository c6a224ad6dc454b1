"""What the desk knows of members: telephones, helpers, aids, cards, notes and consents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0012"
branch_labels: str | None = None
depends_on: str | None = None

_LISTS = ("phones", "aids", "eligibility", "contacts", "pickup_points")
_TEXTS = {"email": "", "line_id": "", "household": "", "confirm_by": "none"}


def _add(column: sa.Column[object]) -> None:
    op.add_column("members", column)


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    for name in _LISTS:
        _add(sa.Column(name, sa.JSON(), nullable=False, server_default="[]"))
    for name, first in _TEXTS.items():
        _add(sa.Column(name, sa.String(), nullable=False, server_default=first))
    _add(sa.Column("provisional", sa.Boolean(), nullable=False, server_default=sa.false()))
    # SQLite would copy the table for a key added later, which the tables pointing at it forbid.
    key = sa.ForeignKey("members.id", name=op.f("fk_members_merged_into_members"))
    op.add_column(
        "members", sa.Column("merged_into", number, key, nullable=True), inline_references=True
    )
    op.create_table(
        "member_notes",
        sa.Column("id", number, nullable=False),
        sa.Column("member_id", number, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_member_notes_member_id_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_notes")),
    )
    op.create_index(op.f("ix_member_notes_member_id"), "member_notes", ["member_id"])
    op.create_table(
        "consents",
        sa.Column("id", number, nullable=False),
        sa.Column("member_id", number, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_consents_member_id_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_member_id"), "consents", ["member_id"])
