"""One run of the torture: callers at work, and every process and server under them killed, again and again, by a seed.

At the end everything that was acknowledged must stand, nothing may have been done twice, and ``compensation audit``
must find nothing. tests/faults/rounds.py makes many runs of it.
"""

import asyncio
import random
import signal
import time
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
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
from compensation.points.convert import NewRate, add_rate
from tests.faults.caller import Caller, calling
from tests.faults.house import House, end_leases, free_port
from tests.faults.outside import Outside, outside
from tests.faults.patronage import POINTS_A_CENT
from tests.faults.plan import Plan, Result
from tests.faults.shop import CAREFUL, CARELESS
from tests.faults.stored_value import sell
from tests.faults.trade import DEALS, trade
from tests.faults.trader import Trader
from tests.faults.verdict import PATIENCE, judge

WEB, WORKER = ("serve", "serve.2"), ("work",)
TRADERS = 8
AT_ANY_MOMENT = 0.3
"""The share of lives that end at a moment of no name."""
LIFE = {"serve": 5.0, "work": 2.0}
"""Seconds after which a process is killed that has not come to its point: nobody leads it there."""
MOMENTS = {"serve": 0.02, "work": 0.8}
"""Seconds at most to a moment of no name: for a worker from its birth, for the web once it has given some answers."""
RESTARTS = 0.1
"""The share of kills before which the process is once asked to stop, as when a release rolls out."""
PASSES = {"serve": 15, "work": 2}
"""How often a process may pass the point at which it is to die: enough that something was done, and it is reached."""


