"""How long the desk waits for a caller's card and for a place, and whether anybody is overlooked.

A town of invented members and places; questions as they are typed on the telephone, a few of each
kind for each of many people: half a name in kana (wide, half-width, katakana), in Hepburn and in
Kunrei romaji, kanji, the last four digits, a whole telephone in full width, a member number, a name
with the hamlet, a nickname.  In process it is the index alone, in processor time; over HTTP it is
the real service on SQLite, signed in, with the whole card of everybody found, by the clock.

Right: whoever a question was made from has to be among the answers; and for kana and digits the
answers are compared with a look at every member, which shares no code with the index.

    python -m benchmarks.search [--members 10000] [--places 3000] [--questions 3000] [--json [FILE]]
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import http.client
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote

import numpy as np

from maas.demo.gazetteer import data_text
from maas.offline import add_staff_account, bring_in_town
from maas.people.riders import RiderIndex
from maas.settings import Settings
from maas.store.members import MemberRow
from maas.store.places import PlaceRow
from maas.town.search import Index, place_index

LIMIT, PASSWORD = 20, "not a secret"
# Each sound in kana, Hepburn and Kunrei; written down here, not taken from what is measured.
SOUNDS = [
    tuple(each.split(":"))
    for line in (
        "あ:a:a い:i:i う:u:u え:e:e か:ka:ka き:ki:ki く:ku:ku け:ke:ke こ:ko:ko",
        "さ:sa:sa し:shi:si す:su:su せ:se:se た:ta:ta ち:chi:ti つ:tsu:tu",
        "て:te:te と:to:to な:na:na に:ni:ni ね:ne:ne の:no:no は:ha:ha ひ:hi:hi",
        "ふ:fu:hu ま:ma:ma み:mi:mi む:mu:mu め:me:me も:mo:mo や:ya:ya ゆ:yu:yu",
        "よ:yo:yo ら:ra:ra り:ri:ri る:ru:ru わ:wa:wa が:ga:ga ぎ:gi:gi じ:ji:zi",
        "ず:zu:zu だ:da:da で:de:de ど:do:do ば:ba:ba ぶ:bu:bu しょう:shō:syô",
        "きゅう:kyū:kyû ちゃ:cha:tya じゅ:ju:zyu っか:kka:kka っち:tchi:tti",
        "こう:kou:kou ぞう:zō:zô りょ:ryo:ryo",
    )
    for each in line.split()
]
KANJI = "見本例仮試模想架空雛形作名標立谷木似山田川原野沢村上下中東西南北"
HALF = dict(zip(
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわん"
    "ゃゅょっ",
    "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝｬｭｮｯ", strict=True,
)) | {"が": "ｶﾞ", "ぎ": "ｷﾞ", "じ": "ｼﾞ", "ず": "ｽﾞ", "ぞ": "ｿﾞ", "だ": "ﾀﾞ", "で": "ﾃﾞ",
     "ど": "ﾄﾞ", "ば": "ﾊﾞ", "ぶ": "ﾌﾞ"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Name:
    """An invented name in kanji, kana and two kinds of romaji."""

    kanji: str
    kana: str
    hepburn: str
    kunrei: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is typed, of which kind, and who has to be among the answers."""

    kind: str
    text: str
    wanted: int


def drawing(seed: int) -> random.Random:
    """Return where a town and its questions are drawn from, the same for a seed."""
    return random.Random(seed)


def invent(draw: random.Random, sounds: int) -> Name:
    """Return a name of so many sounds; nobody is meant."""
    said = [draw.choice(SOUNDS) for _ in range(sounds)]
    while said[0][0].startswith("っ"):
        said[0] = draw.choice(SOUNDS)
    kana, hepburn, kunrei = ("".join(parts) for parts in zip(*said, strict=True))
    return Name("".join(draw.choice(KANJI) for _ in range(2)), kana, hepburn, kunrei)


