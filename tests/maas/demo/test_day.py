"""A demo day: when it begins, how vehicles and buses move, who telephones."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from maas.clock import Clock
from maas.demo.buses import runs_of
from maas.demo.callers import Callers, calls_of_day
from maas.demo.day import OPENS_S, demo_clock, service_date
from maas.demo.network import Network
from maas.demo.radio import Device, Fix, Json, Operator
from maas.demo.terminal import Terminal
from maas.demo.timetable import bus_feed
from maas.demo.town import write_town
from maas.demo.vehicles import Drive, Taxi, Way, slowness
from maas.town.files import TownFiles, read_town

TOKYO = ZoneInfo("Asia/Tokyo")
DEPOT, SHOP = (34.80, 133.70), (34.90, 133.70)


@dataclass(frozen=True)
class Straight:
    """Straight north for 0.1 degrees in 600 s, with a wait of 100 s on the way."""

    lonlats: Sequence[tuple[float, float]] = (
        (133.7, 34.80),
        (133.7, 34.85),
        (133.7, 34.85),
        (133.7, 34.90),
    )
    times_s: Sequence[float] = (0.0, 250.0, 350.0, 600.0)


@pytest.fixture(scope="module")
def town(network: Network, tmp_path_factory: pytest.TempPathFactory) -> TownFiles:
    folder = tmp_path_factory.mktemp("town")
    write_town(folder, network)
    return read_town(folder)


@pytest.mark.parametrize(
    ("today", "service"),
    [
        (date(2026, 11, 26), date(2026, 11, 26)),  # a Thursday
        (date(2026, 11, 21), date(2026, 11, 24)),  # Saturday, Sunday, a holiday
        (date(2026, 12, 26), date(2027, 1, 5)),  # over New Year
    ],
)
def test_the_day_is_the_next_on_which_the_service_runs(
    town: TownFiles, today: date, service: date
) -> None:
    assert service_date(town, today) == service


def test_the_clock_shows_half_past_eight_whatever_the_real_time(town: TownFiles) -> None:
    real = datetime(2026, 11, 21, 22, 0, tzinfo=UTC).timestamp()

    clock = demo_clock(town, date(2026, 11, 24), 10.0, real, 5.0)

    shown = datetime.fromtimestamp(clock.start_epoch, TOKYO)
    assert (shown.date(), shown.hour, shown.minute) == (date(2026, 11, 24), 8, 30)
    assert clock.anchor_epoch == real + 5.0


def test_a_drive_is_where_the_times_of_its_way_say() -> None:
    drive = Drive(Straight(), start=1000.0)

    assert drive.at(1125.0).lat == pytest.approx(34.825)
    assert drive.at(1300.0).lat == pytest.approx(34.85)
    assert drive.at(1300.0).speed_mps == 0.0
    assert drive.at(5000.0).lat == pytest.approx(34.90)
    assert drive.at(1125.0).bearing == pytest.approx(0.0)
    assert drive.at(1125.0).speed_mps == pytest.approx(22.2)


def test_a_slow_driver_arrives_later() -> None:
    assert Drive(Straight(), start=0.0, slowness=1.5).end == 900.0
    assert Drive(Straight(), start=0.0, slowness=2.0).at(250.0).lat == pytest.approx(34.825)


class Town:
    """A service that keeps one job and remembers what was tapped, on a clock set by hand."""

    def __init__(self, job: Json) -> None:
        self.now, self.job, self.taps = 0.0, job, list[tuple[float, str]]()
        self.called = list[tuple[float, str]]()

    def taxi(self, absent: Sequence[str] = ()) -> Taxi:
        """Return a taxi that stands at its depot."""
        terminal = Terminal(lambda: self.now, TOKYO, lambda _: None)
        device = FakeDevice(self)
        way = Straight()

        def find(_: Fix, __: tuple[float, float]) -> Way:
            return way

        return Taxi("見本号", 0, DEPOT, device, find, lambda: self.now, terminal, absent)  # type: ignore[arg-type]

    def play(self, taxi: Taxi, until: float, tick_s: float = 10.0) -> None:
        """Let the taxi act at each tick."""
        while self.now < until:
            taxi.job = self.job
            asyncio.run(taxi.act(self.now))
            self.now += tick_s


@dataclass
class FakeDevice:
    """Moves the job on as the service would."""

    town: Town

    async def step(self, _: str, step: str, at: float) -> Json:
        """Take a step and answer with the new job."""
        self.town.taps.append((at, step))
        if step == "arrived":
            self.town.job["next"]["state"] = "arrived"
        else:
            self.town.job = job(None)
        return self.town.job

    async def call_roll(self, driver: str) -> bool:
        """Keep a driver's roll call, but not the first time."""
        self.town.called.append((self.town.now, driver))
        return len(self.town.called) > 1


