"""Spending stored value, in whole or in parts. Two tills on one card can never take more than it holds."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.core.errors import Problem, Refused
from compensation.core.ids import new_id
from compensation.core.money import Money
from compensation.core.states import RewardState
from compensation.db.answers import Ask, Who
from compensation.db.pool import Tx, columns
from compensation.db.unit import planned_once
from compensation.ledger import Lot, Posting, Transfer, account, post
from compensation.ledger.account import Role
from compensation.redemption import sql
from compensation.redemption.card import hashes, lots_of, not_usable, usable

Reference = Annotated[str, Meta(max_length=200, pattern="^[^\x00-\x1f]*$")]


class Spend(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Spend ``amount`` of the card of this code; ``reference`` is the merchant's own sale."""

    code: Annotated[str, Meta(min_length=1, max_length=64)]
    amount: Money
    reference: Reference = ""

    def __post_init__(self) -> None:
        self.amount.must_be_some()


class Redemption(msgspec.Struct, kw_only=True):
    """One use of value: a redemption, or a return that gives value of an earlier one back."""

    id: str
    reward_id: str
    kind: str
    of: str | None = None
    amount: Money
    balance: Money
    """What is left on the reward afterwards."""
    reference: str
    actor: str
    at: datetime


@planned_once
async def redeem(tx: Tx, asks: Sequence[Ask[Spend]], at: datetime) -> list[Redemption | Problem]:
    """Spend from many cards, or from one card many times, in the order of asking.

    Refuses ``code_not_usable``, ``currency_mismatch`` and ``insufficient_balance`` (which names what is left).
    """
    wanted = [hashes(tx, ask.what.code) for ask in asks]
    rows = await tx.rows(sql.LOCK_BY_CODE, [fingerprint for each in wanted for fingerprint in each])
    cards = {row["code_hash"]: row for row in rows}
    lots = await lots_of(tx, [row["id"] for row in rows])
    outcomes: list[Redemption | Problem] = []
    transfers: list[Transfer] = []
    for ask, fingerprints in zip(asks, wanted, strict=True):
        card = next((cards[fingerprint] for fingerprint in fingerprints if fingerprint in cards), None)
        left = sum(balance for _, balance in lots.get(card["id"], [])) if card else 0
        if card is None or not usable(card, at) or left == 0:
            outcomes.append(not_usable())
        elif card["asset"] != ask.what.amount.currency:
            outcomes.append(Refused("currency_mismatch", f"This card is in {card['asset']}.", currency=card["asset"]))
        elif left < ask.what.amount.amount:
            balance = {"amount": left, "currency": card["asset"]}
            outcomes.append(
                Refused("insufficient_balance", "The card holds less than that. Spend what is left.", balance=balance)
            )
        else:
            what = ask.what
            use = used(ask.who, card["id"], what.amount, left - what.amount.amount, what.reference, at)
            transfers.append(paid(tx, use, take(lots[card["id"]], use.amount.amount)))
            outcomes.append(use)
    await write(tx, [outcome for outcome in outcomes if isinstance(outcome, Redemption)], transfers, at)
    return outcomes


def take(lots: list[tuple[str, int]], amount: int) -> list[tuple[str, int]]:
    """Take ``amount`` from the lots in their order and say how much from which; ``lots`` is what remains."""
    taken = []
    for place, (lot, balance) in enumerate(lots):
        part = min(balance, amount)
        if part:
            taken.append((lot, part))
            lots[place] = (lot, balance - part)
            amount -= part
    return taken


async def write(
    tx: Tx,
    used: Sequence[Redemption],
    transfers: Sequence[Transfer],
    at: datetime,
    lots: Mapping[str, Lot] | None = None,
) -> None:
    """Put down the uses, move the value, and bring each reward to the state that what is left on it means."""
    if not used:
        return
    states = {use.reward_id: state_after(use) for use in used}
    rows = [
        (u.id, u.reward_id, u.kind, u.of, u.amount.amount, u.amount.currency, u.balance.amount, u.reference, u.actor)
        for u in used
    ]
    await tx.write(sql.SPEND, at, *columns(rows, 9), list(states), list(states.values()))
    await post(tx, transfers, at, lots)


def state_after(use: Redemption) -> RewardState:
    return RewardState.redeemed if use.balance.amount == 0 else RewardState.partly_redeemed


def used(who: Who, reward_id: str, amount: Money, left: int, reference: str, at: datetime) -> Redemption:
    """The use of ``amount`` of a reward, on which ``left`` minor units are left afterwards."""
    return Redemption(
        id=new_id("red"),
        reward_id=reward_id,
        kind="redeem",
        amount=amount,
        balance=Money(left, amount.currency),
        reference=reference,
        actor=who.actor,
        at=at,
    )


def paid(tx: Tx, use: Redemption, taken: Iterable[tuple[str, int]], kind: str = "redeem") -> Transfer:
    """The transfer of a use: what was taken from each account goes to the merchant's sales."""
    sales = account(Role.sales, tx.merchant_id, use.amount.currency)
    return Transfer(
        kind=kind,
        subject_id=use.id,
        actor=use.actor,
        event_at=use.at,
        postings=[Posting(source, sales, part) for source, part in taken],
    )
