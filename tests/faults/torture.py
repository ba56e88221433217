"""scripts/torture: callers at work, and every process and server under them killed, again and again, by a seed.

At the end everything that was acknowledged must stand, nothing may have been done twice, and ``compensation audit``
must find nothing.
"""

import argparse
import asyncio
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import msgspec
from redis.asyncio import Redis

from compensation.core.crash import POINTS
from compensation.core.money import Money
from compensation.core.settings import load
from compensation.core.vault import Vault
from compensation.db.answers import Who
from compensation.db.embedded import Postgres, Valkey
from compensation.db.faults import as_problem
from compensation.db.migrate import migrate
from compensation.db.pool import open_pool
from compensation.db.unit import Doorway
from compensation.merchants.demo import Demo
from compensation.merchants.merchant import Funding, fund
from tests.faults.caller import Caller, calling
from tests.faults.house import House, drained, end_leases
from tests.faults.journey import nothing_lost_or_doubled
from tests.faults.outside import Outside, outside
from tests.faults.trade import Trader, broken_promises

WEB, WORKER = ("serve", "serve.2"), ("work",)
TRADERS = 8
LIFE = {"serve": 3.0, "work": 5.0}
"""Seconds a process lives at most before it is killed at a moment of no name; a worker's include its start."""
RESTARTS = 0.2
"""The share of kills before which the process is once asked to stop, as when a release rolls out."""
PASSES = {"serve": 30, "work": 4}
"""How often a process may pass the point at which it is to die: enough that something was done, and it is reached."""
PATIENCE = 300.0
CAREFUL: dict[str, str | int] = {"fsync": "on", "synchronous_commit": "on"}
CARELESS: dict[str, str | int] = {"synchronous_commit": "off", "wal_writer_delay": "10s"}


class Plan(msgspec.Struct, frozen=True):
    """``control``: the database acknowledges before it writes, so that promises must be found broken."""

    seed: int
    kills: int = 100
    postgres_kills: int = 10
    control: bool = False

    @property
    def replay(self) -> str:
        control = " --control" if self.control else ""
        return (
            f"scripts/torture --seed {self.seed} --kills {self.kills} --postgres-kills {self.postgres_kills}{control}"
        )


class Result(msgspec.Struct):
    plan: Plan
    broken: list[str] = []
    killed: Counter[str] = msgspec.field(default_factory=Counter)
    """How often each process died, and at which point."""
    restarts: int = 0
    answers: int = 0
    refused: int = 0
    longest: float = 0.0
    orders: int = 0
    refunds: int = 0
    letters: int = 0
    audit: int = -1
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return bool(self.broken) if self.plan.control else not self.broken and self.audit == 0


class Torture:
    """One run. ``house`` is not started yet; nobody but us revives what dies in it."""

    def __init__(
        self, plan: Plan, world: Outside, postgres: Postgres, valkey: Valkey, house: House, callers: list[Caller]
    ) -> None:
        self.plan, self.world, self.postgres, self.valkey, self.house = plan, world, postgres, valkey, house
        self.result = Result(plan)
        self._callers = callers
        self._fallen = 0
        self._chance = random.Random(plan.seed)
        self._strokes = [self._chance.choice((*WEB, *WORKER)) for _ in range(plan.kills)]

    async def run(self, traders: list[Trader]) -> None:
        """Trade and be killed until every stroke has fallen; then let all that was begun come to its end."""
        enough = asyncio.Event()
        trading = [asyncio.create_task(trader.trade(enough)) for trader in traders]
        try:
            await asyncio.gather(*(self._afflict(name) for name in (*WEB, *WORKER)), self._afflict_servers(trading))
            enough.set()
            outcomes = await asyncio.gather(*trading, return_exceptions=True)
        finally:
            for task in trading:
                task.cancel()
        self.result.broken += [f"{type(each).__name__}: {each}" for each in outcomes if each is not None]

    async def _afflict(self, name: str) -> None:
        """Every life of a process ends at a point drawn before it began, or at any moment if it never gets there."""
        chance = random.Random(f"{self.plan.seed} {name}")
        points = sorted(point for point in POINTS if name in WORKER or point.startswith("unit."))
        command = name.partition(".")[0]
        self.house.doomed.add(name)
        for _ in range(self._strokes.count(name)):
            if chance.random() < RESTARTS:
                await self.house.start(name)
                await asyncio.sleep(chance.uniform(0, LIFE[command] / 2))
                await self.house.stop(name)
                self.result.restarts += 1
            crash = f"{(point := chance.choice(points))}:{chance.randint(1, PASSES[command])}"
            reached = await self._live_and_die(name, crash, chance.uniform(LIFE[command] / 3, LIFE[command]))
            self.result.killed[f"{command} {point if reached else 'at any moment'}"] += 1
            self._fallen += 1
            if name in WORKER:
                self.world.forget_keys()
                await self._let_leases_end()
        await self.house.start(name)
        self.house.doomed.remove(name)

    async def _live_and_die(self, name: str, crash: str, limit: float) -> bool:
        """Whether it died at the point it was to die at. One that finds no database at its start is started again."""
        while True:
            await self.house.start(name, crash)
            try:
                async with asyncio.timeout(limit):
                    status = await self.house.processes[name].wait()
            except TimeoutError:
                await self.house.kill(name)
                return False
            if status == -signal.SIGKILL:
                return True

    @property
    def answers(self) -> int:
        return sum(len(caller.kept) for caller in self._callers)

    async def _let_leases_end(self) -> None:
        """Unless PostgreSQL is being killed too: then they are ended after the next death, or when all is over."""
        try:
            owner = await asyncpg.connect(self.postgres.url, timeout=5)
            try:
                await end_leases(owner)
            finally:
                owner.terminate()
        except Exception as error:
            if as_problem(error) is None:
                raise

    async def _afflict_servers(self, trading: list["asyncio.Task[None]"]) -> None:
        """PostgreSQL and the doorbell, in even steps between the kills of processes, each with something to lose."""
        for number in range(self.plan.postgres_kills):
            due = self.plan.kills * (2 * number + 1) // (2 * self.plan.postgres_kills)
            answered = self.answers + TRADERS
            while self._fallen < due or (self.answers < answered and not all(task.done() for task in trading)):
                await asyncio.sleep(0.02)
            await self.postgres.kill()
            await self.postgres.start()
            self.result.killed["postgres"] += 1
            await self._afflict_the_doorbell()

    async def _afflict_the_doorbell(self) -> None:
        if self._chance.random() < 0.5:
            await self.valkey.kill()
            await self.valkey.start()
            self.result.killed["valkey"] += 1
        else:
            async with Redis.from_url(self.valkey.url) as client:
                await client.flushall()
            self.result.killed["valkey, emptied"] += 1


