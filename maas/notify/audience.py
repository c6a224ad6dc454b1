"""Whom an occasion is told, by which channel and where: decided when the message is kept."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

from maas.notify.occasions import WAYS, Channel, Occasion
from maas.store.bookings import BookingRow
from maas.store.members import Contact, MemberRow

CARD_AHEAD_S: Final = 2 * 86_400.0
"""A postcard that is printed later than this before the ride comes too late."""
ON_CARDS: Final = frozenset({Occasion.BOOKED, Occasion.CHANGED})


@dataclass(frozen=True, slots=True)
class Reach:
    """One person to be told: how, where, and who it is (`rider`, or a name for a contact)."""

    channel: Channel
    address: str
    who: str = "rider"


def audience(
    occasion: Occasion, row: BookingRow, member: MemberRow | None, ahead_s: float
) -> tuple[Reach, ...]:
    """Return who is told; `ahead_s` is how long it is until the ride.

    Departures and arrivals are for those whom the rider has agreed may watch over them.
    """
    if WAYS[occasion].watched:
        contacts = () if member is None else member.contacts
        return tuple(
            Reach(channel, address, f"family:{each.name}")
            for each in contacts
            if each.watch
            for channel, address in [family_reach(each)]
            if address
        )
    found = _rider(occasion, row, member, ahead_s)
    return () if found.channel is Channel.NONE else (found,)


def family_reach(contact: Contact) -> tuple[Channel, str]:
    """Return how a contact is told: by e-mail if there is one, else by text message."""
    if contact.email:
        return Channel.EMAIL, contact.email
    return Channel.SMS, digits(contact.phone)


def _rider(occasion: Occasion, row: BookingRow, member: MemberRow | None, ahead_s: float) -> Reach:
    phone = row.contact_phone or (member.phone if member else "")
    by_phone = Reach(Channel.PHONE, digits(phone))
    wished = Channel(member.confirm_by) if member else Channel.NONE
    way = WAYS[occasion]
    if wished is Channel.PHONE and occasion not in {Occasion.BOOKED, Occasion.COMING}:
        return by_phone
    address = address_of(wished, row, member)
    late = wished is Channel.POSTCARD and (occasion not in ON_CARDS or ahead_s < CARD_AHEAD_S)
    if address and not late:
        return Reach(wished, address)
    return by_phone if way.must else Reach(Channel.NONE, "")


def address_of(channel: Channel, row: BookingRow, member: MemberRow | None) -> str:
    """Return where a channel reaches the rider, empty when it does not."""
    if member is None:
        return ""
    match channel:
        case Channel.VOICE | Channel.SMS:
            return digits(row.contact_phone or member.phone)
        case Channel.EMAIL:
            return member.email
        case Channel.LINE:
            return member.line_id
        case Channel.PUSH:
            return str(member.id)
        case Channel.POSTCARD:
            return member.address
        case Channel.PHONE | Channel.NONE:
            return ""


def digits(phone: str) -> str:
    """Return a telephone number as it is dialled; a leading + is kept.

    >>> digits("０００-０００-０００１")
    '0000000001'
    """
    plain = unicodedata.normalize("NFKC", phone).strip()
    kept = "".join(each for each in plain if each.isdecimal())
    return f"+{kept}" if plain.startswith("+") and kept else kept