@dataclass(frozen=True, slots=True)
class Town:
    """Members and places with the names they were made of."""

    members: Sequence[MemberRow]
    names: Sequence[tuple[Name, Name]]
    places: Sequence[PlaceRow]


def build_town(draw: random.Random, members: int, places: int) -> Town:
    """Return a town in which some names are frequent and one in twenty shares a telephone."""
    families = [invent(draw, draw.randint(2, 3)) for _ in range(600)]
    given = [invent(draw, draw.randint(2, 3)) for _ in range(500)]
    hamlets = [invent(draw, 3).kanji for _ in range(60)]
    names = [(families[int(600 * draw.random() ** 2)], draw.choice(given)) for _ in range(members)]
    people: list[MemberRow] = []
    for number, (family, own) in enumerate(names, start=1):
        shared = number > 1 and draw.random() < 0.05
        phone = (
            people[-1].phone
            if shared
            else f"000-{draw.randrange(1000):03d}-{draw.randrange(10000):04d}"
        )
        people.append(
            MemberRow(
                number, f"{number:05d}", f"{family.kanji} {own.kanji}", f"{family.kana} {own.kana}",
                phone, 1940, "", draw.choice(hamlets), None, (), "", (), "ja",
            )
        )  # fmt: skip
    return Town(
        people,
        names,
        [_place(draw, number, draw.choice(hamlets)) for number in range(1, places + 1)],
    )


def _place(draw: random.Random, number: int, hamlet: str) -> PlaceRow:
    name, nick = invent(draw, draw.randint(2, 4)), invent(draw, draw.randint(3, 4))
    return PlaceRow(
        number, f"x{number}", f"{name.kanji}集会所{number}", f"{name.kana}しゅうかいじょ",
        name.hepburn, "facility", f"{hamlet}{number}番地", hamlet, 34.86, 133.69,
        (nick.kana,), None, None,
    )  # fmt: skip


def member_questions(draw: random.Random, town: Town, count: int) -> list[Question]:
    """Return what is typed for members drawn at random, every kind in turn."""
    asked = []
    for each in range(count):
        at = draw.randrange(len(town.members))
        member, (family, own) = town.members[at], town.names[at]
        digits = member.phone.replace("-", "")
        kinds = {
            "kana, half": member.kana[: draw.randint(2, 4)].strip(),
            "kana, whole": member.kana,
            "katakana": "".join(
                chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in member.kana
            ),
            "half-width": "".join(HALF.get(c, c) for c in member.kana),
            "Hepburn, half": family.hepburn[: draw.randint(2, 5)],
            "Kunrei, half": family.kunrei[: draw.randint(2, 5)],
            "given name": own.hepburn,
            "kanji": family.kanji,
            "last four": digits[-4:],
            "telephone": "".join(chr(ord(c) + 0xFEE0) for c in member.phone),
            "number": member.number,
            "name and hamlet": f"{family.kana} {member.oaza}",
        }
        kind = list(kinds)[each % len(kinds)]
        asked.append(Question(kind, kinds[kind], member.id))
    return asked


def place_questions(draw: random.Random, town: Town, count: int) -> list[Question]:
    """Return what is typed for places drawn at random."""
    asked = []
    for each in range(count):
        place = draw.choice(town.places)
        kinds = {
            "place, kana": place.kana[: draw.randint(2, 5)],
            "place, nickname": place.nicknames[0],
            "place, romaji": place.name_en[:4],
            "place, kanji": place.name,
        }
        kind = list(kinds)[each % len(kinds)]
        asked.append(Question(kind, kinds[kind], place.id))
    return asked


def ask_all(
    questions: Sequence[Question], search: Callable[[str], object], clock: Callable[[], float]
) -> dict[str, list[float]]:
    """Return the milliseconds of every question by its kind."""
    took: dict[str, list[float]] = {}
    for question in questions:
        began = clock()
        search(question.text)
        took.setdefault(question.kind, []).append((clock() - began) * 1000)
    return took


