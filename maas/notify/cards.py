"""Postcards for those who want one: the address on one page, what they are told on the next."""

from __future__ import annotations

from collections.abc import Sequence

from maas.notify.compose import compose
from maas.notify.words import NO_CARDS
from maas.paper import POSTCARD, Document
from maas.store.notifications import NotificationRow
from maas.store.towns import TownRow

MARGIN_MM = 10.0
WIDTH_MM = POSTCARD.width_mm - 2 * MARGIN_MM


def cards(rows: Sequence[NotificationRow], town: TownRow | None) -> bytes:
    """Return a PDF of the cards, front and back in turn; one page says so when there are none."""
    document = Document(POSTCARD, title=NO_CARDS.ja if not rows else town.name if town else "")
    if not rows:
        document.page().paragraph(MARGIN_MM, MARGIN_MM, NO_CARDS.ja, within_mm=WIDTH_MM)
    for row in rows:
        _front(document, row)
        _back(document, row, town)
    return document.data()


def _front(document: Document, row: NotificationRow) -> None:
    page = document.page()
    below_mm = page.paragraph(MARGIN_MM, 45, row.address, within_mm=WIDTH_MM, size_pt=13)
    page.text(
        POSTCARD.width_mm / 2, below_mm + 8, f"{row.facts.get('name', '')} 様", size_pt=18,
        align="centre", within_mm=WIDTH_MM,
    )  # fmt: skip


def _back(document: Document, row: NotificationRow, town: TownRow | None) -> None:
    page, message = document.page(), compose(row, town)
    below_mm = page.text(MARGIN_MM, MARGIN_MM, message.subject, size_pt=16, within_mm=WIDTH_MM)
    below_mm = page.paragraph(MARGIN_MM, below_mm + 6, message.full, within_mm=WIDTH_MM, size_pt=14)
    page.paragraph(MARGIN_MM, below_mm + 8, message.signed, within_mm=WIDTH_MM, size_pt=11)