def job(stop: Json | None, driver: str | None = None, on_board: Sequence[Json] = ()) -> Json:
    return {"next": stop, "then": [], "on_board": list(on_board), "driver": driver}


def stop(kind: str, *, planned: float, window: tuple[float, float], wheelchairs: int = 0) -> Json:
    def iso(epoch: float) -> str:
        return datetime.fromtimestamp(epoch, UTC).isoformat()

    return {
        "kind": kind, "booking_id": "b1", "reference": "4821", "rider_name": "見本 花子",
        "place": {"name": "店", "kind": "shop", "lat": SHOP[0], "lon": SHOP[1]},
        "planned": iso(planned),
        "window_from": iso(window[0]), "window_to": iso(window[1]), "state": "planned",
        "wheelchairs": wheelchairs,
    }  # fmt: skip


def test_a_taxi_leaves_in_time_and_boards_when_the_rider_was_told() -> None:
    town = Town(job(stop("pickup", planned=3000.0, window=(3000.0, 3900.0))))
    taxi = town.taxi()

    town.play(taxi, 2000.0)
    assert taxi.drive is None
    town.play(taxi, 3600.0)

    (arrived_at, first), (aboard_at, second) = town.taps
    assert (first, second) == ("arrived", "aboard")
    assert arrived_at < 3000.0
    assert aboard_at == 3060.0


@pytest.mark.parametrize("tick_s", [1.0, 60.0, 300.0])
def test_the_speed_of_the_demo_does_not_make_a_vehicle_late(tick_s: float) -> None:
    town = Town(job(stop("dropoff", planned=600.0, window=(600.0, 900.0))))
    taxi = town.taxi()

    town.play(taxi, 2000.0, tick_s)

    (tapped_at, step), *more = town.taps
    assert (step, more) == ("dropped", [])
    assert tapped_at == pytest.approx(slowness(0, 0) * 600.0 + 30.0)


def test_a_wheelchair_takes_three_minutes_to_board() -> None:
    town = Town(job(stop("pickup", planned=3000.0, window=(3000.0, 3900.0), wheelchairs=1)))

    town.play(town.taxi(), 4000.0)

    assert town.taps[-1] == (3180.0, "aboard")


def test_riders_on_board_are_taken_straight_on() -> None:
    town = Town(job(stop("dropoff", planned=9000.0, window=(8000.0, 9900.0))))

    town.play(town.taxi(), 1000.0)

    assert [step for _, step in town.taps] == ["dropped"]


def test_whoever_does_not_come_is_waited_for_and_then_left() -> None:
    town = Town(job(stop("pickup", planned=3000.0, window=(3000.0, 3900.0))))

    town.play(town.taxi(absent=["b1"]), 4000.0)

    assert [step for _, step in town.taps] == ["arrived", "no_show"]
    assert town.taps[-1][0] == 3330.0


def test_while_a_person_drives_nothing_is_tapped_for_them() -> None:
    town = Town(job(stop("pickup", planned=700.0, window=(700.0, 900.0)), driver="driver"))
    taxi = town.taxi()

    town.play(taxi, 2000.0)

    assert town.taps == []
    assert (taxi.here.lat, taxi.here.lon) == pytest.approx(SHOP)


def test_the_roll_is_called_once_a_day_when_the_shift_begins() -> None:
    town = Town(job(None))
    taxi = town.taxi()
    before, begins, hour = 7.5 * 3600 - 9 * 3600, 8 * 3600 - 9 * 3600, 3600.0

    for at in (before, begins, begins + hour, begins + 2 * hour, begins + 24 * hour):
        town.now = at
        asyncio.run(taxi.begin(at))

    driver = "運転 見本号"
    assert town.called == [
        (begins, driver), (begins + hour, driver), (begins + 24 * hour, driver)
    ]  # fmt: skip


def test_a_bus_is_never_early_and_stops_at_its_stops(network: Network) -> None:
    feed = bus_feed(network)
    day = date(2026, 11, 26)
    midnight = datetime(2026, 11, 26, tzinfo=TOKYO).timestamp()

    runs = runs_of(feed, "B1", day, "Asia/Tokyo")

    assert len(runs) == sum(trip.block_id == "B1" for trip in feed.trips.values())
    for run in runs:
        leaves = [t for t, _ in run.knots[1::2]]
        planned = [midnight + (call.departure_s or 0) for call in feed.stop_times[run.trip_id]]
        assert all(t >= p for t, p in zip(leaves, planned, strict=True))
        assert [t for t, _ in run.knots] == sorted(t for t, _ in run.knots)
        middle = run.knots[5][0] - 1.0
        assert run.at(middle).speed_mps == 0.0


