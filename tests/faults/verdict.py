"""The judgement at the end of a run: in the books, at the processor, in the letters, and by ``compensation audit``."""

import asyncio
import sys
from collections import Counter

import asyncpg

from tests.faults.house import House, drained
from tests.faults.journey import nothing_lost_or_doubled, one_card_for_each_order
from tests.faults.outside import Outside
from tests.faults.plan import Result
from tests.faults.trade import broken_promises
from tests.faults.trader import Trader

PATIENCE = 300.0


async def judge(result: Result, url: str, house: House, world: Outside, traders: list[Trader]) -> None:
    """Let all work come to its end, then compare every promise with what stands."""
    callers = {id(trader.caller): trader.caller for trader in traders}.values()
    result.answers = sum(len(caller.kept) for caller in callers)
    result.refused = sum(caller.refused for caller in callers)
    result.longest = max(caller.longest for caller in callers)
    result.verbs = Counter(kept.verb for caller in callers for kept in caller.kept.values())
    owner = await asyncpg.connect(url)
    try:
        await drained(owner, house, PATIENCE)
        result.broken += await broken_promises(owner, traders)
        if not result.broken:
            await nothing_lost_or_doubled(owner, world, cases=sum(len(trader.cases) for trader in traders))
            result.brands = await one_card_for_each_order(owner, world)
            asked = result.verbs["orders"] + result.verbs["points/convert"]
            asked += sum(lines for trader in traders for lines in trader.files.values())
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
