"""Each fault planted in a healthy installation is told in words that say what to do."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
import time
from collections import namedtuple
from collections.abc import Callable
from datetime import date
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from dispatcher.roads.build import build
from gtfs import read_feed
from maas import doctor
from maas.auth.roles import Role
from maas.auth.staff import Person, add_staff
from maas.backed_up import NOTE
from maas.backup import backup
from maas.cli import app
from maas.clock import service_day
from maas.demo import prepare
from maas.doctor import Finding, Level, examine, last_day
from maas.doctor_words import PARTS, SAID
from maas.offline import bring_in_town
from maas.settings import Settings
from maas.store.commits import AuditEntry, add_audit
from maas.store.database import open_database
from tests.maas.tiny_town import write_tiny_town

Spoil = Callable[[Settings], Settings]
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny town, installed well."""
    folder = tmp_path_factory.mktemp("town")
    build(write_tiny_town(folder / "town") / "roads.osm", folder / "data" / "roads")
    return folder


@pytest.fixture(scope="module")
async def whole(installed: Path) -> Path:
    """Its data directory, with a key, an account, an entry on record and a backup."""
    settings = Settings(data_dir=installed / "data")
    await bring_in_town(settings, installed / "town")
    settings.signing_key()
    database = open_database(settings.database)
    async with database.writing() as db:
        await add_staff(db, Person("hana", "花", Role.OPERATOR, None), "correct horse battery")
        for number in range(3):
            at = time.time() - 3600 + number
            await add_audit(db, AuditEntry(at, "hana", "booking.booked", "b", "{}"))
    await database.close()
    backup(settings, installed / "town.backup")
    return settings.data_dir


