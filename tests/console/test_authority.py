"""Stories of the page Authority: who sees it, what an administrator sets there, and who stands in for whom."""

from datetime import UTC, datetime, timedelta

from compensation.web.console.authority import _DONE
from compensation.web.console.view import DONE
from tests.console.conftest import MIRA, OMAR
from tests.console.shop import BAD_WEBINAR, Seat, Shop, text

HERE = "/console/authority"


async def test_an_agent_is_not_shown_it_and_a_lead_lends_only_his_own(mira: Seat, omar: Seat, shop: Shop) -> None:
    assert HERE not in await mira.see("/console")
    assert (await mira.get(HERE)).status_code == 403
    page = await omar.see(HERE)
    assert "Set a limit" not in page
    assert "Mira Stoyanova" in text(page)
    until = (datetime.now(UTC) + timedelta(days=5)).date().isoformat()
    me, her = shop.staff[OMAR].actor, shop.staff[MIRA].actor
    answer = await omar.send(page, f"{HERE}/delegations", lender=me, other=her, until=until)
    assert answer.headers["location"] == f"{HERE}?done=lent"
    page = await omar.see(answer.headers["location"])
    assert "Mira Stoyanova decides in place of Omar Aziz, until" in text(page)
    wrong = await omar.send(page, f"{HERE}/delegations", lender=her, other=me, until="2020-01-01")
    assert wrong.status_code == 422
    assert wrong.text.count('aria-invalid="true"') == 2
    loan = await shop.owner.fetchval("SELECT id FROM delegations")
    answer = await omar.send(page, f"{HERE}/delegations/{loan}/end")
    assert answer.headers["location"] == f"{HERE}?done=loan_ended"
    assert "Nobody stands in for anybody now." in await omar.see(HERE)


async def test_an_administrator_sets_authority_and_limits_and_ends_them(omar: Seat, shop: Shop) -> None:
    await shop.owner.execute("UPDATE agents SET role = 'admin' WHERE id = $1", shop.staff[OMAR].actor)
    page, her = await omar.see(HERE), shop.staff[MIRA].actor
    answer = await omar.send(
        page, f"{HERE}/agents", agent=her, agent_currency="EUR", agent_most="123.45", team="Returns"
    )
    assert answer.headers["location"] == f"{HERE}?done=authority_set"
    kept = await shop.owner.fetchrow("SELECT authority, team FROM agents WHERE id = $1", her)
    assert kept is not None
    assert '"EUR": 12345' in kept["authority"]
    assert '"USD": 20000' in kept["authority"], "what was not named stays"
    page = await omar.see(HERE)
    answer = await omar.send(
        page, f"{HERE}/limits", whom="team:Returns", limit_currency="EUR", limit_most="0", days="7"
    )
    assert answer.headers["location"] == f"{HERE}?done=limit_set"
    assert "Team Returns, together" in text(await omar.see(HERE))
    wrong = await omar.send(page, f"{HERE}/limits", whom="team:Elves", limit_currency="", limit_most="x", days="400")
    assert wrong.status_code == 422
    for field in ("whom", "limit_currency", "days"):
        assert f'<a href="#{field}">' in wrong.text
    case = await shop.report(BAD_WEBINAR, shop.staff[MIRA])
    look = await omar.see(f"/console/cases/{case.id}/choose?offer={case.offers[0].key}")
    assert "Issue" in text(look), "another team's limit is not his"
    limit = await shop.owner.fetchval("SELECT id FROM authority_limits")
    answer = await omar.send(await omar.see(HERE), f"{HERE}/limits/{limit}/end")
    assert answer.headers["location"] == f"{HERE}?done=limit_ended"
    own = await omar.send(page, f"{HERE}/agents", agent=shop.staff[OMAR].actor, agent_currency="EUR", agent_most="9999")
    assert own.headers["location"] == f"{HERE}?not=own_authority"
    assert "Nobody sets his own authority." in await omar.see(own.headers["location"])


async def test_what_was_granted_before_is_said_on_the_second_look(mira: Seat, shop: Shop) -> None:
    case = await shop.report(BAD_WEBINAR, shop.staff[MIRA])
    await shop.owner.execute(
        "INSERT INTO grants (merchant_id, id, case_id, program_id, customer_id, agent_id, granted_by, team, how,"
        " currency, amount, at) VALUES ($1, 'grt_1', $2, $3, $4, $5, $5, '', 'alone', 'EUR', 19999, now())",
        shop.demo.merchant, case.id, case.program_id, case.customer_id, shop.staff[MIRA].actor,
    )  # fmt: skip
    look = await mira.see(f"/console/cases/{case.id}/choose?offer=refund")
    assert "is above what you may still grant, with all that was granted before." in text(look)
    answer = await mira.send(look, f"/console/cases/{case.id}/choose", why="other")
    assert answer.status_code == 422, "a reason of one's own needs words"
    answer = await mira.send(look, f"/console/cases/{case.id}/choose", why="other", words="He asked")
    assert answer.headers["location"].endswith("?done=proposed")
    assert "with all that was granted before" in text(await mira.see(answer.headers["location"]))


def test_what_may_be_said_here_has_words() -> None:
    assert set(DONE) >= _DONE
