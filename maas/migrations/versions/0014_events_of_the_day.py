"""Vehicles that are out, what was decided about it, closed roads, and rides tied to a bus."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("bookings", sa.Column("unplaced_since", sa.Double(), nullable=True))
    # SQLite would copy the table for a key added later, which the tables pointing at it forbid.
    key = sa.ForeignKey("places.id", name=op.f("fk_bookings_boards_at_id_places"))
    op.add_column(
        "bookings", sa.Column("boards_at_id", number, key, nullable=True), inline_references=True
    )
    op.create_table(
        "disruptions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("area_id", sa.String(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["area_id"], ["areas.id"], name=op.f("fk_disruptions_area_id_areas")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disruptions")),
    )
    op.create_index(
        op.f("ix_disruptions_area_id_service_date"), "disruptions", ["area_id", "service_date"]
    )
    op.create_table(
        "outages",
        sa.Column("id", number, nullable=False),
        sa.Column("vehicle_id", sa.String(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at_s", sa.Integer(), nullable=False),
        sa.Column("place_id", number, nullable=True),
        sa.Column("disruption_id", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('out', 'off', 'back')", name=op.f("ck_outages_kind")),
        sa.ForeignKeyConstraint(
            ["disruption_id"],
            ["disruptions.id"],
            name=op.f("fk_outages_disruption_id_disruptions"),
        ),
        sa.ForeignKeyConstraint(
            ["place_id"], ["places.id"], name=op.f("fk_outages_place_id_places")
        ),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.id"], name=op.f("fk_outages_vehicle_id_vehicles")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outages")),
    )
    op.create_index(op.f("ix_outages_service_date"), "outages", ["service_date"])
    op.create_table(
        "closures",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("factor", sa.Double(), nullable=True),
        sa.Column("until", sa.Double(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("opened_at", sa.Double(), nullable=True),
        sa.Column("opened_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closures")),
    )
    op.create_table(
        "links",
        sa.Column("booking_id", sa.String(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("trip_id", sa.String(), nullable=False),
        sa.Column("stop_id", sa.String(), nullable=False),
        sa.Column("toward", sa.String(), nullable=False),
        sa.Column("planned_s", sa.Integer(), nullable=False),
        sa.Column("bus_s", sa.Integer(), nullable=False),
        sa.Column("margin_s", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("next_trip_id", sa.String(), nullable=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("toward IN ('to_bus', 'from_bus')", name=op.f("ck_links_toward")),
        sa.CheckConstraint(
            "state IN ('linked', 'waiting', 'missed', 'undone')", name=op.f("ck_links_state")
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_links_booking_id_bookings")
        ),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_links")),
    )
    op.create_index(op.f("ix_links_service_date"), "links", ["service_date"])
