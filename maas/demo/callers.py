"""The people who telephone on a demo day, and what the operator's seat does for them.

The day's calls are drawn by seed before it begins.  How many there are is the demo's choice: the
town had about three rides a day in 2023, too few to show anything.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import numpy as np

from maas.demo.gazetteer import randomness
from maas.demo.people import MEMBERS
from maas.demo.radio import Json, Operator
from maas.demo.terminal import Terminal
from maas.demo.vehicles import when

CALLS_AN_HOUR = {8: 12, 9: 11, 10: 9, 11: 7, 12: 4, 13: 6, 14: 5, 15: 3}
"""Most people call in the morning; returns come on top."""
FIRST_LEADS_MIN, LEADS_MIN = (35, 150), (25, 120)
REACT_S = 20.0
STAY_MIN = (40, 100)
LAST_RETURN_S = 16 * 3600 + 10 * 60
"""Whoever is done later than this goes home with somebody else."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: who, ``at_s`` of the day, for when, and what becomes of it.

    ``favourite`` is which of the member's usual places; ``fate`` is one of ride, cancel, absent.
    """

    at_s: int
    member: int
    lead_min: int
    favourite: int
    anchor: str
    riders: int
    returns: bool
    declines: bool
    fate: str


def calls_of_day(seed: int, opens_s: int) -> list[Call]:
    """Return the day's calls in order; eight were waiting when the day began at ``opens_s``."""
    drawn = randomness(7, seed)
    people = [int(number) for number in drawn.permutation(MEMBERS)]
    waiting = [_call(drawn, people.pop(), opens_s + 20 * n, FIRST_LEADS_MIN) for n in range(8)]
    times = [
        hour * 3600 + int(3600 * drawn.random())
        for hour, calls in CALLS_AN_HOUR.items()
        for _ in range(calls)
    ]
    times = sorted(at_s for at_s in times if at_s > opens_s + 300)
    return waiting + [_call(drawn, people.pop(), at_s, LEADS_MIN) for at_s in times]


def _call(drawn: np.random.Generator, member: int, at_s: int, leads_min: tuple[int, int]) -> Call:
    chance = float(drawn.random())
    return Call(
        at_s=at_s,
        member=member,
        lead_min=5 * round(_between(drawn, *leads_min) / 5),
        favourite=int(3 * float(drawn.random()) ** 1.5),
        anchor="arrive" if drawn.random() < 0.35 else "depart",
        riders=2 if drawn.random() < 0.15 else 1,
        returns=bool(drawn.random() < 0.65),
        declines=bool(drawn.random() < 0.05),
        fate="absent" if chance < 0.03 else "cancel" if chance < 0.08 else "ride",
    )


def _between(drawn: np.random.Generator, least: float, most: float) -> float:
    return least + (most - least) * float(drawn.random())


