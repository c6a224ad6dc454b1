"""`/book`: a member, or somebody they trust, books rides by a link that the office gave them.

Which members a device may book for follows from the links it holds (`maas.api.links`) and from
nothing it says; a place is taken that is public or one of the member's own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from maas.api.answers import granted
from maas.api.bookings import Token as Offer
from maas.api.identity import The
from maas.api.links import (
    LINKS_MAX,
    SomeRiders,
    TheRiders,
    cookie_name,
    count,
    keep_tokens,
    riders_of,
    tokens_of,
    wrong_link,
)
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.quotes import QuoteOut, RowId, TimeOfDay, quoted, seconds_of
from maas.api.requests import In, Key
from maas.api.rider_desk import HISTORY_DAYS, WEEKDAYS, Weekday
from maas.api.service import Service
from maas.api.shapes import Instant, Rendering, Said
from maas.auth.roles import Permission
from maas.directory import HOME, SPOT
from maas.people.habits import Trip, habits, often
from maas.people.links import ride_token
from maas.rides.keeper import Keeper
from maas.rides.views import AskIn, BookingView, PlaceView
from maas.store import rider_links, riding
from maas.store.members import MemberRow
from maas.store.places import PlaceRow
from maas.town.calendars import Refused, clock_words, rules_on

router = APIRouter(prefix="/my", tags=["riders"])

PLACES_MAX: Final = 9
TRIPS_MAX: Final = 4
DAYS_MAX: Final = 14
_MINE: Final = ("no-rider-link", "slow-down", "no-roads", "no-town")


class MyPlaceOut(BaseModel):
    """A place to ride to or from, by the name riders know it by; a home has none."""

    id: int
    name: str
    name_en: str
    kana: str
    home: bool


class MyTripOut(BaseModel):
    """A ride made again and again; `time` is when it usually begins, on the next such day."""

    origin: MyPlaceOut
    destination: MyPlaceOut
    weekday: Weekday
    time: str = Field(examples=["09:05"])
    date: dt.date | None = Field(description="The next such day that can be booked.")


class MyRideOut(BaseModel):
    """A ride that is booked; `token` is the link to its page."""

    token: str
    reference: str
    pickup_from: Instant
    pickup_to: Instant
    origin: MyPlaceOut
    destination: MyPlaceOut


class MyRiderOut(BaseModel):
    """Somebody this device may book for."""

    id: int
    name: str
    wheelchair: bool
    home: MyPlaceOut | None
    places: list[MyPlaceOut]
    trips: list[MyTripOut]
    rides: list[MyRideOut]


class MyDayOut(BaseModel):
    """A day, and when one is carried on it, or why nobody is."""

    date: dt.date
    opens: str | None = Field(examples=["08:00"])
    closes: str | None = Field(examples=["17:00"])
    closed: Said | None


class MyPageOut(BaseModel):
    """What the booking page begins with."""

    riders: list[MyRiderOut]
    days: list[MyDayOut]
    phone: str


class MyLinkIn(BaseModel):
    """A link as the office gave it."""

    link: str = Field(min_length=1, max_length=64)


@router.post(
    "/links",
    status_code=204,
    operation_id="openMyLink",
    **needs(Permission.LINK, "not-found", "slow-down", changes=True),
)
async def open_my_link(
    opened: MyLinkIn, request: Request, response: Response, service: The
) -> None:
    """Keep a link on this device; the links it had before stay, the oldest goes."""
    found = await riders_of(service, [opened.link])
    if found is None:
        raise wrong_link(service, request)
    async with service.database.writing() as db:
        await rider_links.note_use(db, [each.id for each in found.links], service.real_now())
    others = [each for each in tokens_of(request) if each != opened.link]
    keep_tokens(request, response, [opened.link, *others][:LINKS_MAX])


@router.delete(
    "/links",
    status_code=204,
    operation_id="forgetMyLinks",
    **needs(Permission.PUBLIC, changes=True),
)
async def forget_my_links(request: Request, response: Response) -> None:
    """Forget every link on this device; the same answer when it has none."""
    response.delete_cookie(cookie_name(request), path="/")


@router.get("", operation_id="readMyPage", **needs(Permission.LINK, *_MINE))
async def read_my_page(riders: SomeRiders, service: The, write: In) -> MyPageOut | None:
    """Return whom this device may book for, with what they usually want and have booked.

    `null` when it holds no link: that is how everybody begins, and no mistake.
    """
    if riders is None:
        return None
    keeper = service.keeper(None)
    rule = keeper.here.rules.booking_on(keeper.today)
    days = service_days(keeper, write, min(DAYS_MAX, rule.horizon_days if rule else 0) + 1)
    open_days = [day.date for day in days if day.closed is None]
    return MyPageOut(
        riders=[
            await _rider(service, member, open_days, write) for member in riders.members.values()
        ],
        days=days,
        phone=service.town.booking_phone if service.town else "",
    )


class MyQuoteIn(BaseModel):
    """A ride somebody asks for; `riders` counts everybody."""

    rider_id: RowId
    origin: RowId
    destination: RowId
    date: dt.date
    time: TimeOfDay | None = None
    anchor: Literal["depart", "arrive"] = "depart"
    riders: int = Field(1, ge=1, le=8)
    wheelchairs: int = Field(0, ge=0, le=4)


@router.post(
    "/quotes",
    operation_id="quoteMyRide",
    **needs(Permission.RIDER, *_MINE, "not-found", changes=True),
)
async def quote_my_ride(asked: MyQuoteIn, riders: TheRiders, service: The, write: In) -> QuoteOut:
    """Say when a vehicle could come, without promising it yet."""
    member = riders.member(asked.rider_id)
    for place_id in (asked.origin, asked.destination):
        _allowed(service, member, place_id)
    count(service, riders.actor)
    ask = AskIn(
        origin=asked.origin,
        destination=asked.destination,
        day=asked.date,
        time=seconds_of(asked.time),
        anchor=asked.anchor,
        riders=asked.riders,
        wheelchairs=asked.wheelchairs,
        rider_id=member.id,
        channel="web",
    )
    said = quoted(await service.keeper(None).quote(ask), write)
    return said.model_copy(update={"advice": []})


class MyBookingIn(BaseModel):
    """The offer to take, and for whom."""

    rider_id: RowId
    offer: Offer


@router.post(
    "/bookings",
    status_code=201,
    operation_id="bookMyRide",
    **needs(
        Permission.RIDER, *_MINE, "key-missing", "key-reused", "offer-gone", "bad-offer",
        "not-allowed", "not-found", changes=True,
    ),
)  # fmt: skip
async def book_my_ride(
    wanted: MyBookingIn, key: Key, riders: TheRiders, service: The, write: In
) -> MyRideOut:
    """Take an offer.  When this answers 201 the booking is on disk, once for its key."""
    member = riders.member(wanted.rider_id)
    count(service, riders.actor)
    answer = await service.keeper(None).book(
        wanted.offer, rider_id=member.id, key=key, actor=riders.actor
    )
    booked = granted(answer, write)
    async with service.database.writing() as db:
        await rider_links.note_use(db, [each.id for each in riders.links], service.real_now())
    return _ride(service, booked, write)


def _allowed(service: Service, member: MemberRow, place_id: int) -> None:
    """Raise the problem 404 for a place that is neither public nor the member's own."""
    place = service.directory.place_by_id.get(place_id)
    public = place is not None and place.kind not in {HOME, SPOT}
    if not public and place_id not in _own(member):
        raise Problem("not-found")


