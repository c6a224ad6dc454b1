"""Schema changes, run by Alembic from inside the wheel."""
