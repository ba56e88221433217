"""Points for a purchase: earned once, pending until they are safe, released, and gone when their time is over."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from compensation.core.dates import add_months
from compensation.core.errors import Conflict, Invalid, NotFound, Refused
from compensation.core.ids import new_id
from compensation.core.money import MAX_AMOUNT, POINTS
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.ledger import Lot, Posting, Transfer, account, post
from compensation.ledger.account import Role
from compensation.points import sql
from compensation.points.lots import lock_customer

AT_ONCE = 200
"""How many earnings one transaction of a sweep takes."""
ORIGIN = "promo"
"""Of earned points: nobody was harmed, the merchant gives them of his own accord."""
Count = Annotated[int, Meta(ge=1, le=MAX_AMOUNT)]
Purchase = Annotated[str, Meta(min_length=1, max_length=200, pattern="^[^\x00-\x1f]*$")]
"""The merchant's own number of the purchase."""
State = Literal["pending", "released", "expired"]


class Earn(msgspec.Struct, frozen=True, kw_only=True):
    """``points`` for the purchase ``reference``. ``pending`` without ``release_at``: until released by name."""

    customer_id: str
    points: int
    reference: str
    pending: bool = False
    release_at: datetime | None = None
    valid_months: int = 24


class Earning(msgspec.Struct, kw_only=True):
    """Points of one purchase, and how many of them its refunds took back."""

    id: str
    customer_id: str
    reference: str
    points: int
    taken_back: int = 0
    state: State
    release_at: datetime | None
    expires_at: datetime
    created_at: datetime


class Release(msgspec.Struct, frozen=True):
    customer_id: str
    reference: str


class Sweep(msgspec.Struct, frozen=True):
    """Release and let expire what is due."""


class Swept(msgspec.Struct, frozen=True):
    id: str
    count: int


async def earn(tx: Tx, who: Who, what: Earn, at: datetime) -> Earning:
    """Add the points, pending or to be spent at once.

    Raises NotFound ``unknown_customer``, Invalid ``invalid_time``, Conflict ``already_earned``.
    """
    expires_at = add_months(at, what.valid_months)
    if what.release_at is not None and not at < what.release_at < expires_at:
        raise Invalid("invalid_time", "release_at lies ahead, and before the points expire.", pointer="/release_at")
    await lock_customer(tx, what.customer_id)
    earning = Earning(
        id=new_id("ern"),
        customer_id=what.customer_id,
        reference=what.reference,
        points=what.points,
        state="pending" if what.pending or what.release_at else "released",
        release_at=what.release_at,
        expires_at=expires_at,
        created_at=at,
    )
    row = (earning.id, earning.customer_id, earning.reference, earning.points, earning.state, earning.release_at)
    if await tx.value(sql.EARN, *row, expires_at, who.actor, at) is None:
        raise Conflict("already_earned", "This purchase has earned its points already.")
    lot = _lot(earning, pending=earning.state == "pending")
    posting = Posting(account(Role.points_issued, tx.merchant_id, POINTS), lot, what.points)
    transfer = Transfer(kind="points_earned", subject_id=earning.id, actor=who.actor, event_at=at, postings=[posting])
    await post(tx, [transfer], at, {lot: Lot(ORIGIN, expires_at)})
    return earning


async def release(tx: Tx, who: Who, what: Release, at: datetime) -> Earning:
    """Let pending points be spent, because the sale is settled. Doing it twice is doing it once.

    Raises NotFound ``unknown_earning``, Refused ``wrong_state``.
    """
    await lock_customer(tx, what.customer_id)
    earning = await lock_earning(tx, what.customer_id, what.reference)
    if earning.state == "expired" or earning.expires_at <= at:
        raise Refused("wrong_state", "These points have expired.")
    if earning.state == "pending":
        await _release(tx, who, [earning], at)
        earning.state = "released"
    return earning


async def release_due(tx: Tx, who: Who, what: Sweep, at: datetime) -> Swept:
    """Release what is past its date. Missed, doubled or late, each is released once."""
    found = [Earning(**row) for row in await tx.rows(sql.DUE, at, AT_ONCE)]
    await _release(tx, who, found, at)
    return Swept(new_id("run"), len(found))


async def expire_earned(tx: Tx, who: Who, what: Sweep, at: datetime) -> Swept:
    """Move what is left of overdue earnings to breakage, pending or not."""
    found = {row["id"]: Earning(**row) for row in await tx.rows(sql.OVERDUE, at, AT_ONCE)}
    breakage = account(Role.breakage, tx.merchant_id, POINTS)
    transfers = [
        Transfer(
            kind="expire",
            subject_id=lot["owner_id"],
            actor=who.actor,
            event_at=found[lot["owner_id"]].expires_at,
            postings=[Posting(lot["id"], breakage, lot["balance"])],
        )
        for lot in await tx.rows(sql.LEFT, list(found))
    ]
    if transfers:
        await post(tx, transfers, at)
    await tx.run(sql.MOVE, list(found), "expired", at)
    return Swept(new_id("run"), len(found))


async def lock_earning(tx: Tx, customer_id: str, reference: str) -> Earning:
    """Raises NotFound ``unknown_earning``."""
    row = await tx.row(sql.LOCK_EARNING, customer_id, reference)
    if row is None:
        raise NotFound("unknown_earning", "This customer has earned no points by such a purchase.")
    return Earning(**row)


async def _release(tx: Tx, who: Who, found: list[Earning], at: datetime) -> None:
    left = {row["owner_id"]: row["balance"] for row in await tx.rows(sql.LEFT, [one.id for one in found])}
    transfers = [
        Transfer(
            kind="points_released",
            subject_id=one.id,
            actor=who.actor,
            event_at=one.release_at or at,
            postings=[Posting(_lot(one, pending=True), _lot(one, pending=False), left[one.id])],
        )
        for one in found
        if one.id in left
    ]
    if transfers:
        await post(tx, transfers, at, {_lot(one, pending=False): Lot(ORIGIN, one.expires_at) for one in found})
    await tx.run(sql.MOVE, [one.id for one in found], "released", at)


def _lot(earning: Earning, *, pending: bool) -> str:
    return account(Role.points_pending if pending else Role.points, earning.id, POINTS)