def _own(member: MemberRow) -> tuple[int, ...]:
    home = () if member.home_place_id is None else (member.home_place_id,)
    return (*home, *member.favourites, *member.pickup_points)


async def _rider(
    service: Service, member: MemberRow, open_days: Sequence[dt.date], write: Rendering
) -> MyRiderOut:
    today = service.today()
    async with service.database.reading() as db:
        since = today - dt.timedelta(days=HISTORY_DAYS)
        trips = [Trip(*row) for row in await riding.ridden(db, member.id, since)]
        booked = await riding.open_of(db, [member.id], today)
    known = service.directory.place_by_id
    home = known.get(member.home_place_id or 0)
    usual = [each.place_id for each in often(trips, member.home_place_id)]
    wanted = dict.fromkeys([*member.favourites, *member.pickup_points, *usual])
    places = [known[id_] for id_ in wanted if id_ in known and _is_shown(known[id_], member)]
    return MyRiderOut(
        id=member.id,
        name=member.name,
        wheelchair="wheelchair" in member.grounds(today),
        home=None if home is None else _place(home),
        places=[_place(each) for each in places[:PLACES_MAX]],
        trips=list(_trips(trips, known, member, open_days)),
        rides=[_ride(service, each, write) for each in await _booked(service, booked)],
    )


