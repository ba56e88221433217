"""Fills a house with cards as the act of issuing would have left them, quickly: within the server, set by set."""

import time
from collections.abc import Callable
from pathlib import Path

from bench import asks
from bench.house import House
from compensation.issuance.codes import new_code

_AT_ONCE = 100_000
_TOLD = 500_000
_SPOT = 20_000
"""Cards that are redeemed, spread evenly over all."""
_GROW = (Path(__file__).parent / "grow.sql").read_text()
_FILLED = ("orders", "rewards", "transfers", "accounts", "postings", "idempotency_keys", "audit_log")
# Indexes are built once, sorted, when the rows are there: a sixth less work among few cards, and more among many. They
# are put to sleep by the mark that a CREATE INDEX CONCURRENTLY leaves while it has not ended; REINDEX wakes them.
_SLEEP = "UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid = ANY ($1::text[]::regclass[])"
_BALANCE = """
INSERT INTO accounts (merchant_id, id, balance, opened_at)
SELECT $1, $2, coalesce((SELECT balance FROM accounts WHERE merchant_id = $1 AND id = $2), 0) + $3, now()
ON CONFLICT (merchant_id, id) DO UPDATE SET balance = EXCLUDED.balance
"""


async def fill(house: House, cards: int, say: Callable[[str], None]) -> None:
    """Unguarded, since what is measured is the use of these rows and not how they came; the audit judges them later.

    The server makes the rows itself: no COPY could bring them faster, because none has to be brought.
    """
    owner, merchant, program = house.owner, house.who.merchant_id, house.programs[1]
    began = time.perf_counter()
    await owner.execute("SET session_replication_role = replica; SET synchronous_commit = off")
    await owner.execute("SET maintenance_work_mem = '1GB'")
    await owner.execute(_SLEEP, _FILLED)
    for start in range(1, cards + 1, _AT_ONCE):
        end = min(start + _AT_ONCE - 1, cards)
        await owner.execute(_GROW, merchant, start, end, program, asks.FACE, timeout=600)
        if end == cards or end % _TOLD == 0:
            seconds = time.perf_counter() - began
            say(f"{end:,} of {cards:,} cards after {seconds:.0f} s, {end / seconds:,.0f}/s")
    for table in _FILLED:
        await owner.execute(f"REINDEX TABLE {table}", timeout=3600)
        say(f"indexes of {table} after {time.perf_counter() - began:.0f} s")
    worth = asks.FACE * cards
    for account, change in (
        (f"budget:{program}:EUR", -worth),
        (f"spent:{program}:EUR", worth),
        (f"expense.goodwill:{merchant}:EUR", -worth),
    ):
        await owner.execute(_BALANCE, merchant, account, change)
    await owner.execute("RESET session_replication_role; RESET synchronous_commit; RESET maintenance_work_mem")


async def open_some(house: House, cards: int) -> asks.Cards:
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
