"""What a body says, item by item, and which fixes the gate believes."""

from __future__ import annotations

import json
import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busloc.ping import (
    FUTURE_S,
    HISTORY_AGE_S,
    ITEMS_MAX,
    LIVE_AGE_S,
    Gate,
    Malformed,
    Ping,
    Unreadable,
    Verdict,
    _Boot,
    read_pings,
)
from gtfs.geo import distance_m
from tests.busloc.towns import REGION, ping

NOW = 1_764_000_000.0
KNOWN = {"bus": "", "van": ""}
GOOD = {
    "vehicle": "bus", "boot": "b", "seq": 1, "t": NOW, "lat": 34.8, "lon": 133.7,
    "speed": 8.3, "bearing": 120,
}  # fmt: skip


def read(*items: object) -> list[Ping | Malformed]:
    found = read_pings(json.dumps(items).encode())
    assert isinstance(found, list)
    return found


# Reading


def test_the_ping_of_the_contract_is_read_as_written() -> None:
    body = (
        b'[{"vehicle":"bus-3","boot":"x","seq":17,"t":1763859600.0,"lat":34.86,"lon":133.69,'
        b'"speed":8.3,"bearing":120,"trip":"up"}]'
    )

    assert read_pings(body) == [
        Ping("bus-3", "x", 17, 1763859600.0, 34.86, 133.69, 8.3, 120.0, "up")
    ]


@pytest.mark.parametrize("field", ["t", "lat", "lon", "speed", "bearing"])
@pytest.mark.parametrize(
    "value",
    ["NaN", "Infinity", "-Infinity", "1e999", "true", '"34.8"', '"NaN"', "[1]", "{}", "-1e9"],
)
def test_a_number_that_is_none_spoils_only_its_own_item(field: str, value: str) -> None:
    good = json.dumps(GOOD)
    bad = json.dumps(GOOD | {field: "@"}).replace('"@"', value)

    found = read_pings(f"[{good},{bad},{good}]".encode())

    assert isinstance(found, list)
    assert [type(item) for item in found] == [Ping, Malformed, Ping]


@pytest.mark.parametrize(
    "change",
    [{"seq": True}, {"seq": 1.5}, {"seq": -1}, {"vehicle": ""}, {"vehicle": 3}, {"boot": "x" * 65},
     {"boot": None}, {"trip": 5}, {"lat": None}, {"lat": 90.1}, {"lon": 180.1}, {"lat": False}],
)  # fmt: skip
def test_a_field_of_another_kind_is_malformed(change: dict[str, object]) -> None:
    assert isinstance(read(GOOD | change)[0], Malformed)
    assert isinstance(read(GOOD | change, {"lat": math.nan})[0], Malformed)


