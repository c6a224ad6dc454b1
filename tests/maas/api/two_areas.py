"""The tiny town with a second area, `other`, in which one of everything has happened.

Whatever belongs to it carries a mark: an id, or the word `MARK` where somebody writes a text.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from sqlalchemy import select

from maas.auth.roles import Role
from maas.auth.staff import Person, add_staff
from maas.offline import enrol
from maas.settings import Settings
from maas.store.tables import metadata
from maas.store.webhooks import WebhookRow, add_webhook
from tests.maas.api.conftest import PASSWORD, Running, fill
from tests.maas.tiny_town import AREA, TOWN_TOML, VEHICLES, write_tiny_town

OTHER: Final = "other"
VAN: Final = "van-9"
MARK: Final = "よその地区だけの言葉"
_BY_ITSELF: Final = frozenset(
    {"positions", "leases", "vehicle_plans", "promises", "notifications", "outbox", "audit_head"}
)
"""What the service writes without being asked; whoever asks is in the audit, with the subject."""
_TABLES: Final = tuple(table for table in metadata.sorted_tables if table.name not in _BY_ITSELF)


def write_two_areas(folder: Path) -> Path:
    """Write the tiny town with a second area and a van of its own there."""
    write_tiny_town(folder)
    head, _, body = TOWN_TOML.partition("[[areas]]")
    second = body.replace(f'"{AREA}"', f'"{OTHER}"').replace("tiny-2020", "other-2020")
    (folder / "town.toml").write_text(f"{head}[[areas]]{body}\n[[areas]]{second}", "utf-8")
    lines = VEHICLES.splitlines()
    rows = [lines[0] + ",area", *(f"{line},{AREA}" for line in lines[1:])]
    rows.append(f"{VAN},9号車,Van 9,試験タクシー,van,car,4,0,0,,P5,試験9,00:00,24:00,,{OTHER}")
    (folder / "vehicles.csv").write_text("\n".join(rows) + "\n", "utf-8")
    return folder


async def fill_both(settings: Settings, town: Path) -> str:
    """Import the town, add each role twice, once an area; return the token of van-1's device."""
    from maas.store.database import open_database

    token = await fill(settings, town)
    assert await enrol(settings, VAN) is not None
    database = open_database(settings.database)
    async with database.writing() as db:
        for role in Role:
            for area in (AREA, OTHER):
                person = Person(f"{role.value}-{area}", role.value, role, area)
                await add_staff(db, person, PASSWORD)
    await database.close()
    return token


@dataclass(slots=True)
class Happened:
    """What there is in the other area: ids by the name of the parameter that asks for one."""

    ids: dict[str, Any] = field(default_factory=dict)

    @property
    def marks(self) -> list[str]:
        """What nobody of another area may be shown."""
        return [MARK, f'"{VAN}"', *(str(one) for one in self.ids.values() if len(str(one)) >= 8)]


