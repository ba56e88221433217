"""What a choice takes from its program's budget: reserved when it is made, given back when it is undone.

Goodwill and every bonus are the merchant's gift and are paid from the budget. A sum owed is a debt: it takes nothing
from the budget and waits for none.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from compensation.cases import sql
from compensation.core.errors import Refused
from compensation.core.money import Money
from compensation.db.pool import Tx
from compensation.engine.plan import Offer, Part, RemedyLine
from compensation.ledger import Posting, Transfer, account, lock, post
from compensation.ledger.account import Role


def drawn(lines: Iterable[RemedyLine], currency: str) -> Money:
    """What these lines take from a budget: all goodwill, and the bonus of any line."""
    total = 0
    for line in lines:
        if line.amount is not None and line.part is Part.goodwill:
            total += line.amount.amount
        if line.bonus is not None:
            total += line.bonus.amount
    return Money(total, currency)


async def reserve(tx: Tx, case_id: str, program_id: str, offer: Offer, actor: str, at: datetime) -> None:
    """Set aside what the offer draws. Raises Refused ``budget_exhausted``; then nothing was written."""
    wanted = drawn(offer.lines, offer.value.currency)
    if not wanted.amount:
        return
    budget, reserved = (account(role, program_id, wanted.currency) for role in (Role.budget, Role.reserved))
    left = (await lock(tx, [budget])).get(budget, 0)
    if left < wanted.amount:
        raise Refused(
            "budget_exhausted",
            "The program's budget does not cover the goodwill of this offer. Choose one that costs less, such as "
            "the sum owed alone, or add to the budget.",
            needed=msgspec.to_builtins(wanted),
            left={"amount": left, "currency": wanted.currency},
        )
    await post(tx, [_transfer("reserve", case_id, actor, at, Posting(budget, reserved, wanted.amount))], at)


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
