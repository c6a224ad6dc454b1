"""Rules are changed by drafts and never forgotten; where exactly riders are picked up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0016"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "rule_changes",
        sa.Column("id", number, nullable=False),
        sa.Column("area_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("forced_at", sa.Double(), nullable=True),
        sa.Column("forced_by", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'in_force', 'discarded')", name=op.f("ck_rule_changes_state")
        ),
        sa.ForeignKeyConstraint(
            ["area_id"], ["areas.id"], name=op.f("fk_rule_changes_area_id_areas")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_changes")),
    )
    op.create_table(
        "pickup_points",
        sa.Column("place_id", number, nullable=False),
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("part_of", number, nullable=True),
        sa.Column("entrance", sa.String(), nullable=False),
        sa.Column("entrance_en", sa.String(), nullable=False),
        sa.Column("landmark", sa.String(), nullable=False),
        sa.Column("photo", sa.String(), nullable=False),
        sa.Column("step_free", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "point IN ('door', 'stop', 'entrance')", name=op.f("ck_pickup_points_point")
        ),
        sa.ForeignKeyConstraint(
            ["place_id"], ["places.id"], name=op.f("fk_pickup_points_place_id_places")
        ),
        sa.ForeignKeyConstraint(
            ["part_of"], ["places.id"], name=op.f("fk_pickup_points_part_of_places")
        ),
        sa.PrimaryKeyConstraint("place_id", name=op.f("pk_pickup_points")),
    )
    op.create_index(op.f("ix_pickup_points_part_of"), "pickup_points", ["part_of"])
    with op.batch_alter_table("rules") as batch:
        batch.drop_constraint(op.f("ck_rules_kind"), type_="check")
        batch.create_check_constraint(
            op.f("ck_rules_kind"), "kind IN ('hours', 'booking', 'tariff', 'zone', 'relation')"
        )
        batch.add_column(sa.Column("made_at", sa.Double(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("made_by", sa.String(), nullable=False, server_default=""))
        batch.add_column(sa.Column("change_id", number, nullable=True))
        batch.add_column(sa.Column("replaced_at", sa.Double(), nullable=True))
        batch.add_column(sa.Column("replaced_by", sa.String(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_rules_change_id_rule_changes"), "rule_changes", ["change_id"], ["id"]
        )
