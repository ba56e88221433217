"""Spending points, and taking back what a refunded purchase had earned: never below zero, and never of a remedy."""

from datetime import datetime
from typing import Literal

import msgspec

from compensation.core.errors import Refused
from compensation.core.ids import new_id
from compensation.core.money import POINTS
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.ledger import Posting, Transfer, account, post
from compensation.ledger.account import Role
from compensation.points import sql
from compensation.points.earn import ORIGIN, lock_earning
from compensation.points.lots import Lot, lock_customer, lock_lots, move_rewards, points, settle_promises, taken_from


class SpendPoints(msgspec.Struct, frozen=True, kw_only=True):
    customer_id: str
    points: int
    reference: str = ""


class TakeBack(msgspec.Struct, frozen=True, kw_only=True):
    """Take back ``points`` of what the purchase ``reference`` earned; all that is left of it when none are named."""

    customer_id: str
    reference: str
    points: int | None = None


class PointsUse(msgspec.Struct, kw_only=True):
    """One use of points. ``shortfall`` should have been taken back and was not there; ``balance`` is what is left."""

    id: str
    customer_id: str
    kind: Literal["spend", "convert", "take_back"]
    points: int
    shortfall: int = 0
    balance: int
    reference: str
    earning_id: str | None = None
    rate_id: str | None = None
    reward_id: str | None = None
    actor: str
    at: datetime


async def spend_points(tx: Tx, who: Who, what: SpendPoints, at: datetime) -> PointsUse:
    """Spend points in the merchant's shop. Raises NotFound ``unknown_customer``, Refused ``insufficient_points``."""
    await lock_customer(tx, what.customer_id)
    taken = taken_from(await lock_lots(tx, what.customer_id, at), what.points)
    use = PointsUse(
        id=new_id("ptu"),
        customer_id=what.customer_id,
        kind="spend",
        points=what.points,
        balance=0,
        reference=what.reference,
        actor=who.actor,
        at=at,
    )
    await take(tx, use, "points_spent", taken, await settle_promises(tx, taken, used=True))
    return await recorded(tx, use)


async def take_back(tx: Tx, who: Who, what: TakeBack, at: datetime) -> PointsUse:
    """Take back points because their purchase was refunded: of its own lot first, then of others that were earned.

    Points that were given as a remedy are never touched. What is not there is recorded as the shortfall.
    Raises NotFound ``unknown_customer`` or ``unknown_earning``, Refused ``more_than_earned`` or ``wrong_state``.
    """
    await lock_customer(tx, what.customer_id)
    earning = await lock_earning(tx, what.customer_id, what.reference)
    left = earning.points - earning.taken_back
    wanted = left if what.points is None else what.points
    if not 0 < wanted <= left:
        raise Refused("more_than_earned", "That is more than is left of what this purchase earned.", left=left)
    if earning.state == "expired" or earning.expires_at <= at:
        raise Refused("wrong_state", "These points have expired; nothing is left to take back.")
    lots = await _earned(tx, what.customer_id, earning.id, at)
    there = min(wanted, sum(lot.balance for lot in lots))
    use = PointsUse(
        id=new_id("ptu"),
        customer_id=what.customer_id,
        kind="take_back",
        points=there,
        shortfall=wanted - there,
        balance=0,
        reference=what.reference,
        earning_id=earning.id,
        actor=who.actor,
        at=at,
    )
    await tx.run(sql.TAKE_BACK, earning.id, wanted, at)
    if there:
        await take(tx, use, "points_taken_back", taken_from(lots, there), [])
    return await recorded(tx, use)


async def take(tx: Tx, use: PointsUse, kind: str, taken: list[tuple[Lot, int]], money: list[Posting]) -> None:
    """Move the points of a use out of their lots, with the ``money`` that goes with them."""
    # What is taken back was never meant to be given; what is spent was.
    gone = Role.points_issued if use.kind == "take_back" else Role.points_spent
    sink = account(gone, tx.merchant_id, POINTS)
    postings = [Posting(lot.id, sink, part) for lot, part in taken] + money
    transfer = Transfer(kind=kind, subject_id=use.id, actor=use.actor, event_at=use.at, postings=postings)
    await post(tx, [transfer], use.at)
    await move_rewards(tx, taken, use.at)


async def recorded(tx: Tx, use: PointsUse) -> PointsUse:
    """Write the use down, with what the customer has left."""
    use.balance = (await points(tx, use.customer_id, use.at)).available
    await tx.run(
        sql.USE, use.id, use.customer_id, use.kind, use.points, use.shortfall, use.balance, use.earning_id, use.rate_id,
        use.reward_id, use.reference, use.actor, use.at,
    )  # fmt: skip
    return use


async def _earned(tx: Tx, customer_id: str, earning_id: str, at: datetime) -> list[Lot]:
    """The purchase's own points, pending ones too, before all others that were earned."""
    others = await lock_lots(tx, customer_id, at, earned_only=True)
    pending = [
        Lot(row["id"], row["owner_id"], row["balance"], ORIGIN)
        for row in await tx.rows(sql.LEFT, [earning_id])
        if row["id"].startswith(f"{Role.points_pending}:")
    ]
    return pending + sorted(others, key=lambda lot: lot.owner_id != earning_id)
