"""Laws of events: every one that is told is written once, under the next number, and never changes."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

import compensation
from compensation.core.money import Money
from compensation.db.outbox import Task
from compensation.db.unit import Doorway
from compensation.issuance.payment import Failed, Pending, Succeeded
from compensation.issuance.refund import RefundAnswer, record_refund
from compensation.issuance.task import Done, mark_done
from compensation.jobs.dispatch import Worker
from compensation.notices.event import EventType, announce
from tests.conftest import make_merchant
from tests.notices.conftest import Clock, Shop
from tests.shop import make_program

Work = Callable[[], Awaitable[None]]


async def test_a_task_is_told_with_its_due_time_and_told_again_when_it_is_done(shop: Shop, work: Work) -> None:
    task_id = await shop.assign(due_in_days=3)
    await work()
    await shop.door.write(mark_done, shop.who, Done(task_id))
    await work()
    told, done = (await shop.feed()).items
    assert (told.number, told.type, told.data["id"]) == (1, "task.assigned", task_id)
    assert told.data["due_at"] > told.at.isoformat()
    assert (done.number, done.type, done.data["state"]) == (2, "task.done", "redeemed")


async def test_an_event_keeps_what_it_was_about_as_it_then_stood(shop: Shop, work: Work) -> None:
    task_id = await shop.assign()
    await work()
    before = (await shop.feed()).items[0]
    await shop.door.write(mark_done, shop.who, Done(task_id))
    await work()
    assert (await shop.feed()).items[0] == before
    assert before.data["state"] == "issued"


async def test_numbers_have_no_gap_and_a_reader_misses_nothing_while_fifty_write_at_once(
    shop: Shop, worker: Worker
) -> None:
    tasks = set(await asyncio.gather(*(shop.assign() for _ in range(50))))
    seen: list[int] = []

    async def follow() -> None:
        while len(seen) < 50:
            seen.extend(event.number for event in (await shop.feed(after=seen[-1] if seen else 0)).items)
            await asyncio.sleep(0)

    async with asyncio.timeout(60):
        reader = asyncio.create_task(follow())
        while any(await asyncio.gather(*(worker.work_one(shop.who.merchant_id) for _ in range(50)))):
            pass
        await reader
    assert seen == list(range(1, 51))
    feed = await shop.feed()
    assert feed.last == 50
    assert {event.data["id"] for event in feed.items} == tasks


async def test_a_worker_that_dies_after_writing_the_event_makes_no_second_one(
    shop: Shop, owner: asyncpg.Connection
) -> None:
    task_id = await shop.assign()
    row = await owner.fetchrow("SELECT id, topic, subject_id FROM outbox WHERE subject_id = $1", task_id)
    claimed = Task(shop.who.merchant_id, **row, attempts=1, fence=1)
    await announce(shop.door, claimed)
    await announce(shop.door, claimed)
    feed = await shop.feed()
    assert [event.number for event in feed.items] == [1]
    assert feed.last == 1


async def test_the_time_of_an_event_is_that_of_the_act_and_not_of_the_worker(
    shop: Shop, clock: Clock, work: Work
) -> None:
    before = clock()
    await shop.assign()
    after = clock()
    clock.ahead += timedelta(hours=1)
    await work()
    assert before <= (await shop.feed()).items[0].at <= after


async def test_events_can_be_neither_changed_nor_deleted_nor_seen_by_another_tenant(
    shop: Shop, owner: asyncpg.Connection, work: Work
) -> None:
    await shop.assign()
    await work()
    for statement in ("UPDATE events SET type = 'x'", "DELETE FROM events", "TRUNCATE events CASCADE"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(statement)
    other = await make_merchant(owner)
    async with shop.door.read(other.merchant_id) as tx:
        for table in ("events", "event_numbers", "notices", "webhook_endpoints"):
            assert await tx.connection.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_each_tenant_counts_for_himself(
    shop: Shop, owner: asyncpg.Connection, door: Doorway, worker: Worker
) -> None:
    await shop.assign()
    other = await make_merchant(owner)
    theirs = Shop(door, other, await make_program(owner, door, other, Money(1, "EUR")))
    await theirs.assign()
    for who in (shop.who, other):
        await worker.work_all(who.merchant_id)
    assert [event.number for each in (shop, theirs) for event in (await each.feed()).items] == [1, 1]


async def test_a_refund_is_told_at_every_turn_and_by_hand_too(shop: Shop, work: Work) -> None:
    reward_id = await shop.owe(5_00)
    amount = Money(5_00, "EUR")
    for answer in (
        Pending("re_1", amount),
        Succeeded("re_1", amount),
        Succeeded("re_1", amount),  # said twice, told once
        Failed("re_1", amount, "unknown"),
    ):
        await shop.door.write(record_refund, shop.who, RefundAnswer(reward_id, answer))
        await work()
    await shop.door.write(mark_done, shop.who, Done(reward_id))
    await work()
    told = [event.type for event in (await shop.feed()).items]
    refunds = [each for each in told if each.startswith("refund.")]
    assert refunds == ["refund.sent", "refund.settled", "refund.needs_review", "refund.settled"]
    assert [each for each in told if each.startswith("order.")] == [
        "order.issued", "order.partly_issued", "order.issued",
    ]  # fmt: skip


def test_what_acts_tell_and_what_merchants_may_hear_of_is_the_same() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in Path(compensation.__path__[0]).rglob("*.py"))
    assert set(re.findall(r'"event:([a-z_.]+)"', source)) == {str(each) for each in EventType}
