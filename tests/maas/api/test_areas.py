"""Nobody of one area reads or changes what is another's: every route and topic, by everybody.

The questions are made from the application's own table of routes and its own document, so that a
route nobody thought of is asked too.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from dispatcher.roads.build import build
from maas.api.live import PUBLIC, STAFF
from maas.api.permissions import permission_of
from maas.app import create_app
from maas.auth.roles import GRANTS, Permission, Role, allowed
from maas.settings import Settings
from tests.maas.api.conftest import Prepared, Running, running_on
from tests.maas.api.two_areas import (
    MARK,
    OTHER,
    VAN,
    Happened,
    fill_both,
    let_things_happen,
    rows_with,
    write_two_areas,
)
from tests.maas.tiny_town import AREA

pytestmark = pytest.mark.heavy

APP = create_app(Settings())
DOCUMENT = APP.openapi()
SCHEMAS = DOCUMENT["components"]["schemas"]
GUARDED: Final = frozenset(GRANTS) | {Permission.VEHICLE}
_keys = count()

# Ids of what belongs to the whole town, and words that name no object of an area.
TOWN_WIDE: Final = {
    "rider_id": 1, "place_id": 1, "stop_id": "P1", "edition_id": 1, "what": "stops",
    "alert_id": "none", "trip_id": "none", "link_id": "none", "sign_id": "none",
    "voucher_id": "none", "line_id": "none", "date": "", "day": "2026-11-25",
    "name": "monthly", "month": "2026-10", "study_id": "none", "remark_id": "none",
    "passkey_id": "none",
}  # fmt: skip
WORDED: Final = frozenset({"/api/v1/rules/changes/import", f"/api/v1/vehicles/{VAN}/reports"})
"""Their bodies are a text and a kept event, which nobody makes from a schema."""
OWN_LISTS: Final = frozenset(
    f"/api/v1/{name}"
    for name in ("vehicles", "duty", "reports", "devices", "staff", "town/vehicles")
)
"""Lists that name no area: what they show depends on who asks alone."""
CLOCKS: Final = {"from": "08:00", "to": "17:00", "shift_from": "08:00", "shift_to": "17:00"}
"""`voucher_id`, `line_id`: asked for in tests of their own, what is there of them is of one day."""


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """The town of two areas."""
    root = tmp_path_factory.mktemp("areas")
    town = write_two_areas(root / "town")
    settings = Settings(data_dir=root / "data")
    build(town / "roads.osm", settings.data_dir / "roads")
    token = await fill_both(settings, town)
    async with running_on(Prepared(settings.data_dir, token), root / "run") as found:
        yield found


@pytest.fixture(scope="module")
async def there(running: Running) -> Happened:
    """What has happened in the other area."""
    return await let_things_happen(running)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request aimed at what is the other area's, and one that names nothing."""

    method: str
    path: str
    permission: Permission
    query: dict[str, str]
    body: object
    aimed: bool

    async def send(self, caller: httpx.AsyncClient, *, plainly: bool = False) -> httpx.Response:
        """Send it; `plainly` leaves the query and the area out."""
        body = self.body
        if plainly and isinstance(body, dict):
            body = {name: value for name, value in body.items() if name != "area"}
        return await caller.request(
            self.method,
            self.path,
            params={} if plainly else self.query,
            json=body,
            headers={"Idempotency-Key": f"areas-{next(_keys)}"},
        )

    def names_more(self) -> bool:
        """Say whether asking plainly is another question."""
        return bool(self.query) or (isinstance(self.body, dict) and "area" in self.body)

    def gives_away(self, answer: httpx.Response, there: Happened) -> list[str]:
        """Return the marks that are answered and were not asked with."""
        asked = f"{self.path} {self.query} {self.body}".replace("'", '"')
        return [mark for mark in there.marks if mark in answer.text and mark not in asked]

    def lets_in(self, answer: httpx.Response) -> bool:
        """Say whether something of the other area was asked for and not refused."""
        refused = {403, 404, 422} if self.path in WORDED else {403, 404}
        return self.aimed and answer.status_code not in refused


