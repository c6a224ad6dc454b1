"""What a channel is: it takes one message for one address and says what became of it.

Every channel is told the message's key, so that the far side can see a repeat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from maas.notify.compose import Message

TIMEOUT_S = 10.0
"""How long a far side may take to answer."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message on its way: its key, to whom, and in which language."""

    key: str
    address: str
    language: str
    message: Message


@dataclass(frozen=True, slots=True)
class Sent:
    """The far side has taken it over, now or when it came before."""


@dataclass(frozen=True, slots=True)
class Later:
    """It could not be sent now; `why` names no person."""

    why: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never be taken; `why` names no person."""

    why: str


Outcome = Sent | Later | Refused


class Sender(Protocol):
    """One channel."""

    async def send(self, letter: Letter) -> Outcome:
        """Send a message; whatever goes wrong is said by the outcome, not raised."""
        ...
