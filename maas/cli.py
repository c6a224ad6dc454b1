"""The command line: one command a job; heavy imports inside the commands.

Every command answers with exit code 0 only on success, and with one JSON document on standard
output where `--json` is given.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from maas.parts import Part, missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from maas.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="予約タクシーとバスの運行サービス / Ride bookings and bus locations of a rural town.",
)


def _group(name: str, about: str) -> typer.Typer:
    group = typer.Typer(no_args_is_help=True, help=about)
    app.add_typer(group, name=name)
    return group


db = _group("db", "データベース / The database.")
town = _group("town", "町のデータ / The town's places, members, vehicles and rules.")
people = _group("people", "利用者 / Members.")
roads = _group("roads", "道路網 / The road network.")
gtfs = _group("gtfs", "バス時刻表 / Bus timetables (GTFS-JP).")
staff = _group("staff", "職員 / Staff accounts.")
history = _group("history", "位置の履歴 / The history of positions.")
predict = _group("predict", "到着予測 / What arrival times are predicted from.")
device = _group("device", "車載端末 / Devices in vehicles.")
link = _group("link", "ほかのサービスへの通知 / Other services that are told of bookings.")

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]
Existing = Annotated[Path, typer.Argument(exists=True, readable=True)]


class Lang(StrEnum):
    """A language to answer in."""

    JA = "ja"
    EN = "en"


class Kind(StrEnum):
    """A kind of rules, as its tables in town.toml are called."""

    HOURS = "hours"
    BOOKING = "booking"
    TARIFF = "tariff"
    ZONE = "zone"
    RELATION = "relation"
    FIGURE = "figure"


class Calendar(StrEnum):
    """Of which span a report is."""

    MONTH = "month"
    APRIL = "april"
    OCTOBER = "october"


class Profile(StrEnum):
    """Which edition of the Japanese standard a feed is written in."""

    JP3 = "jp3"
    JP4 = "jp4"


Sheet = Annotated[Kind | None, typer.Option(help="CSV of the rules of one kind, not TOML.")]
Area = Annotated[str | None, typer.Option(help="The first when absent.")]


def _settings(**given: Any) -> Settings:  # noqa: ANN401 -- any setting
    from pydantic import ValidationError

    from maas.settings import Settings

    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        wrong = [
            f"MAAS_{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}"
            for each in error.errors()
        ]
        _fail("\n".join(wrong))


def _say(answer: dict[str, Any], *, as_json: bool, text: str) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False, default=str) if as_json else text)


def _fail(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(1)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [MAAS_HOST].")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 picks a free one [MAAS_PORT].")] = None,
    role: Annotated[Part, typer.Option(help="Which parts; one process runs all.")] = Part.ALL,
    processes: Annotated[
        int | None,
        typer.Option(min=1, help="So many at one address; SIGHUP replaces one after the other."),
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(help="Certificate to speak TLS with [MAAS_TLS_CERT].")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key [MAAS_TLS_KEY].")] = None,
) -> None:
    """Run the service: API, live stream, bookings and screens in one process, or in several."""
    from maas.serving import run

    settings = _settings(host=host, port=port, tls_cert=tls_cert, tls_key=tls_key)
    if (lacks := missing(role, settings)) is not None:
        _fail(lacks)
    if processes is not None and processes > 1 and settings.redis_url is None:
        _fail("several processes need MAAS_REDIS_URL: each has to hear the vehicles of the others")
    try:
        run(settings, role, processes)
    except OSError as error:
        _fail(f"cannot listen, or read the certificate: {error}")


@app.command()
def doctor(
    time_source: Annotated[
        str | None, typer.Option(help="Address of a web server whose clock is right.")
    ] = None,
    lang: Annotated[Lang, typer.Option(help="Language of the answer.")] = Lang.JA,
    *,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with this installation and what to do; exit code 0, 1 or 2 by the worst."""
    from maas.doctor import examine

    found = asyncio.run(examine(_settings(), time_source))
    told = [
        {
            "part": each.part,
            "level": each.level.name.lower(),
            "key": each.key,
            "sentence": each.sentence(lang.value),
        }
        for each in found
    ]
    lines = [each.line(lang.value) for each in found]
    _say({"findings": told}, as_json=as_json, text="\n".join(lines))
    raise typer.Exit(max(each.level for each in found))