def asks(there: Happened, today: str) -> Iterator[Ask]:
    """Yield a request for every operation that somebody of the staff may use."""
    ids = TOWN_WIDE | {"date": today} | there.ids
    for route in iter_route_contexts(APP.routes):
        permission = permission_of(route)
        if permission not in GUARDED or route.methods is None:
            continue
        for method in sorted(route.methods):
            shown = str(route.path).replace(":path", "")
            operation = DOCUMENT["paths"][shown][method.lower()]
            query = dict(_query(operation, ids))
            body = _body(operation, ids)
            names = {part[1:-1] for part in shown.split("/") if part.startswith("{")}
            aimed = bool(names & set(there.ids)) or _names_other(query, body)
            yield Ask(method, shown.format(**ids), permission, query, body, aimed)


def _query(operation: dict[str, Any], ids: dict[str, Any]) -> Iterator[tuple[str, str]]:
    known = {"area": OTHER, "vehicle": VAN, "rider_id": "1", "since_s": "0", "place": "1"}
    for parameter in operation.get("parameters", []):
        name = parameter["name"]
        if parameter["in"] != "query":
            continue
        if name in known:
            yield name, known[name]
        elif parameter["required"] or name == "date":
            yield name, str(_made(parameter["schema"], ids, name))


def _body(operation: dict[str, Any], ids: dict[str, Any]) -> object:
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema")
    return None if schema is None else _made(schema, ids, "")


def _made(schema: dict[str, Any], ids: dict[str, Any], name: str) -> Any:  # noqa: ANN401
    """Return the smallest value of a schema, aimed at the other area wherever it names one."""
    aims = {"area": OTHER, "vehicle": VAN, "vehicle_id": VAN, "vehicles": [VAN]}
    if name in CLOCKS and schema.get("format") != "date":
        return CLOCKS[name]
    if name in aims or (name in ids and "enum" not in schema):
        return aims.get(name, ids.get(name))
    if "$ref" in schema:
        return _made(SCHEMAS[schema["$ref"].rsplit("/", 1)[1]], ids, name)
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return _made(schema[choice][0], ids, name)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if schema.get("type") == "object" or "properties" in schema:
        wanted = set(schema.get("required", ())) | set(aims) & set(schema.get("properties", {}))
        fields = schema.get("properties", {})
        return {each: _made(fields[each], ids, each) for each in sorted(wanted)}
    if schema.get("type") == "array":
        return [_made(schema["items"], ids, name.removesuffix("s"))] * schema.get("minItems", 0)
    return _plain(schema, ids)


def _plain(schema: dict[str, Any], ids: dict[str, Any]) -> object:
    if schema.get("format") == "date":
        return ids["date"]
    if "examples" in schema:
        return schema["examples"][0]
    kinds: dict[str, object] = {
        "integer": max(1, schema.get("minimum", 1)),
        "number": schema.get("minimum", 1),
        "boolean": True,
        "null": None,
    }
    return kinds.get(schema.get("type", "string"), "x" * max(1, schema.get("minLength", 1)))


def _names_other(query: dict[str, str], body: object) -> bool:
    return (
        OTHER in query.values()
        or VAN in query.values()
        or VAN in str(body)
        or (f"'{OTHER}'" in str(body))
    )


async def test_nobody_of_one_area_reads_or_changes_another(
    running: Running, there: Happened
) -> None:
    before = await rows_with(running, there.marks)
    asked, wrong = 0, []
    for role in Role:
        async with running.staff(f"{role.value}-{AREA}") as caller:
            for ask in asks(there, str(running.service.today())):
                for plainly in (False, True) if ask.names_more() else (False,):
                    answer = await ask.send(caller, plainly=plainly)
                    asked += 1
                    shown = ask.gives_away(answer, there)
                    let_in = not plainly and ask.lets_in(answer)
                    if shown or let_in or answer.status_code >= 500:
                        wrong.append((role.value, ask.method, ask.path, answer.status_code, shown))
    assert not wrong, "\n".join(map(str, wrong))
    assert before ^ await rows_with(running, there.marks) == set()
    assert asked > 1000


async def test_whoever_is_of_the_area_reads_and_changes_it(
    running: Running, there: Happened
) -> None:
    """The same requests, by those they are meant for: the other test refuses no mere mistake."""
    seen, wrong = set(), []
    asked = list(asks(there, str(running.service.today())))
    async with running.staff(f"admin-{OTHER}") as caller:
        for ask in sorted(asked, key=lambda ask: ask.method != "GET"):
            answer = await ask.send(caller)
            if ask.aimed:
                if ask.path not in WORDED and answer.status_code in {400, 401, 403, 422, 500}:
                    wrong.append((ask.method, ask.path, answer.text))
            elif ask.gives_away(answer, there):
                seen.add(ask.path)
    assert not wrong, "\n".join(map(str, wrong))
    assert seen >= OWN_LISTS