@dataclass(slots=True)
class Callers:
    """Plays the day's calls through the operator's seat; ``absent`` collects the no-shows.

    ``until`` waits for an instant of the service clock.
    """

    calls: Sequence[Call]
    midnight: float
    operator: Operator
    password: str
    clock: Callable[[], float]
    until: Callable[[float], Awaitable[None]]
    terminal: Terminal
    zone: ZoneInfo
    absent: set[str] = field(default_factory=set)

    async def run(self) -> None:
        """Play the calls in order, with their cancellations and returns beside them."""
        await self.operator.sign_in("operator", self.password)
        async with asyncio.TaskGroup() as beside:
            for number, call in enumerate(self.calls):
                await self.until(self.midnight + call.at_s)
                beside.create_task(self._play(call, randomness(8, number)))

    async def _play(self, call: Call, drawn: np.random.Generator) -> None:
        try:
            await self._go_out(call, drawn)
        except httpx.HTTPError as error:
            self.terminal.say("trouble", f"受付につながりません: {error!r}")

    async def _go_out(self, call: Call, drawn: np.random.Generator) -> None:
        """From home to a usual place, and perhaps back when the errand is done."""
        rider = await self._rider(call.member)
        usual = rider["favourites"][call.favourite % len(rider["favourites"])]["place"]
        lead = timedelta(minutes=call.lead_min)
        asked = _next_five(datetime.fromtimestamp(self.clock(), UTC).astimezone(self.zone) + lead)
        ask = _ask(rider, rider["home_place"], usual, call, asked)
        booking = await self._telephone(rider, ask, f"自宅 → {usual['name']}", call)
        if booking is None:
            return
        if call.fate == "cancel":
            await self._cancel(booking, rider)
        elif call.fate == "absent":
            self.absent.add(booking["id"])
        elif call.returns:
            done = when(booking["arrive_by"]) + 60 * _between(drawn, *STAY_MIN)
            if done > self.midnight + LAST_RETURN_S:
                return
            await self.until(done)
            back = _ask(rider, usual, rider["home_place"], call, None)
            await self._telephone(rider, back, f"{usual['name']} → 自宅", call)

    async def _rider(self, member: int) -> Json:
        """Look the caller up as the operator does, by telephone number."""
        number = f"{1001 + member:04d}"
        found = await self.operator.get("/riders", q=f"000-000-{number}", limit=5)
        return dict(next(rider for rider in found if rider["number"] == number))

    async def _telephone(self, rider: Json, ask: Json, trip: str, call: Call) -> Json | None:
        """Ask, listen to the answer, and take the first offer or a near one."""
        wish = ask.get("time") or "いまから"
        side = "着" if ask["anchor"] == "arrive" else "発" if ask.get("time") else ""
        self.terminal.say("call", f"{rider['name']}さん {trip} {wish}{side}")
        answer = await self.operator.quote(ask)
        offers = answer["offers"]
        if not offers:
            self.terminal.say("refused", f"{rider['name']}さん {answer['refusal']['sentence']}")
            offers = answer["refusal"]["alternatives"]
        if not offers:
            return None
        if call.declines:
            self.terminal.say("cancelled", f"{rider['name']}さん 都合が合わず、予約せず")
            return None
        await self.until(self.clock() + REACT_S)
        return await self._take(rider, offers[0]["token"], trip)

    async def _take(self, rider: Json, token: str, trip: str) -> Json | None:
        """Book; when somebody was faster, take the best of what is offered instead."""
        booking = await self.operator.book(token, rider["id"])
        if "reference" not in booking and booking.get("alternatives"):
            booking = await self.operator.book(booking["alternatives"][0]["token"], rider["id"])
        if "reference" not in booking:
            sentence = booking.get("detail") or booking.get("title")
            self.terminal.say("refused", f"{rider['name']}さん {sentence}")
            return None
        hours = [self.terminal.hour(when(booking[k])) for k in ("pickup_from", "pickup_to")]
        vehicle = booking["vehicle"]["name"]
        who = f"受付 {booking['reference']} {rider['name']}さん"
        self.terminal.say("booked", f"{who} {trip} お迎え{'〜'.join(hours)} {vehicle}")
        return booking

    async def _cancel(self, booking: Json, rider: Json) -> None:
        start, due = self.clock(), when(booking["pickup_from"])
        await self.until(start + 0.6 * max(0.0, due - start))
        if await self.operator.cancel(booking["id"], "体調がよくない"):
            self.terminal.say(
                "cancelled", f"受付 {booking['reference']} {rider['name']}さん 体調不良"
            )


def _next_five(moment: datetime) -> datetime:
    return moment + timedelta(minutes=-moment.minute % 5)


def _ask(rider: Json, origin: Json, destination: Json, call: Call, time: datetime | None) -> Json:
    """Return the question; without a time it is as soon as possible."""
    tags = rider["tags"]
    half = any(tag in tags for tag in ("aicard", "disability_card"))
    ask = {
        "origin": origin["id"],
        "destination": destination["id"],
        "anchor": call.anchor if time else "depart",
        "riders": call.riders,
        "wheelchairs": int("wheelchair" in tags),
        "half_fares": int(half),
        "rider_id": rider["id"],
    }
    return ask | ({"time": f"{time:%H:%M}"} if time else {})
