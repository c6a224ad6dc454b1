"""How names are read aloud."""

from __future__ import annotations

from gtfs.japan import headsign_in, headsign_kana, stop_kana
from tests.gtfs.towns import feed_of

STOPS_ONLY = """\
table_name,field_name,language,translation,record_id,record_sub_id,field_value
stops,stop_name,ja-Hrkt,ビョウイン,,,病院
"""


def test_a_stop_is_read_as_its_feed_says() -> None:
    assert stop_kana(feed_of(), "a") == "ヤクバ"
    assert stop_kana(feed_of(translations=None), "a") is None


def test_a_destination_is_read_like_the_stop_it_names() -> None:
    feed = feed_of(translations=STOPS_ONLY)

    assert headsign_kana(feed, "病院") == "ビョウイン"
    assert headsign_kana(feed, "役場") is None


def test_destinations_joined_by_a_dot_are_read_one_by_one() -> None:
    feed = feed_of()

    assert headsign_kana(feed, "橋・病院") == "ハシ・ビョウイン"
    assert headsign_in(feed, "橋・病院", "en") == "Bridge・Hospital"
    assert headsign_kana(feed, "橋・海") is None


def test_a_destination_with_a_dot_in_its_name_is_read_as_a_whole() -> None:
    feed = feed_of(translations=STOPS_ONLY + "stops,stop_name,ja-Hrkt,ハシビョウ,,,橋・病院\n")

    assert headsign_kana(feed, "橋・病院") == "ハシビョウ"


def test_an_empty_translation_is_none() -> None:
    empty = "trips,trip_headsign,ja-Hrkt,,,,病院\n"

    assert headsign_kana(feed_of(translations=STOPS_ONLY + empty), "病院") == "ビョウイン"
