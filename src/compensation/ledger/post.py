"""Moving value. Lock every account that will be touched once, sorted; decide by what is there; then post.

A posting takes from one account and gives to another, so a transfer cannot be unbalanced. Transfers are never
changed; what was wrong is undone by another transfer that names it in ``reverses``.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from compensation.core.ids import new_id
from compensation.db.pool import Tx, columns, once
from compensation.ledger import sql
from compensation.ledger.account import Lot, may_go_negative


class Posting(msgspec.Struct, frozen=True):
    """``amount`` minor units, above zero, from ``source`` to ``destination``, two accounts of one asset."""

    source: str
    destination: str
    amount: int


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """Postings that happen together, for one reason. ``event_at`` is when it happened in the world."""

    kind: str
    subject_id: str
    actor: str
    event_at: datetime
    postings: Sequence[Posting]
    reverses: str | None = None
    id: str = msgspec.field(default_factory=lambda: new_id("trf"))


async def lock(tx: Tx, account_ids: Iterable[str]) -> dict[str, int]:
    """Lock these accounts until the transaction ends, in the order of their ids so that no two wait for each other.

    Returns the balance of each; an account that was never used has none and is not in the result.
    """
    rows = await tx.rows(sql.LOCK, sorted(set(account_ids)))
    return {row["id"]: row["balance"] for row in rows}


async def balances(tx: Tx, account_ids: Iterable[str]) -> dict[str, int]:
    """The balances without a lock; 0 for an account that was never used."""
    wanted = sorted(set(account_ids))
    found = {row["id"]: row["balance"] for row in await tx.rows(sql.BALANCES, wanted)}
    return {account_id: found.get(account_id, 0) for account_id in wanted}


async def post(tx: Tx, transfers: Sequence[Transfer], at: datetime, lots: Mapping[str, Lot] | None = None) -> None:
    """Write transfers and move the balances. ``lots`` describes accounts opened by this.

    When an account that may not go below zero would, the tables refuse it and the whole transaction with it, which the
    caller hears of as ``insufficient_balance``.
    """
    lots = lots or {}
    change: dict[str, int] = defaultdict(int)
    lines: list[tuple[int, str]] = []
    alike: list[tuple[str, str, int]] = []
    for transfer in transfers:
        for number, posting in enumerate(transfer.postings):
            change[posting.source] -= posting.amount
            change[posting.destination] += posting.amount
            lines.append((number, posting.destination))
            alike.append((transfer.id, posting.source, posting.amount))
    taken = [(name, delta) for name, delta in change.items() if delta < 0 and not may_go_negative(name)]
    given = sorted((name, delta) for name, delta in change.items() if delta >= 0 or may_go_negative(name))
    await tx.write(
        sql.POST,
        at,
        [transfer.id for transfer in transfers],
        [transfer.kind for transfer in transfers],
        [transfer.subject_id for transfer in transfers],
        [transfer.reverses for transfer in transfers],
        [transfer.actor for transfer in transfers],
        [transfer.event_at for transfer in transfers],
        *columns(lines, 2),
        *once(alike, 3),
        *columns(taken, 2),
        [name for name, _ in given],
        [delta for _, delta in given],
        [lots[name].origin if name in lots else None for name, _ in given],
        [lots[name].expires_at if name in lots else None for name, _ in given],
    )
