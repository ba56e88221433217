"""Laws of the doorway: one effect per key, the same answer for ever, and nothing half done."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, cast

import asyncpg
import msgspec
import pytest

from compensation.core.errors import Conflict, InFlight, Problem, Refused, Unavailable
from compensation.db.answers import Ask, Who, Written
from compensation.db.pool import Tx
from compensation.db.unit import Doorway
from compensation.ledger import Posting, Transfer, account, balances, lock, post


class Gift(msgspec.Struct):
    amount: int
    note: str = ""


class Given(msgspec.Struct):
    id: str
    balance: int


async def give(tx: Tx, who: Who, what: Gift, at: datetime) -> Given:
    """Move value into a budget, or refuse an unlucky amount after having written."""
    budget = account("budget", "prg_1", "USD")
    transfer = Transfer(
        kind="fund",
        subject_id="prg_1",
        actor=who.actor,
        event_at=at,
        postings=[Posting(account("funding", who.merchant_id, "USD"), budget, what.amount)],
    )
    await post(tx, [transfer], at)
    tx.tell("given", "prg_1")
    if what.amount == 13:
        raise Refused("unlucky", "Thirteen is refused.")
    return Given(transfer.id, (await balances(tx, [budget]))[budget])


async def give_many(tx: Tx, asks: Sequence[Ask[Gift]], at: datetime) -> list[Given | Refused]:
    budget = account("budget", "prg_1", "USD")
    before = (await lock(tx, [budget])).get(budget, 0)
    outcomes: list[Given | Refused] = []
    transfers = []
    for ask in asks:
        if ask.what.amount == 13:
            outcomes.append(Refused("unlucky", "Thirteen is refused."))
            continue
        if ask.what.amount == 666:
            raise ZeroDivisionError("a bug in one row")
        before += ask.what.amount
        transfer = Transfer(
            kind="fund",
            subject_id="prg_1",
            actor=ask.who.actor,
            event_at=at,
            postings=[Posting(account("funding", ask.who.merchant_id, "USD"), budget, ask.what.amount)],
        )
        transfers.append(transfer)
        outcomes.append(Given(transfer.id, before))
    await post(tx, transfers, at)
    return outcomes


async def _count(owner: asyncpg.Connection, table: str) -> int:
    return int(await owner.fetchval(f"SELECT count(*) FROM {table}"))


async def test_one_key_has_one_effect_under_a_hundred_repeats(
    door: Doorway, merchant: Who, owner: asyncpg.Connection
) -> None:
    written = await asyncio.gather(*(door.write(give, merchant, Gift(5), "k1") for _ in range(100)))
    assert len({w.answer for w in written}) == 1
    assert sum(not w.replayed for w in written) == 1
    assert await _count(owner, "transfers") == 1
    assert await _count(owner, "audit_log") == 1
    assert await _count(owner, "outbox") == 1


async def test_money_acts_that_arrive_together_share_a_commit_and_keep_one_effect_per_key(
    door: Doorway, merchant: Who, owner: asyncpg.Connection
) -> None:
    written = await asyncio.gather(
        *(door.write_together(give_many, merchant, Gift(5), f"k{n % 10}") for n in range(100))
    )
    assert sum(not w.replayed for w in written) == 10
    assert await _count(owner, "transfers") == 10
    commits = await owner.fetchval("SELECT count(DISTINCT xmin::text) FROM transfers")
    assert commits < 10


class Slow:
    """A pool of one's own whose COMMIT waits to be let through: the disk, as slow as a test wants it."""

    def __init__(self, pool: Any) -> None:
        self.pool = pool
        self.disk = asyncio.Event()
        self.reached: asyncio.Queue[None] = asyncio.Queue()

    @asynccontextmanager
    async def acquire(self, timeout: float) -> AsyncIterator[Any]:
        async with self.pool.acquire(timeout=timeout) as connection:
            yield SlowConnection(connection, self)


