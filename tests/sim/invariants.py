"""What must always hold, judged by the plain meaning of the rows: no code of the application.

It reads the disk by SQL of its own after every commit, and knows what clients were told.  The names
I1-I9 are those of the project's list of invariants.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.maas.line_town import DAY0, LON, STEP
from tests.sim.town import SEATS, SPEED, WATCHED

if TYPE_CHECKING:
    from busloc import Ping
    from maas.rides.views import Event

OPEN = {"booked", "arrived", "aboard"}
# What may follow what, written out by hand; after a blank comes how a booking begins.
MAY_FOLLOW: dict[str | None, set[str]] = {
    None: {"held", "booked"},
    "held": {"held", "booked", "lapsed", "aboard", "done"},
    "booked": {"booked", "arrived", "aboard", "cancelled", "no_show", "done"},
    "arrived": {"arrived", "aboard", "cancelled", "no_show", "done", "booked"},
    "aboard": {"aboard", "done", "booked"},
    "done": {"done"},
    "cancelled": {"cancelled", "aboard", "done"},
    "no_show": {"no_show", "aboard", "done"},
    "lapsed": {"lapsed", "aboard", "done"},
}
STOPS = {
    "booked": {"pickup", "dropoff"},
    "arrived": {"pickup", "dropoff"},
    "aboard": {"dropoff"},
}
WISHED = {"booked", "changed", "held", "expected"}
"""Reasons of promises that the rider knows of without a message."""
PLANNED = {"booking.booked", "booking.held", "booking.changed", "plan.improved", "booking.placed"}
"""What may not make anybody else late, nor send a vehicle away that stands before a door."""
NOISE_S = 150
"""Where a vehicle is, the server and we know a little differently."""
LATE_S = 300
"""`late_told_min` of the town's rules."""
GRACE_S = 480
"""So long the watch may take to notice: it looks every two minutes of this service."""
ON_ITS_WAY_S = 10 * SPEED
"""So long a server may be frozen between looking at a consent and sending."""
_DAY = "2026-11-25"
_BOOKINGS = (
    "id, state, vehicle_id, riders, wheelchairs, promise_no, unplaced_since, boards_at_id, "
    "origin_id, destination_id, contact_name"
)


