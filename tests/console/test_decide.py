"""Stories of deciding: a second look before anything is issued, one effect however often, and a second person."""

import asyncio
import re

import pytest

from compensation.cases.choose import Choose, choose
from compensation.cases.override import Override
from tests.console.conftest import MIRA, OMAR
from tests.console.shop import BAD_WEBINAR, KEPT_PREPAYMENT, LATE_GIFT, Seat, Shop, hidden, text, title

WISH = Override(reason="customer_wish")


async def test_an_agent_looks_once_more_and_then_it_is_issued(mira: Seat, shop: Shop) -> None:
    case = await shop.report(BAD_WEBINAR)
    here = f"/console/cases/{case.id}"
    look = await mira.see(f"{here}/choose?offer=refund")
    refund = next(offer for offer in case.offers if offer.key == "refund")
    for said in ("Look once more: Refund", "What Елена Георгиева gets", "Expected cost to us", "From the budget “Care”",
                 "Until you press the button, nothing has happened"):  # fmt: skip
        assert said in text(look)
    assert f"Issue €{refund.value.decimal}" in text(look)
    assert (await shop.file(case.id)).state == "offered", "a look changes nothing"
    answer = await mira.send(look, f"{here}/choose", why="customer_wish")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{here}?done=chosen")
    after = await shop.file(case.id)
    assert (after.state, after.chosen, after.chosen_by) == ("accepted", "refund", shop.staff[MIRA].actor)
    page = await mira.see(answer.headers["location"])
    assert '<div class="toast" role="status"><span>The choice is made.' in page
    assert re.search(r'<h1 id="title" tabindex="-1" autofocus>', page), "the focus goes to what changed"
    assert await shop.told("issue_case") == 1


async def test_a_form_sent_twice_has_one_effect(mira: Seat, shop: Shop) -> None:
    case = await shop.report(BAD_WEBINAR)
    to = f"/console/cases/{case.id}/choose"
    look = await mira.see(f"{to}?offer=refund")
    answers = await asyncio.gather(*(mira.send(look, to, why="customer_wish") for _ in range(5)))
    assert {answer.headers["location"] for answer in answers} == {f"/console/cases/{case.id}?done=chosen"}
    assert await shop.told("issue_case") == 1
    kinds = [row["what"] for row in await shop.owner.fetch("SELECT what FROM case_events")]
    assert kinds.count("chosen") == 1


async def test_nothing_picked_says_so_and_leads_to_the_offers(mira: Seat, shop: Shop) -> None:
    case = await shop.report(BAD_WEBINAR)
    for asked in ("", "?offer=", "?offer=gold"):
        answer = await mira.get(f"/console/cases/{case.id}/choose{asked}")
        assert answer.status_code == 422
        assert title(answer.text).startswith("Error:")
        target = re.search(r'role="alert" tabindex="-1" autofocus.*?<a href="#([^"]+)">', answer.text, re.DOTALL)
        assert target is not None
        assert f'id="{target[1]}"' in answer.text


async def test_above_his_authority_an_agent_proposes_and_another_decides(mira: Seat, omar: Seat, shop: Shop) -> None:
    case = await shop.report(KEPT_PREPAYMENT)
    here = f"/console/cases/{case.id}"
    look = await mira.see(f"{here}/choose?offer=refund")
    assert "€604.80 is above your authority of €200.00." in text(look)
    assert "Propose €604.80" in text(look)
    answer = await mira.send(look, f"{here}/choose")
    assert answer.headers["location"] == f"{here}?done=proposed"
    assert await shop.told("issue_case") == 0

    hers = await mira.see(here)
    assert "€604.80 is above the authority of Mira Stoyanova, which is €200.00." in text(hers)
    assert hers.count('aria-disabled="true"') == 3
    assert "You made this proposal, so another person decides on it." in text(hers)
    assert (await mira.get(f"{here}/approve")).headers["location"] == f"{here}?not=self_approval"

    again = await omar.see(f"{here}/approve")
    assert "Approve €604.80" in text(again)
    # Her own session and form, sent where only a second person's may go.
    token = hidden(await mira.see("/console/you"), "/console/logout")["csrf"]
    forced = await mira.client.post(f"{here}/approve", data={"csrf": token, "once": "forced"})
    assert forced.headers["location"] == f"{here}?not=self_approval"
    assert (await shop.file(case.id)).state == "needs_approval"
    assert "You made this proposal" in text(await mira.see(f"{here}?not=self_approval"))

    answer = await omar.send(again, f"{here}/approve")
    assert answer.headers["location"] == f"{here}?done=approved"
    assert (await shop.file(case.id)).state == "accepted"
    assert await shop.told("issue_case") == 1
    assert "Approved by Omar Aziz" in text(await omar.see(here))


