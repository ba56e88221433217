"""Moving store credit to a gift card, at par: then anybody who holds the card may spend it."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.core.errors import Refused
from compensation.core.money import Money
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.redemption import sql
from compensation.redemption.card import not_usable
from compensation.redemption.correction import Correction, CorrectionKind, correction
from compensation.redemption.pair import all_of, move, pair


class TransferCredit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Move ``amount`` of the store credit of ``code``, or all of it where none is named, to the gift card ``into``."""

    code: Annotated[str, Meta(min_length=1, max_length=64)]
    into: Annotated[str, Meta(min_length=1, max_length=64)]
    amount: Money | None = None

    def __post_init__(self) -> None:
        if self.amount is not None:
            self.amount.must_be_some()


async def transfer_credit(tx: Tx, who: Who, what: TransferCredit, at: datetime) -> Correction:
    """Move value in the order in which it is spent; no rate, no fee. What a hold keeps stays.

    Raises NotFound ``code_not_usable``; Invalid ``same_card``; Refused ``currency_mismatch``, ``kind_mismatch``,
    ``insufficient_balance``.
    """
    source, target = await pair(tx, what.code, what.into, at)
    if (source["kind"], target["kind"]) != ("store_credit", "gift_card"):
        raise Refused("kind_mismatch", "Only store credit is moved, and only to a gift card. Cards alike are merged.")
    lots = await all_of(tx, source["id"])
    left = sum(part for _, part in lots)
    if not lots:
        raise not_usable()
    wanted = what.amount or Money(left, source["asset"])
    if wanted.currency != source["asset"]:
        raise Refused("currency_mismatch", f"This credit is in {source['asset']}.", currency=source["asset"])
    if wanted.amount > left:
        balance = {"amount": left, "currency": source["asset"]}
        raise Refused("insufficient_balance", "There is less store credit than that.", balance=balance)
    done = correction(CorrectionKind.transfer, who, source, wanted.amount, at)
    if wanted.amount == left and not await tx.value(sql.IS_HELD, source["id"]):
        await tx.run(sql.MOVE_REWARD_ON, source["id"], target["id"], at)
    taken, rest = [], wanted.amount
    for lot, balance_of_lot in lots:
        part = min(balance_of_lot, rest)
        if part:
            taken.append((lot, part))
            rest -= part
    return await move(tx, who, (source, target), taken, done, at)
