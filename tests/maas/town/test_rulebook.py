"""Rules leave as TOML and CSV and come back the same; what is wrong is named by line and field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maas.town.deadlines import Deadline
from maas.town.rulebook import Rule, TownError, read_rules, write_rules
from maas.town.rules import KINDS, BookingRule, Hours, Relation, Zone
from maas.town.sentences import Sentence
from maas.town.sheets import read_sheet, write_sheet
from tests.maas.line_town import RULES

LINE = RULES[RULES.index("[[hours]]") :]

ODD = ";\"[]{}\\#=\x7f\n\t ' 　あtrue08"
words = st.text(alphabet=ODD + "ab", min_size=1, max_size=6)
names = words.map(str.strip).filter(bool)  # a cell loses the spaces round it
days = st.integers(0, 4000).map(lambda n: date(2020, 1, 1) + timedelta(days=n))
minutes = st.integers(0, 47 * 60)


def clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


clocks = minutes.map(clock)
spans = st.tuples(minutes, st.integers(1, 30)).map(
    lambda pair: f"{clock(pair[0])}/{clock(pair[0] + pair[1])}"
)
dated = {"area": st.just("a"), "valid_from": days, "valid_to": st.none() | days}
weekdays = st.lists(st.sampled_from(["mon", "sat", "hol"]), max_size=3, unique=True)
safe = words.filter(lambda text: not set(text) & set("{}"))  # braces are blanks in a sentence
assumed = st.booleans() | st.lists(words, max_size=2)

hours = st.builds(
    lambda opens, lasts, **rest: Hours(opens=clock(opens), closes=clock(opens + lasts), **rest),
    minutes, st.integers(1, 59), days=weekdays, holidays=st.booleans(),
    closed_on=st.lists(days, max_size=2).map(tuple), breaks=st.lists(spans, max_size=2).map(tuple),
    runs=st.lists(clocks, max_size=3).map(tuple), assumption=assumed,
    sentences=st.dictionaries(st.just("no_run"), st.builds(Sentence, ja=safe, en=safe)), **dated,
)  # fmt: skip
deadlines = st.builds(Deadline, minutes=st.integers(0, 99), channels=st.just(("web",))) | st.builds(
    Deadline, days_before=st.integers(0, 3), at=clocks, working_days=st.booleans()
)
bookings = st.builds(
    BookingRule, deadline_min=st.integers(0, 99), horizon_days=st.just(1), window_min=st.just(5),
    ride_max_factor=st.floats(1, 9), ride_max_extra_min=st.just(0), max_party=st.just(1),
    boarding_s=st.just(0), wheelchair_boarding_s=st.just(0), alighting_s=st.just(0),
    no_show_wait_min=st.just(0), divert_until_s=st.just(0), waitlist=st.booleans(),
    deadlines=st.lists(deadlines, max_size=2).map(tuple), board_at=st.just(("stop", "home")),
    late_told_min=st.integers(0, 30),
    **dated,
)  # fmt: skip
corner = st.tuples(st.floats(33, 34), st.floats(133, 134))
zones = st.builds(
    Zone, id=st.sampled_from(["x", "y-1"]), name=names, name_en=names,
    polygons=st.lists(
        st.tuples(corner, corner, corner).filter(lambda t: len(set(t)) == 3 and not flat(t)),
        max_size=2,
    ).map(tuple),
    oaza=st.lists(words, min_size=1, max_size=3).map(tuple),
    places=st.lists(words, max_size=2).map(tuple), **dated,
)  # fmt: skip
relations = st.builds(
    Relation, id=st.just("r"), origins=st.just(("x",)), destinations=st.just(("*", "x")),
    days=weekdays.map(tuple), runs_back=st.lists(clocks).map(tuple),
    stopped=st.booleans(), **dated,
)  # fmt: skip


def flat(corners: tuple[tuple[float, float], ...]) -> bool:
    (a, b), (c, d), (e, f) = corners
    return abs((c - a) * (f - b) - (e - a) * (d - b)) < 1e-9


rule = st.one_of(
    hours.map(lambda r: ("hours", r)), bookings.map(lambda r: ("booking", r)),
    zones.map(lambda r: ("zone", r)), relations.map(lambda r: ("relation", r)),
)  # fmt: skip


def in_order(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return rules by kind, and of equal keys only one, as a file has them."""
    keys = {(kind, getattr(r, "id", ""), r.valid_from): (kind, r) for kind, r in rules}
    return tuple(pair for kind in KINDS for pair in keys.values() if pair[0] == kind)


@settings(max_examples=25, deadline=None)
@given(st.lists(rule, max_size=4).map(in_order))
def test_rules_come_back_from_toml_as_they_were(rules: tuple[Rule, ...]) -> None:
    there = ("zone", Zone(area="a", valid_from=date(2000, 1, 1), id="x", name="x", name_en="x",
                          oaza=("x",)))  # fmt: skip
    rules = (*(pair for pair in rules if pair[0] in {"hours", "booking"}), there,
             *(pair for pair in rules if pair[0] in {"zone", "relation"}))  # fmt: skip

    assert read_rules(write_rules(rules), {"a"}) == rules