def overlooked(questions: Sequence[Question], index: RiderIndex | Index[PlaceRow]) -> int:
    """Return how many questions do not find whom they were made from."""
    return sum(
        question.wanted not in {found.id for found in index.search(question.text, 10**6)}
        for question in questions
    )


def wrong(town: Town, questions: Sequence[Question], index: RiderIndex) -> int:
    """Return how many answers to digits and kana are not those of a look at every member."""
    bad = 0
    for question in questions:
        if question.kind in {"last four", "telephone"}:
            asked = "".join(c for c in question.text.translate(_NARROW) if c.isdigit())
            wanted = {m.id for m in town.members if asked in m.phone.replace("-", "")}
            found = {m.id for m in index.search(question.text, 10**6)}
            numbers = {m.id for m in town.members if asked in m.number}
            bad += not wanted <= found <= wanted | numbers
        elif question.kind.startswith("kana"):
            asked = question.text.replace(" ", "")
            plain = {m.id: m.kana.replace(" ", "") for m in town.members}
            wanted = {m for m, kana in plain.items() if asked in kana}
            first = [m.id for m in index.search(question.text, 10**6)]
            begins = {m for m, kana in plain.items() if kana.startswith(asked)}
            bad += not wanted <= set(first) or not begins <= set(
                first[: _reach(first, begins, plain, asked)]
            )
    return bad


_NARROW = {ord("０") + digit: str(digit) for digit in range(10)} | {ord("－"): "-"}


def _reach(found: Sequence[int], begins: set[int], plain: Mapping[int, str], asked: str) -> int:
    """Return how far down the list one has to look before a match in the middle of a name comes."""
    inside = (at for at, m in enumerate(found) if m not in begins and asked in plain[m])
    return next(inside, len(found))


# --- over HTTP --------------------------------------------------------------------------------


def lay(folder: Path, town: Town) -> Settings:
    """Import the town into a fresh data directory and give it an operator."""
    source = folder / "town"
    source.mkdir()
    (source / "town.toml").write_text(data_text("town.toml"), encoding="utf-8")
    depot, *_ = town.places
    _write(source / "places.csv", [
        {"id": p.code, "name": p.name, "kana": p.kana, "name_en": p.name_en, "oaza": p.oaza,
         "kind": "depot" if p is depot else "facility", "address": p.address, "lat": p.lat,
         "lon": p.lon, "nicknames": ";".join(p.nicknames)} for p in town.places
    ])  # fmt: skip
    _write(source / "members.csv", [
        {"number": m.number, "name": m.name, "kana": m.kana, "phone": m.phone, "oaza": m.oaza,
         "lat": 34.86, "lon": 133.69, "birth_year": 1940} for m in town.members
    ])  # fmt: skip
    _write(source / "vehicles.csv", [
        {"id": "v", "name": "1号", "kind": "van", "seats": 4, "depot_place": depot.code,
         "shift_from": "08:00", "shift_to": "17:00"}
    ])  # fmt: skip
    settings = Settings(data_dir=folder / "data")
    settings.data_dir.mkdir()
    asyncio.run(bring_in_town(settings, source))
    asyncio.run(add_staff_account(settings, "desk", "desk", "operator", None, PASSWORD))
    return settings


