"""The rules of other towns are data: one TOML a town, and what it says to those who ask.

What is known of each town stands in the first lines of its file; the places are the same for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from maas.fares.price import ADULT, Journey, fare
from maas.fares.vouchers import Cost, Settlement, Voucher, settle
from maas.town.calendars import Party
from maas.town.drafts import area_rules_of
from maas.town.files import read_town_toml
from maas.town.messages import MESSAGES
from maas.town.rules import AreaRules
from maas.town.trips import Trip, check_ask

FOLDER = Path(__file__).parent / "elsewhere"
TOWNS = sorted(file.stem for file in FOLDER.glob("*.toml"))


@dataclass(frozen=True, slots=True)
class Place:
    """A place of every town."""

    code: str
    kind: str
    oaza: str
    lat: float = 34.15
    lon: float = 133.15
    name: str = "場所"
    name_en: str = "Place"


PLACES = {
    place.code: place
    for place in (
        Place("home_e", "home", "東", lon=133.18),
        Place("home_e2", "home", "東", lon=133.19),
        Place("home_w", "home", "西", lon=133.12),
        Place("stop_e", "stop", "東", lon=133.17),
        Place("stop_w", "stop", "西", lon=133.11),
        Place("hospital", "hospital", "中"),
        Place("shop", "shop", "中"),
        Place("hall", "hall", "中"),
        Place("park", "park", "中"),
        Place("away", "hospital", "隣町", lat=34.25),
        Place("away_shop", "shop", "隣町", lat=34.25, lon=133.16),
        Place("border", "home", "境", lat=34.20),
    )
}


def rules_of(town: str) -> AreaRules:
    """Return the rules a town's file says."""
    _, areas, rules = read_town_toml(FOLDER / f"{town}.toml")
    return area_rules_of(areas[0].id, rules)


def ask(
    town: str, way: str, ride: str, asked: str = "", *, how: str = "phone", riders: int = 1,
    member: bool = True,
) -> str:  # fmt: skip
    """Return the rule that refuses a ride, "yes" when none does.

    `way` is like home_e>hospital, `ride` and `asked` like 2026-11-25 10:00; not told, it is asked
    at seven in the morning of the day.
    """
    origin, destination = way.split(">")
    at = datetime.fromisoformat(ride)
    now = datetime.fromisoformat(asked) if asked else at.replace(hour=7, minute=0)
    midnight = at.replace(hour=0, minute=0)
    trip = Trip(PLACES[origin], PLACES[destination], member, how)
    found = check_ask(
        rules_of(town), at.date(), trip, Party(riders),
        desired_s=round((at - midnight).total_seconds()),
        now_s=round((now - midnight).total_seconds()),
    )  # fmt: skip
    return "yes" if found is None else found.rule


WED, SAT, SUN, MON = "2026-11-25", "2026-11-28", "2026-11-29", "2026-11-30"
TUE, THU, FRI, HOLIDAY = "2026-12-01", "2026-11-26", "2026-11-27", "2026-11-23"


def test_at_least_twelve_towns_are_there_and_each_is_asked() -> None:
    asked = {str(case.values[0]) for case in CASES}
    assert asked == set(TOWNS)
    assert len(TOWNS) - 1 >= 12  # one of them is Kibichuo as it once was


