"""What merchants' systems do all day, drawn by a seed, and whether all that they were promised stands."""

import asyncio
import itertools
import zlib
from collections.abc import Awaitable, Callable

import asyncpg
import msgspec

from tests.faults.brands import give
from tests.faults.journey import decide, enjoy
from tests.faults.patronage import collect, send_a_file, shop
from tests.faults.stored_value import correct, join, reserve, sell
from tests.faults.trader import Held, Trader

Deal = Callable[[Trader, str], Awaitable[None]]
HABITS = ("prompt",) * 6 + ("busy", "busy", "pending")
"""How the payment processor behaves. Lost answers take it twelve seconds each; tests/partners tries those."""
RECENT = 3
"""How many of its latest promises a trader asks for again when a process has died."""


async def trade(trader: Trader, deals: dict[Deal, int], enough: asyncio.Event) -> int:
    """Until it is enough; what was begun is brought to its end. Says how often it asked again for a promise.

    ``deals`` says how often each comes up among all.
    """
    replayed = 0
    for number in itertools.count(1):
        if enough.is_set():
            break
        if trader.doubtful:
            trader.doubtful = False
            replayed += await ask_again(trader)
        # Each begins elsewhere and does everything once before chance decides, so that no run leaves a deal out.
        turn = (trader.number + number) % len(deals)
        deal = (
            list(deals)[turn] if number <= len(deals) else trader.chance.choices(list(deals), list(deals.values()))[0]
        )
        await deal(trader, f"{trader.name}-{number}")
    return replayed


async def make_good(trader: Trader, name: str) -> None:
    """A whole case: money back through the processor, store credit, a letter."""
    decided = await decide(trader.caller, name, trader.chance.choice(HABITS))
    outcome = await enjoy(trader.caller, name, decided)
    trader.cases.append(outcome)
    trader.cards.append(Held(outcome.reward_id, outcome.code, outcome.credit - outcome.spent))


async def ask_again(trader: Trader) -> int:
    """Its latest promises and an old one, by their keys: the same bytes. Says how many it asked for."""
    own = [key for key in trader.caller.kept if key.startswith(f"{trader.name}-")]
    keys = {*own[-RECENT:], *trader.chance.sample(own, min(1, len(own)))}
    for key in keys:
        kept = trader.caller.kept[key]
        again = await trader.caller.post(kept.path, kept.body, key)
        assert again.content == kept.answer, f"{trader.name} asked for {key} again and got another answer"
    return len(keys)


DEALS: dict[Deal, int] = {
    sell: 6, make_good: 3, reserve: 3, correct: 3, join: 3, shop: 2, collect: 2, send_a_file: 2, give: 2,
}  # fmt: skip


async def broken_promises(owner: asyncpg.Connection, traders: list[Trader]) -> list[str]:
    """Every acknowledged answer that is not in the books as it was given, and everything that holds something else."""
    rows = await owner.fetch("SELECT key, answer FROM idempotency_keys")
    answers = {row["key"]: _read(row["answer"]) for row in rows}
    held = dict(await owner.fetch("SELECT owner_id, sum(balance)::bigint FROM accounts WHERE role = 'card' GROUP BY 1"))
    points = dict(
        await owner.fetch(
            "SELECT e.customer_id, sum(a.balance)::bigint FROM earnings AS e JOIN accounts AS a"
            " ON a.merchant_id = e.merchant_id AND a.owner_id = e.id AND a.role = 'points' GROUP BY 1"
        )
    )
    issued = dict(
        await owner.fetch(
            "SELECT l.import_id, count(o.id) FROM import_lines AS l LEFT JOIN orders AS o"
            " ON o.merchant_id = l.merchant_id AND o.id = l.order_id GROUP BY 1"
        )
    )
    broken = []
    for caller in {trader.caller for trader in traders}:
        broken += [
            f"{key}: lost"
            for key, kept in caller.kept.items()
            if not _stands(kept.status, kept.answer, answers.get(key))
        ]
    for trader in traders:
        due = {card.reward_id: (held.get(card.reward_id), card.balance) for card in trader.cards}
        due |= {file: (issued.get(file, 0), lines) for file, lines in trader.files.items()}
        if trader.patron is not None:
            due[trader.patron.id] = (points.get(trader.patron.id, 0), trader.patron.points)
        broken += [f"{name}: {is_} instead of {must}" for name, (is_, must) in due.items() if is_ != must]
    return broken


def _read(kept: bytes) -> bytes:
    """A large answer is kept packed, and JSON begins with a bracket."""
    return kept if kept.startswith(b"{") else zlib.decompress(kept)


def _stands(status: int, given: bytes, kept: bytes | None) -> bool:
    """A refusal is kept as its code and worded anew; everything else is kept as the bytes that were given."""
    if status < 400 or kept is None:
        return given == kept
    return bool(msgspec.json.decode(kept)["code"] == msgspec.json.decode(given)["code"])