class SlowConnection:
    def __init__(self, connection: Any, pool: Slow) -> None:
        self.connection = connection
        self.pool = pool

    async def execute(self, statement: str, *values: Any) -> Any:
        if statement == "COMMIT":
            self.pool.reached.put_nowait(None)
            await self.pool.disk.wait()
        return await self.connection.execute(statement, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


class Slowly:
    """A doorway over a slow disk, and an act that says how many came together each time it is begun."""

    def __init__(self, door: Doorway, who: Who) -> None:
        self.pool, self.who = Slow(door.pool), who
        self.door = Doorway(cast(Any, self.pool), door.vault)
        self.begun: asyncio.Queue[int] = asyncio.Queue()

    async def note(self, tx: Tx, asks: Sequence[Ask[Gift]], at: datetime) -> list[Given]:
        self.begun.put_nowait(len(asks))
        return [Given(f"trf_{ask.what.amount}", ask.what.amount) for ask in asks]

    async def ask(self, *amounts: int) -> "list[asyncio.Task[Written]]":
        """Asks that are sure to have come in when this returns."""
        act = self.door.write_together
        tasks = [asyncio.create_task(act(self.note, self.who, Gift(amount), f"k{amount}")) for amount in amounts]
        await asyncio.sleep(0)
        return tasks


async def test_the_next_batch_is_written_while_the_one_before_waits_for_the_disk(door: Doorway, merchant: Who) -> None:
    slowly = Slowly(door, merchant)
    asked = await slowly.ask(1)
    await slowly.pool.reached.get()
    asked += await slowly.ask(2, 3)
    async with asyncio.timeout(30):
        await slowly.pool.reached.get()
    asked += await slowly.ask(4)
    asked += await slowly.ask(5, 6)
    assert not any(each.done() for each in asked), "nothing is acknowledged before it is on the disk"
    slowly.pool.disk.set()
    assert [(await each).read(Given).balance for each in asked] == [1, 2, 3, 4, 5, 6]
    batches = [slowly.begun.get_nowait() for _ in range(slowly.begun.qsize())]
    assert batches == [1, 2, 3], "two were under way and no more, so the rest went together"


async def test_a_key_that_comes_again_while_its_first_answer_waits_for_the_disk_has_one_effect(
    door: Doorway, merchant: Who, owner: asyncpg.Connection
) -> None:
    slowly = Slowly(door, merchant)
    asked = await slowly.ask(1)
    assert await slowly.begun.get() == 1
    asked += await slowly.ask(1, 1, 2)
    assert await slowly.begun.get() == 2
    slowly.pool.disk.set()
    written = await asyncio.gather(*asked)
    assert [each.replayed for each in written] == [False, True, True, False]
    assert await _count(owner, "idempotency_keys") == 2
    assert await _count(owner, "audit_log") == 2


async def test_who_hangs_up_among_many_takes_nothing_with_him(
    door: Doorway, merchant: Who, owner: asyncpg.Connection
) -> None:
    tasks = [asyncio.create_task(door.write_together(give_many, merchant, Gift(7), f"k{n}")) for n in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome).__name__ for outcome in outcomes] == ["Written", "CancelledError", "Written"]
    await door.settle()
    assert (await door.write_together(give_many, merchant, Gift(7), "k1")).replayed
    assert await owner.fetchval("SELECT balance FROM accounts WHERE role = 'budget'") == 21


async def test_another_body_under_the_same_key_is_a_conflict_that_names_what_differs(
    door: Doorway, merchant: Who, owner: asyncpg.Connection
) -> None:
    await door.write(give, merchant, Gift(5, "a"), "k1")
    with pytest.raises(Conflict, match="note differs") as caught:
        await door.write(give, merchant, Gift(5, "b"), "k1")
    assert caught.value.extra == {"differing": ["note"]}
    with pytest.raises(Conflict):
        await door.write_together(give_many, merchant, Gift(5, "a"), "k1")
    assert await _count(owner, "transfers") == 1


async def test_a_refusal_leaves_nothing_but_its_answer(door: Doorway, merchant: Who, owner: asyncpg.Connection) -> None:
    for _ in range(2):
        with pytest.raises(Refused, match="Thirteen"):
            await door.write(give, merchant, Gift(13), "k1")
    assert await _count(owner, "transfers") == 0
    assert await _count(owner, "outbox") == 0
    assert await _count(owner, "idempotency_keys") == 1


async def test_what_passes_is_not_kept(door: Doorway, merchant: Who, owner: asyncpg.Connection) -> None:
    later: list[Problem] = [Unavailable("busy", "Send it again.", retry_after=1)]

    async def once_later(tx: Tx, asks: Sequence[Ask[Gift]], at: datetime) -> list[Given | Problem]:
        return [later.pop() if later else Given("trf_1", ask.what.amount) for ask in asks]

    with pytest.raises(Unavailable, match="busy"):
        await door.write_together(once_later, merchant, Gift(5), "k1")
    assert await _count(owner, "idempotency_keys") == 0
    written = await door.write_together(once_later, merchant, Gift(5), "k1")
    assert (written.read(Given), written.replayed) == (Given("trf_1", 5), False)
    assert (await door.write_together(once_later, merchant, Gift(5), "k1")).replayed
    assert [row["outcome"] for row in await owner.fetch("SELECT outcome FROM audit_log ORDER BY seq")] == [
        "unavailable", "done",
    ]  # fmt: skip


