"""Setting value of a card aside for a sale that is not complete yet: for a limited time, never more than there is."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from asyncpg import Record
from msgspec import Meta

from compensation.core.errors import NotFound, Refused
from compensation.core.ids import new_id
from compensation.core.money import Money
from compensation.core.states import HoldState
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.ledger import Posting, Transfer, account, post
from compensation.ledger.account import Role
from compensation.redemption import sql
from compensation.redemption.card import hashes, lots_of, not_usable, usable
from compensation.redemption.redeem import Reference, take


class PlaceHold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Set ``amount`` of the card of this code aside. After ``minutes`` it goes back to the card by itself."""

    code: Annotated[str, Meta(min_length=1, max_length=64)]
    amount: Money
    minutes: Annotated[int, Meta(ge=1, le=7 * 24 * 60)] = 15
    reference: Reference = ""

    def __post_init__(self) -> None:
        self.amount.must_be_some()


class Hold(msgspec.Struct, kw_only=True):
    """Value set aside. It can be captured until ``expires_at``, once, in whole or in part; the rest is released."""

    id: str
    reward_id: str
    state: HoldState
    amount: Money
    balance: Money
    """What could be spent from the reward besides, when this was answered."""
    captured: Money | None = None
    redemption_id: str | None = None
    """The use that the capture became: what a return names."""
    reference: str
    actor: str
    expires_at: datetime
    created_at: datetime


async def hold(tx: Tx, who: Who, what: PlaceHold, at: datetime) -> Hold:
    """Move value from the lots of a card, in the order in which they are spent, to accounts of the hold.

    Raises NotFound ``code_not_usable``; Refused ``currency_mismatch``, ``insufficient_balance``.
    """
    rows = await tx.rows(sql.LOCK_BY_CODE, hashes(tx, what.code))
    card = rows[0] if rows else None
    lots = (await lots_of(tx, [card["id"]])).get(card["id"], []) if card else []
    left = sum(balance for _, balance in lots)
    if card is None or not usable(card, at) or left == 0:
        raise not_usable()
    if card["asset"] != what.amount.currency:
        raise Refused("currency_mismatch", f"This card is in {card['asset']}.", currency=card["asset"])
    if left < what.amount.amount:
        balance = {"amount": left, "currency": card["asset"]}
        raise Refused("insufficient_balance", "The card holds less than that. Hold what is left.", balance=balance)
    held = Hold(
        id=new_id("hld"),
        reward_id=card["id"],
        state=HoldState.held,
        amount=what.amount,
        balance=Money(left - what.amount.amount, card["asset"]),
        reference=what.reference,
        actor=who.actor,
        expires_at=at + timedelta(minutes=what.minutes),
        created_at=at,
    )
    await tx.run(
        sql.NEW_HOLD, held.id, held.reward_id, held.state, held.amount.amount, held.amount.currency, held.reference,
        held.actor, held.expires_at, at,
    )  # fmt: skip
    postings = [Posting(lot, _beside(lot, held.id), part) for lot, part in take(lots, what.amount.amount)]
    transfer = Transfer(kind="hold", subject_id=held.id, actor=who.actor, event_at=at, postings=postings)
    await post(tx, [transfer], at)
    return held


async def find_hold(tx: Tx, hold_id: str) -> Hold:
    """The hold as it stands now. Raises NotFound ``unknown_hold``."""
    row = await tx.row(sql.HOLD, hold_id)
    if row is None:
        raise NotFound("unknown_hold", "There is no such hold.")
    lots = (await lots_of(tx, [row["reward_id"]])).get(row["reward_id"], [])
    return hold_of(row, sum(balance for _, balance in lots))


def hold_of(row: Record, left: int) -> Hold:
    """From a row of HOLD, with what is ``left`` to spend on the reward."""
    asset, captured = row["asset"], row["captured"]
    columns = {name: value for name, value in row.items() if name in Hold.__struct_fields__}
    columns |= {
        "state": HoldState(row["state"]),
        "amount": Money(row["amount"], asset),
        "balance": Money(left, asset),
        "captured": None if captured is None else Money(captured, asset),
    }
    return Hold(**columns)


def _beside(lot: str, hold_id: str) -> str:
    """The hold's own account for what came from this lot; it keeps the name of the lot."""
    _, _, asset, name = lot.split(":")
    return account(Role.held, hold_id, asset, name)
