"""The acts that issue: an order straight from a merchant system, and the order that a case's choice becomes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.catalog.library import library
from compensation.core.errors import NotFound, Problem, Refused
from compensation.core.ids import new_id
from compensation.core.money import MAX_AMOUNT, POINTS, Money
from compensation.core.states import CaseState, OrderState, RewardState
from compensation.db.answers import Ask, Who
from compensation.db.pool import Tx
from compensation.db.unit import planned_once
from compensation.engine.plan import Offer, Part, RemedyLine
from compensation.engine.reason import Reason
from compensation.engine.terms import CardTerms, CreditTerms, Kind, PointsTerms, kind_of
from compensation.issuance import sql
from compensation.issuance.kinds import Draft, issuable, kind
from compensation.issuance.owing import choose_there, owing
from compensation.issuance.put import Placed, put
from compensation.issuance.reward import Order
from compensation.ledger import account, lock
from compensation.ledger.account import Role
from compensation.merchants.budget import lock_budgets, watch

ORDERED = Reason("ordered")
EVENTS = {OrderState.issued: "event:order.issued", OrderState.partly_issued: "event:order.partly_issued"}
"""Told of orders whose maker did not get the rewards in the answer: those of cases, and those that had to wait."""


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One reward to issue. ``amount`` is its worth in money; ``points`` how many points stand for it, and ``product``
    which brand's card it is. ``valid_months`` is for what is ours; a brand's card is valid as its product says."""

    kind: Annotated[str, Meta(pattern="^(gift_card|store_credit|points|product_card)$")]
    amount: Money
    bonus: Money | None = None
    points: Annotated[int, Meta(gt=0, le=MAX_AMOUNT)] | None = None
    product: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    valid_months: Annotated[int, Meta(ge=1, le=120)] = 60

    def __post_init__(self) -> None:
        for money in (self.amount, self.bonus):
            if money is None:
                continue
            if not 0 < money.amount <= MAX_AMOUNT or money.currency == POINTS:
                raise ValueError(f"an amount is 1 to {MAX_AMOUNT} minor units of a currency")
        if self.bonus is not None and self.bonus.currency != self.amount.currency:
            raise ValueError("the bonus must be in the currency of the amount (currency_mismatch)")
        if (self.kind == "points") != (self.points is not None):
            raise ValueError("points are named for an item of kind points, and only there")
        if (self.kind == "product_card") != (self.product is not None):
            raise ValueError("a product is named for an item of kind product_card, and only there")
        if self.product is not None and self.bonus is not None:
            raise ValueError("a brand's card has no bonus; order it at a higher value that is sold")

    @property
    def line(self) -> RemedyLine:
        """The same thing as a line of a plan, so that there is one way to issue. Raises Invalid ``unknown_product`` and
        Refused ``not_sold`` for a card of another brand."""
        if self.product is not None:
            sold = library().products.named(self.product).terms(self.amount)
            return RemedyLine(
                remedy="digital_gift_card", part=Part.goodwill, terms=sold, reason=ORDERED, amount=self.amount
            )
        if self.points is not None:
            terms, remedy = PointsTerms(points=self.points, valid_months=self.valid_months), "loyalty_points"
            return RemedyLine(remedy=remedy, part=Part.goodwill, terms=terms, reason=ORDERED, amount=self.amount)
        if self.kind == "gift_card":
            return self._stored("digital_gift_card", CardTerms(valid_months=self.valid_months))
        return self._stored("store_credit_bonus", CreditTerms(valid_months=self.valid_months))

    def _stored(self, remedy: str, terms: CardTerms | CreditTerms) -> RemedyLine:
        return RemedyLine(
            remedy=remedy, part=Part.goodwill, terms=terms, reason=ORDERED, amount=self.amount, bonus=self.bonus
        )


class OrderRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rewards to issue at once for one recipient, paid from one program's budget."""

    items: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=100)]
    program: str | None = None
    customer_id: str | None = None
    reference: Annotated[str, Meta(max_length=200, pattern="^[^\x00-\x1f]*$")] | None = None


class IssueCase(msgspec.Struct, frozen=True):
    case_id: str


