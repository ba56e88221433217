"""What a choice promises a customer as goodwill: held against the cap of its policy over a period, under a lock.

The offers of a case were made under what was left of the cap when they were made. Another case of the same customer may
have been chosen since, so the cap is asked again at the moment of choice, while nobody else can promise him anything.
"""

from datetime import datetime, timedelta

import msgspec

from compensation.cases import sql
from compensation.cases.move import Locked
from compensation.cases.sign import unpacked
from compensation.catalog.library import library
from compensation.catalog.version import compiled
from compensation.core.errors import Refused
from compensation.core.ids import new_id
from compensation.core.money import Money
from compensation.db.pool import Tx
from compensation.engine.plan import Offer, Part
from compensation.engine.policy import Policy
from compensation.engine.receipt import Versions


class _Receipt(msgspec.Struct):
    versions: Versions


class _Envelope(msgspec.Struct):
    """As much of a receipt as tells which policy decided."""

    receipt: _Receipt


def goodwill(offer: Offer) -> Money:
    """What the offer gives as goodwill, before the bonus of its form: the sum that caps speak of."""
    given = sum(line.amount.amount for line in offer.lines if line.amount is not None and line.part is Part.goodwill)
    return Money(given, offer.value.currency)


async def promise(tx: Tx, case: Locked, offer: Offer, at: datetime) -> None:
    """Write down what is promised. Raises Refused ``customer_cap_reached``; then nothing was written."""
    wanted = goodwill(offer)
    if not wanted.amount:
        return
    policy = await decided_by(tx, case.id, at)
    most = policy.customer_caps.get(wanted.currency)
    since = None if most is None else at - timedelta(days=policy.document.caps.period_days)
    promised: int = await tx.value(sql.HOLD_GOODWILL, case.customer_id, wanted.currency, since)
    if most is not None and promised + wanted.amount > most:
        raise Refused(
            "customer_cap_reached",
            "Another case of this customer was chosen meanwhile: with this offer the goodwill to him would pass the "
            "policy's cap. Choose an offer with less goodwill, or assess the case anew, so that its offers are made "
            "under what is left.",
            needed=msgspec.to_builtins(wanted),
            left={"amount": max(0, most - promised), "currency": wanted.currency},
        )
    await tx.run(sql.PROMISE, new_id("gwp"), case.id, case.customer_id, wanted.currency, wanted.amount, most, since, at)


async def decided_by(tx: Tx, case_id: str, at: datetime) -> Policy:
    """The policy that made the offers, by its hash in the latest receipt: the merchant's own, or one that ships."""
    row = await tx.row(sql.RECEIPT, case_id)
    assert row is not None, "a case with offers was decided"
    versions = msgspec.json.decode(unpacked(row["document"]), type=_Envelope).receipt.versions
    own = await compiled(tx, [versions.policy])
    return own[0] if own else library().policy_named(versions, at.date())