@pytest.mark.parametrize(
    ("name", "state", "done"), [("reject", "rejected", "rejected"), ("send-back", "offered", "sent_back")]
)
async def test_a_second_person_says_no_only_with_a_reason(
    omar: Seat, shop: Shop, name: str, state: str, done: str
) -> None:
    case = await shop.report(KEPT_PREPAYMENT)
    await shop.door.write(choose, shop.staff[MIRA], Choose(case_id=case.id, offer="refund"))
    here = f"/console/cases/{case.id}"
    page = await omar.see(f"{here}/{name}")
    for empty in ("", "  \n "):
        answer = await omar.send(page, f"{here}/{name}", reason=empty)
        assert answer.status_code == 422
        assert title(answer.text).startswith("Error:")
        assert 'href="#reason"' in answer.text
    assert (await shop.file(case.id)).state == "needs_approval"
    answer = await omar.send(page, f"{here}/{name}", reason="She was paid in June. <b>See</b> the bank.")
    assert answer.headers["location"] == f"{here}?done={done}"
    assert (await shop.file(case.id)).state == state
    page = await omar.see(here)
    assert "She was paid in June. &lt;b&gt;See&lt;/b&gt; the bank." in page
    held = await shop.owner.fetchval("SELECT sum(balance) FROM accounts WHERE role = 'reserved'")
    assert held in (None, 0)


async def test_a_role_without_approval_sees_why_it_may_not(mira: Seat, shop: Shop) -> None:
    case = await shop.report(KEPT_PREPAYMENT)
    await shop.owner.execute("UPDATE agents SET authority = '{}' WHERE id = $1", shop.staff[OMAR].actor)
    await shop.door.write(choose, shop.staff[OMAR], Choose(case_id=case.id, offer="refund"))
    page = await mira.see(f"/console/cases/{case.id}")
    assert page.count('aria-disabled="true"') == 3
    assert "Your role may not decide on what others propose." in text(page)
    for name in ("approve", "reject", "send-back"):
        answer = await mira.get(f"/console/cases/{case.id}/{name}")
        assert answer.headers["location"].endswith("?not=not_an_approver")


async def test_credit_in_the_place_of_money_needs_the_customers_recorded_word(mira: Seat, shop: Shop) -> None:
    case = await shop.report(BAD_WEBINAR)
    here = f"/console/cases/{case.id}"
    look = await mira.see(f"{here}/choose?offer=credit")
    sentence = "Съгласявам се да получа кредит за магазина на стойност 20,63 € вместо 18,75 € в пари."
    assert sentence in text(look).replace("\u00a0", " ")
    assert "In your language: I agree to receive store credit of €20.63 instead of €18.75 in money." in text(look)
    for lacking, field in (
        ({}, "agreed"),
        ({"agreed": "yes"}, "way"),
        ({"agreed": "yes", "way": "phone", "found": "   "}, "found"),
        ({"agreed": "yes", "way": "telepathy", "found": "call 8812"}, "way"),
    ):
        answer = await mira.send(look, f"{here}/choose", **lacking)
        assert answer.status_code == 422
        assert title(answer.text).startswith("Error:")
        assert f'<a href="#{field}">' in answer.text
    assert 'value="call 8812"' in answer.text, "what was typed stays"
    assert (await shop.file(case.id)).state == "offered"
    answer = await mira.send(answer.text, f"{here}/choose", agreed="yes", way="phone", found="call 8812")
    assert answer.headers["location"] == f"{here}?done=chosen"
    kept = await shop.owner.fetchrow("SELECT sentence, agreement, locale, given_by FROM consents")
    assert kept is not None
    assert kept["sentence"].replace("\u00a0", " ") == sentence
    assert (kept["agreement"], kept["locale"]) == ("phone: call 8812", "bg")
    assert kept["given_by"] == shop.staff[MIRA].actor


async def test_what_somebody_else_did_meanwhile_is_said(mira: Seat, shop: Shop) -> None:
    case = await shop.report(BAD_WEBINAR)
    to = f"/console/cases/{case.id}/choose"
    look = await mira.see(f"{to}?offer=refund")
    await shop.door.write(choose, shop.staff[OMAR], Choose(case_id=case.id, offer="redo"))
    answer = await mira.send(look, to, why="customer_wish")
    assert answer.headers["location"] == f"/console/cases/{case.id}?not=wrong_state"
    page = await mira.see(answer.headers["location"])
    assert "Somebody else moved this case meanwhile." in page
    assert (await shop.file(case.id)).chosen == "redo"
    assert (await mira.get(f"{to}?offer=refund")).headers["location"].endswith("?not=wrong_state")


async def test_an_empty_budget_is_said_before_and_after(mira: Seat, shop: Shop) -> None:
    case = await shop.report(BAD_WEBINAR)
    await shop.owner.execute("ALTER TABLE accounts DISABLE TRIGGER USER")
    await shop.owner.execute("UPDATE accounts SET balance = 0 WHERE role = 'budget'")
    to = f"/console/cases/{case.id}/choose"
    look = await mira.see(f"{to}?offer=refund")
    assert "The budget does not cover it." in look
    answer = await mira.send(look, to, why="customer_wish")
    assert answer.headers["location"].endswith("?not=budget_exhausted")
    assert "does not cover the goodwill" in await mira.see(answer.headers["location"])
    assert (await shop.file(case.id)).state == "offered"


