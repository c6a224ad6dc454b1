"""Paper: pages of Japanese text and tables as PDF files, the same bytes every time."""

from maas.paper.pdf import A4, A4_ACROSS, POSTCARD, Document, Page, Size
from maas.paper.table import Column, Table

__all__ = ["A4", "A4_ACROSS", "POSTCARD", "Column", "Document", "Page", "Size", "Table"]