async def take_many(tx: Tx, asks: Sequence[Ask[Gift]], at: datetime) -> list[Given | Problem]:
    """Take value from a budget, and fail as ``note`` says where there is too little: a repeat that is tried like a new
    request always meets that."""
    budget = account("budget", "prg_1", "USD")
    left = (await lock(tx, [budget]))[budget]
    outcomes: list[Given | Problem] = []
    transfers = []
    for ask in asks:
        if left >= ask.what.amount:
            left -= ask.what.amount
            postings = [Posting(budget, account("reserved", "prg_1", "USD"), ask.what.amount)]
            transfer = Transfer(kind="reserve", subject_id="prg_1", actor="x", event_at=at, postings=postings)
            transfers.append(transfer)
            outcomes.append(Given(transfer.id, left))
        elif ask.what.note == "falls":
            raise ZeroDivisionError("a bug that only a repeat meets")
        elif ask.what.note == "later":
            outcomes.append(Unavailable("busy", "Send it again.", retry_after=1))
        elif ask.what.note == "overdraws":
            postings = [Posting(budget, account("reserved", "prg_1", "USD"), ask.what.amount)]
            transfers.append(Transfer(kind="reserve", subject_id="prg_1", actor="x", event_at=at, postings=postings))
            outcomes.append(Given("trf_too_much", left - ask.what.amount))
        else:
            outcomes.append(Refused("empty", "There is not enough left."))
    await post(tx, transfers, at)
    return outcomes


async def test_a_repeat_is_never_answered_by_what_its_own_first_success_changed(
    door: Doorway, merchant: Who, owner: asyncpg.Connection
) -> None:
    act = door.write_together
    for number, note in enumerate(["is refused", "later", "falls", "overdraws"]):
        await door.write(give, merchant, Gift(6))
        first = await act(take_many, merchant, Gift(5, note), note)
        assert await act(take_many, merchant, Gift(5, note), note) == Written(first.answer, replayed=True)
        again, neighbour, other = await asyncio.gather(
            act(take_many, merchant, Gift(5, note), note),
            act(take_many, merchant, Gift(1, note), f"new {note}"),
            act(take_many, merchant, Gift(9, note), note),
            return_exceptions=True,
        )
        assert again == Written(first.answer, replayed=True)
        assert isinstance(neighbour, Written)
        assert not neighbour.replayed
        assert isinstance(other, Conflict)
        assert other.extra == {"differing": ["amount"]}
        assert await owner.fetchval("SELECT balance FROM accounts WHERE role = 'budget'") == 0
        assert await _count(owner, "idempotency_keys") == 2 * (number + 1)


class Hurried(Slow):
    """A pool whose transactions wait but a moment for a lock; it counts what is sent."""

    def __init__(self, pool: Any) -> None:
        super().__init__(pool)
        self.sent = 0

    @asynccontextmanager
    async def acquire(self, timeout: float) -> AsyncIterator[Any]:
        async with self.pool.acquire(timeout=timeout) as connection:
            yield HurriedConnection(connection, self)


class HurriedConnection(SlowConnection):
    async def execute(self, statement: str, *values: Any) -> Any:
        self.pool.sent += 1  # type: ignore[attr-defined]
        hurry = "; SET LOCAL lock_timeout = 20" if statement.startswith("BEGIN") else ""
        return await self.connection.execute(statement + hurry, *values)

    async def fetch(self, statement: str, *values: Any) -> Any:
        self.pool.sent += 1  # type: ignore[attr-defined]
        return await self.connection.fetch(statement, *values)


async def test_a_money_act_asks_once_and_writes_once(door: Doorway, merchant: Who) -> None:
    pool = Hurried(door.pool)
    await Doorway(cast(Any, pool), door.vault).write_together(give_many, merchant, Gift(5), "k1")
    assert pool.sent == 4, "begin, lock, write, commit"