CASES = [
    pytest.param(town, *case, id=f"{town}: {case[0]} {case[1]} -> {case[-1]}")
    for town, cases in {
        "kumenan": [
            ("home_e>hospital", f"{WED} 07:30", f"{WED} 07:30", "yes"),
            ("home_e>hospital", f"{WED} 07:29", "", "hours"),
            ("home_e>home_w", f"{SUN} 08:00", "", "yes"),
            ("home_e>home_w", f"{SAT} 17:01", "", "hours"),
            ("home_e>home_w", f"{HOLIDAY} 07:45", "", "hours"),  # a Monday, yet as on Sundays
            ("home_e>home_w", f"{HOLIDAY} 16:45", "", "yes"),
            ("home_e>away", f"{WED} 10:00", "", "zone"),
            ("border>hospital", f"{WED} 10:00", "", "yes"),
            # before June 2020: twelve runs, each zone to the centre
            ("home_e>hospital", "2020-05-13 09:00", "", "yes"),
            ("home_e>hospital", "2020-05-13 09:25", "", "hours.runs"),
            ("home_e>home_w", "2020-05-13 09:00", "", "relation"),
            ("home_e>home_w", "2020-06-10 09:25", "", "yes"),
            ("home_e>hospital", "2020-05-16 09:00", "", "hours.days"),
        ],
        "maniwa": [
            ("stop_e>shop", f"{WED} 10:00", "", "yes"),
            ("home_e>shop", f"{WED} 10:00", "", "booking.board_at"),
            ("stop_e>park", f"{WED} 10:00", "", "booking.alight_at"),
        ],
        "goto": [
            ("stop_e>stop_w", f"{WED} 10:00", f"{WED} 09:45", "yes"),
            ("stop_e>stop_w", f"{WED} 10:00", f"{WED} 09:46", "booking.deadline_min"),
            ("stop_e>stop_w", f"{WED} 12:00", "", "hours.breaks"),
            ("stop_e>stop_w", f"{WED} 11:59", "", "yes"),
            ("stop_e>stop_w", f"{WED} 12:59", "", "hours.breaks"),
            ("stop_e>stop_w", f"{WED} 13:00", "", "yes"),
            ("stop_e>stop_w", f"{WED} 16:01", "", "hours"),
            ("stop_e>hospital", f"{WED} 10:00", "", "booking.alight_at"),
        ],
        "taku": [
            ("home_e>hospital", f"{SAT} 17:30", "", "yes"),
            ("home_e>hospital", f"{SUN} 10:00", "", "hours.days"),
        ],
        "yame": [
            ("home_e>home_e2", f"{WED} 10:00", f"{WED} 09:30", "yes"),
            ("home_e>home_e2", f"{WED} 10:00", f"{WED} 09:31", "booking.deadline_min"),
            ("home_e>hospital", f"{WED} 10:00", "", "yes"),
            ("hospital>home_w", f"{WED} 10:00", "", "yes"),
            ("home_e>home_w", f"{WED} 10:00", "", "relation"),
            ("home_e>park", f"{WED} 10:00", "", "zone"),
        ],
        "kunitomi": [
            ("home_e>hospital", f"{MON} 10:00", f"{FRI} 17:00", "yes"),
            ("home_e>hospital", f"{MON} 10:00", f"{FRI} 17:01", "booking.deadlines"),
            ("home_e>hospital", f"{MON} 10:00", f"{SUN} 09:00", "booking.deadlines"),
            ("home_e>hospital", "2026-11-24 10:00", "2026-11-20 16:59", "yes"),  # after a holiday
            ("home_e>hospital", "2026-11-24 10:00", "2026-11-23 10:00", "booking.deadlines"),
            ("shop>home_w", f"{WED} 10:00", "2026-11-24 12:00", "yes"),
            ("home_e>home_w", f"{WED} 10:00", "2026-11-24 12:00", "relation"),
            ("home_e>hall", f"{WED} 10:00", "2026-11-24 12:00", "relation"),
        ],
        "karatsu": [
            ("home_e>hospital", "2022-03-31 10:00", "2022-03-30 20:00", "yes"),
            ("home_e>hospital", "2022-03-31 10:00", "2022-03-30 20:01", "booking.deadlines"),
            ("home_e>hospital", "2022-03-28 10:00", "2022-03-27 19:00", "yes"),  # on a Sunday
            ("home_e>hospital", "2022-04-01 10:00", "2022-04-01 09:00", "yes"),
            ("home_e>hospital", "2022-04-01 10:00", "2022-04-01 09:01", "booking.deadline_min"),
        ],
        "kokonoe": [
            ("home_e>hospital", f"{WED} 10:00", "", "yes"),
            ("home_e>hospital", f"{THU} 10:00", "", "relation.days"),
            ("home_w>shop", f"{THU} 10:00", "", "yes"),
            ("shop>home_w", f"{THU} 12:00", "", "yes"),
            ("home_e>home_e2", f"{WED} 10:00", "", "relation"),
            ("home_e>park", f"{WED} 10:00", "", "zone"),
        ],
        "fuso": [
            ("stop_e>stop_w", f"{WED} 10:00", "", "yes"),
            ("home_e>stop_w", f"{WED} 10:00", "", "booking.board_at"),
        ],
        "okuma": [("home_e>hospital", f"{SUN} 18:00", "", "yes")],
        "mitoyo": [
            ("home_e>hospital", f"{WED} 21:00", "2026-10-25 12:00", "yes"),
            ("home_e>hospital", f"{WED} 21:00", "2026-10-24 12:00", "booking.horizon_days"),
        ],
        "nagatoro": [
            ("home_e>hospital", f"{WED} 12:30", "2026-11-24 12:00", "hours.breaks"),
            ("home_e>hospital", f"{MON} 10:00", f"{FRI} 17:00", "yes"),
            ("home_e>hospital", f"{MON} 10:00", f"{SAT} 09:00", "booking.deadlines"),
        ],
        "hayashima": [("home_e>hospital", f"{HOLIDAY} 10:00", "", "hours.holidays")],
        "chonan": [
            ("home_e>hospital", f"{WED} 11:59", f"{WED} 09:00", "booking.deadlines"),
            ("home_e>hospital", f"{WED} 11:59", "2026-11-24 15:00", "yes"),
            ("home_e>hospital", f"{WED} 12:00", f"{WED} 10:00", "yes"),
            ("home_e>hospital", f"{WED} 12:00", f"{WED} 10:01", "booking.deadlines"),
        ],
        "kagamino": [
            ("home_e>hospital", "2026-12-28 10:00", "", "yes"),
            ("home_e>hospital", "2026-12-29 10:00", "", "hours.closed"),
            ("home_e>hospital", "2026-08-14 10:00", "", "hours.closed_on"),
            ("home_e>hospital", f"{HOLIDAY} 10:00", "", "yes"),  # opened for once
        ],
        "umi": [
            ("stop_e>stop_w", f"{SUN} 20:00", f"{SUN} 20:00", "yes"),
            ("stop_e>stop_w", f"{SUN} 20:00", f"{SAT} 20:00", "booking.horizon_days"),
        ],
        "kibichuo2022": [
            ("home_e>hospital", f"{WED} 08:30", "2026-11-24 17:00", "yes"),
            ("home_e>hospital", f"{WED} 08:30", "2026-11-24 17:01", "booking.deadlines"),
            ("home_e>hospital", f"{WED} 09:30", "2026-11-24 17:00", "hours.runs"),
            ("hospital>home_e", f"{WED} 11:30", "2026-11-24 17:00", "yes"),
            ("hospital>home_e", f"{WED} 08:30", "2026-11-24 17:00", "hours.runs"),
            ("home_e>home_w", f"{WED} 08:30", "2026-11-24 17:00", "relation"),
            ("home_e>away", f"{TUE} 08:30", f"{MON} 17:00", "yes"),
            ("away>home_e", f"{TUE} 12:00", f"{MON} 17:00", "yes"),
            ("home_e>away", f"{WED} 08:30", "2026-11-24 17:00", "relation.days"),
            ("home_e>away_shop", f"{TUE} 08:30", f"{MON} 17:00", "zone"),
            ("home_e>hospital", "2026-12-28 08:30", "2026-12-25 12:00", "hours.closed"),
            # the office is closed over New Year: for the 5th one books on the 25th of December
            ("home_e>hospital", "2027-01-05 08:30", "2026-12-25 17:00", "yes"),
            ("home_e>hospital", "2027-01-05 08:30", "2026-12-26 09:00", "booking.deadlines"),
        ],
    }.items()
    for case in cases
]