@pytest.fixture
def healthy(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A copy of it to spoil, on a machine with room, compiled kernels and a timetable in force."""
    shutil.copytree(whole, tmp_path / "data")
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(10**12, 0, 10**11))
    monkeypatch.setattr("dispatcher.kernels.is_cached", lambda: True)
    monkeypatch.setattr(doctor, "last_day", lambda _: date(2999, 12, 31))
    return Settings(data_dir=tmp_path / "data", public_url="https://town.example")


async def test_a_healthy_installation_is_told_so(healthy: Settings) -> None:
    found = await examine(healthy)
    assert {each.level for each in found} == {Level.OK}, [each.line("en") for each in found]
    assert [each.part for each in found] == list(PARTS)


def _sql(settings: Settings, statement: str) -> Settings:
    with sqlite3.connect(settings.data_dir / "maas.db") as db:
        db.execute(statement)
    return settings


def _set(**given: object) -> Spoil:
    return lambda settings: settings.model_copy(update=given)


def _write(name: str, text: str, mode: int = 0o600) -> Spoil:
    def spoil(settings: Settings) -> Settings:
        file = settings.data_dir / name
        file.write_text(text)
        file.chmod(mode)
        return settings

    return spoil


def _remove(name: str) -> Spoil:
    def spoil(settings: Settings) -> Settings:
        there = settings.data_dir / name
        shutil.rmtree(there) if there.is_dir() else there.unlink()
        return settings

    return spoil


def _backed_up(hours: float) -> Spoil:
    note = {"at": time.time() - hours * 3600, "file": "f", "bytes": 1, "revision": "0001"}
    return _write(NOTE, json.dumps(note))


def _nobody_listens() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


AWAY = _nobody_listens()
FAULTS: dict[str, tuple[Level, str, Spoil]] = {
    "no database": (Level.WRONG, "database_none", _remove("maas.db")),
    "database away": (
        Level.WRONG, "database_away", _set(database_url=f"postgresql://town@{AWAY}/town"),
    ),
    "old schema": (
        Level.WARNING, "database_old",
        lambda s: _sql(s, "UPDATE alembic_version SET version_num = '0001'"),
    ),
    "newer schema": (
        Level.WRONG, "database_new",
        lambda s: _sql(s, "UPDATE alembic_version SET version_num = '9999'"),
    ),
    "no database file of ours": (Level.WRONG, "database_away", _write("maas.db", "x" * 5000)),
    "audit changed": (
        Level.WRONG, "audit_broken", lambda s: _sql(s, "UPDATE audit SET actor = 'x' WHERE seq = 2")
    ),
    "redis away": (Level.WARNING, "redis_away", _set(redis_url=f"redis://{AWAY}")),
    "clock behind": (
        Level.WRONG, "clock_behind",
        lambda s: _sql(s, "UPDATE audit SET at = at + 9000 WHERE seq = 3"),
    ),
    "clock of a demo": (Level.WARNING, "clock_played", _set(clock_start=1.0)),
    "no roads": (Level.WARNING, "roads_none", _remove("roads")),
    "roads cut": (Level.WRONG, "roads_broken", _write("roads/meta.json", "{")),
    "no timetable": (Level.WARNING, "timetable_none", _remove("feeds/town.zip")),
    "timetable cut": (Level.WRONG, "timetable_broken", _write("feeds/town.zip", "x")),
    "demo's key": (Level.WRONG, "secrets_demo", _write("secret", prepare.SECRET)),
    "short key": (Level.WARNING, "secrets_short", _set(secret=SecretStr("short"))),
    "no keys": (Level.WARNING, "secrets_none", _remove("personal-keys")),
    "other keys": (Level.WRONG, "secrets_lost", _write("personal-keys", "ab" * 32)),
    "keys open": (Level.WRONG, "rights_open", _write("secret", "a" * 40, 0o644)),
    "no folder": (
        Level.WRONG, "rights_closed", lambda s: s.model_copy(update={"data_dir": Path("/nowhere")})
    ),
    "open address": (Level.WARNING, "address_open", _set(host="0.0.0.0")),  # noqa: S104
    "no public address": (Level.WARNING, "address_no_public", _set(public_url=None)),
    "demo": (Level.WARNING, "address_demo", _set(demo=True)),
    "mail away": (
        Level.WARNING, "gateways_away", _set(smtp_url=SecretStr(f"smtp://n:p@{AWAY}")),
    ),
    "no backup": (Level.WARNING, "backup_none", _remove(NOTE)),
    "old backup": (Level.WARNING, "backup_old", _backed_up(50)),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_told(healthy: Settings, fault: str) -> None:
    level, key, spoil = FAULTS[fault]
    found = {each.key: each for each in await examine(spoil(healthy))}
    assert key in found, list(found)
    assert found[key].level == level
    for language in ("ja", "en"):
        said = found[key].line(language)
        assert "{" not in said
        assert "p@" not in said


@pytest.mark.parametrize(("free", "key"), [(10**9, "disk_low"), (10**8, "disk_full")])
async def test_a_full_disk_is_told(
    healthy: Settings, monkeypatch: pytest.MonkeyPatch, free: int, key: str
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(10**12, 0, free))
    assert key in {each.key for each in await examine(healthy)}


async def test_kernels_that_are_not_compiled_are_told(
    healthy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatcher.kernels.is_cached", lambda: False)
    assert "kernels_cold" in {each.key for each in await examine(healthy)}


@pytest.mark.parametrize(("last", "key"), [("2020-01-01", "over"), ("today", "ends")])
async def test_a_timetable_that_ends_is_told(
    healthy: Settings, monkeypatch: pytest.MonkeyPatch, last: str, key: str
) -> None:
    today = service_day(time.time(), "Asia/Tokyo")
    ends = today if last == "today" else date.fromisoformat(last)
    monkeypatch.setattr(doctor, "last_day", lambda _: ends)
    assert f"timetable_{key}" in {each.key for each in await examine(healthy)}


def test_the_last_day_is_the_last_on_which_something_runs(installed: Path) -> None:
    feed = read_feed(installed / "town" / "gtfs.zip")
    last = last_day(feed)
    assert last == max(week.end for week in feed.calendars.values())


async def test_the_demos_password_is_told(healthy: Settings) -> None:
    assert (doctor.DEMO_PASSWORD, doctor.DEMO_SECRET) == (prepare.PASSWORD, prepare.SECRET)
    database = open_database(healthy.database)
    async with database.writing() as db:
        await add_staff(db, Person("taro", "太郎", Role.DRIVER, None), prepare.PASSWORD)
    await database.close()
    (said,) = [each for each in await examine(healthy) if each.key == "secrets_password"]
    assert said.facts == {"names": "taro"}


async def test_a_clock_is_held_against_a_web_servers(
    healthy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    dated = {"date": "Wed, 01 Jan 2020 00:00:00 GMT"}

    async def head(self: httpx.AsyncClient, url: str) -> httpx.Response:
        return httpx.Response(200, headers=dated)

    monkeypatch.setattr(httpx.AsyncClient, "head", head)
    found = await examine(healthy, "https://time.example")
    assert "clock_off" in {each.key for each in found}
    dated.clear()
    found = await examine(healthy, "https://time.example")
    assert "clock_unknown" in {each.key for each in found}


async def test_what_cannot_be_looked_at_is_wrong_and_the_rest_is_told(
    healthy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr("shutil.disk_usage", fail)
    found = {each.part: each for each in await examine(healthy)}
    assert found["disk"].level == Level.WRONG
    assert "the disk is gone" in found["disk"].sentence("en")
    assert found["audit"].level == Level.OK


def test_the_worst_is_the_exit_code(healthy: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAAS_DATA_DIR", str(healthy.data_dir))
    monkeypatch.setenv("MAAS_PUBLIC_URL", "https://town.example")
    well = CliRunner().invoke(app, ["doctor", "--json"])
    assert well.exit_code == 0, well.output
    assert {each["level"] for each in json.loads(well.stdout)["findings"]} == {"ok"}
    monkeypatch.delenv("MAAS_PUBLIC_URL")
    warned = CliRunner().invoke(app, ["doctor"])
    assert warned.exit_code == 1
    assert "[注意] アドレスとTLS: MAAS_PUBLIC_URLがありません" in warned.output
    (healthy.data_dir / "maas.db").unlink()
    wrong = CliRunner().invoke(app, ["doctor", "--lang", "en"])
    assert wrong.exit_code == 2
    assert "[wrong] database: There is none." in wrong.output


def test_every_sentence_has_its_part_and_both_languages() -> None:
    told = {key for _, key, _ in FAULTS.values()}
    assert told <= set(SAID)
    for key, words in SAID.items():
        assert key.partition("_")[0] in {*PARTS, "kernels", "failed"}
        assert words.ja
        assert words.en
    assert Finding("disk", Level.OK, "disk_ok", {"free": "1"}).line("en") == "[ok] disk: 1 GB free."
