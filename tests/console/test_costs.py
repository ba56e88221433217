"""Claimed costs at the desk: accepted by a tick, with a reason, and the offers change."""

from tests.console.shop import BAD_WEBINAR, Seat, Shop, hidden, text

COST = {"type": "travel", "amount": {"amount": 4_500, "currency": "EUR"}, "reference": "R-77"}


async def test_an_agent_accepts_a_cost_and_the_offers_change(shop: Shop, mira: Seat) -> None:
    case = await shop.report(BAD_WEBINAR, cost_lines=[COST])
    here = f"/console/cases/{case.id}"
    assert f'href="{here}/costs"' in (await mira.client.get(here)).text
    form = (await mira.client.get(f"{here}/costs")).text
    assert "R-77" in text(form)
    fields = hidden(form, f"{here}/costs") | {"line.1": "yes"}
    refused = await mira.client.post(f"{here}/costs", data=fields)
    assert refused.status_code == 422
    assert 'name="line.1" value="yes" checked' in refused.text, "what was ticked stays"
    done = await mira.client.post(f"{here}/costs", data=fields | {"reason": "Видях билета."})
    assert done.headers["location"] == f"{here}?done=reassessed"
    page = text((await mira.client.get(done.headers["location"])).text)
    assert "The case is assessed anew." in page
    assert "Видях билета." in page
    assert (await shop.file(case.id)).owed.amount == case.owed.amount + 4_500


async def test_ticking_what_is_so_already_is_told_as_that(shop: Shop, mira: Seat) -> None:
    case = await shop.report(BAD_WEBINAR, cost_lines=[COST])
    here = f"/console/cases/{case.id}"
    fields = hidden((await mira.client.get(f"{here}/costs")).text, f"{here}/costs") | {"reason": "Looked again."}
    answer = await mira.client.post(f"{here}/costs", data=fields)
    assert "by these facts already" in (await mira.client.get(answer.headers["location"])).text
    assert (await shop.file(case.id)).owed == case.owed
