"""Whatever a town offers, the validators outside accept the feed that says so."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.check import check
from gtfs.demand import Area, empty_feed, with_demand
from gtfs.fares import with_fares_v2
from gtfs.feed import Feed
from gtfs.write import write_feed
from tests.gtfs import gates
from tests.gtfs.feeds import OWN, SECOND, TODAY, areas, bus_feeds


@st.composite
def feeds(draw: st.DrawFn) -> Feed:
    """A bus timetable, demand service, or both; of one or two operators."""
    alone = draw(st.booleans())
    drawn: list[Area] = draw(areas([OWN.id, SECOND.id], with_points=alone))
    if alone:
        days = sorted(day for area in drawn for day in area.days)
        return with_demand(empty_feed(OWN, days, "1"), drawn, [OWN, SECOND])
    bus: Feed = draw(bus_feeds())
    if draw(st.booleans()):
        bus = Feed(with_fares_v2(bus.tables), bus.extras)
    return with_demand(bus, drawn, [SECOND]) if draw(st.booleans()) else bus


@settings(max_examples=40, deadline=None)
@given(feeds(), st.sampled_from(["jp3", "jp4"]))
def test_gtfs_guru_gtfs_analyzer_and_our_own_check_accept_every_feed(
    feed: Feed, profile: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.zip"
        write_feed(feed, path, profile)

        assert gates.guru(path, TODAY) == []
        assert gates.analyzer(path, TODAY) == []
        assert [finding.sentence("en") for finding in check(feed, TODAY)] == []


@pytest.mark.heavy
@settings(max_examples=30, deadline=None)
@given(feeds(), st.sampled_from(["jp3", "jp4"]))
def test_gtfs_validator_accepts_every_feed(feed: Feed, profile: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.zip"
        write_feed(feed, path, profile)

        assert gates.validator(path, TODAY, Path(folder) / "out") == []
