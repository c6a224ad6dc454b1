"""A bus that says nothing is shown on its trip once it is sure which one that is."""

from __future__ import annotations

from busloc.live import LiveMap
from gtfs.feed import Feed
from tests.busloc.test_hub import new_hub
from tests.busloc.towns import REGION, TZ, at, back, feed_of, hourly, ping

FEED = feed_of(hourly("t8"), hourly("t9", 9), back("in", 8 * 3600 + 700))


def live_map(feed: Feed = FEED, duties: dict[str, str] | None = None) -> LiveMap:
    hub, _ = new_hub(start=at("08:00:00"))
    names = {"bus": "赤バス", "bus2": "青バス", "van": "1号車"}
    return LiveMap(
        hub, region=REGION, tz=TZ, feed=feed, names=names, duties=duties,
        unassigned=("bus", "bus2"),
    )  # fmt: skip


def drive(
    live: LiveMap, vehicle: str = "bus", *, trip: str | None = None, until: int = 300
) -> None:
    for second in range(0, until, 20):
        now = at("08:00:20") + second
        live.accept(None, [ping(second * 10, now, vehicle=vehicle, trip=trip)], now)


def shown(live: LiveMap, vehicle: str = "bus", clock: str = "08:05:00") -> tuple[str, str]:
    [found] = [each for each in live.vehicles(at(clock)) if each.id == vehicle]
    return found.trip, found.state


def test_a_silent_drivers_bus_is_recognised() -> None:
    live = live_map()
    drive(live)

    assert shown(live) == ("t8", "on_trip")
    assert live.departures("s4", at("08:05:00"))[0].state == "running"


def test_a_bus_that_has_just_set_out_is_not() -> None:
    live = live_map()
    drive(live, until=40)

    assert shown(live, clock="08:00:40") == ("", "demand")


def test_a_vehicle_on_demand_is_never_taken_for_a_bus() -> None:
    live = live_map()
    drive(live, "van")

    assert shown(live, "van") == ("", "demand")


def test_a_duty_or_a_logged_on_trip_is_believed_instead() -> None:
    feed = feed_of(hourly("t8"), hourly("same", 8, block="b"))
    duty = live_map(feed, duties={"bus": "b"})
    drive(duty)
    said = live_map(feed)
    drive(said, trip="same")

    assert shown(duty)[0] == shown(said)[0] == "same"


def test_a_bus_that_leaves_the_line_is_guessed_anew() -> None:
    live = live_map()
    drive(live)
    for second in range(300, 820, 20):
        now = at("08:00:20") + second
        live.accept(None, [ping(3000, now, vehicle="bus", east_m=40.0 * (second - 280))], now)

    assert shown(live, clock="08:13:40")[0] == ""


def test_a_trip_another_bus_is_on_is_not_given_to_a_second() -> None:
    live = live_map()
    for second in range(0, 300, 20):
        now = at("08:00:20") + second
        pair = [ping(second * 10, now, vehicle=each, trip=said)
                for each, said in (("bus", "t8"), ("bus2", None))]  # fmt: skip
        live.accept(None, pair, now)

    assert shown(live)[0] == "t8"
    assert shown(live, "bus2")[0] == ""
