"""`python -m maas` is `maas`."""

from __future__ import annotations

from maas.cli import main

main()
