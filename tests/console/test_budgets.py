"""Stories of the budgets at the console: how full they are, who is warned, and who says what follows."""

from compensation.core.money import Money
from compensation.merchants.merchant import Funding, fund
from tests.console.conftest import MIRA, OMAR
from tests.console.shop import LATE_GIFT, Seat, Shop, text

HERE = "/console/budgets"


async def test_budgets_are_shown_and_the_rule_is_set_by_an_administrator(mira: Seat, omar: Seat, shop: Shop) -> None:
    page = await mira.see(HERE)
    assert "€5,000.00" in text(page)
    assert "Let a second person decide" not in page
    await shop.owner.execute("UPDATE agents SET role = 'admin' WHERE id = $1", shop.staff[OMAR].actor)
    page = await omar.see(HERE)
    answer = await omar.send(page, f"{HERE}/{shop.demo.program}", rule="escalate")
    assert answer.headers["location"] == f"{HERE}?done=rule_set"
    page = await omar.see(answer.headers["location"])
    assert "The rule of the budget is set." in page
    assert "goes to a second person" in text(page)
    answer = await mira.client.post(f"{HERE}/{shop.demo.program}", data={"rule": "stop"})
    assert answer.status_code == 403


async def test_a_low_budget_is_said_on_the_queue_until_money_is_added(mira: Seat, shop: Shop) -> None:
    assert "Budgets run low." not in await mira.see("/console")
    await shop.owner.execute("UPDATE budget_periods SET alerted = 80, size = 2500000 WHERE currency = 'EUR'")
    page = text(await mira.see("/console"))
    assert "Care: €5,000.00 of €25,000.00 is left; more than 80 % is promised or spent." in page
    await shop.door.write(fund, shop.system, Funding(shop.demo.program, Money(1, "EUR")))
    assert "Budgets run low." not in await mira.see("/console")


async def test_what_is_over_the_budget_is_approved_with_a_reason(mira: Seat, omar: Seat, shop: Shop) -> None:
    await shop.owner.execute("UPDATE programs SET on_empty = 'escalate'")
    await shop.owner.execute("UPDATE accounts SET balance = 0 WHERE role = 'budget'")
    case = await shop.report(LATE_GIFT, shop.staff[MIRA])
    here = f"/console/cases/{case.id}"
    look = await mira.see(f"{here}/choose?offer={case.offers[0].key}")
    assert "is more than the budget covers." in text(look)
    assert (await mira.send(look, f"{here}/choose")).headers["location"] == f"{here}?done=proposed"
    assert "Whoever approves it adds what is missing." in text(await mira.see(here))
    look = await omar.see(f"{here}/approve")
    assert "Why over the budget" in text(look)
    answer = await omar.send(look, f"{here}/approve")
    assert answer.headers["location"] == f"{here}?not=reason_needed"
    answer = await omar.send(await omar.see(f"{here}/approve"), f"{here}/approve", reason="He waited too long")
    assert answer.headers["location"] == f"{here}?done=approved"
    assert "He waited too long" in await omar.see(here)
    assert await shop.count("budget_escalations") == 1
