"""A member's card, as the booking desk sees it and fills it in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, Field

from maas.api.service import Service
from maas.api.shapes import BookingOut, PlaceOut, Rendering, Shape
from maas.people.forms import Channel, Form
from maas.people.riders import age
from maas.rides.views import BookingView
from maas.store.members import Contact, Eligibility, MemberRow, Phone

PlaceId = Annotated[int, Field(ge=1, lt=2**31)]
Word = Annotated[str, Field(min_length=1, max_length=40)]
Number = Annotated[str, Field(max_length=40, examples=["000-000-0001"])]


class PhoneOut(Shape):
    """A further telephone; `label` says whose or where it is."""

    number: Number
    label: str = Field(default="", max_length=40, examples=["携帯"])


class ContactOut(Shape):
    """Family or a helper; `watch`: they hear of departures and arrivals."""

    name: str = Field(min_length=1, max_length=100)
    relation: str = Field(default="", max_length=40, examples=["娘"])
    phone: Number = ""
    email: str = Field(default="", max_length=200)
    watch: bool = False


class EligibilityOut(Shape):
    """What entitles a rider to something; `until` is its last day, `valid` whether it holds now."""

    kind: Word = Field(examples=["aicard"])
    until: dt.date | None
    valid: bool


class EligibilityIn(BaseModel):
    """What entitles a rider to something; `until` is its last day, if it has one."""

    kind: Word = Field(examples=["aicard"])
    until: dt.date | None = None


class FavouriteOut(Shape):
    """A place a rider often goes to; `slot` is the key that picks it."""

    slot: int = Field(ge=1, le=9)
    place: PlaceOut


class HousemateOut(Shape):
    """Somebody of the same household."""

    id: int
    number: str
    name: str
    kana: str


class RiderOut(Shape):
    """A member, with everything the booking desk needs while they are on the telephone."""

    id: int
    number: str
    name: str
    kana: str
    phone: str
    phones: list[PhoneOut]
    email: str
    line_id: str
    age: int | None
    birth_year: int | None
    address: str
    oaza: str
    household: str = Field(description="The same for all members of one household.")
    housemates: list[HousemateOut]
    home_place: PlaceOut | None
    pickup_points: list[PlaceOut]
    tags: list[str]
    aids: list[str]
    eligibility: list[EligibilityOut]
    contacts: list[ContactOut]
    notes: str
    language: str
    confirm_by: Channel
    provisional: bool = Field(description="Registered with a name and a telephone alone.")
    favourites: list[FavouriteOut]
    next_booking: BookingOut | None


class RiderSaid(BaseModel):
    """What may be said of a rider beside the name; the home is at `lat`, `lon`, or at a place."""

    kana: str | None = Field(None, max_length=100, examples=["みほんはなこ"])
    phone: str | None = Field(None, max_length=40, examples=["000-000-0001"])
    phones: list[PhoneOut] | None = Field(None, max_length=10)
    email: str | None = Field(None, max_length=200)
    line_id: str | None = Field(None, max_length=100)
    place_id: PlaceId | None = None
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    address: str | None = Field(None, max_length=200)
    oaza: str | None = Field(None, max_length=100)
    household: str | None = Field(None, max_length=40)
    birth_year: int | None = Field(default=None, ge=1880, le=2200)
    tags: list[Word] | None = Field(None, max_length=20)
    aids: list[Word] | None = Field(None, max_length=20, examples=[["walker"]])
    eligibility: list[EligibilityIn] | None = Field(None, max_length=20)
    contacts: list[ContactOut] | None = Field(None, max_length=10)
    notes: str | None = Field(None, max_length=1000)
    favourites: list[PlaceId] | None = Field(None, max_length=9)
    pickup_points: list[PlaceId] | None = Field(None, max_length=9)
    language: Literal["ja", "en"] | None = None
    confirm_by: Channel | None = None
    provisional: bool | None = None
    consent: str = Field(
        "",
        max_length=200,
        examples=["電話で本人に確認"],
        description="How they agreed, when who hears of their rides changes.",
    )

    def form(self, home: tuple[float, float] | None) -> Form:
        """Return what is said, with the home where `home` is."""
        values = self.model_dump(exclude={"place_id", "lat", "lon", "consent", "known"})
        lists: Mapping[str, Any] = {
            "phones": Phone, "contacts": Contact, "eligibility": Eligibility
        }  # fmt: skip
        for name, kind in lists.items():
            if values[name] is not None:
                values[name] = tuple(kind(**each) for each in values[name])
        said: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
        }
        lat, lon = home or (None, None)
        return Form(**said, lat=lat, lon=lon)


class RiderChangeIn(RiderSaid):
    """What is to be written on a card; what is left out stays as it is.

    The home is where `lat`, `lon` say, or at the place `place_id`.
    """

    name: str | None = Field(None, max_length=100, examples=["見本花子"])


class RiderIn(RiderSaid):
    """Somebody new: a name is enough, and without a home they are registered provisionally."""

    name: str = Field(min_length=1, max_length=100, examples=["見本花子"])
    known: bool = Field(
        default=False,
        description="Register them although somebody of that name has this telephone.",
    )


def card(
    service: Service, write: Rendering, member: MemberRow, upcoming: BookingView | None
) -> RiderOut:
    """Return a member's card with their next booking."""
    known, today = service.directory.place_by_id, service.today()
    home = known.get(member.home_place_id or 0)
    favourites = [(slot, known.get(number)) for slot, number in enumerate(member.favourites, 1)]
    points = [known[number] for number in member.pickup_points if number in known]
    return RiderOut(
        id=member.id,
        number=member.number,
        name=member.name,
        kana=member.kana,
        phone=member.phone,
        phones=write.many(PhoneOut, member.phones),
        email=member.email,
        line_id=member.line_id,
        age=age(member, today.year),
        birth_year=member.birth_year,
        address=member.address,
        oaza=member.oaza,
        household=member.household,
        housemates=write.many(HousemateOut, service.directory.riders.housemates(member)),
        home_place=write.one(PlaceOut, home) if home else None,
        pickup_points=write.many(PlaceOut, points),
        tags=list(member.tags),
        aids=list(member.aids),
        eligibility=[
            EligibilityOut(
                kind=each.kind, until=each.until, valid=each.until is None or today <= each.until
            )
            for each in member.eligibility
        ],
        contacts=write.many(ContactOut, member.contacts),
        notes=member.notes,
        language=member.language,
        confirm_by=cast("Channel", member.confirm_by),
        provisional=member.provisional,
        favourites=[
            FavouriteOut(slot=slot, place=write.one(PlaceOut, place))
            for slot, place in favourites
            if place is not None
        ],
        next_booking=write.one(BookingOut, upcoming) if upcoming else None,
    )
