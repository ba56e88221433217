"""Paying one sale from several cards at once, all or nothing: what expires soonest first, and the rest is due."""

from datetime import datetime
from typing import Annotated

import msgspec
from asyncpg import Record
from msgspec import Meta

from compensation.core.errors import Invalid, Refused
from compensation.core.ids import new_id
from compensation.core.money import Money
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.redemption import sql
from compensation.redemption.card import hashes, not_usable, usable
from compensation.redemption.redeem import Redemption, Reference, write
from compensation.redemption.together import together

Code = Annotated[str, Meta(min_length=1, max_length=64)]


class Tender(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Pay ``amount`` from the cards of these codes, as far as they go; ``reference`` is the merchant's own sale."""

    codes: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=20)]
    amount: Money
    reference: Reference = ""

    def __post_init__(self) -> None:
        self.amount.must_be_some()


class Tendered(msgspec.Struct, kw_only=True):
    """One payment. Each card it drew on has a redemption of its own, by which its part is given back."""

    id: str
    amount: Money
    due: Money
    """What the cards did not cover: to be paid otherwise."""
    redemptions: list[Redemption]
    reference: str
    at: datetime


async def tender(tx: Tx, who: Who, what: Tender, at: datetime) -> Tendered:
    """Spend from every card that is needed, or from none when any of them cannot be used.

    Raises NotFound ``code_not_usable``; Invalid ``same_card``; Refused ``currency_mismatch``.
    """
    cards = await _cards(tx, what, at)
    rows = await tx.rows(sql.LOTS_TOGETHER, list(cards))
    if {row["owner_id"] for row in rows if row["balance"]} != cards.keys():
        raise not_usable()
    uses, transfers = together(tx, who, rows, what.amount, what.reference, at)
    due = what.amount.amount - sum(use.amount.amount for use in uses)
    done = Tendered(
        id=new_id("tnd"),
        amount=what.amount,
        due=Money(due, what.amount.currency),
        redemptions=uses,
        reference=what.reference,
        at=at,
    )
    await tx.run(
        sql.NEW_TENDER, done.id, what.amount.amount, due, what.amount.currency, [use.id for use in uses],
        what.reference, who.actor, at,
    )  # fmt: skip
    await write(tx, uses, transfers, at)
    return done


async def _cards(tx: Tx, what: Tender, at: datetime) -> dict[str, Record]:
    """The cards of the codes, locked in the order of their ids, by id."""
    wanted = [hashes(tx, code) for code in what.codes]
    found = {row["code_hash"]: row for row in await tx.rows(sql.LOCK_BY_CODE, [one for each in wanted for one in each])}
    rows = [next((found[one] for one in each if one in found), None) for each in wanted]
    cards: dict[str, Record] = {}
    for row in rows:
        if row is None or not usable(row, at):
            raise not_usable()
        if row["id"] in cards:
            raise Invalid("same_card", "Two of the codes are of the same card.")
        cards[row["id"]] = row
    for row in cards.values():
        if row["asset"] != what.amount.currency:
            raise Refused("currency_mismatch", f"One of the cards is in {row['asset']}.", currency=row["asset"])
    return cards
