"""The points a customer has: lots of his rewards and of his earnings, and taking from them, soonest expiring first."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from compensation.core.errors import NotFound, Refused
from compensation.core.money import POINTS
from compensation.core.states import RewardState
from compensation.db.pool import Tx
from compensation.ledger import Posting, account
from compensation.ledger.account import Role
from compensation.ledger.statement import Statement, statement
from compensation.points import sql


class PointsLot(msgspec.Struct, frozen=True, kw_only=True):
    """Points of one reward or one earning (``id``). ``pending`` ones are released at ``release_at``, or when told."""

    id: str
    origin: str
    points: int
    pending: bool
    issued_at: datetime
    release_at: datetime | None
    expires_at: datetime | None
    reference: str | None
    """The merchant's purchase that earned them; null for points that were given as a remedy."""


class Points(msgspec.Struct, frozen=True, kw_only=True):
    """``available`` can be spent now. ``shortfall`` was to be taken back and was not there."""

    customer_id: str
    available: int
    pending: int
    shortfall: int
    lots: tuple[PointsLot, ...]


class Lot(msgspec.Struct, frozen=True):
    id: str
    owner_id: str
    balance: int
    origin: str


async def points(tx: Tx, customer_id: str, at: datetime) -> Points:
    """What the customer has at ``at``, in the order in which it is spent. Nothing for a customer who has none."""
    rows = await tx.rows(sql.HELD, customer_id, at)
    lots = tuple(msgspec.convert({**row, "pending": row["role"] == Role.points_pending}, PointsLot) for row in rows)
    return Points(
        customer_id=customer_id,
        available=sum(lot.points for lot in lots if not lot.pending),
        pending=sum(lot.points for lot in lots if lot.pending),
        shortfall=await tx.value(sql.OWED, customer_id),
        lots=lots,
    )


async def points_statement(tx: Tx, customer_id: str, *, before: int | None = None, limit: int = 50) -> Statement:
    """Every point that could be spent and what became of it, newest first."""
    accounts = [row["id"] for row in await tx.rows(sql.ACCOUNTS, customer_id)]
    return await statement(tx, accounts, POINTS, before=before, limit=limit)


async def lock_customer(tx: Tx, customer_id: str) -> None:
    """Whoever moves a customer's points holds his row. Raises NotFound ``unknown_customer``."""
    if await tx.value(sql.LOCK_CUSTOMER, customer_id) is None:
        raise NotFound("unknown_customer", "There is no such customer.")


async def lock_lots(tx: Tx, customer_id: str, at: datetime, *, earned_only: bool = False) -> list[Lot]:
    """What can be spent, locked through the rows it belongs to, soonest expiring first."""
    rewards = [] if earned_only else await tx.rows(sql.LOCK_REWARDS, customer_id, at)
    owners = [*rewards, *await tx.rows(sql.LOCK_EARNINGS, customer_id, at)]
    return [Lot(**row) for row in await tx.rows(sql.LOTS, [row["id"] for row in owners])]


def taken_from(lots: Sequence[Lot], amount: int) -> list[tuple[Lot, int]]:
    """Which lots give how much. Raises Refused ``insufficient_points``."""
    there = sum(lot.balance for lot in lots)
    if there < amount:
        raise Refused("insufficient_points", "The customer has fewer points than that.", available=there)
    taken = []
    for lot in lots:
        part = min(lot.balance, amount)
        if part:
            taken.append((lot, part))
            amount -= part
    return taken


async def settle_promises(tx: Tx, taken: Sequence[tuple[Lot, int]], *, used: bool) -> list[Posting]:
    """Points given as a remedy stand in the books at their worth in money: the share of those taken is settled too.

    ``used`` in the shop, it counts as sold; else it goes back to the expense it was, since something else replaces it.
    """
    share = {lot.owner_id: (lot, part) for lot, part in taken}
    postings = []
    for row in await tx.rows(sql.PROMISES, list(share)):
        lot, part = share[row["owner_id"]]
        # The last point takes the rest with it, so that nothing of the worth is left behind.
        amount = row["balance"] * part // lot.balance
        role = Role.sales if used else f"expense.{lot.origin}"
        if amount:
            postings.append(Posting(row["id"], account(role, tx.merchant_id, row["id"].split(":")[2]), amount))
    return postings


async def move_rewards(tx: Tx, taken: Sequence[tuple[Lot, int]], at: datetime) -> None:
    """Bring each reward whose points were taken to the state that what is left on it means."""
    states = {
        lot.owner_id: RewardState.redeemed if part == lot.balance else RewardState.partly_redeemed
        for lot, part in taken
        if lot.owner_id.startswith("rwd_")
    }
    if states:
        await tx.run(sql.MOVE_REWARDS, at, list(states), list(states.values()))