async def test_a_word_in_the_address_never_becomes_words_on_the_page(mira: Seat, shop: Shop) -> None:
    case = await shop.report(BAD_WEBINAR)
    page = await mira.see(f"/console/cases/{case.id}?done=You+won&not=%3Cb%3Esend+money%3C%2Fb%3E")
    assert "You won" not in page
    assert "send money" not in page
    for lie in ("approved", "issued", "closed", "task", "keys"):
        assert 'role="status"' not in await mira.see(f"/console/cases/{case.id}?done={lie}")


async def test_a_task_is_marked_as_done_once_and_the_case_closed_after_its_apology(mira: Seat, shop: Shop) -> None:
    case = await shop.report(
        KEPT_PREPAYMENT,
        harms=[{"type": "emotional.loss_of_trust", "severity": "low"}],
        facts={},
        order={"number": "SN-1", "amount": {"amount": 5000, "currency": "EUR"}},
    )
    here = f"/console/cases/{case.id}"
    await shop.door.write(choose, shop.staff[MIRA], Choose(case_id=case.id, offer=case.offers[0].key))
    order = await shop.issue(case.id, told=None)
    page = await mira.see(here)
    refused = await mira.send(page, f"{here}/close")
    assert refused.headers["location"] == f"{here}?not=apology_not_sent"
    tasks = [reward for reward in order.rewards if reward.kind == "task"]
    assert tasks
    assert page.count("Mark as done") == len(tasks)
    assert f"{len(tasks)} things are left" in text(page) or "1 thing is left" in text(page)
    for number, task in enumerate(tasks, start=1):
        answer = await mira.send(page, f"{here}/done/{task.id}")
        assert answer.headers["location"] == f"{here}?done=task"
        again = await mira.send(page, f"{here}/done/{task.id}")
        assert again.headers["location"] == f"{here}?done=task", "the same form"
        page_now = await mira.see(f"{here}?done=task")
        assert page_now.count("Mark as done") == len(tasks) - number
        assert 'id="issued" tabindex="-1" autofocus' in page_now
    other = await shop.report(LATE_GIFT)
    stray = await mira.send(page, f"{here}/close", once="x")
    assert stray.status_code == 303
    foreign = await mira.client.post(
        f"/console/cases/{other.id}/done/{tasks[0].id}", data={"csrf": hidden(page)["csrf"], "once": "y"}
    )
    assert foreign.status_code == 404


async def test_an_issued_case_is_closed(mira: Seat, shop: Shop) -> None:
    case = await shop.report(LATE_GIFT)
    here = f"/console/cases/{case.id}"
    await shop.door.write(choose, shop.staff[MIRA], Choose(case_id=case.id, offer="points", override=WISH))
    await shop.issue(case.id)
    answer = await mira.send(await mira.see(here), f"{here}/close")
    assert answer.headers["location"] == f"{here}?done=closed"
    assert (await shop.file(case.id)).state == "closed"
    assert "The case is closed." in text(await mira.see(here))


async def test_a_case_reported_by_mistake_is_called_off(mira: Seat, shop: Shop) -> None:
    case = await shop.report(LATE_GIFT)
    here = f"/console/cases/{case.id}"
    answer = await mira.send(await mira.see(f"{here}/cancel"), f"{here}/cancel", reason="Twice the same")
    assert answer.headers["location"] == f"{here}?done=cancelled"
    assert (await shop.file(case.id)).state == "cancelled"
    assert (await mira.get(f"{here}/cancel")).headers["location"].endswith("?not=wrong_state")


async def test_what_was_chosen_is_called_off_once_one_has_seen_what_that_means(mira: Seat, shop: Shop) -> None:
    case = await shop.report(LATE_GIFT)
    here, offer = f"/console/cases/{case.id}", next(one for one in case.offers if one.value.amount)
    form = await mira.see(f"{here}/choose?offer={offer.key}")
    await mira.send(form, f"{here}/choose", offer=offer.key, why="customer_wish")
    assert (await shop.file(case.id)).state == "accepted"
    assert f'href="{here}/cancel"' in await mira.see(here)
    for tongue, said in (("en", "Goes back to the budget"), ("ar", "يعود إلى الميزانية"), ("bg", "Връща се в бюджета")):
        assert said in text(await mira.see(f"{here}/cancel?lang={tongue}"))
    form = await mira.see(f"{here}/cancel?lang=en")
    assert "Chosen, and not issued" in text(form)
    answer = await mira.send(form, f"{here}/cancel", reason="The wrong order")
    assert answer.headers["location"] == f"{here}?done=cancelled"
    reserved = "SELECT sum(balance) FROM accounts WHERE role = 'reserved'"
    assert not await shop.owner.fetchval(reserved)
    issued = await shop.report(LATE_GIFT)
    here = f"/console/cases/{issued.id}"
    await mira.send(await mira.see(f"{here}/choose?offer={offer.key}"), f"{here}/choose", why="customer_wish")
    await shop.issue(issued.id)
    assert (await mira.get(f"{here}/cancel")).headers["location"].endswith("?not=wrong_state")