def test_the_same_seed_draws_the_same_calls_and_most_come_in_the_morning() -> None:
    calls = calls_of_day(1, OPENS_S)

    assert calls == calls_of_day(1, OPENS_S)
    assert calls != calls_of_day(2, OPENS_S)
    assert [call.at_s for call in calls] == sorted(call.at_s for call in calls)
    assert sum(call.at_s < 12 * 3600 for call in calls) > len(calls) / 2


class Desk(Operator):
    """An operator's seat that always has one offer, and can be told to lose the first race."""

    def __init__(self, *, lose: bool = False) -> None:
        self.lose, self.booked = lose, list[str]()

    async def sign_in(self, name: str, password: str) -> None:
        """Let anybody in."""

    async def get(self, path: str, **query: object) -> object:
        """Find one rider by telephone number."""
        assert path == "/riders"
        number = str(query["q"])[-4:]
        place = {"id": 7, "name": "見本クリニック"}
        return [{
            "id": 1, "number": number, "name": "例田 清", "tags": ["wheelchair"],
            "home_place": {"id": 3}, "favourites": [{"slot": 1, "place": place}],
        }]  # fmt: skip

    async def quote(self, ask: Json) -> Json:
        """Offer one ride."""
        assert ask["wheelchairs"] == 1
        return {"offers": [{"token": "first"}], "refusal": None}

    async def book(self, offer: str, rider_id: int) -> Json:
        """Book, unless somebody was faster."""
        assert rider_id == 1
        self.booked.append(offer)
        if self.lose and offer == "first":
            return {"type": "offer-gone", "alternatives": [{"token": "second"}]}
        hour = "2026-11-26T09:00:00+09:00"
        return {
            "id": "b1", "reference": "4821", "vehicle": {"name": "見本号"},
            "pickup_from": hour, "pickup_to": hour, "arrive_by": hour,
        }  # fmt: skip


def play_calls(desk: Desk) -> Terminal:
    clock = Clock(datetime(2026, 11, 26, 8, 30, tzinfo=TOKYO).timestamp(), 0.0, 1.0)
    terminal = Terminal(lambda: clock.start_epoch, TOKYO, lambda _: None)

    async def at_once(_: float) -> None:
        await asyncio.sleep(0)

    callers = Callers(
        calls_of_day(1, OPENS_S)[:3], 0.0, desk, "secret", lambda: clock.start_epoch, at_once,
        terminal, TOKYO,
    )  # fmt: skip
    asyncio.run(callers.run())
    return terminal


def test_a_caller_books_the_first_offer() -> None:
    terminal = play_calls(Desk())

    assert terminal.counts["call"] >= 3
    assert terminal.counts["booked"] == terminal.counts["call"]


def test_a_lost_race_is_answered_with_the_next_offer() -> None:
    desk = Desk(lose=True)

    terminal = play_calls(desk)

    assert desk.booked[:2] == ["first", "second"]
    assert terminal.counts["booked"] == terminal.counts["call"]


def test_a_device_counts_the_verdict_of_every_position() -> None:
    seen: list[Json] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.extend(json.loads(request.content))
        return httpx.Response(200, json={"verdicts": ["live"]})

    async def report() -> Device:
        transport = httpx.MockTransport(answer)
        async with httpx.AsyncClient(transport=transport, base_url="http://town") as client:
            device = Device("van-1", "token", client, Counter())
            await device.report(Fix(34.8, 133.7, 361.0, 5.0), 100.0, "trip")
            await device.report(Fix(34.8, 133.7), 101.0)
        return device

    device = asyncio.run(report())

    assert device.verdicts == {"live": 2}
    assert [ping["seq"] for ping in seen] == [0, 1]
    assert (seen[0]["trip"], seen[0]["bearing"]) == ("trip", 1.0)
    assert "trip" not in seen[1]


def test_a_line_has_the_towns_time_and_is_counted() -> None:
    lines: list[str] = []
    terminal = Terminal(
        lambda: datetime(2026, 11, 26, 9, 5, tzinfo=TOKYO).timestamp(), TOKYO, lines.append
    )

    terminal.say("call", "見本さん")

    assert lines == ["09:05  電話  見本さん\n"]
    terminal.verdicts.update(["live", "live"])
    assert terminal.total() == "電話 1・位置 live 2"
