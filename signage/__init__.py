"""What a sign, a phone or a speaker tells a rider."""

from signage.board import Board, Panel
from signage.departures import Freshness, Row, Wait
from signage.words import Text

__all__ = ["Board", "Freshness", "Panel", "Row", "Text", "Wait"]
