"""Every letter is delivered at least once under one id, whoever is slow, away or killed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace

import pytest

from maas.link.courier import AT_ONCE, LONGEST_WAIT_S
from maas.link.desk import BOTH_S, new_secret_for, send_again
from maas.link.events import Kind
from maas.link.sending import Sender
from maas.store import webhooks
from maas.store.once import By, Done
from maas.store.webhooks import KEEP_S, Backlog
from tests.maas.link.conftest import HOOK, WALL, Scene, delivered
from tests.maas.link.receiver import SECRET, Receiver, receiving, until
from tests.ports import PATIENCE_S, free_port

pytestmark = pytest.mark.anyio


async def test_an_event_is_delivered_once_to_whoever_wants_it(
    scene: Scene, receiver: Receiver
) -> None:
    await scene.subscribe(receiver)
    async with scene.database.writing() as db:
        others = replace(HOOK, id="h2", url=receiver.url, kinds=(Kind.NO_SHOW,))
        await webhooks.add_webhook(db, others)
        await webhooks.add_letters(db, "elsewhere", Kind.CONFIRMED, "there", "{}", scene.clock())
    await scene.happen("e1")

    await delivered(scene.courier(receiver))
    await delivered(scene.courier(receiver))

    assert receiver.posts == ["e1"]
    (headers,) = receiver.headers
    assert headers["content-type"] == "application/cloudevents+json"
    assert headers["host"] == receiver.host
    assert await scene.backlog() == await scene.backlog("h2") == Backlog()


async def test_many_letters_arrive_in_their_order(scene: Scene, receiver: Receiver) -> None:
    await scene.subscribe(receiver)
    names = [f"e{number}" for number in range(AT_ONCE + 5)]
    for name in names:
        await scene.happen(name)

    await delivered(scene.courier(receiver))

    assert receiver.posts == names


@pytest.mark.parametrize("status", [302, 404, 429, 503])
async def test_what_is_not_taken_is_sent_again_under_its_id(
    scene: Scene, receiver: Receiver, status: int
) -> None:
    await scene.subscribe(receiver)
    await scene.happen("e1")
    receiver.answers = [status]
    receiver.location = receiver.url.replace("hook", "elsewhere")
    courier = scene.courier(receiver)

    await delivered(courier)
    await delivered(courier)
    assert receiver.posts == ["e1"]
    assert (await scene.backlog()).waiting == 1
    scene.clock.epoch += 5
    await delivered(courier)

    assert receiver.posts == ["e1", "e1"]
    assert list(receiver.events) == ["e1"]
    assert await scene.backlog() == Backlog()


async def test_a_letter_that_is_refused_holds_no_other_up(scene: Scene, receiver: Receiver) -> None:
    await scene.subscribe(receiver)
    receiver.refuses = "bad"
    for name in ("bad", "e1", "e2"):
        await scene.happen(name)
    courier = scene.courier(receiver)

    await delivered(courier)
    assert list(receiver.events) == ["e1", "e2"]
    await scene.happen("e3")
    await delivered(courier)

    assert list(receiver.events) == ["e1", "e2", "e3"]
    assert receiver.posts.count("bad") == 1
    assert (await scene.backlog()).waiting == 1


async def test_a_service_that_is_away_is_asked_once_in_a_while_and_no_more(
    scene: Scene, receiver: Receiver
) -> None:
    await scene.subscribe(receiver)
    for name in ("e1", "e2", "e3"):
        await scene.happen(name)
    receiver.answers = [503] * 3
    courier = scene.courier(receiver)

    await delivered(courier)
    await delivered(courier)
    assert receiver.posts == ["e1"]
    scene.clock.epoch += 5
    await delivered(courier)
    assert receiver.posts == ["e1", "e2"]
    scene.clock.epoch += 5
    await delivered(courier)
    assert receiver.posts == ["e1", "e2"]
    scene.clock.epoch += 5
    await delivered(courier)
    scene.clock.epoch += 20
    await delivered(courier)

    assert set(receiver.events) == {"e1", "e2", "e3"}


async def test_one_that_hangs_holds_nobody_else_up(scene: Scene, receiver: Receiver) -> None:
    with receiving() as hanging:
        hanging.gate.clear()
        await scene.subscribe(hanging)
        await scene.subscribe(receiver, "h2")
        await scene.happen("e1")
        courier = scene.courier(hanging, receiver, timeout_s=PATIENCE_S)

        await courier.look()
        await until(lambda: hanging.posts == ["e1"] and list(receiver.events) == ["e1"])
        await scene.happen("e2")
        await until(lambda: list(receiver.events) == ["e1", "e2"], courier.look)

        assert hanging.posts == ["e1"]
        assert (await scene.backlog()).waiting == 2
        await courier.close()


async def test_one_that_hangs_is_left_after_a_while(scene: Scene, receiver: Receiver) -> None:
    receiver.gate.clear()
    await scene.subscribe(receiver)
    await scene.happen("e1")
    courier = scene.courier(receiver, timeout_s=0.2)

    async with asyncio.timeout(PATIENCE_S):
        await delivered(courier)

    assert courier.counts["away"] == 1
    assert (await scene.backlog()).waiting == 1


async def test_a_day_without_the_service_loses_nothing(scene: Scene) -> None:
    port = free_port()
    away = Receiver(host=f"127.0.0.1:{port}")
    await scene.subscribe(away)
    courier = scene.courier(away)
    names = []
    for hour in range(24):
        names.append(f"e{hour}")
        await scene.happen(names[-1])
        for _ in range(12):
            await delivered(courier)
            scene.clock.epoch += 300
    assert (await scene.backlog()).waiting == 24
    assert 24 * 4 <= courier.counts["away"] <= 24 * 12

    with receiving(port) as back:
        for _ in range(4):
            scene.clock.epoch += LONGEST_WAIT_S / 2
            await delivered(courier)

    assert sorted(back.events) == sorted(names)
    assert sorted(back.posts) == sorted(names)
    assert await scene.backlog() == Backlog()


async def test_what_fails_for_three_days_is_given_up_and_can_be_sent_again(
    scene: Scene, receiver: Receiver
) -> None:
    await scene.subscribe(receiver)
    receiver.answers = [503, 500]
    await scene.happen("e1")
    await scene.happen("e2")
    courier = scene.courier(receiver)
    await delivered(courier)
    scene.clock.epoch += KEEP_S - 10
    newest_at = scene.clock()
    await scene.happen("e3")
    await delivered(courier)
    assert (await scene.backlog()).waiting == 3
    receiver.answers = [503] * 3
    scene.clock.epoch += 20
    await delivered(courier)

    left = replace(await scene.backlog(), error="")
    assert left == Backlog(waiting=1, dead=2, waiting_since=newest_at)
    assert courier.counts["dead"] == 2
    assert {each.event_id for each in await scene.dead()} == {"e1", "e2"}
    assert {each.error for each in await scene.dead()} <= {"503", "500"}
    receiver.answers = []
    again = await send_again(scene.database, "h1", None, By("aki", scene.clock(), "k"))
    await delivered(courier)

    assert isinstance(again, Done)
    assert again.answer == 2
    assert set(receiver.events) >= {"e1", "e2"}
    assert (await scene.backlog()).dead == 0


async def test_a_letter_that_is_refused_for_three_days_is_given_up_alone(
    scene: Scene, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody led the area for three days: the others have not even been tried."""
    monkeypatch.setattr("maas.link.courier.AT_ONCE", 1)
    await scene.subscribe(receiver)
    receiver.refuses = "bad"
    for name in ("bad", "e1", "e2"):
        await scene.happen(name)
    scene.clock.epoch += KEEP_S + 1
    await delivered(scene.courier(receiver))

    assert list(receiver.events) == ["e1", "e2"]
    assert await scene.backlog() == Backlog(dead=1, error="400")


