"""The fixture as the past of a day: the very rows the service would have written.

The fixture is moved by whole years of 52 weeks, so that weekdays and seasons stay; a day on which
the town is closed by its own calendar is left out.  Fares are worked out by the town's tariff.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from importlib.resources import files
from itertools import groupby
from typing import Any, Final

from dispatcher import Place, Request
from gtfs.calendar import day_start_epoch
from maas.demo.year import DAYS, FIRST
from maas.demo.year_duty import records_of
from maas.demo.year_rows import HOME, Duty, No, Trip, Year, unpacked
from maas.fares.price import Fare, Journey, fare
from maas.rides.commit import reference_for
from maas.rides.day import write_request
from maas.rides.fares import journey, riders
from maas.rides.show import Names
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.duty import RecordRow
from maas.store.entries import VehicleDay
from maas.store.rides import RefusalRow, RideRow
from maas.store.takings import TakingRow
from maas.town.calendars import DayRules, Party, rules_on
from maas.town.rules import AreaRules, BookingRule, Tariff

PAST_DAYS: Final = 400
"""The year before a day and the month before that, to compare with last year's."""
STATES: Final = ("done", "no_show", "cancelled")
REASON: Final = "体調がよくない"
ANSWER_S: Final = 40
"""How long a call takes until the booking is made."""
DESK: Final = "operator"


@dataclass(frozen=True, slots=True)
class PastDay:
    """Everything written of one day."""

    day: date
    weather: str
    bookings: tuple[BookingRow, ...]
    promises: tuple[PromiseRow, ...]
    rides: tuple[RideRow, ...]
    takings: tuple[TakingRow, ...]
    refusals: tuple[RefusalRow, ...]
    vehicle_days: tuple[VehicleDay, ...]
    records: tuple[RecordRow, ...]


def fixture() -> Year | None:
    """Return the packaged fixture, `None` when there is none."""
    file = files("maas.demo") / "data" / "year.xz"
    return unpacked(file.read_bytes()) if file.is_file() else None