@settings(max_examples=25, deadline=None)
@given(st.lists(rule, max_size=4).map(in_order))
def test_rules_come_back_from_a_sheet_as_they_were(rules: tuple[Rule, ...]) -> None:
    for kind in KINDS:
        of = tuple(pair for pair in rules if pair[0] == kind)
        assert read_sheet(kind, write_sheet(kind, of), "x.csv") == of


def test_the_tariff_comes_back_too() -> None:
    rules = read_rules(LINE, {"line"})
    tariff = tuple(pair for pair in rules if pair[0] == "tariff")

    assert read_sheet("tariff", write_sheet("tariff", rules), "x.csv") == tariff
    assert read_rules(write_rules(rules), {"line"}) == rules


def test_what_a_spreadsheet_makes_of_a_sheet_is_read_as_it_was_meant() -> None:
    text = (
        "\ufeffarea,valid_from,days,from,to,holidays,closed_on,assumption\r\n"
        "line,2026/4/1,mon;tue,8:00,17:00,TRUE,2026/5/1;2026-05-02,from;to\r\n"
    )

    ((kind, rule),) = read_sheet("hours", text, "hours.csv", {"line"})

    assert kind == "hours"
    assert rule == Hours(
        area="line", valid_from=date(2026, 4, 1), days=["mon", "tue"], opens="08:00",
        closes="17:00", holidays=True, closed_on=(date(2026, 5, 1), date(2026, 5, 2)),
        assumption=["from", "to"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "where", "field"),
    [
        ("area,", "aera,", "hours.csv:1", "aera"),
        ("line,2026-04-01", "lime,2026-04-01", "hours.csv:2", "hours.area"),
        ("2026-04-01", "2026-04-31", "hours.csv:2", "hours.valid_from"),
        ("08:00", "17:30", "hours.csv:2", "hours."),
        ("mon", "mon,tue", "hours.csv:2", ""),
    ],
)
def test_a_wrong_cell_is_named_by_its_line(old: str, new: str, where: str, field: str) -> None:
    text = "area,valid_from,days,from,to\r\nline,2026-04-01,mon,08:00,17:00\r\n"
    assert old in text

    with pytest.raises(TownError) as caught:
        read_sheet("hours", text.replace(old, new), "hours.csv", {"line"})

    assert (f"{caught.value.file}:{caught.value.line}", caught.value.field) == (where, field)


ZONE = """
[[zone]]
area = "line"
valid_from = 2026-04-01
id = "east"
name = "東"
name_en = "the east"
oaza = ["東"]

[[relation]]
area = "line"
valid_from = 2026-04-01
id = "r"
from = ["east"]
to = ["*"]
"""


def _twice(text: str) -> str:
    return text + ZONE[: ZONE.index("[[relation]]")]


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        (lambda text: text.replace('oaza = ["東"]', ""), "zone.", "nowhere|needed"),
        (_twice, "zone.valid_from", "another one"),
        (
            lambda text: text.replace(
                'oaza = ["東"]', "polygons = [[[0, 0], [1, 1], [0, 1], [1, 0]]]"
            ),
            "zone.",
            "crosses itself",
        ),
        (lambda text: text.replace('to = ["*"]', "to = []"), "relation.to", "length"),
        (lambda text: text + 'both_ways = false\nruns_back = ["08:00"]\n', "relation.", "one way"),
        (
            lambda text: text.replace(
                "deadline_min", "deadlines = [{minutes = 5, days_before = 1}]\ndeadline_min"
            ),
            "booking.deadlines",
            "either",
        ),
        (
            lambda text: text.replace("deadline_min", "deadlines = [{}]\ndeadline_min"),
            "booking.deadlines",
            "either",
        ),
        (
            lambda text: text.replace("deadline_min", "deadlines = [{at = '08:00'}]\ndeadline_min"),
            "booking.deadlines",
            "either",
        ),
        (
            lambda text: text.replace('to = "17:00"', 'to = "17:00"\nbreaks = ["13:00/12:00"]'),
            "hours.",
            "before it begins",
        ),
        (lambda text: text.replace('to = "17:00"', 'to = "08:00"'), "hours.", "not open"),
        (
            lambda text: text.replace('to = "17:00"', 'to = "17:00"\nsentences.no_run.ja="{x}"'),
            "hours.",
            "no blank x",
        ),
        *(
            (
                lambda text, odd=odd: text.replace(
                    'to = "17:00"', f'to = "17:00"\nsentences.no_run.ja = "{odd}"'
                ),
                "hours.",
                says,
            )
            for odd, says in (
                ("{runs:>99999999}", "nothing more"),
                ("{runs!r}", "nothing more"),
                ("{runs.__class__}", "no blank"),
                ("{runs", "expected '}'"),
            )
        ),
        (
            lambda text: text.replace('to = "17:00"', 'to = "17:00"\nsentences.offer.ja="x"'),
            "hours.",
            "none of",
        ),
        (lambda text: text.replace("[[zone]]", "[[zones]]"), "zones", "no such table"),
        (lambda text: text.replace("[[zone]]", "[zone]"), "zone", "list of tables"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_is_refused(
    change: Callable[[str], str], field: str, says: str
) -> None:
    assert read_rules(LINE + ZONE, {"line"})
    changed = change(LINE + ZONE)
    assert changed != LINE + ZONE

    with pytest.raises(TownError, match=says) as caught:
        read_rules(changed, {"line"})

    assert caught.value.field == field