@pytest.mark.parametrize(("town", "way", "ride", "asked", "rule"), CASES)
def test_a_town_answers_by_its_own_rules(
    town: str, way: str, ride: str, asked: str, rule: str
) -> None:
    assert ask(town, way, ride, asked) == rule


def test_on_the_web_one_may_book_until_another_time() -> None:
    ride = f"{MON} 10:00"
    assert ask("nagatoro", "home_e>hospital", ride, f"{MON} 09:00", how="web") == "yes"
    late = ask("nagatoro", "home_e>hospital", ride, f"{MON} 09:01", how="web")
    assert late == "booking.deadlines"
    assert (
        ask("kibichuo2022", "home_e>hospital", f"{WED} 08:30", f"{WED} 08:30", how="web") == "yes"
    )


@pytest.mark.parametrize("town", ["maniwa", "fuso"])
def test_where_one_has_to_be_a_member_others_are_told_so(town: str) -> None:
    way, ride = "stop_e>stop_w", f"{WED} 10:00"
    assert ask(town, way, ride, member=False) == "booking.members_only"
    assert ask("goto", way, ride, member=False) == "yes"


def test_eight_ride_together_where_vehicles_have_eight_seats() -> None:
    way, ride = "stop_e>stop_w", f"{WED} 10:00"
    assert ask("fuso", way, ride, riders=8) == "yes"
    assert ask("fuso", way, ride, riders=9) == "booking.max_party"
    assert ask("goto", way, ride, riders=5) == "booking.max_party"


