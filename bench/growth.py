"""The long run: issue and redemption among ten thousand cards and among ten million, then the audit of them all."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from bench import asks
from bench.house import House
from bench.measures import Fact, Measure, Result, interleaved
from compensation.issuance.codes import new_code

FEW = 10_000
SLOWER = 1.3
"""How much longer one may take among the many than among the few."""
_AT_ONCE = 100_000
_SPOT = 20_000
"""Cards that are redeemed, spread evenly over all."""
_ON_DISK = 4_500
"""Bytes that one card takes with all its rows and their indexes, roughly."""
_GROW = (Path(__file__).parent / "grow.sql").read_text()


class Grown(msgspec.Struct, frozen=True):
    results: list[Result]
    facts: list[Fact]


async def grown(house: House, many: int, rounds: int, seconds: float, say: Callable[[str], None]) -> Grown:
    """Measure among FEW cards, load up to ``many``, measure again, and audit. The audit must find nothing."""
    room = shutil.disk_usage(house.postgres.folder).free
    if room < many * _ON_DISK:
        raise SystemExit(f"{many:,} cards need about {many * _ON_DISK / 1e9:.0f} GB; {room / 1e9:.0f} GB are free.")
    await _load(house, 1, FEW, say)
    few = await _measured(house, FEW, rounds, seconds, say)
    await _load(house, FEW + 1, many, say)
    lots = await _measured(house, many, rounds, seconds, say)
    facts = [fact for one, other in zip(few, lots, strict=True) for fact in _compared(one, other)]
    return Grown([*few, *lots], [*facts, *await _audited(house)])


async def _measured(house: House, cards: int, rounds: int, seconds: float, say: Callable[[str], None]) -> list[Result]:
    codes = await _open_some(house, cards)
    wanted = [
        Measure(f"issue, among {cards:,} cards", asks.issuing(house, house.programs[:1])),
        Measure(f"redeem, random of {cards:,} cards", asks.redeeming(house, codes)),
    ]
    # What the load makes of the tables first, the planner sees second, and only then we count.
    await interleaved(house, wanted, 1, seconds, lambda line: None)
    await house.owner.execute("VACUUM ANALYZE", timeout=7200)
    await house.owner.execute("CHECKPOINT", timeout=600)
    return await interleaved(house, wanted, rounds, seconds, say)


async def _load(house: House, first: int, last: int, say: Callable[[str], None]) -> None:
    """In bulk and unguarded: what is measured is the use of these rows, not how they came."""
    owner, program = house.owner, house.programs[1]
    began = time.perf_counter()
    await owner.execute("SET session_replication_role = replica; SET synchronous_commit = off")
    for start in range(first, last + 1, _AT_ONCE):
        end = min(start + _AT_ONCE - 1, last)
        await owner.execute(_GROW, house.who.merchant_id, start, end, program, asks.FACE, timeout=600)
        if end == last or end % 1_000_000 == 0:
            say(f"{end:,} cards after {time.perf_counter() - began:.0f} s")
    sum_of_all = asks.FACE * (last - first + 1)
    for account, change in (
        (f"budget:{program}:EUR", -sum_of_all),
        (f"spent:{program}:EUR", sum_of_all),
        (f"expense.goodwill:{house.who.merchant_id}:EUR", -sum_of_all),
    ):
        await owner.execute(
            "INSERT INTO accounts AS a (merchant_id, id, balance, opened_at)"
            " SELECT $1, $2, coalesce((SELECT balance FROM accounts WHERE merchant_id = $1 AND id = $2), 0) + $3, now()"
            " ON CONFLICT (merchant_id, id) DO UPDATE SET balance = EXCLUDED.balance",
            house.who.merchant_id, account, change,
        )  # fmt: skip
    await owner.execute("RESET session_replication_role; RESET synchronous_commit")


async def _open_some(house: House, cards: int) -> asks.Cards:
    """Give cards all over the table codes that we know."""
    merchant, vault = house.who.merchant_id, house.door.vault
    route = await house.owner.fetchval("SELECT route FROM merchants WHERE id = $1", merchant)
    codes, rows = [], []
    for number in range(1, cards + 1, max(cards // _SPOT, 1)):
        code, card = new_code(route), f"rwd_{number:026}"
        codes.append(code)
        rows.append((card, vault.seal(merchant, card, code.encode()), vault.fingerprint("code", code)))
    await house.owner.execute(
        "UPDATE rewards AS r SET code_sealed = c.sealed, code_hash = c.hash"
        " FROM unnest($2::text[], $3::bytea[], $4::bytea[]) AS c (id, sealed, hash)"
        " WHERE r.merchant_id = $1 AND r.id = c.id",
        merchant, *(list(column) for column in zip(*rows, strict=True)), timeout=600,
    )  # fmt: skip
    return asks.Cards(codes)


def _compared(few: Result, lots: Result) -> list[Fact]:
    """By the clock, and by the processor time of web and PostgreSQL, which a busy machine blurs less."""
    clock, processor = few.rate / lots.rate, (lots.web_us + lots.postgres_us) / (few.web_us + few.postgres_us)
    name = f"{lots.name}, by that among {FEW:,}"
    return [
        Fact(f"{name}: time", clock, "×", f"≤ {SLOWER}", clock <= SLOWER),
        Fact(f"{name}: processor time", processor, "×", f"≤ {SLOWER}", processor <= SLOWER),
    ]


async def _audited(house: House) -> list[Fact]:
    """The command as finance runs it: how long it takes and the most memory it holds."""
    rows = await house.owner.fetchval("SELECT count(*) FROM postings", timeout=600)
    began = time.perf_counter()
    command = [sys.executable, "-m", "compensation", "audit"]
    ran = subprocess.Popen(command, env=house.environment, stdout=subprocess.DEVNULL)
    _, status, usage = await asyncio.to_thread(os.wait4, ran.pid, 0)
    if status:
        raise RuntimeError("the audit finds broken laws")
    return [
        Fact(f"audit of {rows:,} postings", time.perf_counter() - began, "s"),
        Fact("the most memory the audit's process held", usage.ru_maxrss / 1024, "MB"),
    ]