@planned_once
async def issue(tx: Tx, asks: Sequence[Ask[OrderRequest]], at: datetime) -> list[Order | Problem]:
    """Issue the rewards of many orders. Refuses ``budget_exhausted``, ``unknown_program``, ``unknown_customer``,
    ``choose_in_case`` for a ``reference`` that is a case in which something is owed, and ``unknown_product`` and
    ``not_sold`` for a card of another brand."""
    wanted = {(ask.what.program, item.amount.currency) for ask in asks for item in ask.what.items}
    budgets = await lock_budgets(tx, wanted)
    known = {budget.program_id for budget in budgets}
    default = next((budget.program_id for budget in budgets if budget.is_default), None)
    customers = await _customers(tx, [ask.what.customer_id for ask in asks if ask.what.customer_id])
    owed_in = await owing(tx, [ask.what.reference for ask in asks])
    placed: dict[int, Placed] = {}
    outcomes: dict[int, Order | Problem] = {}
    for i, ask in enumerate(asks):
        program_id = ask.what.program or default
        if program_id is None or program_id not in known:
            outcomes[i] = NotFound("unknown_program", "There is no such program. GET /v1/programs lists yours.")
        elif ask.what.customer_id is not None and ask.what.customer_id not in customers:
            outcomes[i] = NotFound("unknown_customer", "There is no such customer.")
        elif ask.what.reference is not None and ask.what.reference in owed_in:
            outcomes[i] = choose_there(ask.what.reference)
        else:
            try:
                drafts = [_draft(item.line, item.amount.currency, at) for item in ask.what.items]
            except Problem as not_for_sale:
                outcomes[i] = not_for_sale
                continue
            placed[i] = Placed(
                id=new_id("ord"),
                program_id=program_id,
                actor=ask.who.actor,
                drafts=drafts,
                purse=Role.budget,
                customer_id=ask.what.customer_id,
                reference=ask.what.reference,
            )
    purses = {account(Role.budget, budget.program_id, budget.currency): budget for budget in budgets}
    left = {purse: budget.available for purse, budget in purses.items()}
    for i, order in list(placed.items()):
        drawn = _drawn(order)
        if all(left[purse] >= amount for purse, amount in drawn.items()):
            for purse, amount in drawn.items():
                left[purse] -= amount
        else:
            del placed[i]
            outcomes[i] = Refused(
                "budget_exhausted",
                "The program's budget does not cover this. Add to the budget, or issue less.",
                left=[{"amount": left[purse], "currency": purse.split(":")[2]} for purse in drawn],
            )
    if placed:
        outcomes |= zip(placed, await put(tx, list(placed.values()), at), strict=True)
        await watch(tx, [budget.program_id for purse, budget in purses.items() if budget.passes(left[purse])], at)
    for outcome in outcomes.values():
        # What waits for a supplier is told of once it is there: see conclude.
        if isinstance(outcome, Order) and outcome.state is OrderState.issued and outcome.customer_id is not None:
            tx.tell("tell_remedy", outcome.id)
    return [outcomes[i] for i in range(len(asks))]


async def issue_case(tx: Tx, who: Who, what: IssueCase, at: datetime) -> Order:
    """Issue what was chosen in an accepted case, from the sum its choice reserved."""
    case = await tx.row(sql.LOCK_CASE, what.case_id)
    if case is None:
        raise NotFound("unknown_case", "There is no such case.")
    if case["state"] != CaseState.accepted:
        raise Refused(
            "wrong_state", f"The case is {case['state']}; only an accepted case is issued.", state=case["state"]
        )
    offer = msgspec.convert(case["offer"], Offer)
    order = Placed(
        id=new_id("ord"),
        program_id=case["program_id"],
        actor=who.actor,
        drafts=[_draft(line, offer.value.currency, at) for line in issuable(offer.lines)],
        purse=Role.reserved,
        case_id=case["id"],
        customer_id=case["customer_id"],
    )
    await lock(tx, _drawn(order))
    await tx.run(sql.MOVE_CASE, case["id"], CaseState.issuing, at)
    (done,) = await put(tx, [order], at)
    await tx.run(sql.CASE_EVENT, case["id"], new_id("evt"), "issuing", who.actor, done.id, at)
    if done.state is OrderState.issued:
        tx.tell(EVENTS[done.state], done.id)
        await _tell(tx, who, done.id, case["id"], at)
    return done


async def conclude(tx: Tx, who: Who, order_id: str, at: datetime) -> OrderState:
    """Bring an order to its end once none of its rewards is pending any more; called after each that was finished."""
    order = await tx.row(sql.LOCK_ORDER, order_id)
    assert order is not None, "a reward's order exists"
    states = {RewardState(row["state"]) for row in await tx.rows(sql.STATES_OF_ORDER, order_id)}
    if RewardState.pending in states:
        return OrderState(order["state"])
    waiting = states & {RewardState.needs_review, RewardState.refused}
    state = OrderState.partly_issued if waiting else OrderState.issued
    if state != order["state"]:
        await tx.run(sql.MOVE_ORDER, order_id, state, at)
        tx.tell(EVENTS[state], order_id)
    # Where it is nobody's, as for a merchant system's own use, there is nobody to write to.
    if order["state"] == OrderState.issuing and order["customer_id"] is not None:
        await _tell(tx, who, order_id, order["case_id"], at)
    return state


async def _tell(tx: Tx, who: Who, order_id: str, case_id: str | None, at: datetime) -> None:
    if case_id is not None:
        await tx.run(sql.MOVE_CASE, case_id, CaseState.issued, at)
        await tx.run(sql.CASE_EVENT, case_id, new_id("evt"), "issued", who.actor, order_id, at)
    tx.tell("tell_remedy", order_id)


async def _customers(tx: Tx, ids: list[str]) -> set[str]:
    return {row["id"] for row in await tx.rows(sql.CUSTOMERS, ids)} if ids else set()


def _draft(line: RemedyLine, currency: str, at: datetime) -> Draft:
    return kind(Kind(kind_of(line.terms))).draft(line, currency, at)


def _drawn(order: Placed) -> dict[str, int]:
    """What an order takes, by purse."""
    sums: dict[str, int] = {}
    for draft in order.drafts:
        if draft.drawn.amount:
            purse = account(order.purse, order.program_id, draft.drawn.currency)
            sums[purse] = sums.get(purse, 0) + draft.drawn.amount
    return sums