def _is_shown(place: PlaceRow, member: MemberRow) -> bool:
    return place.kind not in {HOME, SPOT} or place.id in _own(member)


def _trips(
    made: Iterable[Trip],
    known: Mapping[int, PlaceRow],
    member: MemberRow,
    open_days: Sequence[dt.date],
) -> Iterator[MyTripOut]:
    """Yield what a member rides again and again, each way once, the most frequent first."""
    ways: set[tuple[int, int]] = set()
    for habit in habits(made):
        way = habit.origin_id, habit.destination_id
        ends = [known[id_] for id_ in way if id_ in known and _is_shown(known[id_], member)]
        if len(ways) == TRIPS_MAX or way in ways or len(ends) != len(way):
            continue
        ways.add(way)
        yield MyTripOut(
            origin=_place(ends[0]),
            destination=_place(ends[1]),
            weekday=WEEKDAYS[habit.weekday],
            time=f"{habit.time_s // 3600:02d}:{habit.time_s // 60 % 60:02d}",
            date=next((day for day in open_days if day.weekday() == habit.weekday), None),
        )


async def _booked(service: Service, found: Iterable[tuple[str, dt.date, str]]) -> list[BookingView]:
    views: list[BookingView] = []
    for area, day, booking_id in found:
        keeper = service.keepers.get(area)
        views += await keeper.these(day, [booking_id]) if keeper else []
    return views


def service_days(keeper: Keeper, write: Rendering, number: int) -> list[MyDayOut]:
    """Return so many days from today on, and when one is carried on them."""
    return [_day(keeper.today + dt.timedelta(days=n), keeper, write) for n in range(number)]


def _day(day: dt.date, keeper: Keeper, write: Rendering) -> MyDayOut:
    found = rules_on(keeper.here.rules, day)
    if isinstance(found, Refused):
        return MyDayOut(date=day, opens=None, closes=None, closed=found.text.get(write.language))
    hours = found.hours
    opens, closes = clock_words(hours.opens_s), clock_words(hours.closes_s)
    return MyDayOut(date=day, opens=opens, closes=closes, closed=None)


def _place(place: PlaceRow | PlaceView) -> MyPlaceOut:
    home = place.kind == HOME
    return MyPlaceOut(
        id=place.id,
        name="" if home else place.name,
        name_en="" if home else place.name_en,
        kana="" if home else place.kana,
        home=home,
    )


def _ride(service: Service, booking: BookingView, write: Rendering) -> MyRideOut:
    token = ride_token(booking.id, service.settings.signing_key())
    return MyRideOut.model_validate(
        {
            "token": token,
            "reference": booking.reference,
            "pickup_from": booking.pickup_from,
            "pickup_to": booking.pickup_to,
            "origin": _place(booking.origin),
            "destination": _place(booking.destination),
        },
        context=write,
    )
