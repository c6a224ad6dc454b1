"""Seats held, open returns, the waitlist, standing bookings, and offers that were declined."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0011"
branch_labels: str | None = None
depends_on: str | None = None

BEFORE = "state IN ('booked', 'arrived', 'aboard', 'done', 'cancelled', 'no_show')"
AFTER = "state IN ('booked', 'arrived', 'aboard', 'done', 'cancelled', 'no_show', 'held', 'lapsed')"


def upgrade() -> None:
    _columns()
    _more_states()
    _open_returns()
    _waitlist()
    _standing()


def _columns() -> None:
    for column in (
        sa.Column("held_until", sa.Double(), nullable=True),
        sa.Column("group_id", sa.String(), nullable=True),
        sa.Column("helpers", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("channel", sa.String(), nullable=False, server_default="phone"),
        sa.Column("call_id", sa.String(), nullable=True),
    ):
        op.add_column("bookings", column)
    op.create_index(op.f("ix_bookings_group_id"), "bookings", ["group_id"])
    op.add_column(
        "refusals", sa.Column("relaxations", sa.JSON(), nullable=False, server_default="[]")
    )
    op.add_column("refusals", sa.Column("declined", sa.JSON(), nullable=True))
    op.add_column("refusals", sa.Column("actor", sa.String(), nullable=False, server_default=""))


def _more_states() -> None:
    """Allow the new states.

    SQLite cannot change a CHECK, and a table others refer to cannot be made anew while foreign
    keys are watched; rewriting the text of the table is the way its manual gives for this.
    """
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_bookings_state"), "bookings", type_="check")
        op.create_check_constraint(op.f("ck_bookings_state"), "bookings", AFTER)
        return
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?)"
        " WHERE type = 'table' AND name = 'bookings' AND instr(sql, ?)",
        (BEFORE, AFTER, BEFORE),
    )
    if changed.rowcount != 1:
        raise RuntimeError("the states of bookings are not as an earlier migration left them")
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")


def _open_returns() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "open_returns",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("area_id", sa.String(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("outward_id", sa.String(), nullable=True),
        sa.Column("ask", sa.JSON(), nullable=False),
        sa.Column("member_id", number, nullable=True),
        sa.Column("contact_name", sa.String(), nullable=False),
        sa.Column("contact_phone", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("expected_s", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.String(), nullable=True),
        sa.Column("button_hash", sa.String(), nullable=False),
        sa.Column("called_s", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.Double(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'called', 'promised', 'closed')", name=op.f("ck_open_returns_state")
        ),
        *_refers("open_returns", outward_id="bookings", booking_id="bookings"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_returns")),
        sa.UniqueConstraint("button_hash", name=op.f("uq_open_returns_button_hash")),
    )
    op.create_index(op.f("ix_open_returns_outward_id"), "open_returns", ["outward_id"])
    op.create_index(
        op.f("ix_open_returns_service_date_state"), "open_returns", ["service_date", "state"]
    )


def _refers(table: str, **more: str) -> list[sa.ForeignKeyConstraint]:
    referred = {"area_id": "areas", "member_id": "members", **more}
    return [
        sa.ForeignKeyConstraint(
            [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
        )
        for column, other in referred.items()
    ]


def _waitlist() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "waitlist",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("area_id", sa.String(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("ask", sa.JSON(), nullable=False),
        sa.Column("member_id", number, nullable=True),
        sa.Column("contact_name", sa.String(), nullable=False),
        sa.Column("contact_phone", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("booking_id", sa.String(), nullable=True),
        sa.Column("answer_by", sa.Double(), nullable=True),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'offered', 'taken', 'lapsed', 'withdrawn')",
            name=op.f("ck_waitlist_state"),
        ),
        *_refers("waitlist", booking_id="bookings"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist")),
    )
    op.create_index(op.f("ix_waitlist_service_date_state"), "waitlist", ["service_date", "state"])


def _standing() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "standing_bookings",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("area_id", sa.String(), nullable=False),
        sa.Column("member_id", number, nullable=False),
        sa.Column("ask", sa.JSON(), nullable=False),
        sa.Column("weekdays", sa.JSON(), nullable=False),
        sa.Column("holidays", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("paused_from", sa.Date(), nullable=True),
        sa.Column("paused_to", sa.Date(), nullable=True),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_refers("standing_bookings"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_bookings")),
    )
    op.create_index(op.f("ix_standing_bookings_member_id"), "standing_bookings", ["member_id"])
    op.create_table(
        "standing_days",
        sa.Column("standing_id", sa.String(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("booking_id", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.Column("sentence_en", sa.String(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("seen_by", sa.String(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('booked', 'refused', 'skipped')", name=op.f("ck_standing_days_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["standing_id"],
            ["standing_bookings.id"],
            name=op.f("fk_standing_days_standing_id_standing_bookings"),
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_standing_days_booking_id_bookings")
        ),
        sa.PrimaryKeyConstraint("standing_id", "service_date", name=op.f("pk_standing_days")),
    )
    op.create_index(
        op.f("ix_standing_days_service_date_outcome"), "standing_days", ["service_date", "outcome"]
    )
