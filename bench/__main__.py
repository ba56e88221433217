"""The command: everything in one go on one machine. Says each step as it is done, writes docs/performance.md."""

import argparse
import os
import platform
from datetime import UTC, datetime

import uvloop

from bench import alone, bulk, floors, growth, measures, page
from bench.house import House, opened, serving
from bench.measures import Fact, Result
from compensation.db.audit import audit


class Size:
    """How much of everything. The quick run proves that all runs and answers are right; its figures mean nothing."""

    def __init__(self, *, quick: bool) -> None:
        self.rounds, self.seconds = (1, 1.0) if quick else (3, 5.0)
        self.cards = 200 if quick else 20_000
        self.lines = 1_000 if quick else 100_000
        self.rows = 5_000 if quick else 200_000
        self.starts = 1 if quick else 5
        self.rest = 2.0 if quick else 8.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute: does all run, are the answers right")
    parser.add_argument("--growth", action="store_true", help="the long run: ten thousand cards beside ten million")
    parser.add_argument("--cards", type=int, default=10_000_000, help="how many cards the long run grows to")
    told = parser.parse_args()
    uvloop.run(_long(told.cards) if told.growth else _usual(quick=told.quick))


async def _usual(*, quick: bool) -> None:
    size, busy = Size(quick=quick), os.getloadavg()
    async with opened() as house:
        facts = [alone.decisions(size.seconds), await alone.memory(house, size.rest), await _started(house, size)]
        await floors.prepare(house)
        wanted = await measures.measures(house, size.cards)
        # Loaded and analysed first: a plan made for an empty table is no measure of anything.
        await measures.interleaved(house, wanted, 1, size.seconds, lambda line: None)
        await house.owner.execute("VACUUM ANALYZE")
        results = await measures.interleaved(house, wanted, size.rounds, size.seconds, _say)
        facts.append(
            Fact("COPY into a plain table, the floor of bulk", await floors.copied(house, size.rows), "rows/s")
        )
        facts += await bulk.measured(house, size.lines)
        broken = await audit(house.owner)
        if broken:
            raise measures.Wrong(f"the audit finds broken laws: {sorted(broken)}")
    _say(page.tables(run := _run(busy, results, facts)))
    if not quick:
        page.write(run, "performance")


async def _long(cards: int) -> None:
    size, busy = Size(quick=False), os.getloadavg()
    # Two houses, each with a server of its own: a house that was small once and has grown cannot be asked in turn.
    async with opened() as small, opened() as large:
        done = await growth.grown(small, large, cards, size.rounds, size.seconds, _say)
    _say(page.tables(run := _run(busy, done.results, done.facts)))
    page.write(run, "growth")


def _run(busy: tuple[float, float, float], results: list[Result], facts: list[Fact]) -> page.Run:
    return page.Run(
        at=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        machine=f"{os.cpu_count()} cores, Python {platform.python_version()}, load generator on the same machine",
        load=", ".join(f"{each:.1f}" for each in busy),
        results=results,
        facts=facts,
    )


async def _started(house: House, size: Size) -> Fact:
    """Start the web process again and again: the first start may have read every file from the disk."""
    times = []
    for _ in range(size.starts):
        kept = house.port, house.web
        async with serving(house):
            times.append(house.ready_in)
        house.port, house.web = kept
    return alone.ready(times)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