def _write(file: Path, rows: Sequence[Mapping[str, object]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


@contextmanager
def served(settings: Settings) -> Iterator[tuple[Callable[[str], bytes], int]]:
    """Start the service; yield what asks it, signed in on one connection, and its process."""
    command = [sys.executable, "-m", "maas", "serve", "--port", "0"]
    environment = {**os.environ, "MAAS_DATA_DIR": str(settings.data_dir)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        try:
            host = process.stdout.readline().decode().strip().removeprefix("http://").rstrip("/")
            desk = http.client.HTTPConnection(host, timeout=60)
            login = json.dumps({"name": "desk", "password": PASSWORD})
            desk.request("POST", "/api/v1/session", login, {"content-type": "application/json"})
            answer = desk.getresponse()
            answer.read()
            cookie = {"cookie": (answer.getheader("set-cookie") or "").split(";")[0]}

            def ask(path: str) -> bytes:
                desk.request("GET", f"/api/v1{path}", headers=cookie)
                given = desk.getresponse()
                body = given.read()
                if given.status != 200:
                    raise ConnectionError(f"{given.status} for {path}")
                return body

            for _ in range(20):  # after it has compiled and read what it needs
                ask("/riders")
            yield ask, process.pid
        finally:
            process.terminate()
            process.wait(30)


def processor_s(pid: int) -> float:
    """Return the processor time of a process, all its threads."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Return the rows of the table and what they were measured on."""
    draw = drawing(args.seed)
    town = build_town(draw, args.members, args.places)
    people = member_questions(draw, town, args.questions)
    places = place_questions(draw, town, args.questions // 3)
    began = time.perf_counter()
    riders, known = RiderIndex(town.members), place_index(town.places)
    built_s = time.perf_counter() - began
    checked = people[: args.check], places[: args.check]
    about = {
        "members": args.members, "places": args.places, "built_s": round(built_s, 2),
        "checked": sum(map(len, checked)),
        "overlooked": overlooked(checked[0], riders) + overlooked(checked[1], known),
        "wrong": wrong(town, checked[0], riders),
        "python": platform.python_version(), "machine": platform.machine(),
    }  # fmt: skip
    took = ask_all(people, lambda text: riders.search(text, LIMIT), time.thread_time)
    took |= ask_all(places, lambda text: known.search(text, LIMIT), time.thread_time)
    rows = [_row("in process", kind, each) for kind, each in took.items()]
    rows.append(_row("in process", "all", [ms for each in took.values() for ms in each]))
    with tempfile.TemporaryDirectory() as folder, served(lay(Path(folder), town)) as (ask, pid):
        began_s = processor_s(pid)
        over = ask_all(
            people, lambda text: ask(f"/riders?limit={LIMIT}&q={quote(text)}"), time.perf_counter
        )
        riders_s = processor_s(pid)
        over |= ask_all(
            places, lambda text: ask(f"/places?limit={LIMIT}&q={quote(text)}"), time.perf_counter
        )
        about["riders_cpu_ms"] = round((riders_s - began_s) / len(people) * 1000, 2)
        about["places_cpu_ms"] = round((processor_s(pid) - riders_s) / len(places) * 1000, 2)
    rows += [_row("HTTP", kind, each) for kind, each in over.items()]
    rows.append(_row("HTTP", "all", [ms for each in over.values() for ms in each]))
    return {"rows": rows, "about": about}


def _row(where: str, kind: str, took_ms: Sequence[float]) -> dict[str, Any]:
    p50, p95, p99 = (round(float(each), 2) for each in np.percentile(took_ms, [50, 95, 99]))
    return {"where": where, "asked": kind, "p50_ms": p50, "p95_ms": p95, "p99_ms": p99}


def show(found: Mapping[str, Any], out: TextIO) -> None:
    """Print the table and what it was measured on."""
    for row in found["rows"]:
        out.write("{where:>10}  {asked:<16} {p50_ms:>8} {p95_ms:>8} {p99_ms:>8}\n".format(**row))
    out.write(", ".join(f"{name} {value}" for name, value in found["about"].items()) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when an answer was wrong or somebody was overlooked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--members", type=int, default=10_000)
    parser.add_argument("--places", type=int, default=3_000)
    parser.add_argument("--questions", type=int, default=3_000)
    parser.add_argument("--check", type=int, default=600, help="questions also answered naively")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    args = parser.parse_args(arguments)
    found = measure(args)
    show(found, sys.stderr if args.json == "-" else sys.stdout)
    if args.json:
        text = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
        sys.stdout.write(text) if args.json == "-" else Path(args.json).write_text(text)
    return int(bool(found["about"]["overlooked"] or found["about"]["wrong"]))


if __name__ == "__main__":
    sys.exit(main())
