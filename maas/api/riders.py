"""People who ride: found while they are on the telephone, registered, their cards kept right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query

from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.places import Limit
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.rider_card import RiderChangeIn, RiderIn, RiderOut, RiderSaid, card
from maas.api.service import Service
from maas.api.shapes import Rendering
from maas.auth.roles import Permission
from maas.people import desk
from maas.people.desk import Ground, Known
from maas.people.forms import Fault
from maas.store.members import MemberRow
from maas.store.once import By, Done
from maas.town.search import digits

router = APIRouter(prefix="/riders", tags=["people"])

RiderId = Annotated[int, Path(ge=1, lt=2**31)]
WRITES: Final = ("no-town", "not-found", "bad-form", "key-missing", "key-reused")


@router.get("", operation_id="searchRiders", **needs(Permission.READ_PEOPLE))
async def search_riders(
    service: The,
    write: In,
    q: Annotated[str, Query(max_length=100, description="Kana, name, telephone, number.")] = "",
    limit: Limit = 20,
) -> list[RiderOut]:
    """Find riders by kana, kanji, romaji, any telephone or its last digits, or member number."""
    return await cards(service, write, service.directory.riders.search(q, limit))


@router.get("/{rider_id}", operation_id="readRider", **needs(Permission.READ_PEOPLE, "not-found"))
async def read_rider(rider_id: RiderId, service: The, write: In) -> RiderOut:
    """Return one rider; one who was merged into another is the other."""
    return await one_card(service, write, rider_id)


@router.post(
    "",
    operation_id="addRider",
    status_code=201,
    **needs(Permission.WRITE_PEOPLE, *WRITES, "rider-known", changes=True),
)
async def add_rider(new: RiderIn, key: Key, person: SignedIn, service: The, write: In) -> RiderOut:
    """Register somebody who calls for the first time, with whatever there is time to ask."""
    numbers = filter(digits, [new.phone or "", *(each.number for each in new.phones or ())])
    known = [] if new.known else [r for n in numbers for r in service.directory.riders.sharing(n)]
    form = new.form(_home_of(new, service, write))
    done = await desk.register(
        service.database, form, by(service, person.name, key), ground(service),
        how=new.consent, sharing=known,
    )  # fmt: skip
    return await _written(service, write, done)


@router.patch(
    "/{rider_id}",
    operation_id="changeRider",
    **needs(Permission.WRITE_PEOPLE, *WRITES, changes=True),
)
async def change_rider(
    rider_id: RiderId, change: RiderChangeIn, key: Key, person: SignedIn, service: The, write: In
) -> RiderOut:
    """Write on a rider's card what is said; everything else on it stays."""
    member = await member_of(service, rider_id)
    form = change.form(_home_of(change, service, write))
    done = await desk.change(
        service.database, member.id, form, by(service, person.name, key), ground(service),
        how=change.consent,
    )  # fmt: skip
    return await _written(service, write, done)


def by(service: Service, actor: str, key: str) -> By:
    """Return who does something, now."""
    return By(actor, service.clock(), key)


def ground(service: Service) -> Ground:
    """Return the town people live in, or raise the problem that there is none."""
    if service.town is None:
        raise Problem("no-town")
    return Ground(service.town.region, service.roads.get("car"), service.network_id)


async def member_of(service: Service, rider_id: int) -> MemberRow:
    """Return a member who may have been registered a moment ago elsewhere, or the problem 404."""
    if service.directory.riders.get(rider_id) is None:
        await service.refresh_people()
    member = service.directory.riders.get(rider_id)
    if member is None:
        raise Problem("not-found")
    return member


async def one_card(service: Service, write: Rendering, rider_id: int) -> RiderOut:
    """Return a member's card, or raise the problem 404."""
    (found,) = await cards(service, write, [await member_of(service, rider_id)])
    return found


async def cards(service: Service, write: Rendering, members: Sequence[MemberRow]) -> list[RiderOut]:
    """Return the cards of members with their next bookings."""
    upcoming = await service.next_bookings([member.id for member in members])
    return [card(service, write, member, upcoming.get(member.id)) for member in members]


def _home_of(said: RiderSaid, service: Service, write: Rendering) -> tuple[float, float] | None:
    """Return where somebody lives, `None` when it is not said; raises the problems of a form."""
    known = service.directory.place_by_id
    for field in ("favourites", "pickup_points"):
        if any(number not in known for number in getattr(said, field) or ()):
            raise bad_form([Fault.of(field, "no_place")], write)
    if said.place_id is not None:
        place = known.get(said.place_id)
        if place is None:
            raise bad_form([Fault.of("place_id", "no_place")], write)
        return place.lat, place.lon
    if (said.lat is None) != (said.lon is None):
        raise bad_form([Fault.of("lat", "half_point")], write)
    return None if said.lat is None or said.lon is None else (said.lat, said.lon)


def done_or_problem(answer: Done | Known | list[Fault] | str, write: Rendering) -> Done:
    """Return what was done, or raise the problem it stands for."""
    if isinstance(answer, Done):
        return answer
    if isinstance(answer, list):
        raise bad_form(answer, write)
    if isinstance(answer, Known):
        riders = [
            {"id": row.id, "number": row.number, "name": row.name, "kana": row.kana}
            for row in answer.members
        ]
        raise Problem("rider-known", name=answer.members[0].name, extra={"riders": riders})
    raise Problem(answer)


def bad_form(faults: Sequence[Fault], write: Rendering) -> Problem:
    """Return the problem that a form cannot be taken, with each field and what to write."""
    errors = [
        {"field": fault.field, "why": fault.why, "sentence": fault.text.get(write.language)}
        for fault in faults
    ]
    said = " ".join(error["sentence"] for error in errors)
    return Problem("bad-form", said=said, extra={"errors": errors})


async def _written(
    service: Service, write: Rendering, answer: Done | Known | list[Fault] | str
) -> RiderOut:
    done = done_or_problem(answer, write)
    await service.refresh_people()
    return await one_card(service, write, done.answer)
