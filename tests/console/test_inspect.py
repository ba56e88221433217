"""The goods at the desk: the checklist of their category, filled in without script, and what the case says then."""

import pytest

from tests.console.shop import KEPT_PREPAYMENT, LATE_GIFT, Seat, Shop, hidden, text

PHONE = {"order": {"number": "SN-8", "amount": {"amount": 20_000, "currency": "EUR"}, "category": "electronics"}}


async def test_an_agent_inspects_a_telephone_and_the_case_says_what_was_found(shop: Shop, mira: Seat) -> None:
    case = await shop.report(KEPT_PREPAYMENT, **PHONE)
    here = f"/console/cases/{case.id}"
    assert "Nobody has inspected the goods yet." in text(await mira.see(here))
    form = await mira.see(f"{here}/inspect")
    assert "Screen without cracks" in text(form)
    fields = hidden(form, f"{here}/inspect") | {"missing.charger": "yes", "item.screen": "no"}
    wrong = await mira.client.post(f"{here}/inspect", data=fields)
    assert wrong.status_code == 422
    assert "Say whether this is well: Switches on" in text(wrong.text)
    assert 'name="missing.charger" value="yes" checked' in wrong.text, "what was ticked stays"
    fields |= {f"item.{code}": "yes" for code in ("serial_number", "switches_on", "no_liquid", "wiped")}
    broken = await mira.client.post(f"{here}/inspect", data=fields | {"grade": "D", "disposition": "restock"})
    assert "Goods of grade D are sold to nobody" in text(broken.text)
    found = {"grade": "C", "disposition": "repair", "note": "Пукнат екран."}
    done = await mira.client.post(f"{here}/inspect", data=fields | found)
    assert done.headers["location"] == f"{here}?done=inspected"
    page = text(await mira.see(done.headers["location"]))
    for said in (
        "The inspection is kept.",
        "C, Visible damage or wear",
        "Screen without cracks",
        "Charger",
        "Пукнат екран.",
    ):
        assert said in page
    assert await shop.count("inspections") == 1


@pytest.mark.parametrize(("tongue", "said"), [("ar", "معاينة البضاعة"), ("bg", "Преглед на стоката")])
async def test_the_checklist_is_read_in_the_language_of_the_agent(
    shop: Shop, mira: Seat, tongue: str, said: str
) -> None:
    case = await shop.report(KEPT_PREPAYMENT, **PHONE)
    assert said in text(await mira.see(f"/console/cases/{case.id}?lang={tongue}"))
    assert "Inspect the goods" not in text(await mira.see(f"/console/cases/{case.id}/inspect?lang={tongue}"))


async def test_a_case_that_ended_offers_no_inspection(shop: Shop, mira: Seat) -> None:
    case = await shop.report(LATE_GIFT)
    form = await mira.see(f"/console/cases/{case.id}/cancel")
    await mira.send(form, f"/console/cases/{case.id}/cancel", reason="By mistake.")
    assert (await mira.client.get(f"/console/cases/{case.id}/inspect")).headers["location"].endswith("not=wrong_state")
    assert f"{case.id}/inspect" not in await mira.see(f"/console/cases/{case.id}")
