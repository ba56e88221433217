"""The long run: issue and redemption among ten thousand cards and among ten million, in turn, and the audit of all."""

import asyncio
import shutil
import statistics
import sys
import time
from collections.abc import Callable

import msgspec

from bench import asks, fill
from bench.house import House
from bench.measures import Fact, Measure, Result, Round, once, result
from bench.processor import private

FEW = 10_000
SLOWER = 1.3
"""How much longer one may take among the many than among the few."""
HELD = 512
"""Megabytes that one process may hold of its own while it audits, however many postings there are."""
_ON_DISK = 4_500
"""Bytes that one card takes with all its rows, their indexes and what the audit sorts on disk, roughly."""
_LOOK = 0.1
"""Seconds between two looks at the memory of a process."""


class Grown(msgspec.Struct, frozen=True):
    results: list[Result]
    facts: list[Fact]


async def grown(
    small: House, large: House, many: int, rounds: int, seconds: float, say: Callable[[str], None]
) -> Grown:
    """Measure a house of FEW cards and one of ``many`` in turn, then audit the large one. It must find nothing."""
    free = shutil.disk_usage(large.postgres.folder).free
    if free < many * _ON_DISK:
        raise SystemExit(f"{many:,} cards need about {many * _ON_DISK / 1e9:.0f} GB; {free / 1e9:.0f} GB are free.")
    measures = [(small, await _filled(small, FEW, say)), (large, await _filled(large, many, say))]
    size = await large.owner.fetchval("SELECT pg_database_size(current_database())")
    say(f"{many:,} cards take {size / 1e9:.1f} GB")
    kept = await _in_turn(measures, rounds, seconds, say)
    results = [result(measure, kept[measure.name]) for _, wanted in measures for measure in wanted]
    facts = [
        fact
        for few, lots in zip(measures[0][1], measures[1][1], strict=True)
        for fact in _compared(lots.name, kept[few.name], kept[lots.name])
    ]
    return Grown(results, [*facts, *await _audited(large, say)])


async def _filled(house: House, cards: int, say: Callable[[str], None]) -> list[Measure]:
    """Fill the house, and say what is to be measured there."""
    await fill.fill(house, cards, say)
    codes = await fill.open_some(house, cards)
    # The planner sees what was filled in before anything is used.
    say(f"{cards:,} cards: VACUUM ANALYZE")
    await house.owner.execute("VACUUM ANALYZE", timeout=7200)
    await house.owner.execute("CHECKPOINT", timeout=600)
    issuing, redeeming = asks.issuing(house, house.programs[:1]), asks.redeeming(house, codes)
    return [
        Measure(f"issue, among {cards:,} cards", issuing),
        Measure(f"redeem, random of {cards:,} cards", redeeming),
        Measure(f"issue, a lone client, among {cards:,} cards", issuing, clients=1),
        Measure(f"redeem, a lone client, random of {cards:,} cards", redeeming, clients=1),
    ]


async def _in_turn(
    measures: list[tuple[House, list[Measure]]], rounds: int, seconds: float, say: Callable[[str], None]
) -> dict[str, list[Round]]:
    """The small house and the large one in turn, so that a busy moment strikes both. The first round warms up."""
    kept: dict[str, list[Round]] = {measure.name: [] for _, wanted in measures for measure in wanted}
    for number in range(rounds + 1):
        for place in range(len(measures[0][1])):
            for house, wanted in measures:
                measure = wanted[place]
                done = await once(house, measure, seconds, 0.0)
                if number:
                    kept[measure.name].append(done)
                    say(f"round {number}: {measure.name}: {done.load.rate:,.0f}/s")
    return kept


def _compared(name: str, few: list[Round], lots: list[Round]) -> list[Fact]:
    """By the clock, and by the processor time of web and PostgreSQL, which a busy machine blurs less."""
    pairs = list(zip(few, lots, strict=True))
    clock = statistics.median(one.load.rate / other.load.rate for one, other in pairs)
    processor = statistics.median(
        (other.web_us + other.postgres_us) / (one.web_us + one.postgres_us) for one, other in pairs
    )
    return [
        Fact(f"{name}, by that among {FEW:,}: time", clock, "×", f"≤ {SLOWER}", clock <= SLOWER),
        Fact(f"{name}, by that among {FEW:,}: processor time", processor, "×", f"≤ {SLOWER}", processor <= SLOWER),
    ]


async def _audited(house: House, say: Callable[[str], None]) -> list[Fact]:
    """The command as finance runs it: how long it takes, and the most memory it and a session of PostgreSQL hold."""
    rows = await house.owner.fetchval("SELECT count(*) FROM postings", timeout=600)
    say(f"audit of {rows:,} postings")
    began = time.perf_counter()
    ran = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "compensation", "audit", env=house.environment, stdout=asyncio.subprocess.DEVNULL
    )
    ended, session = asyncio.create_task(ran.wait()), 0
    client = 0
    while not ended.done():
        session = max([session, *private(house.postgres.pid)])
        client = max([client, *private(ran.pid)])
        await asyncio.wait({ended}, timeout=_LOOK)
    if await ended:
        raise SystemExit("The audit finds broken laws: nothing was measured. Run it by hand to see which.")
    seconds = time.perf_counter() - began
    held = [("process", client / 2**20), ("largest session of PostgreSQL", session / 2**20)]
    return [
        Fact(f"audit of {rows:,} postings", seconds, "s"),
        *(
            Fact(f"the most that the audit's {who} held of its own", most, "MB", f"≤ {HELD}", most <= HELD)
            for who, most in held
        ),
    ]