@dataclass(slots=True)
class Desk:
    """Whoever makes things happen in the other area."""

    caller: httpx.AsyncClient
    number: int = 0

    async def send(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401
        """Send one command and return what was answered."""
        self.number += 1
        answer = await self.caller.request(
            method, f"/api/v1{path}", json=body, headers={"Idempotency-Key": f"fill-{self.number}"}
        )
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def offer(self, **more: object) -> str:
        """Return the token of an offer in the other area."""
        trip = {"origin": 1, "destination": 6} | more
        quote = await self.send("POST", "/quotes", trip)
        return str(quote["offers"][0]["token"])

    async def book(self, **more: object) -> dict[str, Any]:
        """Book a ride in the other area."""
        body = {"offer": await self.offer(**more), "contact": {"name": MARK, "phone": "0"}}
        made: dict[str, Any] = await self.send("POST", "/bookings", body)
        return made


async def let_things_happen(running: Running) -> Happened:
    """Make one of everything in the other area."""
    found = Happened()
    tomorrow = running.service.today() + dt.timedelta(days=1)
    async with running.staff(f"admin-{OTHER}") as caller:
        desk = Desk(caller)
        await _book(desk, found, tomorrow)
        await _wait(desk, found, tomorrow)
        await _write(desk, found, tomorrow)
        await _drive(desk, found, running.service.today())
        await _keep(desk, found, tomorrow)
    await _tell(running, found)
    return found


async def _book(desk: Desk, found: Happened, tomorrow: dt.date) -> None:
    later = {"date": str(tomorrow)}
    made = await desk.book(**later, time="10:00")
    found.ids |= {"booking_id": made["id"], "outward_id": made["id"]}
    held = {"offer": await desk.offer(**later, time="13:00"), "seconds": 900}
    found.ids["offer"] = await desk.offer(**later, time="20:00")
    found.ids["hold_id"] = (await desk.send("POST", "/holds", held))["id"]
    trips = [
        {"origin": 1, "destination": 6, "time": "15:00"} | later,
        {"origin": 6, "destination": 1, "time": "18:00"} | later,
    ]
    quotes = await desk.send("POST", "/quotes/together", {"trips": trips})
    offers = [quote["offers"][0]["token"] for quote in quotes]
    both = {"offers": offers, "contact": {"name": MARK}}
    found.ids["group_id"] = (await desk.send("POST", "/bookings/together", both))["group_id"]


async def _wait(desk: Desk, found: Happened, tomorrow: dt.date) -> None:
    outward = await desk.book(date=str(tomorrow), time="08:00")
    back = await desk.send("POST", "/returns", {"outward_id": outward["id"]})
    found.ids["return_id"] = back["id"]
    trip = {"origin": 1, "destination": 6, "date": str(tomorrow), "time": "14:00"}
    entry = await desk.send("POST", "/waitlist", trip | {"contact": {"name": MARK}})
    found.ids["entry_id"] = entry["id"]
    first = str(tomorrow + dt.timedelta(days=200))
    weekly = trip | {"rider_id": 1, "weekdays": [0], "valid_from": first}
    del weekly["date"]
    found.ids["standing_id"] = (await desk.send("POST", "/standing", weekly))["id"]
    assert (await desk.send("POST", "/quotes", trip | {"riders": 9}))["offers"] == []
    declined = {"offers": [await desk.offer(date=str(tomorrow), time="20:00")], "reason": "fare"}
    await desk.send("POST", "/refusals/declined", declined)


async def _write(desk: Desk, found: Happened, tomorrow: dt.date) -> None:
    found.ids["note_id"] = (await desk.send("POST", "/handovers", {"text": MARK}))["id"]
    told = await desk.send("POST", "/driver-messages", {"text": MARK, "minutes": 600})
    found.ids["message_id"] = told["id"]
    draft = {
        "name": MARK,
        "valid_from": str(tomorrow + dt.timedelta(days=60)),
        "rules": [{"kind": "hours", "rule": {"days": ["mon"], "from": "09:00", "to": "10:00"}}],
    }
    found.ids["change_id"] = (await desk.send("POST", "/rules/changes", draft))["id"]
    account = {
        "name": "only-there", "display_name": MARK, "role": "operator",
        "area": OTHER, "password": "a long password",
    }  # fmt: skip
    found.ids["staff_name"] = (await desk.send("POST", "/staff", account))["name"]


async def _drive(desk: Desk, found: Happened, today: dt.date) -> None:
    await desk.send("POST", f"/vehicles/{VAN}/driver")
    made = await desk.book()
    for step in ("aboard", "dropped"):
        body = {"booking_id": made["id"], "step": step}
        if step == "dropped":
            body["payment"] = {"cash_yen": 400}
        await desk.send("POST", f"/vehicles/{VAN}/steps", body)
    record = {"kind": "check", "items": [{"item": MARK, "ok": True}]}
    await desk.send("POST", f"/vehicles/{VAN}/duty", {"record": record, "driver": MARK})
    bag = {"date": str(today), "vehicle_id": VAN, "what": "cash", "yen": 100, "reason": MARK}
    await desk.send("POST", "/reconciliation/corrections", bag)


async def _keep(desk: Desk, found: Happened, tomorrow: dt.date) -> None:
    found.ids["device_id"] = (await desk.send("GET", "/devices"))[0]["id"]
    found.ids["vehicle_id"] = VAN
    out = {"kind": "vehicle_out", "vehicles": [VAN], "reason": MARK, "date": str(tomorrow)}
    await desk.send("POST", "/disruptions", out)
    tasks = await desk.send("GET", "/phone-tasks")
    found.ids["task_key"] = tasks[0]["key"]
    reports = await desk.send("GET", "/reports")
    found.ids["report_id"] = reports[0]["id"] if reports else 0


async def _tell(running: Running, found: Happened) -> None:
    """Have a service told of nothing; no host is listed that one could name over the API."""
    found.ids["webhook_id"] = "hook-there"
    hook = WebhookRow("hook-there", OTHER, "https://hooks.example/", (), MARK, 0.0, "admin-other")
    async with running.service.database.writing() as db:
        await add_webhook(db, hook)


async def rows_with(running: Running, marks: list[str]) -> set[tuple[str, str]]:
    """Return every row of the database in which a mark stands."""
    found = set()
    async with running.service.database.reading() as db:
        for table in _TABLES:
            for row in (await db.execute(select(table))).mappings():
                text = repr(dict(row))
                if any(mark in text for mark in marks) or f"'{OTHER}'" in text:
                    found.add((table.name, text))
    return found