async def test_every_kind_of_object_is_of_one_area_or_of_the_whole_town(there: Happened) -> None:
    named = {
        name
        for route in iter_route_contexts(APP.routes)
        if permission_of(route) in GUARDED
        for name in re.findall(r"{(\w+)", str(route.path))
    }
    assert named <= set(TOWN_WIDE) | set(there.ids)


async def test_a_device_reads_and_changes_its_own_vehicle_alone(
    running: Running, there: Happened
) -> None:
    before = await rows_with(running, there.marks)
    async with running.device() as device:
        for ask in asks(there, str(running.service.today())):
            answer = await ask.send(device)
            assert answer.status_code in {401, 403, 404, 422}, f"{ask}: {answer.text}"
            assert MARK not in answer.text
    assert before ^ await rows_with(running, there.marks) == set()


async def test_a_stranger_reads_and_changes_nothing(running: Running, there: Happened) -> None:
    before = await rows_with(running, there.marks)
    async with running.caller() as stranger:
        for ask in asks(there, str(running.service.today())):
            answer = await ask.send(stranger)
            assert answer.status_code == 401, f"{ask}: {answer.text}"
    assert before ^ await rows_with(running, there.marks) == set()


TOPICS = [*(f"{kind}:{area}" for kind in sorted(STAFF) for area in (AREA, OTHER)), "calls"]


@pytest.mark.parametrize("role", list(Role))
async def test_topics_of_the_staff_are_heard_in_their_own_area(
    running: Running, there: Happened, role: Role
) -> None:
    async with running.staff(f"{role.value}-{AREA}") as caller:
        for topic in TOPICS:
            kind, _, area = topic.partition(":")
            asked: dict[str, str | int] = {"topic": topic, "wait_s": 0}
            answer = await caller.get("/api/v1/live/poll", params=asked)
            wanted = area == AREA and allowed(role, STAFF[kind])
            assert (answer.status_code == 200) is wanted, f"{role} {topic}: {answer.text}"
            assert not any(mark in answer.text for mark in there.marks)
    assert any(mark in str(running.service.hub.values(f"bookings:{OTHER}")) for mark in there.marks)


async def test_public_topics_say_nothing_of_whom_rides_are_for(
    running: Running, there: Happened
) -> None:
    told = running.service.hub.topics()
    assert {topic.partition(":")[0] for topic in told} <= PUBLIC | STAFF.keys()
    topics = [topic for topic in told if topic.partition(":")[0] in PUBLIC]
    async with running.caller() as stranger:
        for topic in topics:
            answer = await stranger.get("/api/v1/live/poll", params={"topic": topic, "wait_s": 0})
            assert answer.status_code == 200
            assert MARK not in answer.text
            assert there.ids["booking_id"] not in answer.text


async def test_what_was_said_of_an_area_is_taken_back_by_who_plans_there_or_everywhere(
    running: Running,
) -> None:
    path, said = (
        "/api/v1/ridership/remarks",
        {"first": "2026-01-05", "kind": "snow", "text": " 雪 "},
    )
    keys = ({"Idempotency-Key": f"remark-{number}"} for number in count())
    async with running.staff("planner") as planner, running.staff(f"planner-{AREA}") as neighbour:
        made = await planner.post(path, json=said | {"area": OTHER}, headers=next(keys))
        assert (made.status_code, made.json()["text"]) == (201, "雪")
        back = f"{path}/{made.json()['id']}/take-back"
        assert (await neighbour.post(back, headers=next(keys))).status_code in {403, 404}
        taken = await planner.post(back, headers=next(keys))
        assert (taken.status_code, taken.json()["taken_back_by"]) == (200, "planner")
        there = (await planner.get(path, params={"area": OTHER})).json()
        here = (await planner.get(path, params={"area": AREA})).json()
        backs = {one["id"]: one["taken_back_by"] for one in there}
        assert backs[made.json()["id"]] == "planner"
        assert made.json()["id"] not in {one["id"] for one in here}
        assert (await planner.post(f"{path}/none/take-back", headers=next(keys))).status_code == 404
        blank = await planner.post(path, json=said | {"text": "  "}, headers=next(keys))
        assert blank.status_code == 422
