"""A card of another brand from its supplier: begin (written down as promised), call (no transaction), finish (written).

A time-out means unknown: the order is looked up by our reference, made again under the same one while the supplier
surely remembers it, and otherwise left to a person. What the card costs stands as a promise until it is there; then the
merchant owes it to the supplier, never more than was stated when it was ordered.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from asyncpg import Record

from compensation.core.crash import crashpoint
from compensation.core.errors import NotFound, Unavailable
from compensation.core.money import Money
from compensation.core.states import RewardState
from compensation.core.vault import Vault
from compensation.db.answers import Who
from compensation.db.outbox import Task
from compensation.db.pool import Tx
from compensation.db.unit import Doorway
from compensation.engine.terms import ProductTerms
from compensation.issuance import sql
from compensation.issuance.supplied import Arrived, Review, Waits, record_product
from compensation.issuance.supplied import ProductAnswer as Answer
from compensation.issuance.supplier import Accepted, Declined, Found, NotSupplied, Ordered, Supplied, SupplierPort
from compensation.issuance.supplier import Unknown as NotKnown
from compensation.merchants.merchant import merchant

REMEMBERED = timedelta(hours=20)
"""How long we trust a supplier to know our reference; after that a second order could be a second card."""
PATIENCE = timedelta(hours=36)
"""How long an answer that is not known is waited for before a person is shown the card."""


class Wanted(msgspec.Struct, frozen=True):
    """One card as it was ordered of us."""

    reward_id: str
    reference: str
    terms: ProductTerms
    amount: Money
    most: Money
    """The face value and the fee that was stated: what was taken from the budget."""
    accepted: bool
    """He has said that he has the order, so it is looked up and never made again."""
    since: datetime


async def supply(door: Doorway, supplier: Callable[[str], SupplierPort], task: Task) -> None:
    """The work ``product``: order once, look up whatever is unclear, write down what is known. Safe to repeat.

    ``supplier`` gives the one for the merchant's mode, so that a test buys nothing.

    Raises Unavailable when nothing is known yet, so that the work is done again later.
    """
    async with door.read(task.merchant_id) as tx:
        wanted = await _wanted(tx, task.subject_id)
        if wanted is None:
            return
        port = supplier((await merchant(tx)).mode)
    age = door.clock() - wanted.since
    try:
        answer = await _ask(port, wanted, first=task.attempts == 1, age=age)
    except Unavailable:
        if age <= PATIENCE:
            raise
        answer = NotKnown("The supplier gives no answer.")
    crashpoint("product.after_call")
    if isinstance(answer, NotKnown) and age <= PATIENCE:
        raise Unavailable("supplier_unknown", f"The supplier's answer is not known: {answer.detail}", retry_after=1)
    known = _judged(door.vault, task.merchant_id, wanted, answer)
    await door.write(record_product, Who(task.merchant_id, "system:product"), Answer(wanted.reward_id, known))


async def _wanted(tx: Tx, reward_id: str) -> Wanted | None:
    """None when it waits for no supplier any more."""
    row = await tx.row(sql.PRODUCT, reward_id)
    if row is None:
        raise NotFound("unknown_reward", "There is no such card.")
    return _read(row) if row["state"] == RewardState.pending else None


def _read(row: Record) -> Wanted:
    currency = row["currency"]
    return Wanted(
        reward_id=row["id"],
        reference=row["partner_ref"],
        terms=msgspec.convert(row["terms"], ProductTerms),
        amount=Money(row["principal"], currency),
        most=Money(row["budget"], currency),
        accepted=row["partner_id"] is not None,
        since=row["created_at"],
    )


async def _ask(port: SupplierPort, wanted: Wanted, *, first: bool, age: timedelta) -> Ordered | Review:
    # The first attempt cannot have been made before, however late it comes; every later one looks first.
    never_asked = first and not wanted.accepted
    found = None if never_asked else await port.find_order(wanted.reference)
    if found is not None:
        return found
    if wanted.accepted or (age > REMEMBERED and not never_asked):
        return Review("The supplier has no trace of it, and may have forgotten our reference.")
    product = wanted.terms.product
    quote = await port.quote(product, wanted.amount)
    if quote is None:
        return Declined(NotSupplied.not_sold, "The supplier does not sell it.")
    if not quote.in_stock:
        return Declined(NotSupplied.out_of_stock, "The supplier has none.")
    if quote.cost > wanted.most or quote.cost.currency != wanted.most.currency:
        why = f"It costs {_said(quote.cost)} now; {_said(wanted.most)} was stated."
        return Declined(NotSupplied.price_changed, why)
    crashpoint("product.before_call")
    return await port.order(wanted.reference, product, wanted.amount, wanted.most)


def _judged(
    vault: Vault, merchant_id: str, wanted: Wanted, answer: Found | NotKnown | Review
) -> Arrived | Waits | Declined | Review:
    """What he said as it may be written down: his code sealed, and whatever is not what was ordered for a person."""
    match answer:
        case NotKnown():
            return Review(answer.detail)
        case Supplied() | Accepted() if (answer.product, answer.amount) != (wanted.terms.product, wanted.amount):
            return Review(f"The supplier has {_said(answer.amount)} of {answer.product} under our reference.")
        case Accepted():
            return Waits(answer.partner_id)
        case Supplied():
            return Arrived.sealing(vault, merchant_id, wanted.reward_id, answer)
        case _:
            return answer


def _said(amount: Money) -> str:
    return f"{amount.decimal} {amount.currency}"