def test_unknown_fields_are_ignored_and_optional_ones_may_be_absent() -> None:
    bare = {key: GOOD[key] for key in ("vehicle", "boot", "seq", "t", "lat", "lon")}

    assert read(bare | {"battery": 80}) == [Ping("bus", "b", 1, NOW, 34.8, 133.7)]


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[1", b"nonsense", b"\xff\xfe", b'"x"', b"null", b"[" * 9999, b"[NaN"],
)
def test_a_body_that_is_no_array_has_no_items(body: bytes) -> None:
    assert read_pings(body) == Unreadable("not_an_array")


def test_at_most_an_hour_of_fixes_is_taken_at_once() -> None:
    assert len(read(*[GOOD] * ITEMS_MAX)) == ITEMS_MAX
    for items in ([GOOD] * (ITEMS_MAX + 1), [1] * (ITEMS_MAX + 1)):
        assert read_pings(json.dumps(items).encode()) == Unreadable("too_many")


@given(st.binary(max_size=60))
@settings(max_examples=150)
def test_no_body_makes_reading_fail(body: bytes) -> None:
    read_pings(body)


# The gate, one rule at a time


def admit(gate: Gate, *items: Ping | Malformed, now: float = NOW) -> list[Verdict]:
    return gate.admit(items, now, known=KNOWN).verdicts


def test_each_item_is_judged_on_its_own_and_counted() -> None:
    gate = Gate(REGION)
    items: list[Ping | Malformed] = [
        ping(0, NOW),
        Malformed("no"),
        ping(0, NOW + FUTURE_S + 1, seq=1),
        ping(9e6, NOW, seq=2),
        ping(0, NOW, vehicle="stranger"),
        ping(0, NOW - HISTORY_AGE_S - 1, seq=3),
    ]

    verdicts = admit(gate, *items)

    assert verdicts == ["live", "malformed", "future", "outside", "unknown_vehicle", "stale"]
    assert gate.counts == dict.fromkeys(verdicts, 1)


def test_a_device_reports_only_its_own_vehicles() -> None:
    items = [ping(0, NOW), ping(0, NOW, vehicle="van")]

    found = Gate(REGION).admit(items, NOW, known=KNOWN, allowed=frozenset({"van"}))

    assert found.verdicts == ["forbidden", "live"]
    assert [fix.vehicle for fix in found.live] == ["van"]


def test_a_number_seen_before_is_a_duplicate_even_in_the_same_batch() -> None:
    gate = Gate(REGION)

    assert admit(gate, ping(0, NOW, seq=5), ping(9, NOW + 1, seq=5)) == ["live", "duplicate"]
    assert admit(gate, ping(9, NOW + 2, seq=5)) == ["duplicate"]
    assert admit(gate, ping(9, NOW + 2, seq=5, boot="next")) == ["live"]


def test_a_number_too_far_back_to_tell_counts_as_seen() -> None:
    gate = Gate(REGION)
    admit(gate, ping(0, NOW, seq=100_000))

    assert admit(gate, ping(0, NOW - 1, seq=100_000 - 65_535)) == ["history"]
    assert admit(gate, ping(0, NOW - 1, seq=100_000 - 65_536)) == ["duplicate"]


def test_a_refused_item_may_be_sent_again() -> None:
    gate = Gate(REGION)
    early = ping(0, NOW + 60)

    assert admit(gate, early) == ["future"]
    assert admit(gate, early, now=NOW + 60) == ["live"]


def test_a_burst_is_history_in_order_and_moves_the_live_view_once() -> None:
    burst = [ping(10 * i, NOW - 600 + i) for i in range(600)]
    shuffled = [*burst[300:], *burst[:300]]

    found = Gate(REGION).admit(shuffled, NOW, known=KNOWN)

    assert found.history == burst
    assert found.live == [burst[-1]]
    assert found.verdicts.count(Verdict.LIVE) == 1
    assert found.verdicts[299] is Verdict.LIVE


def test_what_comes_late_is_history_only() -> None:
    gate = Gate(REGION)
    admit(gate, ping(100, NOW))

    found = gate.admit([ping(0, NOW - 10), ping(100, NOW, boot="next")], NOW, known=KNOWN)

    assert found.verdicts == ["history", "history"]
    assert found.live == []


def test_an_old_fix_moves_nothing_on_the_map() -> None:
    assert admit(Gate(REGION), ping(0, NOW - LIVE_AGE_S - 1)) == ["history"]
    assert admit(Gate(REGION), ping(0, NOW - LIVE_AGE_S)) == ["live"]


def test_a_jump_faster_than_150_km_per_hour_is_not_believed() -> None:
    gate = Gate(REGION)
    admit(gate, ping(0, NOW))

    assert admit(gate, ping(5000, NOW + 20), now=NOW + 20) == ["implausible"]
    assert admit(gate, ping(800, NOW + 20), now=NOW + 20) == ["live"]
    assert admit(gate, ping(859, NOW + 20.1), now=NOW + 20) == ["live"]
    assert admit(gate, ping(920, NOW + 20.2), now=NOW + 20) == ["implausible"]


@pytest.mark.parametrize("degrees", [0.0005, 0.0041, 0.02])
def test_a_diagonal_jump_is_measured_as_the_crow_flies(degrees: float) -> None:
    here = ping(0, NOW)
    there = msgspec.structs.replace(
        here, lat=here.lat + degrees, lon=here.lon + degrees, seq=here.seq + 1, t=NOW + 10
    )
    metres = distance_m(here.lat, here.lon, there.lat, there.lon)
    gate = Gate(REGION)
    admit(gate, here)

    verdict = "live" if metres <= 10 * 150 / 3.6 else "implausible"
    assert admit(gate, there, now=NOW + 10) == [verdict]


def test_three_fixes_that_agree_outvote_a_wrong_one() -> None:
    gate = Gate(REGION)
    admit(gate, ping(90_000, NOW))

    verdicts = [admit(gate, ping(10 * i, NOW + i))[0] for i in range(1, 5)]

    assert verdicts == ["implausible", "implausible", "live", "live"]


def test_fixes_that_disagree_among_themselves_outvote_nothing() -> None:
    gate = Gate(REGION)
    admit(gate, ping(0, NOW))

    for i in range(1, 9):
        assert admit(gate, ping(50_000 + 9_000 * (i % 2), NOW + i)) == ["implausible"]


def test_one_wrong_fix_sent_again_and_again_does_not_outvote() -> None:
    gate = Gate(REGION)
    admit(gate, ping(0, NOW))

    for _ in range(5):
        assert admit(gate, ping(50_000, NOW + 1)) == ["implausible"]


def test_memory_of_a_device_does_not_grow() -> None:
    gate = Gate(REGION)

    for i in range(300):
        admit(gate, ping(0, NOW + i, seq=i * 7919, boot=f"b{i}"), now=NOW + i)

    vehicle = gate._vehicles["bus"]
    assert len(vehicle.boots) <= 4


def test_gaps_of_a_boot_do_not_grow() -> None:
    gate = Gate(REGION)

    for i in range(3000):
        admit(gate, ping(0, NOW + i, seq=2 * i), now=NOW + i)

    boot = gate._vehicles["bus"].boots["boot"]
    assert len(boot.lows) == len(boot.highs) <= 1024
    assert boot.has(1)
    assert not boot.has(5997)


@given(st.lists(st.integers(0, 40), max_size=60))
def test_a_boot_remembers_which_numbers_came(numbers: list[int]) -> None:
    boot, came = _Boot("b"), set[int]()

    for number in numbers:
        assert boot.has(number) is (number in came)
        if number not in came:
            boot.add(number)
            came.add(number)


# The gate against a naive one


class NaiveGate:
    """The rules once more, remembering everything (an oracle sharing no code with ``Gate``)."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, str, int]] = set()
        self.accepted: dict[str, Ping] = {}
        self.doubted: dict[str, list[Ping]] = {}

    def judge(self, fix: Ping, now: float) -> str:
        """Return the verdict on one fix."""
        if fix.t - now > 30:
            return "future"
        if now - fix.t > 7 * 24 * 3600:
            return "stale"
        if not (34.0 <= fix.lat <= 36.0 and 133.0 <= fix.lon <= 135.0):
            return "outside"
        if (fix.vehicle, fix.boot, fix.seq) in self.seen:
            return "duplicate"
        newest = self.accepted.get(fix.vehicle)
        doubted = self.doubted.setdefault(fix.vehicle, [])
        if newest and not self.drives(newest, fix):
            if fix.t <= (doubted[-1] if doubted else newest).t:
                return "implausible"
            agreeing = [fix]
            for other in reversed(doubted):
                if not self.drives(other, agreeing[-1]):
                    break
                agreeing.append(other)
            if len(agreeing) < 3:
                self.doubted[fix.vehicle] = agreeing[::-1]
                return "implausible"
        self.doubted[fix.vehicle] = []
        self.seen.add((fix.vehicle, fix.boot, fix.seq))
        if newest and fix.t <= newest.t:
            return "history"
        self.accepted[fix.vehicle] = fix
        return "live" if now - fix.t <= 180 else "history"

    @staticmethod
    def drives(one: Ping, other: Ping) -> bool:
        """Say whether 150 km/h would do."""
        metres = distance_m(one.lat, one.lon, other.lat, other.lon)
        return metres <= 60 or metres * 3.6 <= 150 * abs(one.t - other.t)


fixes = st.builds(
    ping,
    st.sampled_from([0.0, 50.0, 100.0, 2_000.0, 40_000.0, 40_100.0, 300_000.0]),
    # None is far enough off to be corrected and near enough to be correctable: see test_skew.
    st.sampled_from([-700_000.0, -400.0, -4.0, -1.0, 0.0, 1.0, 2.0, 4.0, 250.0]).map(
        lambda age: NOW + age
    ),
    vehicle=st.sampled_from(["bus", "van"]),
    seq=st.integers(0, 12),
    boot=st.sampled_from(["x", "y"]),
)


@given(st.lists(st.tuples(fixes, st.sampled_from([0.0, 1.0, 5.0, 40.0])), max_size=25))
@settings(max_examples=300)
def test_the_gate_agrees_with_a_naive_one(sent: list[tuple[Ping, float]]) -> None:
    gate, naive, now = Gate(REGION), NaiveGate(), NOW

    for fix, pause in sent:
        now += pause
        shifted = msgspec.structs.replace(fix, t=fix.t + now - NOW)
        assert admit(gate, shifted, now=now) == [naive.judge(shifted, now)]


@given(st.lists(fixes, max_size=30))
@settings(max_examples=150)
def test_a_batch_comes_to_the_same_as_its_fixes_one_by_one_in_time(batch: list[Ping]) -> None:
    naive = NaiveGate()
    order = sorted(range(len(batch)), key=lambda i: (batch[i].t, batch[i].seq, i))
    expected = {i: naive.judge(batch[i], NOW) for i in order}
    for vehicle in ("bus", "van"):
        moved = [i for i in order if expected[i] == "live" and batch[i].vehicle == vehicle]
        expected.update(dict.fromkeys(moved[:-1], "history"))

    found = Gate(REGION).admit(batch, NOW, known=KNOWN)

    assert found.verdicts == [expected[i] for i in range(len(batch))]
    assert len(found.live) == len({fix.vehicle for fix in found.live})
    assert [fix.t for fix in found.history] == sorted(fix.t for fix in found.history)


def test_an_item_whose_bytes_are_no_text_spoils_no_other() -> None:
    good = json.dumps(GOOD).encode()

    first, second = read_pings(b'[{"vehicle":"\xce"},' + good + b"]")  # type: ignore[misc]

    assert isinstance(first, Malformed)
    assert isinstance(second, Ping)
    assert read_pings(b"[\xff]") == Unreadable("not_an_array")