class Torture:
    """One run. ``house`` is not started yet; nobody but us revives what dies in it."""

    def __init__(
        self, plan: Plan, world: Outside, postgres: Postgres, valkey: Valkey, house: House, traders: list[Trader]
    ) -> None:
        self.plan, self.world, self.postgres, self.valkey, self.house = plan, world, postgres, valkey, house
        self.result = Result(plan)
        self._traders = traders
        self._callers = {trader.caller.name: trader.caller for trader in traders}
        self._fallen = 0
        self._chance = random.Random(plan.seed)
        doomed = WEB if plan.control == "redemption" else (*WEB, *WORKER)
        self._strokes = [self._chance.choice(doomed) for _ in range(plan.kills)]

    async def run(self) -> None:
        """Trade and be killed until every stroke has fallen; then let all that was begun come to its end."""
        enough = asyncio.Event()
        deals = {sell: 1} if self.plan.control == "redemption" else DEALS
        trading = [asyncio.create_task(trade(trader, deals, enough)) for trader in self._traders]
        try:
            await asyncio.gather(*(self._afflict(name) for name in (*WEB, *WORKER)), self._afflict_servers(trading))
            enough.set()
            outcomes = await asyncio.gather(*trading, return_exceptions=True)
        finally:
            for task in trading:
                task.cancel()
        self.result.broken += [f"{type(each).__name__}: {each}" for each in outcomes if isinstance(each, BaseException)]
        self.result.replayed = sum(each for each in outcomes if isinstance(each, int))

    async def _afflict(self, name: str) -> None:
        """Every life of a process ends at a point drawn before it began, or at any moment if it never gets there."""
        chance = random.Random(f"{self.plan.seed} {name}")
        command = name.partition(".")[0]
        self.house.doomed.add(name)
        for _ in range(self._strokes.count(name)):
            if chance.random() < RESTARTS:
                await self.house.start(name)
                await asyncio.sleep(chance.uniform(0, LIFE[command] / 2))
                await self.house.stop(name)
                self.result.restarts += 1
            passes = chance.randint(1, PASSES[command])
            if chance.random() < AT_ANY_MOMENT and not self.plan.control:
                await self._live(name, "", passes, chance.uniform(0, MOMENTS[command]))
            else:
                await self._live(name, f"{chance.choice(self._points(name))}:{passes}", 0, LIFE[command])
            self._fallen += 1
            if name in WORKER:
                self.world.forget_keys()
        await self.house.start(name)
        self.house.doomed.remove(name)

    def _points(self, name: str) -> list[str]:
        if self.plan.control == "redemption":
            return ["unit.after_commit"]
        return sorted(point for point in POINTS if name in WORKER or point.startswith("unit."))

    async def _live(self, name: str, crash: str, answers: int, limit: float) -> None:
        """One life and its end: at the point of ``crash``, or so many ``answers`` of the web and ``limit`` later.

        A process that finds no database at its start is started again.
        """
        command, point = name.partition(".")[0], crash.partition(":")[0]
        status = None
        while status != -signal.SIGKILL:
            await self.house.start(name, crash)
            await self._answered(name, answers)
            try:
                async with asyncio.timeout(limit):
                    status = await self.house.processes[name].wait()
            except TimeoutError:
                status = None
                break
        waited_for = name in WEB and self._callers[name].in_flight > 0
        if status is None:
            await self.house.kill(name)
        held = name in WORKER and await self._let_leases_end() > 0
        # Whoever died at a point died in the midst of what leads past it.
        what = f"{command} {point}" if status else f"{command} at any moment"
        self.result.fell(what, in_flight=bool(status) or waited_for or held)
        self._let_doubt()

    async def _answered(self, name: str, answers: int) -> None:
        """Wait for so many answers of a web process, unless nobody asks it for anything or it has died."""
        if name not in WEB:
            return
        caller, deadline = self._callers[name], time.monotonic() + LIFE["serve"]
        wanted = len(caller.kept) + answers
        while len(caller.kept) < wanted and time.monotonic() < deadline and not self.house.dead(name):
            await asyncio.sleep(0.005)

    def _let_doubt(self) -> None:
        for trader in self._traders:
            trader.doubtful = True

    async def _let_leases_end(self) -> int:
        """How much was in hand. None while PostgreSQL is being killed too: then the next death ends the leases."""
        try:
            owner = await asyncpg.connect(self.postgres.url, timeout=5)
            try:
                return await end_leases(owner)
            finally:
                owner.terminate()
        except Exception as error:
            if as_problem(error) is None:
                raise
            return 0

    @property
    def _answers(self) -> int:
        return sum(len(caller.kept) for caller in self._callers.values())

    async def _afflict_servers(self, trading: "list[asyncio.Task[int]]") -> None:
        """PostgreSQL and the doorbell, in even steps between the kills of processes, each with something to lose."""
        for number in range(self.plan.postgres_kills):
            due = self.plan.kills * (2 * number + 1) // (2 * self.plan.postgres_kills)
            answered = self._answers + TRADERS
            while self._fallen < due or (self._answers < answered and not all(task.done() for task in trading)):
                await asyncio.sleep(0.02)
            waiting = sum(caller.in_flight for caller in self._callers.values())
            await self.postgres.kill()
            await self.postgres.start()
            self.result.fell("postgres", in_flight=waiting > 0)
            self._let_doubt()
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
        settings = {"checkpoint_timeout": "30s"} | (CARELESS if plan.control == "postgres" else CAREFUL)
        postgres = await stack.enter_async_context(Postgres(settings=settings, port=free_port()))
        valkey = await stack.enter_async_context(Valkey(port=free_port()))
        house = await stack.enter_async_context(
            House(
                postgres.url, folder, redis_url=valkey.url, payments_url=world.payments_url, smtp_url=world.smtp_url,
                supplier_simulator_url=world.supplier_url, statement_timeout="2",
            )
        )  # fmt: skip
        demo = await _open(postgres, house)
        callers: list[Caller] = [
            await stack.enter_async_context(calling(house, demo.api_key, name, PATIENCE)) for name in WEB
        ]
        traders = [Trader(callers[n % len(callers)], n, plan.seed) for n in range(TRADERS)]
        if plan.control == "redemption":
            for caller in callers:
                caller.naive = frozenset({"/v1/gift-cards/redeem"})
        run = Torture(plan, world, postgres, valkey, house, traders)
        await run.run()
        await judge(run.result, postgres.url, house, world, traders)
        run.result.seconds = time.monotonic() - began
        return run.result


async def _open(postgres: Postgres, house: House) -> Demo:
    """The demo merchant, with a budget that outlasts the longest run, and a rate for points."""
    owner = await asyncpg.connect(postgres.url)
    await migrate(owner)
    demo = await house.seed(owner)
    pool = await open_pool(load(house.environment), size=1)
    door, who = Doorway(pool, Vault.parse(house.keys)), Who(demo.merchant, "system")
    await door.write(fund, who, Funding(demo.program, Money(10**11, "EUR")))
    await door.write(add_rate, who, NewRate(points=POINTS_A_CENT, credit=Money(1, "EUR")))
    await pool.close()
    await owner.execute("CHECKPOINT")
    await owner.close()
    return demo
