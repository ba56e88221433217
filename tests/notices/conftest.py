"""A merchant with tasks to do, a worker, a clock one can turn, and a server of the merchant that wants to be told."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec
import pytest

from compensation.core.ids import new_id
from compensation.core.money import Money
from compensation.core.settings import Settings
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.db.unit import Doorway
from compensation.delivery.send import Post
from compensation.engine.plan import Part, RemedyLine
from compensation.engine.reason import Reason
from compensation.engine.terms import RefundTerms, TaskTerms, kind_of
from compensation.issuance.kinds import kind
from compensation.issuance.put import Placed, put
from compensation.issuance.reward import Order
from compensation.jobs.dispatch import Worker
from compensation.ledger.account import Role
from compensation.notices.endpoint import Endpoint, NewEndpoint, add
from compensation.notices.event import EventType, Feed, feed
from compensation.partners import NoProcessor, NoSupplier, Partners
from compensation.partners.smtp import SmtpChannel
from compensation.partners.webhooks import WebhookCaller
from tests.notices.receiver import Receiver
from tests.shop import make_program
from tests.web.conftest import app as app
from tests.web.conftest import demo as demo
from tests.web.conftest import developer as developer
from tests.web.conftest import stranger as stranger


class Clock:
    """The present, plus as much as somebody turned it on."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Assign(msgspec.Struct):
    program_id: str
    due_in_days: int = 3


class Owe(msgspec.Struct):
    program_id: str
    sum: Money


async def assign(tx: Tx, who: Who, what: Assign, at: datetime) -> Order:
    """An order of one task: an exchange that the merchant owes."""
    return await _placed(tx, who, what.program_id, "exchange", TaskTerms(due_in_days=what.due_in_days), None, at)


async def owe(tx: Tx, who: Who, what: Owe, at: datetime) -> Order:
    """An order of one refund, whose answers the test itself writes down: its own work is left undone."""
    order = await _placed(tx, who, what.program_id, "refund", RefundTerms(due_in_days=5, same_means=True), what.sum, at)
    tx.told.clear()
    return order


async def _placed(
    tx: Tx, who: Who, program_id: str, remedy: str, terms: TaskTerms | RefundTerms, amount: Money | None, at: datetime
) -> Order:
    line = RemedyLine(remedy=remedy, part=Part.owed, terms=terms, reason=Reason("ordered"), amount=amount)
    draft = kind(kind_of(terms)).draft(line, "EUR", at)
    placed = Placed(id=new_id("ord"), program_id=program_id, actor=who.actor, drafts=[draft], purse=Role.budget)
    return (await put(tx, [placed], at))[0]


class Shop(msgspec.Struct):
    """A merchant, and the shortest words for what these tests do with him."""

    door: Doorway
    who: Who
    program_id: str

    async def assign(self, due_in_days: int = 3) -> str:
        """The id of a new task."""
        order = (await self.door.write(assign, self.who, Assign(self.program_id, due_in_days))).read(Order)
        return order.rewards[0].id

    async def owe(self, amount: int) -> str:
        """The id of a new refund."""
        order = (await self.door.write(owe, self.who, Owe(self.program_id, Money(amount, "EUR")))).read(Order)
        return order.rewards[0].id

    async def listen(self, url: str, *types: EventType) -> str:
        """The id of a new endpoint."""
        return (await self.door.write(add, self.who, NewEndpoint(url=url, types=types))).read(Endpoint).id

    async def feed(self, after: int = 0, limit: int = 200) -> Feed:
        async with self.door.read(self.who.merchant_id) as tx:
            return await feed(tx, after, limit)


@pytest.fixture
def clock(door: Doorway) -> Clock:
    door.clock = Clock()
    return door.clock


@pytest.fixture
async def shop(owner: asyncpg.Connection, door: Doorway, merchant: Who) -> Shop:
    return Shop(door, merchant, await make_program(owner, door, merchant, Money(100_00, "EUR")))


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as open_receiver:
        yield open_receiver


@pytest.fixture
async def caller() -> AsyncIterator[WebhookCaller]:
    """In development, so that it calls this machine; with little patience."""
    webhook_caller = WebhookCaller(development=True, deadline=5)
    yield webhook_caller
    await webhook_caller.close()


@pytest.fixture
async def worker(door: Doorway, settings: Settings, caller: WebhookCaller) -> AsyncIterator[Worker]:
    nobody = NoProcessor()
    made = Worker(
        door,
        Partners(nobody, nobody, SmtpChannel("smtp://127.0.0.1:1"), caller, NoSupplier(), NoSupplier()),
        Post(settings),
    )
    yield made
    await made.settle()


@pytest.fixture
def work(worker: Worker, merchant: Who) -> Callable[[], Awaitable[None]]:
    """Do everything that is due, and what becomes due by doing it."""

    async def do_all() -> None:
        while await worker.work_all(merchant.merchant_id):
            await worker.settle()

    return do_all
