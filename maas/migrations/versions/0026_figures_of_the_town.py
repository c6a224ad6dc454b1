"""What things cost and use are dated rules of the town, with where each figure is from."""

from __future__ import annotations

from alembic import op

revision: str = "0026"
down_revision: str | None = "0025"
branch_labels: str | None = None
depends_on: str | None = None

BEFORE = "kind IN ('hours', 'booking', 'tariff', 'zone', 'relation')"
AFTER = "kind IN ('hours', 'booking', 'tariff', 'zone', 'relation', 'figure')"


def upgrade() -> None:
    _kinds(AFTER)


def downgrade() -> None:
    op.execute("DELETE FROM rules WHERE kind = 'figure'")
    _kinds(BEFORE)


def _kinds(allowed: str) -> None:
    with op.batch_alter_table("rules") as batch:
        batch.drop_constraint(op.f("ck_rules_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_rules_kind"), allowed)
