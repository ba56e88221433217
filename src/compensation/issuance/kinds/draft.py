"""What every kind speaks of: the reward that will be, and the value that moves when it comes to be."""

from datetime import datetime
from typing import Any

import msgspec

from compensation.core.money import Money
from compensation.core.states import RewardState
from compensation.engine.plan import Part, RemedyLine
from compensation.engine.terms import kind_of
from compensation.ledger import Lot, Posting, account
from compensation.ledger.account import Role


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A reward before it has an id. ``worth`` is its sum in money, ``drawn`` what of it the budget pays."""

    kind: str
    remedy: str
    part: str
    state: RewardState
    principal: Money
    bonus: Money
    worth: Money
    drawn: Money
    terms: dict[str, Any]
    expires_at: datetime | None = None
    due_at: datetime | None = None


class Effect(msgspec.Struct, frozen=True):
    """The postings of issuing one reward, and what the accounts they open remember."""

    postings: tuple[Posting, ...] = ()
    lots: dict[str, Lot] = {}


def sized(
    line: RemedyLine,
    currency: str,
    *,
    state: RewardState = RewardState.issued,
    expires_at: datetime | None = None,
    due_at: datetime | None = None,
    count: int | None = None,
    asset: str = "",
) -> Draft:
    """The draft of a line whose size is its own sum, or a ``count`` of another ``asset`` that stands for the sum."""
    amount, bonus = line.amount or Money(0, currency), line.bonus or Money(0, currency)
    return Draft(
        kind=kind_of(line.terms),
        remedy=line.remedy,
        part=line.part,
        state=state,
        principal=amount if count is None else Money(count, asset),
        bonus=bonus if count is None else Money(0, asset),
        worth=amount + bonus,
        drawn=Money(line.drawn, currency),
        terms=msgspec.to_builtins(line.terms),
        expires_at=expires_at,
        due_at=due_at,
    )


def cost(draft: Draft, merchant_id: str, liability: str) -> list[Posting]:
    """The cost of a reward against the liability it creates: its owed part and its goodwill part apart."""
    owed = draft.worth.amount - draft.drawn.amount
    parts = ((Role.expense_owed, owed), (Role.expense_goodwill, draft.drawn.amount))
    return [
        Posting(account(role, merchant_id, draft.worth.currency), liability, amount) for role, amount in parts if amount
    ]


def promised(draft: Draft, reward_id: str, merchant_id: str) -> Effect:
    """A remedy in kind: what it costs stands as a promise until it is used."""
    return Effect(tuple(cost(draft, merchant_id, account(Role.promise, reward_id, draft.worth.currency))))


def stored(draft: Draft, reward_id: str, merchant_id: str) -> Effect:
    """Stored value: one lot for the principal and one for the bonus, because they may come from different purses."""
    currency = draft.worth.currency
    principal = account(Role.card, reward_id, currency, "principal")
    bonus = account(Role.card, reward_id, currency, "bonus")
    goodwill = account(Role.expense_goodwill, merchant_id, currency)
    source = account(f"expense.{draft.part}", merchant_id, currency)
    postings, lots = [], {}
    if draft.principal.amount:
        postings.append(Posting(source, principal, draft.principal.amount))
        lots[principal] = Lot(draft.part, draft.expires_at)
    if draft.bonus.amount:
        postings.append(Posting(goodwill, bonus, draft.bonus.amount))
        lots[bonus] = Lot(Part.goodwill, draft.expires_at)
    return Effect(tuple(postings), lots)