class Checker:
    """Looks at every commit, remembers what it saw, and collects what is wrong."""

    def __init__(self, file: Path, now: Callable[[], float]) -> None:
        self.now = now
        self.db = sqlite3.connect(file, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.wrong: list[str] = []
        self.acks: dict[str, str] = {}
        self.where: Callable[[str], float | None] = lambda _vehicle: None
        """Where a vehicle truly is, in steps along the road."""
        self._states: dict[str, str] = {}
        self._promises: dict[tuple[str, int], tuple[Any, ...]] = {}
        self._stops: dict[str, list[tuple[str, str]]] = {}
        self._believed: set[tuple[object, str, str, int]] = set()
        self._refused_at: float | None = None
        self._chain = (0, "0" * 64)
        self._seen: set[tuple[str, str]] = set()
        self._told: set[tuple[str, str]] = set()
        self._last_event: dict[str, tuple[int, str]] = {}
        self._x: dict[int, float] = {}

    def close(self) -> None:
        """Let go of the disk."""
        self.db.close()

    def _all(self, what: str, *values: object) -> list[Any]:
        return self.db.execute(f"SELECT {what}", values).fetchall()

    def _say(self, what: str) -> None:
        if what not in self.wrong:
            self.wrong.append(f"{what} (at {int(self.now() - DAY0)})")

    # After every commit

    def look(self, tables: set[str]) -> None:
        """Judge a commit that wrote some tables."""
        actions = self._audited() if "audit" in tables else set()
        if "members" in tables:
            self._consents()
        if not tables & {"bookings", "promises", "vehicle_plans"}:
            return
        rows = {row["id"]: row for row in self._all(f"{_BOOKINGS} FROM bookings")}
        stops = {
            row["vehicle_id"]: [(kind, who) for kind, who in json.loads(row["stops"])]
            for row in self._all(
                "vehicle_id, stops FROM vehicle_plans WHERE service_date = ?", _DAY
            )
        }
        before, self._stops = self._stops, stops
        self._lives(rows)
        self._ledger(rows)
        self._plans(rows, stops)
        if actions and actions <= PLANNED:
            self._others(rows, before, stops)

    def _consents(self) -> None:
        [row] = self._all("contacts FROM members WHERE id = ?", WATCHED)
        allowed = any(each["watch"] for each in json.loads(row["contacts"]))
        if not allowed and self._refused_at is None:
            self._refused_at = self.now()
        elif allowed:
            self._refused_at = None

    def family_hears(self) -> None:
        """Judge that the family is told of a ride (I9): what was on its way already may come."""
        if self._refused_at is not None and self.now() - self._refused_at > ON_ITS_WAY_S:
            self._say("I9: the family is told without consent")

    def _audited(self) -> set[str]:
        """Follow the chain of the audit (I8); return what was done since the commit before."""
        seq, hash_ = self._chain
        actions = set()
        for row in self._all("* FROM audit WHERE seq > ? ORDER BY seq", seq):
            fields = [row[name] for name in ("seq", "at", "actor", "action", "subject", "detail")]
            text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
            hash_ = hashlib.sha256((hash_ + text).encode()).hexdigest()
            seq += 1
            if (row["seq"], row["hash"]) != (seq, hash_):
                self._say(f"I8: the audit chain breaks at {row['seq']}")
            actions.add(row["action"])
        head = self._all("seq, hash FROM audit_head")[0]
        if tuple(head) != (seq, hash_):
            self._say("I8: the audit's head is not its end")
        self._chain = seq, hash_
        return actions

    def _lives(self, rows: dict[str, Any]) -> None:
        for row in rows.values():
            before = self._states.get(row["id"])
            if before == row["state"]:
                continue
            if row["state"] not in MAY_FOLLOW[before]:
                self._say(f"{row['id'][:6]} went from {before} to {row['state']}")
            if before == "aboard" and row["state"] == "booked" and row["boards_at_id"] is None:
                self._say(f"I5: {row['id'][:6]} was on board and is to board at its origin")
            self._states[row["id"]] = row["state"]
            self._seen.add((row["id"], row["state"]))

    def _ledger(self, rows: dict[str, Any]) -> None:
        """Promises are never rewritten, have no gaps, and none moves without a message (I4)."""
        told = self._all("* FROM promises")
        said = {(row["booking_id"], row["no"]): _said(row) for row in told}
        for row in told:
            key, mine = (row["booking_id"], row["no"]), tuple(row)
            moved = said[key] != said.get((row["booking_id"], row["no"] - 1))
            if key not in self._promises and row["why"] not in WISHED and moved:
                self._told_of(row)
            if self._promises.setdefault(key, mine) != mine:
                self._say(f"I4: promise {key} was rewritten")
        if len(told) != len(self._promises):
            self._say("I4: a promise is gone")
        numbers = Counter(row["booking_id"] for row in told)
        for id_, row in rows.items():
            if numbers[id_] != row["promise_no"]:
                self._say(f"I4: {id_[:6]} has {numbers[id_]} promises, {row['promise_no']} counted")

    def _told_of(self, promise: Any) -> None:  # noqa: ANN401 -- a row
        found = self._all(
            "key FROM notifications WHERE booking_id = ? AND created_at = ?",
            promise["booking_id"], promise["told_at"],
        )  # fmt: skip
        if not found:
            self._say(f"I4: promise {promise['booking_id'][:6]} {promise['no']} moved in silence")

    def _plans(self, rows: dict[str, Any], stops: dict[str, list[tuple[str, str]]]) -> None:
        planned = Counter(stop for each in stops.values() for stop in each)
        wanted: Counter[tuple[str, str]] = Counter()
        for id_, row in rows.items():
            if row["state"] == "held":
                mine = [planned.pop((kind, id_), 0) for kind in ("pickup", "dropoff")]
                if mine not in ([0, 0], [1, 1]):
                    self._say(f"I3: the held seat {id_[:6]} has {mine} stops")
            elif row["state"] != "booked" or row["unplaced_since"] is None:
                wanted.update((kind, id_) for kind in STOPS.get(row["state"], ()))
        if planned != wanted:
            more, less = _short(planned - wanted), _short(wanted - planned)
            self._say(f"I3, I5: planned though not wanted {more}, wanted and not planned {less}")
        for vehicle_id, each in stops.items():
            self._load(vehicle_id, each, rows)

    def _load(self, vehicle_id: str, stops: list[tuple[str, str]], rows: dict[str, Any]) -> None:
        """No vehicle carries more than fits (I2), and nobody gets off before getting on (I3)."""
        seats, places, lost = SEATS[vehicle_id]
        on_board = {
            id_ for id_, row in rows.items()
            if (row["state"], row["vehicle_id"]) == ("aboard", vehicle_id)
        }  # fmt: skip
        for kind, who in stops:
            row = rows.get(who)
            if row is None:
                self._say(f"I3: a stop of {vehicle_id} is nobody's")
                return
            if row["vehicle_id"] != vehicle_id and row["state"] != "held":
                self._say(f"I3: {who[:6]} is in the plan of {vehicle_id}, not {row['vehicle_id']}")
            if kind == "dropoff" and who not in on_board:
                self._say(f"I3: {who[:6]} is dropped before being picked up")
            (on_board.add if kind == "pickup" else on_board.discard)(who)
            chairs = sum(rows[id_]["wheelchairs"] for id_ in on_board)
            sitting = sum(rows[id_]["riders"] for id_ in on_board) - chairs
            if kind == "pickup" and (chairs > places or sitting > seats - chairs * lost):
                self._say(f"I2: {vehicle_id} carries {sitting} and {chairs} wheelchairs")

    # What a new booking or a better plan may not do to others

    def _others(
        self,
        rows: dict[str, Any],
        before: dict[str, list[tuple[str, str]]],
        after: dict[str, list[tuple[str, str]]],
    ) -> None:
        changed = [id_ for id_, stops in after.items() if stops != before.get(id_, [])]
        for vehicle_id in changed:
            for kind, who in before.get(vehicle_id, [])[:1]:
                waits = rows[who]["state"] == "arrived" and kind == "pickup"
                if waits and after[vehicle_id][:1] != [(kind, who)]:
                    self._say(f"freeze: {vehicle_id} stands before {who[:6]} and is sent elsewhere")
        self._lateness(changed, rows, before, after)

    def _lateness(
        self,
        changed: list[str],
        rows: dict[str, Any],
        before: dict[str, list[tuple[str, str]]],
        after: dict[str, list[tuple[str, str]]],
    ) -> None:
        """Nobody is made late for somebody else (I4), by driving the stops ourselves.

        Whoever is late already may change to a vehicle that comes no later than theirs would.
        """
        old: dict[tuple[str, str], int] = {}
        for vehicle_id in changed:
            old |= self._late(vehicle_id, rows, before.get(vehicle_id, []))
        for vehicle_id in changed:
            for (kind, who), late_s in self._late(vehicle_id, rows, after[vehicle_id]):
                if late_s > max(old.get((kind, who), 0), 0) + NOISE_S:
                    self._say(f"I4: {vehicle_id} would be {late_s} s late for {kind} {who[:6]}")

    def _late(
        self, vehicle_id: str, rows: dict[str, Any], stops: list[tuple[str, str]]
    ) -> Iterator[tuple[tuple[str, str], int]]:
        x, at_s = self.where(vehicle_id), self.now() - DAY0
        if x is None:
            return
        for kind, who in stops:
            row = rows[who]
            told = self._all(
                "* FROM promises WHERE booking_id = ? AND no = ?", who, row["promise_no"]
            )[0]
            origin = row["boards_at_id"] or row["origin_id"]
            to = self._place(origin if kind == "pickup" else row["destination_id"])
            at_s += 60 * abs(to - x)
            x = to
            if kind == "pickup":
                yield (kind, who), int(at_s - told["pickup_to_s"])
                at_s = max(at_s, told["pickup_from_s"]) + (180 if row["wheelchairs"] else 60)
            else:
                yield (kind, who), int(at_s - told["arrive_by_s"])
                at_s += 30

    def _place(self, place_id: int) -> float:
        """Return where a place is; where a vehicle broke down becomes one during the day."""
        if place_id not in self._x:
            rows = self._all("id, lon FROM places")
            self._x = {row["id"]: (row["lon"] - LON) / STEP for row in rows}
        return self._x[place_id]

    # What time makes wrong, and what clients were told

    def silence(self) -> None:
        """Nobody waits past what was told without having been told another time (I4)."""
        now_s = self.now() - DAY0
        for row in self._all(
            "b.id, p.pickup_to_s FROM bookings b JOIN promises p "
            "ON p.booking_id = b.id AND p.no = b.promise_no "
            "WHERE b.state = 'booked' AND b.unplaced_since IS NULL AND p.pickup_to_s < ?",
            now_s - LATE_S - GRACE_S,
        ):
            self._say(f"I4: {row['id'][:6]} waits since {row['pickup_to_s']} and was told nothing")

    def acknowledged(self, key: str, booking_id: str) -> None:
        """Note that somebody was told of their booking (I1): it is there, and always the same."""
        if self.acks.setdefault(key, booking_id) != booking_id:
            self._say(f"I1: {key} was told of two bookings")
        if not self._all("id FROM bookings WHERE id = ?", booking_id):
            self._say(f"I1: {key} was told of a booking that is not there")

    def delivered(self, event: Event) -> None:
        """Note an event that reached the screens (I6)."""
        if event.booking is not None:
            self._told.add((event.booking.id, event.booking.state))

    def judged(self, host: object, fixes: Sequence[Ping], verdicts: Sequence[str]) -> None:
        """Note what became of fixes: one run of a server believes each of them once (I7)."""
        for fix, verdict in zip(fixes, verdicts, strict=True):
            if verdict in {"live", "history"}:
                key = (host, fix.vehicle, fix.boot, fix.seq)
                if key in self._believed:
                    self._say(f"I7: {fix.vehicle} {fix.boot} {fix.seq} was believed twice")
                self._believed.add(key)

    def open_rides(self) -> int:
        """Return how many rides are still to be driven."""
        return int(self.db.execute(
            "SELECT count(*) FROM bookings WHERE state IN ('booked', 'arrived', 'aboard', 'held')"
        ).fetchone()[0])  # fmt: skip

    def state(self, booking_id: str) -> str | None:
        """Return the state of a booking as it was last committed."""
        return self._states.get(booking_id)

    # When all is quiet

    def at_rest(self) -> None:
        """Judge what must have come to an end."""
        if left := self._all("id FROM outbox"):
            self._say(f"I6: {len(left)} events were never handed on")
        for id_, state in sorted(self._seen - self._told):
            self._say(f"I6: nobody heard that {id_[:6]} was {state}")
        names: defaultdict[str, list[str]] = defaultdict(list)
        for row in self._all(f"{_BOOKINGS} FROM bookings"):
            names[row["contact_name"]].append(row["id"])
            if row["state"] in OPEN:
                self._say(f"liveness: {row['id'][:6]} is still {row['state']}")
        for name, ids in names.items():
            if len(ids) > 1:
                self._say(f"I1: {name} has {len(ids)} bookings")
        for key, id_ in self.acks.items():
            if id_ not in names[key]:
                self._say(f"I1: {key} has lost its booking")
        late = self._all(
            "key FROM notifications WHERE state IN ('waiting', 'sending') "
            "AND channel IN ('sms', 'email') AND next_at < ?", self.now() - 300,
        )  # fmt: skip
        for row in late:
            self._say(f"I6: the message {row['key']} was never sent")

    def content(self) -> bytes:
        """Return a hash of all that is on the disk in the end."""
        digest = hashlib.blake2b()
        names = [row["name"] for row in self._all("name FROM sqlite_master WHERE type = 'table'")]
        for name in sorted(names):
            for row in self._all(f"* FROM {name} ORDER BY 1"):
                digest.update(repr(tuple(row)).encode())
        return digest.digest()


def _said(promise: Any) -> tuple[int, ...]:  # noqa: ANN401 -- a row
    """Return what a rider is told of a promise: where and when, not how long the ride may be."""
    origin = json.loads(promise["request"])["origin"]
    return origin, promise["pickup_from_s"], promise["pickup_to_s"], promise["arrive_by_s"]


def _short(stops: Counter[tuple[str, str]]) -> list[str]:
    return sorted(f"{kind} {who[:6]}" for kind, who in stops)