async def test_a_fault_of_ours_is_tried_again_after_a_while(
    scene: Scene, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ValueError

    await scene.subscribe(receiver)
    await scene.happen("e1")
    with monkeypatch.context() as patched:
        patched.setattr(Sender, "send", broken)
        await delivered(scene.courier(receiver))
    assert (await scene.backlog()).error == "error of ours"
    await delivered(scene.courier(receiver))
    assert receiver.posts == []
    scene.clock.epoch += 5
    await delivered(scene.courier(receiver))

    assert list(receiver.events) == ["e1"]


async def test_who_does_not_lead_the_area_delivers_nothing(
    scene: Scene, receiver: Receiver
) -> None:
    await scene.subscribe(receiver)
    await scene.happen("e1")
    scene.leads = {"other"}
    await delivered(scene.courier(receiver))
    async with scene.database.reading() as db:
        assert await webhooks.ready(db, scene.leads, scene.clock()) == []
    assert receiver.posts == []

    scene.leads = {"line"}
    await delivered(scene.courier(receiver))
    assert receiver.posts == ["e1"]


async def test_who_no_longer_leads_stops_at_the_next_letters(
    scene: Scene, receiver: Receiver
) -> None:
    await scene.subscribe(receiver)
    await scene.happen("e1")
    courier = scene.courier(receiver)
    await courier.look()
    scene.leads = set()
    await courier.idle()

    assert receiver.posts == []


COURIER = """
import asyncio, sys
from maas.link.courier import Courier
from maas.link.reach import Reach
from maas.link.sending import Sender
from maas.store.database import open_database

async def main(url, host, now):
    sender = Sender(Reach(inside=frozenset({host})), lambda: 0.0, timeout_s=600.0)
    courier = Courier(open_database(url), sender, lambda: float(now), lambda: {"line"})
    await courier.look()
    await courier.idle()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_courier_killed_before_it_notes_a_delivery_repeats_it_under_the_same_id(
    scene: Scene, receiver: Receiver, database_url: str
) -> None:
    await scene.subscribe(receiver)
    await scene.happen("e1")
    receiver.gate.clear()
    words = [sys.executable, "-c", COURIER, database_url, receiver.host, str(scene.clock())]
    with subprocess.Popen(words) as killed:  # noqa: ASYNC220 -- the test has nothing else to do
        assert await asyncio.to_thread(receiver.arrived.wait, PATIENCE_S)
        killed.kill()
    receiver.gate.set()
    assert (await scene.backlog()).waiting == 1

    await delivered(scene.courier(receiver))

    assert receiver.posts == ["e1", "e1"]
    assert list(receiver.events) == ["e1"]
    assert await scene.backlog() == Backlog()


async def test_a_new_secret_and_the_one_before_both_sign_for_a_day(
    scene: Scene, receiver: Receiver
) -> None:
    await scene.subscribe(receiver)
    by = By("aki", scene.clock(), "k")
    made = await new_secret_for(scene.database, "h1", None, by, WALL)
    assert not isinstance(made, str)
    courier = scene.courier(receiver)

    for event_id, wall, secret in (
        ("e1", WALL, SECRET),
        ("e2", WALL, made.secret),
        ("e3", WALL + BOTH_S - 1, SECRET),
        ("e4", WALL + BOTH_S, made.secret),
    ):
        scene.wall, receiver.secret = wall, secret
        await scene.happen(event_id)
        await delivered(courier)
    assert list(receiver.events) == ["e1", "e2", "e3", "e4"]
    stamps = [each["x-signature"].partition(",")[0] for each in receiver.headers]
    assert stamps[0] == f"t={WALL:.0f}"

    receiver.secret = SECRET
    await scene.happen("e5")
    await delivered(courier)
    assert "e5" not in receiver.events
    told_again = await new_secret_for(scene.database, "h1", None, by, WALL)
    assert not isinstance(told_again, str)
    assert told_again.secret == ""
