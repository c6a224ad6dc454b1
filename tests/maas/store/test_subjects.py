"""The query functions other parts rely on, on both databases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from maas.store import fleet, people, positions
from maas.store.database import Database
from maas.store.people import SessionRow, StaffRow
from maas.store.positions import PositionRow
from maas.town.imports import import_town
from tests.maas.line_town import write_town


async def test_a_vehicle_has_one_driver_at_a_time(database: Database, tmp_path: Path) -> None:
    await import_town(database, write_town(tmp_path / "town"))
    async with database.writing() as connection:
        assert await fleet.claim(connection, "van-1", "ken")
        assert await fleet.claim(connection, "van-1", "ken")
        assert not await fleet.claim(connection, "van-1", "yuki")
        assert not await fleet.release(connection, "van-1", "yuki")
        assert await fleet.release(connection, "van-1", "ken")
        assert await fleet.claim(connection, "van-1", "yuki")
        assert not await fleet.claim(connection, "no such", "ken")


async def test_importing_again_leaves_the_driver_at_the_wheel(
    database: Database, tmp_path: Path
) -> None:
    folder = write_town(tmp_path / "town")
    await import_town(database, folder)
    async with database.writing() as connection:
        await fleet.claim(connection, "van-1", "ken")

    await import_town(database, folder)

    async with database.reading() as connection:
        row = await fleet.vehicle(connection, "van-1")
    assert row is not None
    assert row.driver == "ken"


async def test_a_device_reports_until_it_is_revoked(database: Database, tmp_path: Path) -> None:
    await import_town(database, write_town(tmp_path / "town"))
    async with database.writing() as connection:
        row = fleet.DeviceRow("d1", "van-1", "tracker", "hash", 1.0, None)
        await fleet.add_device(connection, row)
        known = await fleet.device_by_token(connection, "hash")
        assert known is not None
        assert known == row
        assert await fleet.device_by_token(connection, "other") is None
        assert await fleet.revoke_device(connection, "d1", 2.0)
        assert not await fleet.revoke_device(connection, "d1", 3.0)
        assert await fleet.device_by_token(connection, "hash") is None
        assert [row.revoked_at for row in await fleet.all_devices(connection)] == [2.0]
        assert await fleet.all_devices(connection, revoked_too=False) == []


async def test_a_code_enrols_once_and_in_time(database: Database, tmp_path: Path) -> None:
    await import_town(database, write_town(tmp_path / "town"))
    async with database.writing() as connection:
        for code in ("one", "late"):
            await fleet.add_enrol_code(connection, code, "van-1", 10.0)
        assert await fleet.use_enrol_code(connection, "other", 5.0) is None
        assert await fleet.use_enrol_code(connection, "one", 9.9) == "van-1"
        assert await fleet.use_enrol_code(connection, "one", 9.9) is None
        assert await fleet.use_enrol_code(connection, "late", 10.0) is None


async def test_a_session_ends_by_itself_or_with_its_account(database: Database) -> None:
    person = StaffRow("yuki", "受付", "argon2", "operator", None)
    async with database.writing() as connection:
        await people.save_staff(connection, person)
        for name, (created, seen) in {"idle": (50, 60), "old": (10, 99), "good": (50, 99)}.items():
            await people.add_session(connection, SessionRow(name, "yuki", created, seen))

        await people.end_sessions(connection, unused_since=70, older_than=40)

        found = [await people.session(connection, name) for name in ("idle", "old", "good")]
        assert [one is not None for one in found] == [False, False, True]
        await people.save_staff(connection, replace(person, disabled=True))
        assert await people.session(connection, "good") is None


async def test_a_fix_is_kept_once_and_the_newest_is_found(database: Database) -> None:
    def fix(seq: int, t: float) -> PositionRow:
        return PositionRow("van-1", "d1", "boot", seq, t, t, 34.8, 133.6, speed=8.0)

    async with database.writing() as connection:
        await positions.add_positions(connection, [fix(1, 10.0), fix(2, 20.0)])
        await positions.add_positions(connection, [fix(2, 99.0), fix(3, 15.0)])
        latest = await positions.latest_positions(connection, ["van-1"], since=0.0)
        assert [(row.seq, row.t) for row in latest] == [(2, 20.0)]
        assert await positions.latest_positions(connection, ["van-1"], since=20.0) == []
        assert await positions.latest_positions(connection, ["van-2"], since=0.0) == []
