"""Writing down what became of a card of another brand: it is there, it waits, it is refused, or a person must look."""

from datetime import datetime, timedelta
from typing import Self

import msgspec
from asyncpg import Record

from compensation.core.dates import valid_until
from compensation.core.errors import NotFound
from compensation.core.ids import new_id
from compensation.core.money import Money
from compensation.core.states import OrderState, RewardState
from compensation.core.vault import Vault
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.engine.terms import ProductTerms
from compensation.issuance import sql
from compensation.issuance.order import conclude
from compensation.issuance.supplier import Declined, NotSupplied, Supplied
from compensation.ledger import Posting, Transfer, account, lock, post
from compensation.ledger.account import Role

LOOK_AGAIN = timedelta(minutes=5)
"""When an order that the supplier has taken is looked at again."""
LONGEST = timedelta(days=3)
"""How long a supplier may take before a person is shown the card."""
EVENTS = {
    RewardState.issued: "event:product.issued",
    RewardState.refused: "event:product.refused",
    RewardState.needs_review: "event:product.needs_review",
}
"""What the merchant's systems are told when a card has come to a state."""


class Arrived(msgspec.Struct, frozen=True):
    """The card is there. Its code is sealed before it is handed on: nothing that is written down here is secret."""

    partner_id: str
    cost: Money
    sealed: bytes
    hashes: tuple[bytes, ...]
    """Its fingerprint under every key we hold, the present one first."""
    last4: str
    expires_at: datetime | None = None

    @classmethod
    def sealing(cls, vault: Vault, merchant_id: str, reward_id: str, answer: Supplied) -> Self:
        code = answer.code
        return cls(
            partner_id=answer.partner_id,
            cost=answer.cost,
            sealed=vault.seal(merchant_id, reward_id, code.encode()),
            hashes=tuple(vault.fingerprints("code", code)),
            last4=code[-4:],
            expires_at=answer.expires_at,
        )


class Waits(msgspec.Struct, frozen=True):
    """The supplier has taken the order and gives the code later."""

    partner_id: str


class Review(msgspec.Struct, frozen=True):
    """Nothing is certain, or nothing is as it was ordered: a person decides."""

    reason: str
    """One line for staff, in English."""


class ProductAnswer(msgspec.Struct, frozen=True):
    """What is known of one reward now."""

    reward_id: str
    answer: Arrived | Waits | Declined | Review


class ProductState(msgspec.Struct, frozen=True):
    id: str
    state: RewardState


async def record_product(tx: Tx, who: Who, what: ProductAnswer, at: datetime) -> ProductState:
    """Write down what the supplier said. Said twice, or late, it changes nothing."""
    row = await tx.row(sql.LOCK_PRODUCT, what.reward_id)
    if row is None:
        raise NotFound("unknown_reward", "There is no such card.")
    if row["state"] != RewardState.pending:
        return ProductState(row["id"], RewardState(row["state"]))
    match what.answer:
        case Arrived() as arrived:
            state, why = await arrive(tx, who, row, arrived, at)
        case Waits(partner_id) if at - row["created_at"] <= LONGEST:
            await tx.run(sql.KEEP_SUPPLIERS_ORDER, row["id"], partner_id)
            tx.tell("product", row["id"], at + LOOK_AGAIN)
            return ProductState(row["id"], RewardState.pending)
        case Waits():
            state, why = RewardState.needs_review, "The supplier has had the order for three days without a code."
        case Declined(NotSupplied.price_changed, detail):
            state, why = RewardState.needs_review, detail
        case Declined(reason, detail):
            await give_back(tx, who, row, row["budget"], at)
            state, why = RewardState.refused, f"{reason}: {detail}"
        case Review(reason):
            state, why = RewardState.needs_review, reason
    return await come_to(tx, who, row, state, at, why)


async def arrive(tx: Tx, who: Who, row: Record, card: Arrived, at: datetime) -> tuple[RewardState, str]:
    """Keep the code, and owe the supplier what it cost; what was taken for it beyond that goes back to the budget.

    A card that cost more than was stated, or that another reward has already, waits for a person; nothing is owed yet.
    """
    terms = msgspec.convert(row["terms"], ProductTerms)
    supplier = terms.supplier
    if await tx.value(sql.SUPPLIED_BEFORE, row["id"], list(card.hashes), card.partner_id, supplier):
        return RewardState.needs_review, f"The supplier's order {card.partner_id}, or its code, is another reward's."
    expires_at = card.expires_at or valid_until(at, terms.valid_months)
    await tx.run(sql.KEEP_CODE, row["id"], card.sealed, card.hashes[0], card.last4, expires_at, card.partner_id)
    cost = card.cost
    if cost.currency != row["currency"] or not 0 < cost.amount <= row["budget"]:
        return RewardState.needs_review, f"It cost {cost.decimal} {cost.currency}, which is not what was stated."
    await owe(tx, who, row, cost.amount, at)
    return RewardState.issued, ""


async def owe(tx: Tx, who: Who, row: Record, cost: int, at: datetime) -> None:
    """The promise becomes a debt to the supplier, and what is left of it goes back to the budget."""
    promise = account(Role.promise, row["id"], row["currency"])
    payable = account(Role.supplier_payable, row["terms"]["supplier"], row["currency"], row["id"])
    posting = Posting(promise, payable, cost)
    transfer = Transfer(kind="supplied", subject_id=row["id"], actor=who.actor, event_at=at, postings=[posting])
    await post(tx, [transfer], at)
    await give_back(tx, who, row, row["budget"] - cost, at)


async def give_back(tx: Tx, who: Who, row: Record, amount: int, at: datetime) -> None:
    """So much of what a card was to cost is not needed: it goes back to the program's budget, by a void."""
    if not amount:
        return
    currency = row["currency"]
    cost = account(Role.expense_goodwill, tx.merchant_id, currency)
    spent, budget = (account(role, row["program_id"], currency) for role in (Role.spent, Role.budget))
    postings = [Posting(account(Role.promise, row["id"], currency), cost, amount), Posting(spent, budget, amount)]
    await lock(tx, [name for posting in postings for name in (posting.source, posting.destination)])
    await post(tx, [Transfer(kind="void", subject_id=row["id"], actor=who.actor, event_at=at, postings=postings)], at)


async def come_to(tx: Tx, who: Who, row: Record, state: RewardState, at: datetime, why: str) -> ProductState:
    """Move the reward, tell of it, and bring its order to its end."""
    await tx.run(sql.MOVE_REWARD, row["id"], state, at, None)
    if row["case_id"] is not None:
        await tx.run(sql.CASE_EVENT, row["case_id"], new_id("evt"), f"product_{state}", who.actor, why, at)
    order = await tx.row(sql.LOCK_ORDER, row["order_id"])
    assert order is not None, "a reward's order exists"
    await conclude(tx, who, row["order_id"], at)
    told = order["state"] != OrderState.issuing and order["customer_id"] is not None
    if state is RewardState.issued and told:
        # Its order was told of without it, when it waited for a person.
        tx.tell("tell_remedy", row["order_id"])
    tx.tell(EVENTS[state], row["id"])
    return ProductState(row["id"], state)