async def torture(plan: Plan, folder: Path) -> Result:
    """Everything of one run, in servers and processes of its own. ``folder`` keeps what they said."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(outside(folder))
        postgres = await stack.enter_async_context(Postgres(settings=CARELESS if plan.control else CAREFUL))
        valkey = await stack.enter_async_context(Valkey())
        house = await stack.enter_async_context(
            House(
                postgres.url, folder, redis_url=valkey.url, payments_url=world.payments_url, smtp_url=world.smtp_url,
                statement_timeout="2",
            )
        )  # fmt: skip
        demo = await _open(postgres, house)
        callers = [await stack.enter_async_context(calling(house, demo.api_key, name, PATIENCE)) for name in WEB]
        traders = [Trader(callers[n % len(callers)], f"trader{n}", plan.seed) for n in range(TRADERS)]
        run = Torture(plan, world, postgres, valkey, house, callers)
        await run.run(traders)
        await _judge(run.result, postgres.url, house, world, traders)
        run.result.seconds = time.monotonic() - began
        return run.result


async def _open(postgres: Postgres, house: House) -> Demo:
    """The demo merchant, with a budget that outlasts the longest run."""
    owner = await asyncpg.connect(postgres.url)
    await migrate(owner)
    demo = await house.seed(owner)
    pool = await open_pool(load(house.environment), size=1)
    door = Doorway(pool, Vault.parse(house.environment["COMPENSATION_KEYS"]))
    await door.write(fund, Who(demo.merchant, "system"), Funding(demo.program, Money(10**11, "EUR")))
    await pool.close()
    await owner.execute("CHECKPOINT")
    await owner.close()
    return demo


async def _judge(result: Result, url: str, house: House, world: Outside, traders: list[Trader]) -> None:
    """Whether every promise stands, in the books, at the processor, in the letters, and before the audit."""
    callers = {id(trader.caller): trader.caller for trader in traders}.values()
    result.answers = sum(len(caller.kept) for caller in callers)
    result.refused = sum(caller.refused for caller in callers)
    result.longest = max(caller.longest for caller in callers)
    owner = await asyncpg.connect(url)
    try:
        await drained(owner, house, PATIENCE)
        result.broken += await broken_promises(owner, traders)
        if not result.broken:
            await nothing_lost_or_doubled(owner, world, cases=sum(len(trader.cases) for trader in traders))
            asked = sum(key.endswith("-order") for caller in callers for key in caller.kept)
            result.orders = await owner.fetchval("SELECT count(*) FROM orders WHERE case_id IS NULL")
            assert result.orders == asked, f"{result.orders} orders for {asked} requests"
    except (AssertionError, TimeoutError) as error:
        result.broken.append(f"{type(error).__name__}: {error}")
    finally:
        await owner.close()
    result.refunds, result.letters = len(world.refunds()), sum(world.message_ids().values())
    audit = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "compensation", "audit", env=house.environment, stdout=asyncio.subprocess.DEVNULL
    )
    result.audit = await audit.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="how many processes are killed (default 100)")
    parser.add_argument("--postgres-kills", type=int, default=10, help="how often PostgreSQL is killed (default 10)")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000, help="what everything is drawn by")
    parser.add_argument(
        "--control", action="store_true", help="let the database acknowledge before it writes: the run must fail"
    )
    told = parser.parse_args()
    plan = Plan(told.seed, told.kills, told.postgres_kills, told.control)
    print(f"seed {plan.seed}; to have it again: {plan.replay}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="torture-"))
    result = asyncio.run(torture(plan, folder))
    print(report(result))
    if not result.passed:
        print(f"failed; what the processes said is in {folder}. To have it again: {plan.replay}", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    return 0


def report(result: Result) -> str:
    kills, count = result.killed, len(result.broken)
    lines = [f"{times:>6}  {what}" for what, times in sorted(kills.items())]
    lines.append(f"{kills.total()} kills and {result.restarts} restarts in {result.seconds:.0f} s")
    lines.append(f"{result.answers} answers acknowledged, the slowest after {result.longest:.1f} s")
    lines.append(f"{result.refused} times told to come again")
    lines.append(f"{result.orders} orders, {result.refunds} refunds, {result.letters} letters")
    lines += [f"broken: {what}" for what in result.broken[:20]]
    lines.append(f"{count} promises broken" + (", as they must be in the control" if result.plan.control else ""))
    lines.append(f"compensation audit: exit status {result.audit}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
