"""An import says how much came in and what is odd about it."""

from __future__ import annotations

from gtfs.report import Oddity, import_report
from tests.gtfs.towns import THERE_AND_BACK, feed_of, town


def oddities(**changes: str | None) -> dict[str, tuple[int, str]]:
    report = import_report(feed_of(**changes))
    return {oddity.kind: (oddity.count, oddity.example) for oddity in report.oddities}


def test_a_clean_feed_has_no_oddities_and_every_row_counted() -> None:
    report = import_report(feed_of())

    assert report.oddities == ()
    assert report.rows["stop_times"] == 5
    assert sum(report.rows.values()) == sum(len(text.splitlines()) - 1 for text in town().values())


def test_a_shape_no_trip_uses_is_odd() -> None:
    assert oddities(shapes=THERE_AND_BACK) == {"unused_shapes": (1, "loop")}


def test_a_stop_where_nothing_calls_is_odd_and_a_station_is_not() -> None:
    stops = town()["stops.txt"] + "z,廃止,34.83,133.70,0,,\n"

    assert oddities(stops=stops) == {"unserved_stops": (1, "z")}


def test_stop_times_out_of_order_are_odd() -> None:
    header, *calls = town()["stop_times.txt"].splitlines()
    backwards = [header, calls[1], calls[0], *calls[2:]]
    torn = [header, *calls[:2], *calls[3:], calls[2]]

    assert oddities(stop_times="\n".join([*backwards, ""])) == {"unsorted_trips": (1, "up")}
    assert oddities(stop_times="\n".join([*torn, ""])) == {"unsorted_trips": (1, "up")}


def test_fares_without_rules_are_orphans_unless_there_is_one_for_all() -> None:
    fares = town()["fare_attributes.txt"] + "far,300,JPY,0,,8000020331236\n"

    assert oddities(fare_attributes=fares) == {"orphaned_fares": (2, "far")}
    assert oddities(fare_attributes=fares, fare_rules="fare_id,route_id\nfar,r1\n") == {
        "orphaned_fares": (1, "flat")
    }


def test_translations_of_nothing_are_odd_in_both_forms() -> None:
    today = town()["translations.txt"] + "stops,stop_name,en,Nothing,,,ない\n"
    old = "trans_id,lang,translation\n役場,en,Hall\nない,en,Nothing\n"

    assert oddities(translations=today) == {"unmatched_translations": (1, "ない")}
    assert oddities(translations=old) == {
        "unmatched_translations": (1, "ない"),
        "old_translations": (2, "ない"),
    }


def test_a_shape_that_runs_elsewhere_is_odd() -> None:
    found = oddities(
        shapes=THERE_AND_BACK.replace("133.70", "133.80"),
        trips=town()["trips.txt"].replace("up,病院,", "up,病院,loop"),
    )

    assert found == {"unfit_shapes": (1, "up")}


def test_trips_by_headway_are_pointed_out() -> None:
    frequencies = "trip_id,start_time,end_time,headway_secs\nup,08:00:00,10:00:00,1200\n"

    assert oddities(frequencies=frequencies) == {"frequency_trips": (1, "up")}


def test_an_oddity_says_what_it_is_in_both_languages() -> None:
    [oddity] = import_report(feed_of(shapes=THERE_AND_BACK)).oddities

    assert oddity == Oddity(
        "unused_shapes", 1, "loop", "どの便も使わない経路形状", "shapes that no trip uses"
    )
