"""Lots on their way from one reward to another. A lot keeps the name of the reward it was issued on, wherever it goes.

``card:rwd_A:EUR:principal`` becomes ``card:rwd_B:EUR:principal.A`` on another reward, and is called the same on a
third. So its origin and the budget it was paid from can always be told, and two lots of one name never meet.
"""

from collections.abc import Sequence

from asyncpg import Record

from compensation.db.pool import Tx
from compensation.ledger import Lot, Posting, account
from compensation.redemption import sql

_ID = len("rwd_")


async def lots_left(tx: Tx, reward_id: str) -> list[Record]:
    """What is left on a reward: ``id``, ``role``, ``balance``, ``origin``, ``expires_at``, in the order of spending."""
    return await tx.rows(sql.LOTS_LEFT, reward_id)


def birth(account_id: str) -> str:
    """The reward that this lot was issued on."""
    _, owner, _, lot = account_id.split(":")
    body = lot.partition(".")[2]
    return f"rwd_{body}" if body else owner


def on(account_id: str, reward_id: str) -> str:
    """The account of the same lot on another reward, or on the one where it began."""
    role, _, asset, lot = account_id.split(":")
    name, born = lot.partition(".")[0], birth(account_id)
    return account(role, reward_id, asset, name if born == reward_id else f"{name}.{born[_ID:]}")


def moved(lots: Sequence[tuple[Record, int]], reward_id: str) -> tuple[list[Posting], dict[str, Lot]]:
    """The postings that bring so much of each lot to another reward, and what their accounts remember there."""
    postings = [Posting(lot["id"], on(lot["id"], reward_id), part) for lot, part in lots]
    return postings, {on(lot["id"], reward_id): Lot(lot["origin"], lot["expires_at"]) for lot, _ in lots}
