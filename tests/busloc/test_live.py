"""The live map as a whole: what signs and maps are told while buses drive, vanish and return."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busloc.cells import topics_at
from busloc.course import Run
from busloc.frame import ws_payload
from busloc.ghost import rider_state
from busloc.hub import Hub
from busloc.live import LiveMap
from busloc.ping import Ping, Verdict
from busloc.publish import Departure
from busloc.told import Judged
from busloc.track import Track, follow
from busloc.visits import Visit
from gtfs.feed import Feed
from tests.busloc.test_hub import Clock, Reader, new_hub
from tests.busloc.towns import DAY, REGION, TZ, Bus, at, back, feed_of, hourly, ping, place


def live_map(
    feed: Feed | None = None, duties: dict[str, str] | None = None
) -> tuple[LiveMap, Hub, Clock]:
    hub, clock = new_hub(start=at("08:00:00"))
    names = {"bus": "赤バス", "bus2": "青バス", "van": "1号車"}
    recorded.clear()
    live = LiveMap(
        hub, region=REGION, tz=TZ, feed=feed, duties=duties, names=names,
        record=lambda pings, _now: recorded.extend(pings),
    )  # fmt: skip
    return live, hub, clock


recorded: list[Ping] = []


def send(live: LiveMap, *fixes: Ping, now: float | None = None) -> list[Verdict]:
    return live.accept(None, fixes, max(fix.t for fix in fixes) if now is None else now)


def board(live: LiveMap, stop: str, clock: str, limit: int = 12) -> list[tuple[str, str, Any, Any]]:
    """Return (trip, state, expected, delay) of each departure, expected as seconds after 08:00."""
    return [
        (d.trip, d.state, None if d.expected is None else d.expected - at("08:00:00"), d.delay_s)
        for d in live.departures(stop, at(clock), limit)
    ]


def test_a_bus_at_its_own_depot_is_shown_to_be_there() -> None:
    early, at_night = ping(-3000, at("05:00:00")), {"bus": "b", "bus2": "c"}
    hub, _ = new_hub(start=early.t)
    live = LiveMap(
        hub, region=REGION, tz=TZ, feed=feed_of(hourly()), duties=at_night, names=at_night,
        depots={"bus": (early.lat, early.lon)},
    )  # fmt: skip
    send(live, early, ping(-3000, at("05:00:00"), vehicle="bus2"))

    assert {each.id: each.state for each in live.vehicles(early.t)} == {
        "bus": "depot", "bus2": "idle",
    }  # fmt: skip


def test_a_demand_vehicle_is_late_by_its_plan_and_off_its_road() -> None:
    live, _, _ = live_map(feed_of(hourly()))
    start = at("08:00:00")
    live.errands.give("van", [place(0), place(1000)], [start, start + 100])
    told = []
    for metres, after_s, east_m in ((100, 5, 0), (500, 80, 0), (900, 110, 0), (900, 130, 300)):
        send(live, ping(metres, start + after_s, vehicle="van", east_m=east_m))
        (van,) = live.vehicles(start + after_s)
        told.append((van.state, van.delay_s))

    assert told == [("demand", 0), ("demand", 30), ("demand", 20), ("off_route", None)]


# Boards


def test_before_anything_is_seen_the_timetable_is_all_there_is() -> None:
    live, _, _ = live_map(feed_of(hourly("t8"), hourly("t9", 9)))

    first, second, *tomorrow = live.departures("s2", at("07:30:00"))

    assert first == Departure(
        id="20261125:t8:2", trip="t8", route="r1", route_name="r1線", route_name_en="",
        headsign="行先", headsign_kana="いきさき", headsign_en="Somewhere", color="", text_color="",
        platform="", scheduled=int(at("08:03:20")), expected=None, low=None, high=None,
        be_there_by=int(at("08:03:20")), state="scheduled", delay_s=None, vehicle=None,
    )  # fmt: skip
    assert (second.trip, second.state) == ("t9", "scheduled")
    assert tomorrow == []
    assert len(live.departures("s2", at("09:20:00"))) == 2


def test_a_running_bus_is_expected_with_its_delay() -> None:
    live, _, _ = live_map(feed_of(hourly()))
    send(live, ping(500, at("08:02:20"), trip="t8"))

    departure = live.departures("s3", at("08:02:20"))[0]

    assert board(live, "s3", "08:02:20")[0] == ("t8", "running", 390, 90)
    assert departure.vehicle == "bus"
    assert departure.low is not None
    assert departure.high is not None
    assert departure.low < at("08:06:30") < departure.high
    assert departure.scheduled <= departure.be_there_by < at("08:06:30")


def test_a_bus_that_has_left_a_stop_is_off_its_board() -> None:
    live, _, _ = live_map(feed_of(hourly()))
    send(live, ping(1600, at("08:02:40"), trip="t8"))

    assert [row[0] for row in board(live, "s1", "08:02:40", 1)] == ["t8"]
    assert live.departures("s1", at("08:02:40"), 1)[0].scheduled == at("08:01:40") + 86_400
    assert board(live, "s2", "08:02:40")[0][:2] == ("t8", "running")


def test_riders_cannot_board_where_the_line_ends_nor_where_it_only_sets_down() -> None:
    live, _, _ = live_map(feed_of(Bus("t8", hourly().calls, set_down_only=("s3",))))

    assert live.departures("s3", at("07:30:00")) == []
    assert len(live.departures("s2", at("07:30:00"))) == 1
    assert live.departures("s5", at("07:30:00")) == []
    assert live.departures("nowhere", at("07:30:00")) == []
    assert live_map()[0].departures("s1", at("07:30:00")) == []


@pytest.mark.parametrize(
    ("clock", "row"),
    [
        ("08:02:49", ("t8", "scheduled", None, None)),
        ("08:02:50", ("t8", "unconfirmed", None, None)),
        ("08:18:20", ("t8", "unconfirmed", None, None)),
    ],
)
def test_a_bus_never_seen_is_never_on_time(clock: str, row: tuple[object, ...]) -> None:
    live, _, _ = live_map(feed_of(hourly()))

    assert board(live, "s2", clock)[0] == row


def test_a_bus_never_seen_leaves_the_board_a_quarter_of_an_hour_late() -> None:
    live, _, _ = live_map(feed_of(hourly()))

    assert live.departures("s2", at("08:18:21"))[0].scheduled == at("08:03:20") + 86_400


def test_a_silent_bus_is_unconfirmed_with_an_ever_wider_time_and_then_none() -> None:
    live, _, _ = live_map(feed_of(hourly()))
    send(live, ping(500, at("08:10:00"), trip="t8"))

    seen = [
        live.departures("s3", at(clock))[0]
        for clock in ("08:13:00", "08:13:01", "08:40:00", "08:40:01")
    ]

    assert [d.state for d in seen] == ["running", "unconfirmed", "unconfirmed", "scheduled"]
    assert [d.id for d in seen] == [*["20261125:t8:3"] * 3, "20261126:t8:3"]
    widths = [d.high - d.low for d in seen if d.high is not None and d.low is not None]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


def test_a_delay_is_carried_to_the_next_trips_of_the_duty() -> None:
    feed = feed_of(hourly("out", 8, block="b"), back("in", 8 * 3600 + 700, block="b"))
    live, _, _ = live_map(feed, {"bus": "b"})
    send(live, ping(0, at("08:05:00")))

    assert board(live, "s5", "08:05:00", 1) == [("in", "running", 861, 161)]
    assert board(live, "s4", "08:05:00", 2) == [
        ("out", "running", 701, 301),
        ("in", "running", 961, 161),
    ]


def test_the_next_trip_is_planned_while_its_silent_vehicle_has_time() -> None:
    feed = feed_of(hourly("out", 8, block="b"), hourly("again", 9, block="b"))
    live, _, _ = live_map(feed, {"bus": "b"})
    send(live, ping(1000, at("08:02:00")))

    assert ("again", "scheduled", None, None) in board(live, "s2", "08:30:00")


def test_a_trip_called_off_says_so_until_it_is_taken_back() -> None:
    live, _, _ = live_map(feed_of(hourly()))
    send(live, ping(500, at("08:01:00"), trip="t8"))

    live.cancel("t8", DAY)
    cancelled = board(live, "s2", "08:01:00")[0]
    live.cancel("t8", DAY, runs=True)

    assert cancelled == ("t8", "cancelled", None, None)
    assert board(live, "s2", "08:01:00")[0][1] == "running"


def test_last_nights_bus_is_on_the_board_after_midnight() -> None:
    night = Bus("night", [("s0", "24:50:00"), ("s2", "24:54:00"), ("s5", "25:10:00")])
    live, _, _ = live_map(feed_of(night))
    send(live, ping(100, at("24:52:30"), trip="night"))

    first, tomorrow = live.departures("s2", at("24:54:30"))

    assert (first.id, first.state) == ("20261125:night:1", "running")
    assert first.scheduled == at("24:54:00")
    assert 100 < (first.delay_s or 0) < 160
    assert (tomorrow.id, tomorrow.state) == ("20261126:night:1", "scheduled")


def test_the_soonest_departure_comes_first_however_late_another_is() -> None:
    live, _, _ = live_map(feed_of(hourly("t8"), hourly("t9", 9)))
    send(live, ping(0, at("09:02:00"), trip="t8"))

    rows = board(live, "s2", "09:02:00", 1)

    assert [row[:2] for row in rows] == [("t9", "scheduled")]
    assert [row[0] for row in board(live, "s2", "09:02:00", 2)] == ["t9", "t8"]


@given(
    start=st.integers(0, 50),
    now=st.integers(0, 2000),
    seen=st.none() | st.integers(0, 2000),
    on_trip=st.booleans(),
)
@settings(max_examples=200)
def test_only_a_fix_three_minutes_young_confirms_a_trip(
    start: int,
    now: int,
    seen: int | None,
    on_trip: bool,  # noqa: FBT001
) -> None:
    state = rider_state(cancelled=False, start_s=start, now_s=now, seen_s=seen, on_trip=on_trip)

    assert (state == "running") == (seen is not None and now - seen <= 180)
    if state == "scheduled":
        assert now <= start + 180


# The map


def listen(hub: Hub, *topics: str) -> list[dict[str, Any]]:
    class Everything(Reader):
        def write(self, frame: bytes) -> int:
            self.frames.append(json.loads(ws_payload(frame)))
            return 0

    reader = Everything()
    subscriber = hub.join(reader)
    for topic in topics:
        hub.subscribe(subscriber, topic)
    return reader.frames


def test_a_bus_is_shown_with_its_trip_route_and_next_stop() -> None:
    live, hub, clock = live_map(feed_of(hourly()))
    frames = listen(hub, "vehicles", "route:r1")
    send(live, ping(500, at("08:02:20"), trip="t8"))
    clock.pass_s(hub, 1)

    (shown,) = frames[2]["u"]

    assert shown == {
        "id": "bus", "lat": pytest.approx(34.8045, abs=1e-4), "lon": 133.7, "bearing": None,
        "speed": None, "ts": at("08:02:20"), "state": "on_trip", "name": "赤バス", "trip": "t8",
        "route": "r1", "delay_s": 90,
        "next": {"stop": "s1", "name": "停1", "expected": int(at("08:03:10"))},
    }  # fmt: skip
    assert [(f["t"], f["u"] == [shown]) for f in frames[2:]] == [
        ("vehicles", True),
        ("route:r1", True),
    ]


def test_a_vehicle_on_demand_has_no_trip() -> None:
    live, hub, clock = live_map(feed_of(hourly()))
    frames = listen(hub, "vehicles")
    send(live, ping(500, at("08:02:20"), vehicle="van"))
    clock.pass_s(hub, 1)

    assert frames[1]["u"][0]["state"] == "demand"
    assert {"trip", "route", "next", "delay_s"} & set(frames[1]["u"][0]) == set()


def test_a_silent_vehicle_fades_and_then_goes() -> None:
    live, hub, clock = live_map(feed_of(hourly()))
    send(live, ping(500, at("08:02:20"), trip="t8"))
    frames = listen(hub, "vehicles", "route:r1")
    for seconds in (60, 181, 500, 901, 950):
        live.tick(at("08:02:20") + seconds)
        clock.pass_s(hub, 1)

    told = [(f["t"], item.get("state"), item.get("gone")) for f in frames[2:] for item in f["u"]]

    assert told == [
        ("vehicles", "silent", None),
        ("route:r1", "silent", None),
        ("vehicles", None, True),
        ("route:r1", None, True),
    ]  # fmt: skip
    assert live.vehicles(at("08:20:00")) == []
    assert live.track("bus") is None


def test_a_bus_that_changes_route_leaves_the_old_one() -> None:
    other = Bus("x9", hourly("x9", 9).calls, route="r2")
    live, hub, clock = live_map(feed_of(hourly(), other))
    send(live, ping(500, at("08:02:20"), trip="t8"))
    frames = listen(hub, "route:r1", "route:r2")
    send(live, ping(500, at("09:00:30"), trip="x9"))
    clock.pass_s(hub, 1)

    assert {f["t"]: f["u"][0] for f in frames[2:]}["route:r1"] == {"id": "bus", "gone": True}
    assert {f["t"]: f["u"][0] for f in frames[2:]}["route:r2"]["trip"] == "x9"


def test_a_burst_is_recorded_whole_and_moves_the_map_once() -> None:
    live, hub, clock = live_map(feed_of(hourly()))
    frames = listen(hub, "vehicles")
    burst = [ping(i, at("08:00:00") + i, trip="t8") for i in range(300)]
    send(live, *burst)
    clock.pass_s(hub, 1)

    assert recorded == burst
    assert [len(f["u"]) for f in frames] == [0, 1]
    assert frames[1]["u"][0]["ts"] == burst[-1].t


def test_a_new_timetable_forgets_the_old_trips() -> None:
    live, _, _ = live_map(feed_of(hourly()))
    send(live, ping(500, at("08:02:20"), trip="t8"))

    live.take_timetable(feed_of(hourly("u8")))

    assert board(live, "s3", "08:02:20")[0][:2] == ("u8", "scheduled")
    send(live, ping(600, at("08:02:30"), trip="u8"))
    assert board(live, "s3", "08:02:30")[0][:2] == ("u8", "running")


def test_a_new_timetable_keeps_what_was_called_off() -> None:
    live, _, _ = live_map(feed_of(hourly()))
    live.cancel("t8", DAY)
    live.take_timetable(feed_of(hourly()))

    assert board(live, "s3", "08:02:20")[0][:2] == ("t8", "cancelled")


def test_a_vehicle_becomes_known_by_enrolment() -> None:
    live, _, _ = live_map(feed_of(hourly("t8", block="b")))
    assert send(live, ping(0, at("08:00:00"), vehicle="new")) == ["unknown_vehicle"]

    live.enrol("new", "新車", "b")

    assert send(live, ping(0, at("08:00:00"), vehicle="new")) == ["live"]
    assert live.vehicles(at("08:00:00"))[0].trip == "t8"


# Boards on the stream


def test_a_watched_board_follows_its_buses() -> None:
    live, hub, clock = live_map(feed_of(hourly()))
    live.tick(at("07:59:00"))
    frames = listen(hub, "stop:s1")
    send(live, ping(300, at("08:01:00"), trip="t8"))
    live.tick(at("08:01:00"))
    clock.pass_s(hub, 1)
    send(live, ping(1500, at("08:03:00"), trip="t8"))
    live.tick(at("08:03:00"))
    clock.pass_s(hub, 1)

    assert frames[1]["u"][0]["delay_s"] == 30
    assert {"id": "20261125:t8:1", "gone": True} in frames[2]["u"]


def test_a_board_is_told_when_time_alone_changes_it() -> None:
    live, hub, clock = live_map(feed_of(hourly()))
    live.tick(at("08:00:00"))
    frames = listen(hub, "stop:s2")
    live.tick(at("08:03:30"))
    clock.pass_s(hub, 1)

    assert [f["u"][0]["state"] for f in frames] == ["scheduled", "unconfirmed"]


# Properties

sent = st.lists(
    st.tuples(
        st.sampled_from(["bus", "bus2"]), st.integers(0, 400), st.integers(0, 120),
        st.integers(-300, 40),
    ),
    max_size=25,
)  # fmt: skip


@given(sent)
@settings(max_examples=150, deadline=None)
def test_what_is_shown_never_goes_back_in_time(fixes: list[tuple[str, int, int, int]]) -> None:
    feed = feed_of(hourly("t8", block="b"), back("in", 8 * 3600 + 700, block="b"))
    live, hub, clock = live_map(feed, {"bus": "b"})
    frames = listen(hub, "vehicles", "route:r1", "stop:s2")
    now = at("08:00:00")
    for seq, (vehicle, metres, pause, offset) in enumerate(fixes):
        now += pause
        live.accept(None, [ping(metres * 10, now + offset, vehicle=vehicle, seq=seq)], now)
        live.tick(now)
        clock.pass_s(hub, pause)

    shown: dict[tuple[str, str], float] = {}
    for frame in frames:
        for item in frame["u"]:
            if "ts" in item:
                key = frame["t"], item["id"]
                assert item["ts"] >= shown.get(key, 0)
                assert item["ts"] <= now + 30
                shown[key] = item["ts"]
            elif item.get("expected") is not None:
                assert item["low"] <= item["expected"] <= item["high"]
                assert item["be_there_by"] <= item["expected"]
                assert item["expected"] >= item["scheduled"]


# States


def test_a_trip_nobody_runs_is_told_within_three_minutes_while_others_are_heard() -> None:
    live, _, _ = live_map(feed_of(hourly()))
    live.tick(at("07:00:00"))
    send(live, ping(500, at("08:02:00"), vehicle="van"))

    assert board(live, "s2", "08:02:49")[0][:2] == ("t8", "scheduled")
    assert board(live, "s2", "08:02:50")[0] == ("t8", "not_running", None, None)
    assert live.state(Run("t8", DAY), at("08:02:50")) == "not_running"
    assert live.state(Run("none", DAY), at("08:02:50")) == "scheduled"
    send(live, ping(100, at("08:04:00"), trip="t8"))
    assert board(live, "s2", "08:04:00")[0][:2] == ("t8", "running")


def test_what_began_before_we_listened_is_not_missed_at_once() -> None:
    live, _, _ = live_map(feed_of(hourly()))
    live.tick(at("08:05:00"))
    send(live, ping(500, at("08:05:00"), vehicle="van"))

    assert board(live, "s5", "08:07:49", 1) == []  # the line ends there
    assert board(live, "s4", "08:07:49")[0][1] == "scheduled"
    assert board(live, "s4", "08:07:50")[0][1] == "not_running"


def test_where_no_vehicle_is_known_nobody_is_missed() -> None:
    hub, _ = new_hub(start=at("08:00:00"))
    live = LiveMap(hub, region=REGION, tz=TZ, feed=feed_of(hourly()))
    live.tick(at("07:00:00"))

    assert board(live, "s2", "08:10:00")[0][1] == "scheduled"
    live.enrol("bus", "赤バス")
    live.tick(at("08:10:00"))
    assert board(live, "s2", "08:12:50")[0][1] == "unconfirmed"


def test_a_bus_off_its_line_is_on_a_detour_until_it_is_back_or_silent() -> None:
    live, _, _ = live_map(feed_of(hourly()))
    send(live, ping(500, at("08:01:00"), trip="t8"))
    states = []
    for clock, metres, east_m in (
        ("08:01:30", 700, 900), ("08:02:00", 900, 1200), ("08:04:00", 1900, 1200),
        ("08:04:40", 2300, 0),
    ):  # fmt: skip
        send(live, ping(metres, at(clock), trip="t8", east_m=east_m))
        states.append(board(live, "s4", clock)[0][1])

    assert states == ["running", "diverted", "diverted", "running"]
    assert board(live, "s4", "08:07:41")[0][1] == "unconfirmed"


# Stop events and sayings


def story(live_of: LiveMap, fixes: list[Ping], *, batch: int) -> None:
    """Send fixes in batches, each as it would come in, with the ticks between."""
    for i in range(0, len(fixes), batch):
        part = fixes[i : i + batch]
        live_of.accept(None, part, part[-1].t)
        live_of.tick(part[-1].t)
    for second in range(200):
        live_of.tick(fixes[-1].t + second)


def recording() -> tuple[LiveMap, dict[tuple[str, int], Visit], list[Judged]]:
    hub, _ = new_hub(start=at("08:00:00"))
    visits: dict[tuple[str, int], Visit] = {}
    judged: list[Judged] = []

    def note(vehicle: str, found: Sequence[Visit]) -> None:
        assert vehicle == "bus"
        for visit in found:
            if visit.depart_s is not None or (visit.run.trip_id, visit.index) not in visits:
                visits[visit.run.trip_id, visit.index] = visit

    live = LiveMap(
        hub, region=REGION, tz=TZ, feed=feed_of(hourly()), names={"bus": "赤バス"},
        record_visits=note, record_judged=judged.extend,
    )  # fmt: skip
    return live, visits, judged


@pytest.mark.parametrize("batch", [1, 7, 60, 200])
def test_every_stop_is_told_of_whether_fixes_come_singly_or_in_bursts(batch: int) -> None:
    fixes = [ping(i * 10, at("08:00:30") + i, trip="t8") for i in range(500)]
    live, visits, _ = recording()

    story(live, fixes, batch=batch)

    assert [index for _, index in sorted(visits)] == [0, 1, 2, 3, 4, 5]
    left = {index: visit.depart_s or visit.arrive_s for (_, index), visit in visits.items()}
    for index in range(1, 5):
        assert left[index] == pytest.approx(8 * 3600 + 30 + 100 * index, abs=12)


def test_a_short_batch_is_followed_at_once_and_a_burst_waits_for_the_ticks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    followed: list[float] = []

    def counted(timetable: Any, before: Any, fix: Ping, block: str | None) -> Track:  # noqa: ANN401
        followed.append(fix.t)
        return follow(timetable, before, fix, block)

    monkeypatch.setattr("busloc.drives.follow", counted)
    fixes = [ping(i * 10, at("08:00:30") + i, trip="t8") for i in range(500)]
    short, told_short, _ = recording()
    short.accept(None, fixes[:1], fixes[0].t)
    for i in range(1, 421, 60):
        short.accept(None, fixes[i : i + 60], fixes[i + 59].t)
    assert followed == [fix.t for fix in fixes[:421]]
    followed.clear()
    burst, told_burst, _ = recording()
    burst.accept(None, fixes[:1], fixes[0].t)
    burst.accept(None, fixes[1:450], fixes[449].t)

    assert [index for _, index in sorted(told_short)] == [0, 1, 2, 3, 4]
    assert told_burst == {}
    assert followed == [fixes[0].t, fixes[449].t]
    burst.tick(fixes[449].t)
    assert burst.track("bus") is not None
    story(burst, fixes[450:], batch=1)
    assert [index for _, index in sorted(told_burst)] == [0, 1, 2, 3, 4, 5]


def test_fixes_ten_times_a_second_are_shown_five_times_and_tell_of_every_stop() -> None:
    fixes = [ping(i, at("08:00:30") + i / 10, trip="t8") for i in range(5000)]
    live, visits, _ = recording()
    seen: list[float] = []

    for fix in fixes:
        assert live.accept(None, [fix], fix.t) == ["live"]
        seen.append(live.vehicles(fix.t)[0].ts)
    for second in range(5):
        live.tick(fixes[-1].t + second)

    assert len(set(seen)) == pytest.approx(2500, rel=0.2)
    assert max(fix.t - shown for fix, shown in zip(fixes, seen, strict=True)) < 0.25
    assert [index for _, index in sorted(visits)] == [0, 1, 2, 3, 4, 5]
    left = {index: visit.depart_s or visit.arrive_s for (_, index), visit in visits.items()}
    for index in range(1, 5):
        assert left[index] == pytest.approx(8 * 3600 + 30 + 100 * index, abs=12)


def test_a_fix_right_after_another_is_shown_when_the_map_catches_up() -> None:
    live, _, _ = live_map(feed_of(hourly()))
    now = at("08:02:20")
    send(live, ping(500, now, trip="t8"))
    send(live, ping(505, now + 0.1, trip="t8"))

    assert live.vehicles(now + 0.1)[0].ts == now
    live.catch_up(now + 0.2)
    assert live.vehicles(now + 0.2)[0].ts == now + 0.1
    assert [fix.t for fix in recorded] == [now, now + 0.1]


def test_fixes_that_waited_are_followed_in_the_order_of_their_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    followed: list[float] = []

    def counted(timetable: Any, before: Any, fix: Ping, block: str | None) -> Track:  # noqa: ANN401
        followed.append(fix.t)
        return follow(timetable, before, fix, block)

    monkeypatch.setattr("busloc.drives.follow", counted)
    live, _, _ = recording()
    now = at("08:02:20")
    for agos_s in ((9,), (8.5,), (6,), (5.5,), (4,), (5, 0)):  # at once, after a hole in the air
        fixes = [ping(500 - round(ago_s), now - ago_s, trip="t8") for ago_s in agos_s]
        live.accept(None, fixes, now)
    live.tick(now + 1)

    assert followed == [now - 9, now - 6, now - 5, now - 4, now]


def test_what_is_told_of_a_silent_bus_is_not_counted_as_told() -> None:
    live, _, judged = recording()
    send(live, ping(0, at("07:50:00"), trip="t8"))
    for second in range(0, 600, 10):
        live.tick(at("07:50:00") + second)
    story(live, [ping(i * 10, at("08:00:00") + i, trip="t8") for i in range(450)], batch=1)

    said = [j.saying.said_at for j in judged if j.index == 4 and j.saying]
    assert min(said) == at("07:50:00")
    assert not [t for t in said if at("07:53:00") < t < at("08:00:00")]


def test_what_was_told_of_a_stop_is_judged_when_the_bus_has_left_it() -> None:
    fixes = [ping(i * 10, at("08:00:30") + i, trip="t8") for i in range(500)]
    live, _, judged = recording()

    story(live, fixes, batch=1)

    said = [j for j in judged if j.index == 3 and j.saying is not None]
    assert len(said) >= 3
    assert len({j.actual for j in said}) == 1
    assert said[0].actual == pytest.approx(at("08:00:30") + 300, abs=10)
    assert all(abs(j.saying.expected - j.actual) <= 40 for j in said if j.saying)
    assert all(j.saying.low <= j.saying.expected <= j.saying.high for j in said if j.saying)


def test_a_hole_and_its_burst_leave_the_map_right_and_the_story_whole() -> None:
    fixes = [ping(i * 5, at("08:00:30") + i, trip="t8") for i in range(1000)]
    live, visits, _ = recording()
    for fix in fixes[:200]:
        live.accept(None, [fix], fix.t)
    states = set()
    for second in range(200, 800, 10):
        live.tick(at("08:00:30") + second)
        states.add(live.state(Run("t8", DAY), at("08:00:30") + second))
    live.accept(None, fixes[200:800], fixes[799].t)
    after = live.state(Run("t8", DAY), fixes[799].t)
    where = live.vehicles(fixes[799].t)[0].ts
    story(live, fixes[800:], batch=1)

    assert states == {"running", "unconfirmed"}
    assert (after, where) == ("running", fixes[799].t)
    assert [index for _, index in sorted(visits)] == [0, 1, 2, 3, 4, 5]
    left = {index: visit.depart_s or 0 for (_, index), visit in visits.items()}
    assert left[3] == pytest.approx(8 * 3600 + 30 + 600, abs=15)


# Map cells


def test_a_cell_shows_the_vehicles_in_it_to_whoever_looks() -> None:
    live, hub, clock = live_map(feed_of(hourly()))
    send(live, ping(500, at("08:00:50"), trip="t8"))
    send(live, ping(4500, at("08:00:50"), vehicle="bus2"))
    here = topics_at(*place(500))[-1]
    there = topics_at(*place(4500))[-1]

    frames = listen(hub, here)
    inside = [item["id"] for item in frames[0]["u"]]
    live.tick(at("08:00:51"))
    send(live, ping(4500, at("08:07:30"), trip="t8"))
    clock.pass_s(hub, 1)

    assert here != there
    assert inside == ["bus"]
    assert frames[-1]["u"] == [{"id": "bus", "gone": True}]
    assert {item["id"] for item in listen(hub, there)[0]["u"]} == {"bus", "bus2"}


# Many boards


def test_more_boards_than_a_tick_makes_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("busloc.signs.BOARDS_MIN", 2)
    live, hub, _ = live_map(feed_of(hourly()))
    made: list[str] = []
    departures = live._signs._departures

    def note(stop: str, now: float) -> Sequence[Departure]:
        made.append(stop)
        return departures(stop, now)

    monkeypatch.setattr(live._signs, "_departures", note)
    listen(hub, *(f"stop:s{i}" for i in range(5)))
    live.tick(at("08:00:00"))
    made.clear()
    rounds = []
    for second in range(10, 13):
        live.tick(at("08:00:00") + second)
        rounds.append(made[:])
        made.clear()

    assert [len(each) for each in rounds] == [2, 2, 1]
    assert sorted(each for tick in rounds for each in tick) == [f"s{i}" for i in range(5)]
