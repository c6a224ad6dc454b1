"""Vouchers and money in the database, on both: nothing is spent twice, nothing is rewritten."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from maas.fares import books
from maas.fares.payment import Payment, Tendered
from maas.fares.vouchers import VoucherRefused
from maas.rides.keeper import Keeper
from maas.rides.views import BookingView, JobView
from maas.store import takings, vouchers
from maas.store.commits import audit_break
from maas.store.database import Database
from maas.store.once import By
from maas.store.takings import TakingRow
from maas.store.vouchers import Quota, VoucherRow
from maas.town.imports import import_town
from tests.maas.line_town import HandClock, LineRoads, write_town
from tests.maas.rides.conftest import ask, booked

DAY = date(2026, 11, 25)
KINDS = """
[[tariff.fares]]
id = "shared"
when = ["shared"]
yen = 300
[[tariff.fares]]
id = "base"
yen = 500
[[tariff.vouchers]]
id = "taxi"
name = "タクシー券"
name_en = "taxi voucher"
form = "ticket"
face_yen = 200
per_month = 2
[[tariff.vouchers]]
id = "card"
name = "回数券"
name_en = "prepaid card"
form = "balance"
face_yen = 700
"""


def row(id_: str, kind: str = "taxi", member: int | None = 1) -> VoucherRow:
    form, face_yen = ("balance", 700) if kind == "card" else ("ticket", 200)
    return VoucherRow(
        id_, kind, form, member, face_yen, face_yen, "open", DAY, None, 1, 1.0, "yuki"
    )  # fmt: skip


def by(key: str) -> By:
    return By("yuki", 2.0, key)


@pytest.fixture
async def keeper(database: Database, tmp_path: Path) -> Keeper:
    """The line town with a tariff that takes vouchers."""
    folder = write_town(tmp_path / "town")
    rules = (folder / "town.toml").read_text(encoding="utf-8")
    head = rules.split("base_yen")[0].replace("max_party", "overlap_allowed = true\nmax_party")
    (folder / "town.toml").write_text(head + KINDS, encoding="utf-8")
    await import_town(database, folder, LineRoads(), "line-roads")
    keeper = Keeper(
        database, area="line", roads={"car": LineRoads()}, network="line-roads",
        clock=HandClock("09:00"), signing_key=b"test", improve_s=0.0,
    )  # fmt: skip
    await keeper.refresh()
    return keeper


async def aboard(keeper: Keeper, origin: int, time: str, key: str) -> BookingView:
    mine = await booked(keeper, ask(origin, origin + 2, time), key, rider_id=1)
    answer = await keeper.step(
        "van-1", mine.id, "aboard", at=None, key=f"in-{key}", actor="device:van-1"
    )
    assert isinstance(answer, JobView), answer
    return mine


async def dropped(keeper: Keeper, mine: BookingView, key: str, *papers: str) -> object:
    return await keeper.step(
        "van-1", mine.id, "dropped", at=None, key=key, actor="device:van-1",
        paid=Tendered(vouchers=papers),
    )  # fmt: skip


async def state(database: Database, id_: str) -> tuple[int | None, str]:
    async with database.reading() as connection:
        found = (await vouchers.by_ids(connection, [id_]))[id_]
    return found.left_yen, found.state


async def used(database: Database) -> int:
    async with database.reading() as connection:
        return (await vouchers.used_in(connection, "2026-11", [1])).get((1, "taxi"), 0)


async def test_vouchers_pay_and_the_rest_is_cash_in_the_bag(
    keeper: Keeper, database: Database
) -> None:
    assert await books.issue(database, [row("v1"), row("v2"), row("c1", "card")], by("i")) is None
    first = await aboard(keeper, 3, "10:00", "a")

    done = await dropped(keeper, first, "out", "v1", "v2")

    assert isinstance(done, JobView)
    assert await state(database, "v1") == (0, "spent")
    assert await used(database) == 2
    bag = (await books.bags(database, DAY))["van-1"]
    assert (bag.fares_yen, bag.cash_yen, bag.open_yen) == (500, 100, 0)
    assert [(pile.kind, pile.count, pile.yen) for pile in bag.vouchers] == [("taxi", 2, 400)]
    again = await dropped(keeper, first, "out", "v1", "v2")
    assert again == done
    assert (await books.bags(database, DAY))["van-1"] == bag


async def test_a_refused_voucher_leaves_the_rider_on_board_and_nothing_spent(
    keeper: Keeper, database: Database
) -> None:
    await books.issue(database, [row("v1"), row("v2"), row("v3")], by("i"))
    mine = await aboard(keeper, 3, "10:00", "a")

    for papers, says in (
        (("v1", "none"), "券noneは登録されていません。"),
        (("v1", "v1"), "同じ券v1が二度出されています。"),
        (("v1", "v2", "v3"), "タクシー券は1か月2枚までで、今月の分は使い切りました。"),
    ):
        refused = await dropped(keeper, mine, f"no-{papers}", *papers)
        assert isinstance(refused, VoucherRefused)
        assert refused.sentence.ja == says

    assert await state(database, "v1") == (200, "open")
    assert (await books.bags(database, DAY)) == {}
    assert [view.state for view in await keeper.bookings()] == ["aboard"]


async def test_a_voucher_spent_twice_at_once_is_refused_for_one(
    keeper: Keeper, database: Database
) -> None:
    await books.issue(database, [row("v1")], by("i"))
    rides = [await aboard(keeper, 3, "10:00", "a"), await aboard(keeper, 3, "10:00", "b")]
    other = Keeper(
        database, area="line", roads={"car": LineRoads()}, network="line-roads",
        clock=HandClock("09:00"), signing_key=b"test", improve_s=0.0,
    )  # fmt: skip
    await other.refresh()

    answers = await asyncio.gather(
        dropped(keeper, rides[0], "x", "v1"), dropped(other, rides[1], "y", "v1")
    )

    assert sorted(type(each).__name__ for each in answers) == ["JobView", "VoucherRefused"]
    refused = next(each for each in answers if isinstance(each, VoucherRefused))
    assert refused.sentence.ja == "券v1は使用済みです。"
    async with database.reading() as connection:
        rows = await takings.on(connection, DAY)
    assert sum(each.what == "voucher" for each in rows) == 1


async def test_only_one_of_two_swaps_and_the_quota_holds_at_the_same_instant(
    keeper: Keeper, database: Database
) -> None:
    await books.issue(database, [row("v1")], by("i"))
    quota = Quota(1, "taxi", "2026-11", 2)

    async def swap() -> bool:
        async with database.writing() as connection:
            return await vouchers.swap(connection, "v1", 1, left_yen=0, state="spent")

    async def count() -> bool:
        async with database.writing() as connection:
            return await vouchers.count(connection, quota, 1)

    assert sorted(await asyncio.gather(swap(), swap(), swap())) == [False, False, True]
    assert sum(await asyncio.gather(*(count() for _ in range(5)))) == 2
    assert await used(database) == 2


async def test_a_voucher_given_back_can_be_spent_again_and_only_once(
    keeper: Keeper, database: Database
) -> None:
    await books.issue(database, [row("v1"), row("c1", "card")], by("i"))
    mine = await aboard(keeper, 3, "10:00", "a")
    await dropped(keeper, mine, "out", "v1", "c1")
    assert await state(database, "c1") == (400, "open")

    async def back(id_: str, key: str) -> object:
        return await books.give_back(database, id_, mine.id, "まちがい", by(key))

    assert sorted(map(str, await asyncio.gather(back("v1", "k1"), back("v1", "k2")))) == [
        "None", "bad-correction",
    ]  # fmt: skip
    assert await back("c1", "k3") is None
    assert await back("c1", "k3") is None
    assert await back("none", "k4") == "not-found"

    assert await state(database, "v1") == (200, "open")
    assert await state(database, "c1") == (700, "open")
    assert await used(database) == 0
    bag = (await books.bags(database, DAY))["van-1"]
    assert (bag.due_yen, bag.open_yen, bag.vouchers_yen) == (500, 500, 0)
    assert all(pile.count == 0 for pile in bag.vouchers)


async def test_a_void_voucher_is_not_given_back(keeper: Keeper, database: Database) -> None:
    await books.issue(database, [row("v1")], by("i"))
    mine = await aboard(keeper, 3, "10:00", "a")
    await dropped(keeper, mine, "out", "v1")
    async with database.writing() as connection:
        assert await vouchers.swap(connection, "v1", 2, left_yen=0, state="void")

    assert await books.give_back(database, "v1", mine.id, "", by("k")) == "bad-correction"

    assert await state(database, "v1") == (0, "void")


async def test_never_more_is_refunded_than_was_taken(keeper: Keeper, database: Database) -> None:
    mine = await aboard(keeper, 3, "10:00", "a")
    await dropped(keeper, mine, "out")

    async def back(yen: int, key: str) -> object:
        return await books.refund(database, mine.id, yen, "まちがい", by(key))

    assert await back(501, "z") == "bad-correction"
    both = await asyncio.gather(back(300, "b"), back(300, "c"))
    assert sorted(map(str, both)) == ["None", "bad-correction"]
    assert await back(300, "b" if both[0] is None else "c") is None
    assert await back(200, "b" if both[0] is None else "c") == "key-reused"
    assert await books.refund(database, "none", 1, "", by("d")) == "not-found"

    bag = (await books.bags(database, DAY))["van-1"]
    assert (bag.fares_yen, bag.corrected_yen, bag.due_yen) == (500, -300, 200)
    assert (bag.bag_yen, bag.open_yen) == (200, 0)


async def test_a_correction_is_a_row_and_is_in_the_audit(
    keeper: Keeper, database: Database
) -> None:
    row = TakingRow(DAY, "van-1", None, "float", 5000, 2.0, "yuki", reason="つり銭")

    assert await books.put_right(database, row, by("a")) is None
    assert await books.put_right(database, row, by("a")) is None
    assert await books.put_right(database, replace(row, yen=1), by("a")) == "key-reused"

    assert (await books.bags(database, DAY))["van-1"].bag_yen == 5000
    async with database.reading() as connection:
        assert await audit_break(connection) is None


async def test_a_voucher_number_is_issued_once(keeper: Keeper, database: Database) -> None:
    assert await books.issue(database, [row("v1")], by("a")) is None
    assert await books.issue(database, [row("v2"), row("v1")], by("b")) == "bad-correction"

    async with database.reading() as connection:
        assert [each.id for each in await vouchers.of_member(connection, 1)] == ["v1"]


async def test_what_vouchers_paid_or_was_never_due_is_not_refunded_in_cash(
    keeper: Keeper, database: Database
) -> None:
    await books.issue(database, [row("v1"), row("v2")], by("i"))
    papers = await aboard(keeper, 3, "10:00", "a")
    await dropped(keeper, papers, "out", "v1", "v2")
    coins = await aboard(keeper, 3, "11:00", "b")
    await keeper.step(
        "van-1", coins.id, "dropped", at=None, key="o", actor="x", paid=Tendered(cash_yen=900)
    )

    assert await books.refund(database, papers.id, 101, "", by("p")) == "bad-correction"
    assert await books.refund(database, coins.id, 501, "", by("q")) == "bad-correction"
    assert await books.refund(database, papers.id, 100, "", by("r")) is None


async def test_a_payment_beyond_the_quota_is_not_written(
    keeper: Keeper, database: Database
) -> None:
    paid = Payment((), quotas=(Quota(1, "taxi", "2026-11", 1),))

    async def written() -> bool:
        async with database.writing() as connection:
            return await paid.write(connection)

    assert [await written(), await written()] == [True, False]