def moved_days(today: date) -> int:
    """Return by how many days the fixture has to be moved to hold the year before a day.

    >>> moved_days(date(2026, 11, 26)), moved_days(date(2028, 1, 3))
    (0, 364)
    """
    return 364 * ((today - FIRST).days // 364 - 1)


@dataclass
class Past:
    """The past of a town before `today`, as rows; `names` and `rules` are its own."""

    year: Year
    today: date
    names: Names
    rules: AreaRules
    _fares: dict[tuple[object, ...], Fare] = field(default_factory=dict)

    def days(self) -> Iterator[PastDay]:
        """Yield the days there are, the first first."""
        moved = moved_days(self.today)
        trips, noes = _by_day(self.year.trips), _by_day(self.year.noes)
        duties = _by_day(self.year.duties)
        for number, weather in self.year.days:
            day = FIRST + timedelta(days=number + moved)
            found = rules_on(self.rules, day)
            if not 0 < (self.today - day).days <= PAST_DAYS or not isinstance(found, DayRules):
                continue
            own = trips.get(number, []), noes.get(number, []), duties.get(number, [])
            yield self._day(found, weather, *own)

    def _day(
        self,
        rules: DayRules,
        weather: str,
        trips: Sequence[Trip],
        noes: Sequence[No],
        duties: Sequence[Duty],
    ) -> PastDay:
        day, references = rules.day, list[str]()
        bookings = [self._booking(rules, n, trip, references) for n, trip in enumerate(trips)]
        pairs = list(zip(trips, bookings, strict=True))
        rides = [self._ride(rules, trip, row) for trip, row in pairs if trip.state == 0]
        meters = self._metres
        vehicle_days = tuple(self._vehicle_day(day, duty) for duty in duties)
        return PastDay(
            day=day,
            weather=weather,
            bookings=tuple(bookings),
            promises=tuple(self._promise(rules.booking, trip, row) for trip, row in pairs),
            rides=tuple(rides),
            takings=tuple(self._taking(row) for row in rides if row.fare_yen),
            refusals=tuple(self._refusal(day, no) for no in noes),
            vehicle_days=vehicle_days,
            records=tuple(
                record for each in vehicle_days for record in records_of(self.names, each, meters)
            ),
        )

    @cached_property
    def _metres(self) -> dict[str, int]:
        """What each vehicle's meter shows; it goes on as days are made."""
        return {id_: 10_000_000 + 7_000_000 * n for n, id_ in enumerate(self.year.vehicles)}

    @cached_property
    def _members(self) -> list[int]:
        rows = sorted(self.names.members.values(), key=lambda row: row.number)
        return [row.id for row in rows]

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {row.code: id_ for id_, row in self.names.places.items()}

    def _place(self, member_id: int, place: int) -> int:
        if place == HOME:
            return self.names.members[member_id].home_place_id or 0
        return self._places[self.year.places[place]]

    def _booking(
        self, rules: DayRules, number: int, trip: Trip, references: list[str]
    ) -> BookingRow:
        member_id, id_ = self._members[trip.member], f"past-{rules.day:%Y%m%d}-{number:03d}"
        reference = reference_for(id_, references)
        references.append(reference)
        done, tariff = trip.state == 0, rules.tariff
        member = self.names.members[member_id]
        half = bool(tariff.grounds.intersection(member.grounds(rules.day)))
        return BookingRow(
            id=id_,
            area_id=self.names.area,
            service_date=rules.day,
            reference=reference,
            state=STATES[trip.state],
            member_id=member_id,
            contact_name="",
            contact_phone="",
            origin_id=self._place(member_id, trip.origin),
            destination_id=self._place(member_id, trip.destination),
            riders=trip.riders,
            wheelchairs=trip.wheelchairs,
            half_fares=int(half),
            infants=0,
            transfer=False,
            vehicle_id=self.year.vehicles[trip.vehicle],
            promise_no=1,
            pickup_planned_s=trip.planned_s,
            arrive_planned_s=trip.dropped_s or trip.arrive_by_s,
            direct_s=trip.direct_s,
            booked_at=self._at(rules.day, trip.called_s + ANSWER_S),
            booked_by=DESK,
            arrived_s=trip.came_s if done else None,
            aboard_s=trip.aboard_s if done else None,
            dropped_s=trip.dropped_s if done else None,
            cancel_reason=REASON if trip.state == 2 else None,
            channel=self.year.channels[trip.channel],
        )

    def _at(self, day: date, second: int) -> float:
        return float(day_start_epoch(day, self.names.timezone) + second)

    def _promise(self, rule: BookingRule, trip: Trip, row: BookingRow) -> PromiseRow:
        boarding_s = rule.wheelchair_boarding_s if row.wheelchairs else rule.boarding_s
        request = Request(
            id=row.id,
            origin=Place(row.origin_id),
            destination=Place(row.destination_id),
            earliest_pickup_s=trip.pickup_from_s,
            latest_pickup_s=trip.pickup_to_s,
            earliest_dropoff_s=trip.arrive_from_s,
            latest_dropoff_s=trip.arrive_by_s,
            ride_max_s=trip.ride_max_s,
            seats=row.riders - row.wheelchairs,
            wheelchairs=row.wheelchairs,
            boarding_s=boarding_s,
            alighting_s=rule.alighting_s,
        )
        return PromiseRow(
            booking_id=row.id,
            no=1,
            vehicle_id=row.vehicle_id,
            pickup_from_s=trip.pickup_from_s,
            pickup_to_s=trip.pickup_to_s,
            arrive_by_s=trip.arrive_by_s,
            request=write_request(request),
            told_at=row.booked_at,
            told_by=DESK,
            why="booked",
        )

    def _ride(self, rules: DayRules, trip: Trip, row: BookingRow) -> RideRow:
        paid = self._fare(rules.tariff, row, shared=bool(trip.shared))
        return RideRow(
            booking_id=row.id,
            service_date=row.service_date,
            vehicle_id=row.vehicle_id,
            picked_up_s=trip.aboard_s,
            dropped_off_s=trip.dropped_s,
            distance_m=trip.distance_m,
            shared=bool(trip.shared),
            fare_yen=paid.yen,
            fare_reasons=tuple((reason.ja, reason.en) for reason in paid.reasons),
            fare_inputs=paid.record,
            tariff=rules.tariff.id,
        )

    def _fare(self, tariff: Tariff, row: BookingRow, *, shared: bool) -> Fare:
        """Return what a ride cost; where that does not depend on where it goes, once for all."""
        places, member = self.names.places, self.names.members[row.member_id or 0]
        known = journey(places[row.origin_id], places[row.destination_id], transfer=False)
        known = replace(known, shared=shared)
        party = Party(row.riders, row.wheelchairs, row.half_fares, row.infants)
        heads = riders(tariff, party, member, row.service_date)
        if not tariff.is_same_everywhere:
            return fare(tariff, heads, known)
        key = (tariff.id, tariff.valid_from, shared, *heads)
        if key not in self._fares:
            self._fares[key] = fare(tariff, heads, Journey(shared=shared))
        found = self._fares[key]
        where: dict[str, Any] = {"distance_m": known.distance_m, "oaza": list(known.oaza or ())}
        return replace(found, record=found.record | where)

    def _taking(self, ride: RideRow) -> TakingRow:
        at = self._at(ride.service_date, ride.dropped_off_s)
        return TakingRow(
            ride.service_date, ride.vehicle_id, ride.booking_id, "cash", ride.fare_yen, at,
            ride.vehicle_id,
        )  # fmt: skip

    def _refusal(self, day: date, no: No) -> RefusalRow:
        member_id = self._members[no.member]
        ask = {
            "origin": self._place(member_id, no.origin),
            "destination": self._place(member_id, no.destination),
            "day": day.isoformat(),
            "time": no.wanted_s,
            "anchor": "arrive" if no.arrives else "depart",
            "riders": no.riders,
            "wheelchairs": no.wheelchairs,
            "rider_id": member_id,
            "half_fares": 0,
            "infants": 0,
            "transfer": False,
            "instead_of": None,
            "helpers": 0,
            "channel": self.year.channels[no.channel],
        }
        return RefusalRow(
            area_id=self.names.area,
            at=self._at(day, no.called_s),
            service_date=day,
            reason=self.year.reasons[no.reason],
            binding=self.year.bindings[no.binding] or None,
            ask=ask,
            alternatives=no.alternatives,
            relaxations=self.year.relaxations[no.relaxations],
        )

    def _vehicle_day(self, day: date, duty: Duty) -> VehicleDay:
        return VehicleDay(
            vehicle_id=self.year.vehicles[duty.vehicle],
            service_date=day,
            area_id=self.names.area,
            dated=day,
            distance_m=duty.distance_m,
            loaded_m=duty.loaded_m,
            duty_s=duty.duty_s,
            energy_wh=None,
            source="simulated",
            recorded_at=self._at(day, 18 * 3600),
        )


def _by_day(rows: Iterable[Any]) -> dict[int, list[Any]]:
    return {day: list(own) for day, own in groupby(rows, key=lambda row: row.day)}


def span(today: date) -> tuple[date, date]:
    """Return the first and last day the fixture may have something of."""
    return today - timedelta(days=min(PAST_DAYS, DAYS)), today - timedelta(days=1)
