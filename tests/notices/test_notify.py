"""Stories of telling: a receiver may be slow, down or wrong, and yet hears of everything, signed, and nobody waits."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import asyncpg
import pytest

from compensation.core.money import Money
from compensation.db.audit import audit
from compensation.db.outbox import claim, finish
from compensation.db.pool import begin
from compensation.db.unit import Doorway
from compensation.jobs.dispatch import Worker
from compensation.notices.endpoint import ChangeEndpoint, Remove, change, remove
from compensation.notices.event import EventType, Happened, add_event
from compensation.notices.notice import Notice, NoticeState, Replay, Replayed, notices, replay
from compensation.notices.notify import PAUSES, Ended, Heard, end_visit, notify, record
from compensation.notices.queue import LOST
from compensation.notices.receiver import Answer, Failure
from compensation.notices.secret import Rotate, rotate, show_secret
from compensation.partners.webhooks import WebhookCaller
from tests.conftest import make_merchant
from tests.notices.conftest import Clock, Shop
from tests.notices.receiver import Receiver
from tests.shop import make_program

Work = Callable[[], Awaitable[None]]


async def secret_of(shop: Shop, endpoint_id: str) -> str:
    return (await show_secret(shop.door, shop.who, endpoint_id)).secret


async def notices_of(shop: Shop, endpoint_id: str) -> list[Notice]:
    async with shop.door.read(shop.who.merchant_id) as tx:
        return await notices(tx, endpoint_id, state=None, before=None, limit=200)


async def test_a_notice_says_what_the_feed_says_and_is_signed(shop: Shop, receiver: Receiver, work: Work) -> None:
    endpoint_id = await shop.listen(receiver.url)
    task_id = await shop.assign()
    await work()
    (message,) = receiver.told
    assert message.is_signed_by(await secret_of(shop, endpoint_id))
    (event,) = (await shop.feed()).items
    assert message.headers["webhook-id"] == event.id
    assert message.headers["content-type"] == "application/json"
    assert message.event == {
        "id": event.id, "number": 1, "type": "task.assigned", "data": event.data,
        "timestamp": event.at.isoformat().replace("+00:00", "Z"),
    }  # fmt: skip
    assert message.event["data"]["id"] == task_id
    (notice,) = await notices_of(shop, endpoint_id)
    assert (notice.state, notice.attempts, notice.answered, notice.error, notice.due_at) == ("sent", 1, 204, None, None)


async def test_each_endpoint_hears_of_what_it_asked_for(shop: Shop, receiver: Receiver, work: Work) -> None:
    async with Receiver() as other:
        await shop.listen(receiver.url, EventType.task_assigned)
        await shop.listen(other.url, EventType.task_done)
        await shop.assign()
        await work()
        assert receiver.numbers == [1]
        assert other.told == []


async def test_notices_come_in_the_order_of_their_numbers(shop: Shop, receiver: Receiver, work: Work) -> None:
    await shop.listen(receiver.url)
    for _ in range(30):
        await shop.assign()
    await work()
    assert receiver.numbers == list(range(1, 31))


@pytest.mark.parametrize("status", [500, 503, 404, 400, 301])
async def test_a_refused_notice_is_tried_again_later_and_holds_up_no_other(
    status: int, shop: Shop, receiver: Receiver, work: Work, clock: Clock
) -> None:
    endpoint_id = await shop.listen(receiver.url)
    receiver.answer = lambda message: status if message.event["number"] == 1 else 200
    await shop.assign()
    await shop.assign()
    await work()
    assert sorted(receiver.numbers) == [1, 2]
    waiting = (await notices_of(shop, endpoint_id))[1]
    assert (waiting.state, waiting.attempts, waiting.answered, waiting.error) == ("queued", 1, status, "status")
    receiver.answer = lambda message: 200
    await work()
    assert len(receiver.told) == 2
    clock.ahead += PAUSES[0]
    await work()
    assert receiver.numbers[2:] == [1]
    first, again = (message for message in receiver.told if message.event["number"] == 1)
    assert (first.body, first.headers["webhook-id"]) == (again.body, again.headers["webhook-id"])
    assert {notice.state for notice in await notices_of(shop, endpoint_id)} == {NoticeState.sent}


async def test_a_receiver_that_is_down_hears_of_everything_once_it_is_up(
    shop: Shop, receiver: Receiver, work: Work, clock: Clock
) -> None:
    endpoint_id = await shop.listen(receiver.url)
    await receiver.stop()
    for _ in range(5):
        await shop.assign()
    await work()
    assert {notice.attempts for notice in await notices_of(shop, endpoint_id)} == {1}
    assert (await notices_of(shop, endpoint_id))[-1].error == Failure.unreachable
    await receiver.start()
    clock.ahead += PAUSES[0]
    await work()
    assert receiver.numbers == [1, 2, 3, 4, 5]


async def test_one_event_that_the_receiver_dies_of_does_not_keep_the_others_from_it(
    shop: Shop, receiver: Receiver, work: Work, clock: Clock
) -> None:
    endpoint_id = await shop.listen(receiver.url)
    receiver.answer = lambda message: b"" if message.event["number"] == 1 else 200
    for _ in range(5):
        await shop.assign()
    await work()
    clock.ahead += PAUSES[0]
    await work()
    states = {notice.number: notice.state for notice in await notices_of(shop, endpoint_id)}
    assert states == {1: "queued", 2: "sent", 3: "sent", 4: "sent", 5: "sent"}


async def test_after_three_days_a_notice_is_dead_in_the_open_and_a_replay_begins_anew(
    shop: Shop, receiver: Receiver, work: Work, clock: Clock, owner: asyncpg.Connection
) -> None:
    endpoint_id = await shop.listen(receiver.url)
    receiver.answer = lambda message: 500
    await shop.assign()
    await work()
    begun = clock.ahead
    for pause in PAUSES:
        assert (await notices_of(shop, endpoint_id))[0].state == "queued"
        clock.ahead += pause
        await work()
    assert clock.ahead - begun >= timedelta(hours=72)
    (notice,) = await notices_of(shop, endpoint_id)
    assert (notice.state, notice.attempts, len(receiver.told)) == ("dead", len(PAUSES) + 1, len(PAUSES) + 1)
    clock.ahead += timedelta(days=30)
    await work()
    assert len(receiver.told) == len(PAUSES) + 1
    # A receiver that is away is the merchant's affair: our own books and our own work are in order.
    assert await audit(owner) == {}
    assert await owner.fetchval("SELECT count(*) FROM outbox WHERE ended IS NULL") == 0
    receiver.answer = lambda message: 200
    asked = Replay(endpoint_id=endpoint_id, first=1, last=100)
    assert (await shop.door.write(replay, shop.who, asked)).read(Replayed).count == 1
    await work()
    (notice,) = await notices_of(shop, endpoint_id)
    assert (notice.state, notice.attempts) == ("sent", 1)


async def test_who_was_not_there_can_be_told_of_what_he_missed(shop: Shop, receiver: Receiver, work: Work) -> None:
    for _ in range(5):
        await shop.assign()
    await work()
    endpoint_id = await shop.listen(receiver.url)
    await work()
    assert receiver.told == []
    await shop.door.write(replay, shop.who, Replay(endpoint_id=endpoint_id, first=2, last=4))
    await work()
    assert receiver.numbers == [2, 3, 4]


async def test_a_slow_receiver_delays_neither_another_tenant_nor_other_work(
    shop: Shop, receiver: Receiver, door: Doorway, worker: Worker, owner: asyncpg.Connection
) -> None:
    who = await make_merchant(owner)
    neighbour = Shop(door, who, await make_program(owner, door, who, Money(1, "EUR")))
    async with Receiver() as slow:
        slow.open.clear()
        await shop.listen(slow.url)
        await neighbour.listen(receiver.url)
        for _ in range(20):
            await shop.assign()
        await neighbour.assign()
        async with asyncio.timeout(30):
            assert await worker.work_all(shop.who.merchant_id)
            await slow.arrived.wait()
            assert await worker.work_all(who.merchant_id)
            await receiver.arrived.wait()
            # His own other work goes on as well, and he is called by one at a time.
            await shop.assign()
            await worker.work_all(shop.who.merchant_id)
            assert (await shop.feed()).last == 21
            assert len(slow.told) == 1
            slow.open.set()
            while await worker.work_all(shop.who.merchant_id) or len(slow.told) < 21:
                await worker.settle()
        assert slow.numbers == list(range(1, 22))


async def test_one_silence_counts_for_all_that_is_due_so_that_the_silent_are_called_seldom(
    shop: Shop, receiver: Receiver, work: Work, clock: Clock
) -> None:
    for _ in range(10):
        await shop.assign()
    await work()
    endpoint_id = await shop.listen(receiver.url)
    receiver.answer = lambda message: b""
    await shop.door.write(replay, shop.who, Replay(endpoint_id=endpoint_id, first=1, last=10))
    for attempt, pause in enumerate(PAUSES[:4], start=1):
        await work()
        assert len(receiver.told) == attempt
        assert {notice.attempts for notice in await notices_of(shop, endpoint_id)} == {attempt}
        clock.ahead += pause


async def test_a_worker_that_dies_after_telling_tells_again_under_the_same_id(
    shop: Shop, receiver: Receiver, door: Doorway, worker: Worker, caller: WebhookCaller, work: Work, clock: Clock
) -> None:
    class Dying:
        async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            await caller.post(url, headers, body)
            raise ZeroDivisionError("the process ends here")

    await shop.listen(receiver.url)
    await shop.assign()
    await worker.work_one(shop.who.merchant_id)
    task = await claim(door, shop.who.merchant_id, door.clock())
    assert task is not None
    with pytest.raises(ZeroDivisionError):
        await notify(door, Dying(), task)
    await work()
    assert len(receiver.told) == 1
    clock.ahead += timedelta(minutes=2)  # the lease is over
    await work()
    assert [message.headers["webhook-id"] for message in receiver.told] == [receiver.told[0].headers["webhook-id"]] * 2


async def test_a_visit_that_was_lost_is_replaced_by_the_next_event_and_does_nothing_when_it_turns_up(
    shop: Shop, receiver: Receiver, door: Doorway, worker: Worker, caller: WebhookCaller, work: Work, clock: Clock,
    owner: asyncpg.Connection,
) -> None:  # fmt: skip
    await shop.listen(receiver.url)
    await shop.assign()
    await worker.work_one(shop.who.merchant_id)
    lost = await claim(door, shop.who.merchant_id, door.clock())
    assert lost is not None
    await owner.execute("UPDATE outbox SET ended = 'dead', ended_at = now() WHERE id = $1", lost.id)
    await shop.assign()
    await work()
    assert receiver.told == []
    clock.ahead += LOST + timedelta(seconds=1)
    await shop.assign()
    await work()
    assert receiver.numbers == [1, 2, 3]
    await notify(door, caller, lost)
    assert len(receiver.told) == 3


async def test_no_notice_is_left_without_a_visit_while_visits_end_and_events_arrive(
    shop: Shop, receiver: Receiver, worker: Worker
) -> None:
    await shop.listen(receiver.url)
    written = 0

    async def write() -> None:
        nonlocal written
        for _ in range(15):
            await shop.assign()
            written += 1

    async def do() -> None:
        while written < 60 or len(receiver.told) < 60:
            await worker.work_one(shop.who.merchant_id)
            await asyncio.sleep(0)

    async with asyncio.timeout(60):
        await asyncio.gather(*(write() for _ in range(4)), *(do() for _ in range(4)))
    await worker.settle()
    assert receiver.numbers == list(range(1, 61))


async def test_an_event_that_arrives_in_the_moment_a_visit_ends_is_told_all_the_same(
    shop: Shop, receiver: Receiver, door: Doorway, worker: Worker, owner: asyncpg.Connection, work: Work
) -> None:
    """The visit has told everything and is about to end; the event is written, and not yet committed."""
    endpoint_id = await shop.listen(receiver.url)
    await shop.assign()
    await worker.work_one(shop.who.merchant_id)
    visit = await claim(door, shop.who.merchant_id, door.clock())
    assert visit is not None
    await door.write(record, shop.who, Heard(visit.subject_id, endpoint_id, 1, Answer(200)))
    task_id = await shop.assign()
    told_id = await owner.fetchval("SELECT id FROM outbox WHERE subject_id = $1", task_id)
    async with begin(door.pool, door.vault, shop.who.merchant_id) as tx:
        await add_event(tx, shop.who, Happened(told_id, EventType.task_assigned, task_id), door.clock())
        ending = asyncio.create_task(door.write(end_visit, shop.who, Ended(visit.subject_id)))
        while not ending.done() and not await owner.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0)
    await ending
    await finish(door, visit, door.clock())
    await work()
    assert receiver.numbers == [2]


async def test_while_a_secret_is_replaced_both_sign_and_afterwards_only_the_new_one(
    shop: Shop, receiver: Receiver, work: Work, clock: Clock
) -> None:
    endpoint_id = await shop.listen(receiver.url)
    old = await secret_of(shop, endpoint_id)
    await shop.door.write(rotate, shop.who, Rotate(endpoint_id=endpoint_id, overlap_hours=24))
    new = await secret_of(shop, endpoint_id)
    assert old != new
    await shop.assign()
    await work()
    assert receiver.told[0].is_signed_by(old)
    assert receiver.told[0].is_signed_by(new)
    clock.ahead += timedelta(hours=24)
    await shop.assign()
    await work()
    signatures = [message.headers["webhook-signature"].split(" ") for message in receiver.told]
    assert [len(each) for each in signatures] == [2, 1]


async def test_a_leaked_secret_ends_at_once(shop: Shop, receiver: Receiver, work: Work) -> None:
    endpoint_id = await shop.listen(receiver.url)
    await shop.door.write(rotate, shop.who, Rotate(endpoint_id=endpoint_id, overlap_hours=0))
    await shop.assign()
    await work()
    assert receiver.told[0].is_signed_by(await secret_of(shop, endpoint_id))
    assert " " not in receiver.told[0].headers["webhook-signature"]


async def test_what_waits_goes_to_the_new_address_and_a_removed_endpoint_is_never_called(
    shop: Shop, receiver: Receiver, work: Work, clock: Clock, owner: asyncpg.Connection
) -> None:
    receiver.answer = lambda message: 500
    endpoint_id = await shop.listen(receiver.url)
    await shop.assign()
    await work()
    async with Receiver() as other:
        await shop.door.write(change, shop.who, ChangeEndpoint(endpoint_id=endpoint_id, url=other.url))
        other.answer = receiver.answer
        clock.ahead += PAUSES[0]
        await work()
        assert (len(receiver.told), len(other.told)) == (1, 1)
        await shop.door.write(remove, shop.who, Remove(endpoint_id))
        clock.ahead += timedelta(days=4)
        await shop.assign()
        await work()
        assert (len(receiver.told), len(other.told)) == (1, 1)
    assert [(n.state, n.error) for n in await notices_of(shop, endpoint_id)] == [("dead", "endpoint_removed")]
    assert await audit(owner) == {}


async def test_an_endpoint_that_is_removed_while_it_is_told_is_told_nothing_more(
    shop: Shop, receiver: Receiver, worker: Worker
) -> None:
    endpoint_id = await shop.listen(receiver.url)
    receiver.open.clear()
    for _ in range(5):
        await shop.assign()
    async with asyncio.timeout(30):
        await worker.work_all(shop.who.merchant_id)
        await receiver.arrived.wait()
        await shop.door.write(remove, shop.who, Remove(endpoint_id))
        receiver.open.set()
        await worker.settle()
        await worker.work_all(shop.who.merchant_id)
        await worker.settle()
    assert len(receiver.told) == 1
