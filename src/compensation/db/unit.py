"""The one doorway for every write: transaction, tenant, idempotency key, the act, audit row, outbox rows, one commit.

An act is a plain function that knows none of this. Most take one request: ``act(tx, who, what, at)`` returns a Struct
with an ``id``, or raises a Problem. Money acts take many: ``act(tx, asks, at)`` returns one outcome for each ask,
a Struct or a Problem, and has written nothing for those it refuses. Requests for the same act and merchant that arrive
while others are being written wait for them to reach their commit, and then share the next one; a lone request waits
for nobody.

An answer is kept with its key for ever and given again. A refusal is an answer too; only transient problems are not
kept. A connection lost during COMMIT leaves the outcome unknown to the caller but not to us: the key tells.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from compensation.core.crash import crashpoint
from compensation.core.errors import Problem, Unavailable
from compensation.core.vault import Vault
from compensation.db.answers import Ask, LookFirst, Outcome, Who, Written, ask_for, known, record, repeat
from compensation.db.faults import RETRYABLE, as_problem, away, may_be_asked
from compensation.db.pool import ACQUIRE, Pool, Told, Tx, begin, opening, whole

MOST_TOGETHER = 256
"""How many requests may share one commit."""
ATTEMPTS = 5
FLIGHTS = 2
"""How many batches of one queue may be under way: one that waits for the disk, and one that is written meanwhile."""

C = TypeVar("C")


One = Callable[[Tx, Who, C, datetime], Awaitable[Any]]
Many = Callable[[Tx, Sequence[Ask[C]], datetime], Awaitable[Sequence[Any]]]
Batch = list[tuple[Ask[Any], "asyncio.Future[Outcome]"]]
_PLANNED_ONCE: set[Callable[..., Any]] = set()


def planned_once(act: Many[C]) -> Many[C]:
    """Marks an act whose every statement finds its rows by their keys. One plan then serves whatever it asks; by itself
    PostgreSQL would often make a new one for each batch, because it expects a list to be longer than ours are."""
    _PLANNED_ONCE.add(act)
    return act


class Queue(msgspec.Struct):
    """Requests for one act of one merchant, and the batches under way. The ``last`` that began is the one that is still
    being written; none is once it has reached its commit."""

    waiting: Batch = []
    flights: int = 0
    last: "asyncio.Task[None] | None" = None


class Doorway:
    """The writing side of one process. ``ring`` is told of committed outbox rows and must never fail or block."""

    def __init__(
        self,
        pool: Pool,
        vault: Vault,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        ring: Callable[[str, list[Told]], None] = lambda merchant_id, told: None,
    ) -> None:
        self.pool = pool
        self.vault = vault
        self.clock = clock
        self._ring = ring
        self._queues: dict[tuple[str, str], Queue] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def write(self, act: One[C], who: Who, what: C, key: str | None = None) -> Written:
        """Do one act in a transaction of its own. Raises Problem."""

        async def run(tx: Tx, asks: Sequence[Ask[C]], at: datetime) -> Sequence[Any]:
            return [await act(tx, asks[0].who, asks[0].what, at)]

        name, ask = _name(act), ask_for(self.vault, who, what, key)
        # A client that hangs up must not tear a transaction in two: the work goes on without him.
        outcome = await asyncio.shield(self._start(self._alone(name, ask, run)))
        return _given(outcome)

    async def write_together(self, act: Many[C], who: Who, what: C, key: str | None = None) -> Written:
        """Do a money act, sharing one commit with whoever asks for the same at the same time. Raises Problem."""
        name = _name(act)
        queue = self._queues.setdefault((who.merchant_id, name), Queue())
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        queue.waiting.append((ask_for(self.vault, who, what, key), future))
        self._depart(name, queue, act)
        # A client that hangs up takes back his waiting and nothing else: the batch is not his.
        return _given(await future)

    def read(self, merchant_id: str) -> AbstractAsyncContextManager[Tx]:
        """A read-only transaction in which only this merchant's rows exist."""
        return begin(self.pool, self.vault, merchant_id, read_only=True)

    async def settle(self) -> None:
        """Wait until every write that was begun has ended; for a clean stop."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Any) -> "asyncio.Task[Any]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _alone(self, name: str, ask: Ask[C], run: Many[C]) -> Outcome:
        try:
            return (await self._attempts(name, [ask], run))[0]
        except Problem as problem:
            if ask.key is None or problem.transient:
                return problem
            refusal = problem

            async def refuse(tx: Tx, asks: Sequence[Ask[C]], at: datetime) -> Sequence[Any]:
                return [refusal]

            # The act is rolled back; what remains of it is the key with its answer and the audit row.
            try:
                return (await self._attempts(name, [ask], refuse))[0]
            except Problem as later:
                return later

    def _depart(self, name: str, queue: Queue, act: Many[Any]) -> None:
        """Begin the next batch, unless one is being written: the sooner it left, the fewer would share its commit."""
        if queue.waiting and queue.last is None and queue.flights < FLIGHTS:
            queue.flights += 1
            queue.last = self._start(self._flush(name, queue, act))

    async def _flush(self, name: str, queue: Queue, act: Many[Any]) -> None:
        batch, queue.waiting = queue.waiting[:MOST_TOGETHER], queue.waiting[MOST_TOGETHER:]
        answered, this = batch, asyncio.current_task()

        def written() -> None:
            if queue.last is this:
                queue.last = None
                self._depart(name, queue, act)

        try:
            # Nobody is left when all heard meanwhile that the database is away.
            outcomes = await self._together(name, [ask for ask, _ in batch], act, written) if batch else []
            if isinstance(outcomes, Unavailable):
                # Whoever came meanwhile would wait as long again, only to hear the same.
                answered, queue.waiting = batch + queue.waiting, []
                outcomes = [outcomes] * len(answered)
            for (_, future), outcome in zip(answered, outcomes, strict=True):
                if future.cancelled():
                    continue
                if isinstance(outcome, BaseException) and not isinstance(outcome, Problem):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome)
        finally:
            queue.flights -= 1
            written()
            self._depart(name, queue, act)

    async def _together(
        self, name: str, asks: Sequence[Ask[Any]], act: Many[Any], written: Callable[[], None]
    ) -> Sequence[Outcome | BaseException] | Unavailable:
        try:
            return await self._attempts(name, asks, act, written, look=False)
        except Unavailable as away_now:
            return away_now
        except Exception as error:
            # One bad row never fails its neighbours: what failed together is tried one by one.
            return [error] if len(asks) == 1 else await self._one_by_one(name, asks, act)

    async def _one_by_one(self, name: str, asks: Sequence[Ask[Any]], act: Many[Any]) -> list[Outcome | BaseException]:
        outcomes: list[Outcome | BaseException] = []
        for ask in asks:
            try:
                outcomes.append(await self._alone(name, ask, act))
            except Exception as error:  # each caller hears of his own fault; the others go on
                outcomes.append(error)
        return outcomes

    async def _attempts(
        self,
        name: str,
        asks: Sequence[Ask[Any]],
        run: Many[Any],
        written: Callable[[], None] = lambda: None,
        *,
        look: bool = True,
    ) -> list[Outcome]:
        """Try until it is done. Without ``look`` the first attempt takes every key for a new one: a repeat is refused
        when its key is written, or fails at what its first success changed, and whatever fails before the keys were
        looked up is tried again with the look."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._attempt(name, asks, run, written, look=look)
            except RETRYABLE:
                await asyncio.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - spreading, not secrecy
            except LookFirst:
                pass
            except Exception as error:
                if look or not may_be_asked(error):
                    problem = as_problem(error)
                    if problem is None:
                        raise
                    raise problem from error
            look = True
        raise away()

    async def _attempt(
        self, name: str, asks: Sequence[Ask[Any]], run: Many[Any], written: Callable[[], None], *, look: bool
    ) -> list[Outcome]:
        merchant_id, at = asks[0].who.merchant_id, self.clock()
        async with self.pool.acquire(timeout=ACQUIRE) as connection, whole(connection):
            await connection.execute(opening(merchant_id, planned_once=run in _PLANNED_ONCE))
            tx = Tx(connection, merchant_id, self.vault)
            outcomes, fresh = await known(tx, name, asks, look=look)
            if fresh:
                crashpoint("unit.before_act")
                done = await run(tx, [asks[i] for i in fresh], at)
                for i, result in zip(fresh, done, strict=True):
                    outcomes[i] = result
                await record(tx, name, asks, fresh, outcomes, at, looked=look)
            crashpoint("unit.before_commit")
            written()
            await connection.execute("COMMIT")
        crashpoint("unit.after_commit")
        if tx.told:
            self._ring(merchant_id, tx.told)
        return repeat(asks, outcomes)


def _given(outcome: Outcome) -> Written:
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


def _name(act: Callable[..., Any]) -> str:
    return f"{act.__module__.split('.')[-2]}.{act.__name__}"