@app.command()
def demo(
    speed: Annotated[float, typer.Option(min=0.1, help="Service seconds a real second.")] = 10.0,
    port: Annotated[int, typer.Option(help="Port; 0 picks a free one.")] = 8000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same day.")] = 1,
    town_dir: Annotated[
        Path | None, typer.Option("--town", exists=True, help="A town directory of your own.")
    ] = None,
    gtfs_zip: Annotated[
        Path | None, typer.Option("--gtfs", exists=True, help="Timetable instead of the town's.")
    ] = None,
    *,
    callers: Annotated[bool, typer.Option(help="Simulated people call and book.")] = True,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    data_dir: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path(".demo"),
    day: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="The next service day from this one."),
    ] = None,
) -> None:
    """Run a living town: simulated vehicles and callers on the real service."""
    from maas.demo.run import run_demo

    code = run_demo(
        speed=speed,
        port=port,
        seed=seed,
        town=town_dir,
        gtfs=gtfs_zip,
        callers=callers,
        host=host,
        data_dir=data_dir,
        earliest=day.date() if day else None,
    )
    raise typer.Exit(code)


@app.command()
def replay(
    avl: Existing,
    gtfs_zip: Annotated[Path, typer.Option("--gtfs", exists=True, help="The timetable they ran.")],
    speed: Annotated[float, typer.Option(min=0.1, help="Service seconds a real second.")] = 60.0,
    port: Annotated[int, typer.Option(help="Port; 0 picks a free one.")] = 8000,
    data_dir: Annotated[Path, typer.Option(help="Where it keeps its data.")] = Path(".replay"),
) -> None:
    """Feed a recorded day of vehicle positions through the real ingest, and show it."""
    from maas.replay import replay as run_replay

    raise typer.Exit(run_replay(avl, gtfs=gtfs_zip, speed=speed, port=port, data_dir=data_dir))


