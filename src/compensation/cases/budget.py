"""What a choice takes from its program's budget: reserved when it is made, given back when it is undone.

Goodwill and every bonus are the merchant's gift and are paid from the budget. A sum owed is a debt: it takes nothing
from the budget and waits for none.

Where a budget does not cover a choice, the program's rule says what follows: ``stop`` refuses it; ``escalate`` brings
it to a second person, who may approve it with a reason and thereby funds what is missing.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from compensation.cases import sql
from compensation.core.errors import Refused
from compensation.core.ids import new_id
from compensation.core.money import Money
from compensation.db.pool import Tx
from compensation.engine.plan import Offer, RemedyLine
from compensation.ledger import Posting, Transfer, account, lock, post
from compensation.ledger.account import Role
from compensation.merchants.budget import watch


def drawn(lines: Iterable[RemedyLine], currency: str) -> Money:
    """What these lines take from a budget together."""
    return Money(sum(line.drawn for line in lines), currency)


async def covered(tx: Tx, program_id: str, offer: Offer) -> bool:
    """Whether the budget covers this offer; where the program escalates, whoever chooses must know before he does.

    The account is held until the transaction ends, so that what is seen stays so.
    """
    wanted = drawn(offer.lines, offer.value.currency)
    return wanted.amount <= await _left(tx, program_id, wanted.currency) if wanted.amount else True


async def escalates(tx: Tx, program_id: str) -> bool:
    """Whether a second person may fund what the budget does not cover; else it is refused."""
    return bool(await tx.value(sql.ON_EMPTY, program_id) == "escalate")


async def reserve(tx: Tx, case_id: str, program_id: str, offer: Offer, actor: str, at: datetime) -> None:
    """Set aside what the offer draws. Raises Refused ``budget_exhausted``; then nothing was written."""
    wanted = drawn(offer.lines, offer.value.currency)
    if not wanted.amount:
        return
    left = await _left(tx, program_id, wanted.currency)
    if left < wanted.amount:
        raise Refused(
            "budget_exhausted",
            "The program's budget does not cover the goodwill of this offer. Choose one that costs less, such as "
            "the sum owed alone, or add to the budget.",
            needed=msgspec.to_builtins(wanted),
            left={"amount": left, "currency": wanted.currency},
        )
    budget, reserved = (account(role, program_id, wanted.currency) for role in (Role.budget, Role.reserved))
    await post(tx, [_transfer("reserve", case_id, actor, at, Posting(budget, reserved, wanted.amount))], at)
    await watch(tx, [program_id], at)


async def fund_and_reserve(tx: Tx, case_id: str, program_id: str, offer: Offer, actor: str, at: datetime) -> None:
    """For a second person who approves over the budget: what is missing is added by a transfer of its own, then all
    is set aside as ever. The budget is at no moment below zero."""
    wanted = drawn(offer.lines, offer.value.currency)
    missing = wanted.amount - await _left(tx, program_id, wanted.currency)
    if missing > 0:
        source = account(Role.funding, tx.merchant_id, wanted.currency)
        posting = Posting(source, account(Role.budget, program_id, wanted.currency), missing)
        funding = _transfer("fund", program_id, actor, at, posting)
        await post(tx, [funding], at)
        escalation = (new_id("besc"), case_id, program_id, funding.id, wanted.currency, missing, actor, at)
        await tx.run(sql.ESCALATED, *escalation)
    await reserve(tx, case_id, program_id, offer, actor, at)


async def _left(tx: Tx, program_id: str, currency: str) -> int:
    budget = account(Role.budget, program_id, currency)
    return (await lock(tx, [budget])).get(budget, 0)


async def release(tx: Tx, case_id: str, actor: str, at: datetime) -> None:
    """Give back what the case still holds, by a transfer that reverses the one that took it."""
    rows = await tx.rows(sql.RESERVED, case_id)
    if not rows:
        return
    await lock(tx, [name for row in rows for name in (row["source"], row["destination"])])
    back = [
        _transfer("release", case_id, actor, at, Posting(row["destination"], row["source"], row["amount"]), row["id"])
        for row in rows
    ]
    await post(tx, back, at)


def _transfer(
    kind: str, case_id: str, actor: str, at: datetime, posting: Posting, reverses: str | None = None
) -> Transfer:
    return Transfer(kind=kind, subject_id=case_id, actor=actor, event_at=at, postings=[posting], reverses=reverses)