def test_what_is_not_asked_of_a_single_ride_is_in_the_data_too() -> None:
    day = datetime.fromisoformat(WED).date()
    okuma, mitoyo = rules_of("okuma").booking_on(day), rules_of("mitoyo").booking_on(day)
    assert okuma is not None
    assert mitoyo is not None
    assert okuma.max_rides_a_day == 2
    assert (mitoyo.no_show_wait_min, mitoyo.no_show_limit) == (5, 3)


def test_a_towns_own_words_are_what_is_read_aloud() -> None:
    at = datetime.fromisoformat(f"{WED} 12:30")
    said = check_ask(
        rules_of("nagatoro"), at.date(), Trip(PLACES["home_e"], PLACES["hospital"]), Party(),
        desired_s=45_000, now_s=-80_000,
    )  # fmt: skip
    assert said is not None
    assert said.text.ja == "12:00から13:00までは運転手の昼休みです。"
    assert said.text.en == MESSAGES["in_a_break"].en.format(opens="12:00", closes="13:00")


FARES = {
    "kumenan": 300, "maniwa": 400, "goto": 300, "taku": 200, "yame": 300, "kunitomi": 400,
    "hayashima": 700, "kibichuo2022": 500,
}  # fmt: skip


@pytest.mark.parametrize(("town", "yen"), FARES.items())
def test_a_ride_costs_what_the_town_says(town: str, yen: int) -> None:
    tariff = rules_of(town).tariff_on(datetime.fromisoformat(WED).date())
    assert tariff is not None
    assert fare(tariff, [ADULT], Journey()).yen == yen


def paid_by_vouchers(
    town: str, count: int, *, used: int = 0, discounts: frozenset[str] = frozenset()
) -> int | None:
    """Return what so many vouchers of a member pay of a ride, `None` when one is refused."""
    day = datetime.fromisoformat(WED).date()
    tariff = rules_of(town).tariff_on(day)
    assert tariff is not None
    kind = tariff.vouchers[0]
    ids = [f"v{n}" for n in range(count)]
    known = {id_: Voucher(id_, kind.id, 1, kind.face_yen, "open", day, None, 1) for id_ in ids}
    cost = Cost(fare(tariff, [ADULT], Journey()).yen, discounts)
    found = settle(tariff, cost, ids, known, {(1, kind.id): used}, day)
    return sum(each.yen for each in found.spends) if isinstance(found, Settlement) else None


def test_vouchers_pay_as_their_town_prints_on_them() -> None:
    assert paid_by_vouchers("hayashima", 1, used=3) == 500
    assert paid_by_vouchers("hayashima", 1, used=4) is None  # four a month
    assert paid_by_vouchers("chonan", 6) == 3000  # at most 3,000 yen a ride, six a month
    assert paid_by_vouchers("chonan", 7) is None
    assert paid_by_vouchers("kagamino", 1) == 1200  # 60 % of 2,000 yen
    assert paid_by_vouchers("kagamino", 1, discounts=frozenset({"aicard"})) is None
