"""The servers the chaos is done to."""

from tests.maas.conftest import postgres_url

__all__ = ["postgres_url"]