@app.command()
def whatif(
    file: Existing,
    seeds: Annotated[int | None, typer.Option(min=1, max=50, help="Instead of the file's.")] = None,
    processes: Annotated[int | None, typer.Option(min=1, help="All cores when absent.")] = None,
    gtfs_zip: Annotated[
        list[str] | None, typer.Option("--gtfs", help="NAME=ZIP, a timetable variants name.")
    ] = None,
    area: Annotated[str | None, typer.Option(help="The first when absent.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Replay a past period with something changed: a study as TOML or JSON (see maas/records)."""
    import msgspec

    from gtfs import FeedError
    from maas.records.studies import StudyError
    from maas.studying import answered, read_study, table

    zips = dict(each.split("=", 1) for each in gtfs_zip or [] if "=" in each)
    bar = _bar()
    try:
        question = read_study(file, seeds=seeds)
        found = asyncio.run(
            answered(
                _settings(), question, {name: Path(path) for name, path in zips.items()},
                area=area, processes=processes, tell=bar,
            )
        )  # fmt: skip
    except (StudyError, FeedError, ValueError, OSError) as error:
        _fail(str(error))
    _say(msgspec.to_builtins(found), as_json=as_json, text=table(found))


def _bar() -> Callable[[int, int], None]:
    """Return what shows how far something is, on a terminal only."""

    def tell(done: int, total: int) -> None:
        if sys.stderr.isatty():
            filled = 40 * done // max(1, total)
            end = "\n" if done == total else ""
            typer.echo(f"\r[{'#' * filled:<40}] {done}/{total}{end}", err=True, nl=False)

    return tell


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database up to the newest schema, making it when it is not there."""
    from maas.offline import open_newest
    from maas.store.database import NewerSchemaError

    async def go() -> None:
        async with open_newest(_settings()):
            pass

    try:
        asyncio.run(go())
    except NewerSchemaError as error:
        _fail(str(error))


@db.command("backup")
def db_backup(file: Path, *, as_json: AsJson = False) -> None:
    """Write the database into one file, as it is at one moment; a server may be running."""
    from dataclasses import asdict

    from maas.backup import BackupError, backup

    try:
        done = backup(_settings(), file)
    except (BackupError, OSError) as error:
        _fail(str(error))
    text = f"{done.file}: {done.bytes:,} bytes\n鍵（personal-keys）は別に保管 / keep the keys apart"
    _say(asdict(done), as_json=as_json, text=text)


@db.command("restore")
def db_restore(file: Existing, *, as_json: AsJson = False) -> None:
    """Bring a backup into an empty database, and check it as `db verify` does."""
    from maas.backup import BackupError, restore

    try:
        found = restore(_settings(), file)
    except (BackupError, OSError) as error:
        _fail(str(error))
    _say(found, as_json=as_json, text=_by_part(found))
    if any(found.values()):
        raise typer.Exit(1)


def _by_part(found: dict[str, list[str]]) -> str:
    return "\n".join(f"{part}: {', '.join(wrong) or 'ok'}" for part, wrong in found.items())


@db.command("verify")
def db_verify(*, as_json: AsJson = False) -> None:
    """Check the audit chain, the ledger, and that today's plans keep every promise."""
    from maas.offline import verify

    found = asyncio.run(verify(_settings()))
    _say(found, as_json=as_json, text=_by_part(found))
    if any(found.values()):
        raise typer.Exit(1)


@db.command("rotate-keys")
def db_rotate_keys(
    *,
    drop_old: Annotated[
        bool, typer.Option("--drop-old", help="Make no new key; forget all but the newest.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Seal what is known of people with a new key, also what lies unsealed from before."""
    from maas.rotation import rotate

    try:
        done = asyncio.run(rotate(_settings(), drop_old=drop_old))
    except (RuntimeError, ValueError) as error:
        _fail(str(error))
    text = f"{done.rows} rows sealed anew; {done.keys} keys"
    _say(done._asdict(), as_json=as_json, text=text)


@app.command()
def report(
    name: Annotated[str, typer.Argument(help="monthly, days, od, buses, ... or check.")],
    month: Annotated[str, typer.Option(help="Like 2026-11; a year report is of its year.")],
    out: Annotated[Path | None, typer.Option(help="FILE.csv, .xlsx, .html or .pdf.")] = None,
    calendar: Annotated[
        Calendar | None, typer.Option(help="The year from April or October in place of the usual.")
    ] = None,
    area: Annotated[str | None, typer.Option(help="All of them when absent.")] = None,
) -> None:
    """Write a report of a month or of its year; `check` says whether the ledger holds together."""
    from maas.records.catalogue import Wanted
    from maas.reporting import check_ledger, write_report

    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        _fail(f"--month is like 2026-11, not {month!r}")
    if name == "check":
        found = asyncio.run(check_ledger(_settings(), month))
        typer.echo("\n".join(found) or "ok")
        raise typer.Exit(1 if found else 0)
    if out is None:
        _fail("say where to with --out FILE.csv, .xlsx, .html or .pdf")
    try:
        wanted = Wanted(name, month, calendar.value if calendar else None, area)
        made = asyncio.run(write_report(_settings(), wanted, out))
    except (ValueError, OSError) as error:
        _fail(str(error))
    typer.echo(f"{made.title} {made.period}({made.state}): {out}")


@town.command("import")
def town_import(folder: Existing, *, as_json: AsJson = False) -> None:
    """Import a town directory (town.toml, places, members, vehicles, gtfs.zip), all or nothing."""
    from maas.offline import bring_in_town
    from maas.town.files import TownError

    try:
        report = asyncio.run(bring_in_town(_settings(), folder))
    except TownError as error:
        _fail(str(error))
    text = "{town}: {places} places, {members} members, {vehicles} vehicles".format(**report)
    lost, decided = report["unreachable"], report["decided"]
    text += f"\nno road near: {', '.join(lost)}" if lost else ""
    text += f"\nleft as decided since: {', '.join(decided)}" if decided else ""
    _say(report, as_json=as_json, text=text)


@town.command("rules")
def town_rules(out: Path, area: Area = None, sheet: Sheet = None) -> None:
    """Write an area's rules into a file: TOML, or those of one kind as CSV for a spreadsheet."""
    from maas.offline import carry_out_rules

    try:
        text = asyncio.run(carry_out_rules(_settings(), area, sheet))
    except ValueError as error:
        _fail(str(error))
    out.write_text(text, encoding="utf-8", newline="")


@town.command("draft")
def town_draft(
    file: Existing,
    name: Annotated[str, typer.Option(help="What the change is called.")],
    area: Area = None,
    sheet: Sheet = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Draft a change of the rules from a file; a planner looks at it and puts it in force."""
    from maas.offline import draft_rules
    from maas.town.files import TownError

    try:
        made = asyncio.run(draft_rules(_settings(), file, name, area, sheet))
    except (TownError, ValueError) as error:
        _fail(str(error))
    text = "draft {id}: {changes} changes, {no_longer_allowed} bookings no longer allowed"
    fault = "\ncannot be put in force: {fault}" if made["fault"] else ""
    _say(made, as_json=as_json, text=(text + fault).format(**made))


@people.command("import")
def people_import(
    papers: Existing,
    mend: Annotated[
        Path | None, typer.Option(help="Where to write the bad lines with what to mend.")
    ] = None,
    *,
    preview: Annotated[bool, typer.Option("--preview", help="Only say what it would do.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take a table of paper forms (CSV): all good lines at once; exit code 1 when some are bad."""
    from maas.offline import bring_in_people

    try:
        report = asyncio.run(bring_in_people(_settings(), papers, preview=preview))
    except ValueError as error:
        _fail(str(error))
    if mend is not None and report["mend"]:
        mend.write_text(report["mend"], encoding="utf-8-sig")
    counts = [f"{len(report[name])} {name}" for name in ("added", "changed", "known")]
    wrong = ["{line}: {field}: {sentence}".format(**fault) for fault in report["bad"]]
    unused = [f"not looked at: {', '.join(report['unused'])}"] if report["unused"] else []
    _say(report, as_json=as_json, text="\n".join([", ".join(counts), *wrong, *unused]))
    if report["bad"]:
        raise typer.Exit(1)


@roads.command("build")
def roads_build(
    osm: Existing,
    elevation: Annotated[
        list[Path] | None, typer.Option(exists=True, help="SRTM .hgt file; may be repeated.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Directory to write; `roads` in the data directory.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Build a road network and its map tiles from an OpenStreetMap file (.osm, .pbf)."""
    from dispatcher.roads.osm import RoadFileError
    from maas.offline import build_roads

    folder = out or _settings().data_dir / "roads"
    try:
        report, text = build_roads(osm, folder, elevation or [], show=sys.stderr.isatty())
    except (RoadFileError, OSError) as error:
        _fail(str(error))
    _say(report, as_json=as_json, text=text)


@gtfs.command("import")
def gtfs_import(
    feed: Existing,
    name: Annotated[str | None, typer.Option(help="Name to keep it under.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Import a timetable; the next start shows its departures on the signs of its stops."""
    from maas.offline import bring_in_feed

    answer = _feed_or_fail(lambda: bring_in_feed(_settings(), feed, name))
    rows = "\n".join(f"  {table}: {count}" for table, count in answer["rows"].items())
    odd = "\n".join(f"  {line}" for line in answer["oddities"])
    text = f"{answer['name']}:\n{rows}" + (f"\n{odd}" if odd else "") + f"\n{answer['next']}"
    _say(answer, as_json=as_json, text=text)


@gtfs.command("export")
def gtfs_export(
    out: Path,
    profile: Annotated[Profile | None, typer.Option(help="Edition of GTFS-JP.")] = None,
    name: Annotated[str | None, typer.Option(help="Which kept feed; the town's own.")] = None,
    *,
    flex: Annotated[bool, typer.Option(help="With the town's demand service.")] = True,
    url: Annotated[str, typer.Option(help="Where it is published, without a timetable.")] = "",
) -> None:
    """Write timetable and demand service as a GTFS-JP zip, the same bytes every time."""
    from gtfs import write_feed
    from maas.offline import published_feed

    settings = _settings()
    try:
        feed = _feed_or_fail(
            lambda: asyncio.run(published_feed(settings, name, flex=flex, url=url))
        )
    except ValueError as error:
        _fail(str(error))
    write_feed(feed, out, profile.value if profile else None)


@gtfs.command("check")
def gtfs_check(feed: Existing, *, as_json: AsJson = False) -> None:
    """Check a timetable for what riders notice first; exit code 1 when they would be misled."""
    from maas.offline import check_feed

    findings = _feed_or_fail(lambda: check_feed(feed))
    lines = [f"{f['severity']}: {f['sentence']} / {f['sentence_en']}" for f in findings]
    _say({"findings": findings}, as_json=as_json, text="\n".join(lines) or "ok")
    if any(finding["severity"] == "error" for finding in findings):
        raise typer.Exit(1)


@staff.command("add")
def staff_add(
    name: str,
    role: Annotated[str, typer.Option(help="operator, dispatcher, driver, planner or admin.")],
    display_name: Annotated[str | None, typer.Option(help="Name shown on the screens.")] = None,
    area: Annotated[str | None, typer.Option(help="The only area they may act in.")] = None,
) -> None:
    """Add a staff account, or give one a new password and role; the password is asked for."""
    from maas.offline import add_staff_account

    asked = sys.stdin.isatty()  # a script writes the password as one line
    password = (
        typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        if asked
        else sys.stdin.readline().rstrip("\n")
    )
    try:
        asyncio.run(add_staff_account(_settings(), name, display_name, role, area, password))
    except ValueError as error:
        _fail(str(error))


@history.command("roll")
def history_roll(*, as_json: AsJson = False) -> None:
    """Write positions and rides to the files of their days, and forget old positions."""
    from maas.offline import roll_history

    done = asyncio.run(roll_history(_settings()))
    text = "{archived} archived in {written}, {deleted} left the database; rides of {rides}".format(
        **done
    )
    _say(done, as_json=as_json, text=text)


@predict.command("train")
def predict_train(
    days: Annotated[int, typer.Option(min=1, help="So many days before today.")] = 60,
    kinds: Annotated[
        list[str] | None, typer.Option("--day", help="A day of another kind: 2026-01-15=snow.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Learn travel times from the stop events in the database; a server reads them at its start."""
    from maas.offline import train_predictions

    try:
        learnt = asyncio.run(train_predictions(_settings(), days, kinds or []))
    except ValueError as error:
        _fail(str(error))
    if learnt is None:
        _fail("there are no stop events of past days to learn from")
    text = f"{learnt['drives']} trips of {len(learnt['days'])} days learnt: {learnt['file']}"
    held_out = learnt["same_kind"]
    if held_out:
        text += f"; {held_out['mae_s']:.0f} s off on trips left out"
    _say(learnt, as_json=as_json, text=text)


@predict.command("day")
def predict_day(day: str, kind: str) -> None:
    """Say what kind of day one is (snow, ...), without learning anew."""
    from datetime import date

    from busloc.daytypes import DayType
    from maas.predictions import mark_day

    try:
        marked = mark_day(_settings().data_dir, date.fromisoformat(day), DayType(kind))
    except ValueError as error:
        _fail(str(error))
    if not marked:
        _fail("nothing was learnt yet: maas predict train")


@device.command("enrol")
def device_enrol(
    vehicle: str,
    url: Annotated[str, typer.Option(help="Address of the service, for the QR code.")] = "",
    *,
    tracker: Annotated[
        bool, typer.Option("--tracker", help="A token for good, for a device without an app.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print a code by which one device enrols for a vehicle, also as text for a QR code."""
    from maas.offline import enrol, make_enrol_code

    made = asyncio.run((enrol if tracker else make_enrol_code)(_settings(), vehicle))
    if made is None:
        _fail(f"there is no vehicle {vehicle!r}")
    if tracker:
        _say({"vehicle": vehicle, "token": made}, as_json=as_json, text=made)
        return
    qr = f"maas-enrol:?code={made}" + (f"&url={url}" if url else "")
    _say({"vehicle": vehicle, "code": made, "qr": qr}, as_json=as_json, text=f"{made}\n{qr}")


@link.command("list")
def link_list(*, as_json: AsJson = False) -> None:
    """List the services that are told, with how many letters wait or were given up."""
    from maas.linking import listed

    found = asyncio.run(listed(_settings()))
    lines = [
        f"{each['id']} {each['area']} {each['url']} {','.join(each['kinds'])}: "
        f"{each['waiting']} waiting, {each['dead']} given up {each['error']}".rstrip()
        for each in found
    ]
    _say({"webhooks": found}, as_json=as_json, text="\n".join(lines))


@link.command("add")
def link_add(
    url: Annotated[str, typer.Argument(help="https://HOST/…, HOST one of MAAS_LINK_HOSTS.")],
    kind: Annotated[
        list[str] | None, typer.Option(help="confirmed, boarded, …; all of them when absent.")
    ] = None,
    area: Area = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Have a service told of bookings; prints its id and, this once, what letters are signed by."""
    from maas.link.events import Kind as Told
    from maas.linking import added

    try:
        kinds = [Told(each) for each in kind or list(Told)]
        made = asyncio.run(added(_settings(), url, kinds, area))
    except ValueError as error:
        _fail(str(error))
    answer = {"id": made.webhook_id, "secret": made.secret}
    _say(answer, as_json=as_json, text=f"{made.webhook_id}\n{made.secret}")


@link.command("end")
def link_end(webhook: str) -> None:
    """Tell a service nothing any more, what waits included."""
    from maas.linking import ended

    if not asyncio.run(ended(_settings(), webhook)):
        _fail(f"there is no service {webhook!r}")


@link.command("again")
def link_again(webhook: str, *, as_json: AsJson = False) -> None:
    """Try anew to deliver the letters that were given up."""
    from maas.linking import sent_again

    count = asyncio.run(sent_again(_settings(), webhook))
    if count is None:
        _fail(f"there is no service {webhook!r}")
    _say({"letters": count}, as_json=as_json, text=f"{count} letters are tried again")


def _feed_or_fail(read: Any) -> Any:  # noqa: ANN401 -- whatever `read` returns
    from gtfs import FeedError

    try:
        return read()
    except (FeedError, OSError) as error:
        _fail(str(error))


def main() -> None:
    """Run the command line."""
    app()
