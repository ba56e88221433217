"""What is left on a card is paid out where the law says so: once, all of it, and never more than the card holds."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from compensation.cases.case import CaseFile
from compensation.cases.choose import Choose, choose
from compensation.cases.consent import ConsentGiven
from compensation.core.errors import NotFound, Problem, Refused
from compensation.core.money import Money
from compensation.db.audit import audit
from compensation.issuance.order import IssueCase, issue_case
from compensation.issuance.reward import Order, Reward
from compensation.redemption.cash_out import CashOut, PaidOut, cash_out, payable
from compensation.redemption.give_back import GiveBack, give_back
from compensation.redemption.redeem import Redemption, Spend, redeem
from compensation.redemption.reveal import reveal
from tests.cases.conftest import desk as desk
from tests.cases.desk import INC_19, Desk

QUEBEC = INC_19 | {
    "country": "CA",
    "region": "QC",
    "order": INC_19["order"] | {"amount": {"amount": 60_00, "currency": "CAD"}},
}
"""Money prepaid and not returned, in a province where 5 dollars or less are paid out of a card."""


async def card(desk: Desk, body: dict[str, object] = QUEBEC) -> tuple[Reward, str]:
    """A gift card that the customer took in the place of money, and its code."""
    case: CaseFile = await desk.report(desk.system, body)
    offer = next(one for one in case.offers if one.key == "gift_card")
    with pytest.raises(Refused) as asked:
        await desk.door.write(choose, desk.lead, Choose(case_id=case.id, offer="gift_card"))
    agreed = ConsentGiven(sentence=asked.value.extra["sentence"])
    await desk.door.write(choose, desk.lead, Choose(case_id=case.id, offer=offer.key, consent=agreed))
    order = (await desk.door.write(issue_case, desk.system, IssueCase(case.id))).read(Order)
    reward = next(one for one in order.rewards if one.kind == "gift_card" and one.part == "owed")
    return reward, (await reveal(desk.door, desk.system, reward.id)).code


async def spend_to(desk: Desk, reward: Reward, code: str, left: int) -> Redemption:
    amount = Money(reward.value.amount - left, reward.value.currency)
    return (await desk.door.write_together(redeem, desk.system, Spend(code=code, amount=amount))).read(Redemption)


async def pay_out(desk: Desk, code: str, key: str | None = None) -> PaidOut:
    return (await desk.door.write(cash_out, desk.system, CashOut(code=code), key)).read(PaidOut)


async def test_the_rest_of_a_card_is_owed_as_money_and_the_books_add_up(desk: Desk, owner: asyncpg.Connection) -> None:
    reward, code = await card(desk)
    assert (reward.expires_at, reward.terms["cash_out"]) == (None, {"amount": 500, "currency": "CAD"})
    await spend_to(desk, reward, code, 4_99)
    paid = await pay_out(desk, code, "k")
    assert paid.amount == Money(4_99, "CAD")
    refund = await owner.fetchrow("SELECT * FROM rewards WHERE id = $1", paid.refund_id)
    assert refund is not None
    assert (refund["kind"], refund["state"], refund["principal"], refund["case_id"]) == (
        "refund", "pending", 4_99, reward.case_id,
    )  # fmt: skip
    assert await owner.fetchval("SELECT state FROM rewards WHERE id = $1", reward.id) == "redeemed"
    assert await pay_out(desk, code, "k") == paid
    with pytest.raises(NotFound):
        await pay_out(desk, code)
    assert await audit(owner) == {}


async def test_of_a_card_exactly_at_the_limit_all_is_paid_out(desk: Desk) -> None:
    reward, code = await card(desk)
    await spend_to(desk, reward, code, 5_00)
    paid = await pay_out(desk, code)
    assert (paid.amount, paid.due_at - paid.at) == (Money(5_00, "CAD"), timedelta(days=7))


def test_a_limit_in_one_currency_says_nothing_of_another() -> None:
    terms = {"cash_out": {"amount": 5_00, "currency": "CAD"}}
    assert payable(terms, Money(5_00, "CAD"))
    wrong = [(terms, Money(1_00, "USD")), (terms, Money(0, "CAD")), (terms, Money(5_01, "CAD")), (terms, None)]
    assert not any(payable(of, left) for of, left in [*wrong, ({}, Money(1_00, "CAD"))])


async def test_a_cent_too_much_is_not_paid_out_and_the_answer_says_how_much_is(desk: Desk) -> None:
    reward, code = await card(desk)
    await spend_to(desk, reward, code, 5_01)
    with pytest.raises(Refused) as refused:
        await pay_out(desk, code)
    assert refused.value.code == "above_cash_out"
    assert refused.value.extra["at_most"] == {"amount": 500, "currency": "CAD"}


async def test_where_no_law_asks_for_it_a_card_is_spent_as_it_is(desk: Desk) -> None:
    reward, code = await card(desk, QUEBEC | {"region": "NS"})
    await spend_to(desk, reward, code, 1)
    with pytest.raises(Refused, match="no_cash_out"):
        await pay_out(desk, code)


async def test_of_payers_and_tills_at_once_each_cent_goes_one_way(desk: Desk, owner: asyncpg.Connection) -> None:
    reward, code = await card(desk)
    await spend_to(desk, reward, code, 4_00)
    outcomes = await asyncio.gather(
        *(pay_out(desk, code) for _ in range(6)),
        *(
            desk.door.write_together(redeem, desk.system, Spend(code=code, amount=Money(1_00, "CAD")), f"t{n}")
            for n in range(6)
        ),
        return_exceptions=True,
    )
    assert all(isinstance(each, PaidOut | Problem) or not isinstance(each, BaseException) for each in outcomes)
    assert sum(isinstance(each, PaidOut) for each in outcomes) <= 1
    gone = await owner.fetchval("SELECT sum(amount) FROM redemptions WHERE reward_id = $1", reward.id)
    assert gone == reward.value.amount
    assert await audit(owner) == {}


async def test_what_was_paid_out_is_never_put_back_on_the_card(desk: Desk) -> None:
    reward, code = await card(desk)
    await spend_to(desk, reward, code, 3_00)
    paid = await pay_out(desk, code)
    with pytest.raises(Refused, match="more_than_spent"):
        await desk.door.write(give_back, desk.system, GiveBack(redemption_id=paid.id, amount=Money(1, "CAD")))