async def test_who_waits_for_a_key_hears_that_it_is_in_flight_and_for_anything_else_to_come_back(
    door: Doorway, merchant: Who, owner: asyncpg.Connection
) -> None:
    await door.write(give, merchant, Gift(5), "k1")
    hurried = Doorway(cast(Any, Hurried(door.pool)), door.vault)
    async with owner.transaction():
        await owner.execute(
            "INSERT INTO idempotency_keys SELECT merchant_id, 'k2', verb, fields, outcome, answer, created_at"
            " FROM idempotency_keys"
        )
        with pytest.raises(InFlight):
            await hurried.write_together(give_many, merchant, Gift(5), "k2")
    async with owner.transaction():
        await owner.execute("SELECT FROM accounts WHERE role = 'funding' FOR UPDATE")
        with pytest.raises(Unavailable):
            await hurried.write_together(give_many, merchant, Gift(5), "k3")
        assert (await hurried.write(give, merchant, Gift(5), "k1")).replayed, "an answer that is kept waits for nobody"


async def test_writes_of_one_table_go_one_after_the_other_and_whoever_asks_sees_them(
    door: Doorway, merchant: Who, owner: asyncpg.Connection
) -> None:
    budget, funding = account("budget", "prg_1", "USD"), account("funding", merchant.merchant_id, "USD")

    async def often(tx: Tx, who: Who, what: Gift, at: datetime) -> Given:
        for _ in range(3):
            postings = [Posting(funding, budget, what.amount)]
            await post(tx, [Transfer(kind="fund", subject_id="x", actor="x", event_at=at, postings=postings)], at)
        return Given("trf_1", (await balances(tx, [budget]))[budget])

    assert (await door.write(often, merchant, Gift(5), "k1")).read(Given).balance == 15
    assert [row["amount"] for row in await owner.fetch("SELECT amount FROM postings ORDER BY seq")] == [5, 5, 5]


async def test_one_bad_row_never_fails_its_neighbours(door: Doorway, merchant: Who, owner: asyncpg.Connection) -> None:
    amounts = [1, 2, 13, 3, 666, 4]
    outcomes = await asyncio.gather(
        *(door.write_together(give_many, merchant, Gift(amount), f"k{amount}") for amount in amounts),
        return_exceptions=True,
    )
    assert [type(outcome).__name__ for outcome in outcomes] == [
        "Written", "Written", "Refused", "Written", "ZeroDivisionError", "Written",
    ]  # fmt: skip
    assert await owner.fetchval("SELECT balance FROM accounts WHERE role = 'budget'") == 10


async def test_a_client_that_hangs_up_finds_his_answer_by_key(
    door: Doorway, merchant: Who, owner: asyncpg.Connection
) -> None:
    task = asyncio.create_task(door.write(give, merchant, Gift(7), "k1"))
    await asyncio.sleep(0)
    task.cancel()
    await door.settle()
    again = await door.write(give, merchant, Gift(7), "k1")
    assert again.replayed
    assert await _count(owner, "transfers") == 1


async def test_no_account_goes_below_zero_and_nothing_is_written_when_it_would(
    door: Doorway, merchant: Who, owner: asyncpg.Connection
) -> None:
    async def take(tx: Tx, who: Who, what: Gift, at: datetime) -> Given:
        transfer = Transfer(
            kind="reserve",
            subject_id="prg_1",
            actor=who.actor,
            event_at=at,
            postings=[Posting(account("budget", "prg_1", "USD"), account("reserved", "prg_1", "USD"), what.amount)],
        )
        await post(tx, [transfer], at)
        return Given(transfer.id, 0)

    with pytest.raises(Refused, match="not enough"):
        await door.write(take, merchant, Gift(1))
    await door.write(give, merchant, Gift(100))
    outcomes = await asyncio.gather(*(door.write(take, merchant, Gift(30)) for _ in range(20)), return_exceptions=True)
    assert sum(not isinstance(outcome, Refused) for outcome in outcomes) == 3
    assert await owner.fetchval("SELECT balance FROM accounts WHERE role = 'budget'") == 10
    assert await owner.fetchval("SELECT sum(balance) FROM accounts") == 0


async def test_the_ledger_is_append_only_even_for_its_owner(
    door: Doorway, merchant: Who, owner: asyncpg.Connection
) -> None:
    await door.write(give, merchant, Gift(5), "k1")
    for table in ("transfers", "postings", "audit_log", "idempotency_keys"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(f"DELETE FROM {table}")


async def test_a_tenant_sees_only_his_own_rows(door: Doorway, merchant: Who, owner: asyncpg.Connection) -> None:
    from tests.conftest import make_merchant

    other = await make_merchant(owner)
    await door.write(give, merchant, Gift(5), "k1")
    async with door.read(other.merchant_id) as tx:
        assert await tx.connection.fetchval("SELECT count(*) FROM accounts") == 0
        assert await tx.connection.fetchval("SELECT count(*) FROM idempotency_keys") == 0
