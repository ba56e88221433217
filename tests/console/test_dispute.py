"""Disputes at the desk: the words taken down, the queue, who may answer, and what the form asks again."""

import pytest

from tests.console.shop import LATE_GIFT, Seat, Shop, hidden, text


async def test_a_colleague_answers_what_another_decided(shop: Shop, mira: Seat, omar: Seat) -> None:
    mine, lead = shop.staff[0], shop.staff[1]
    assert lead != mine
    case = await shop.report(LATE_GIFT, who=mine)
    here = f"/console/cases/{case.id}"
    form = await mira.see(f"{here}/disagree")
    wrong = await mira.send(form, f"{here}/disagree", words="ж" * 2002)
    assert (wrong.status_code, "ж" * 2002 in wrong.text) == (422, True)
    assert "Make it 2 characters shorter" in text(wrong.text)
    done = await mira.send(form, f"{here}/disagree", words="The gift was for Friday.")
    assert done.headers["location"] == f"{here}?done=disputed"
    page = text(await mira.see(done.headers["location"]))
    assert "The gift was for Friday." in page
    assert "Somebody who made, took or granted nothing in this case answers." in page
    assert (await mira.client.get(f"{here}/dispute")).headers["location"].endswith("not=decided_before")
    assert "Disagreements 1" in text(await omar.see("/console"))
    assert case.id in await omar.see("/console?view=disputed")
    form = await omar.see(f"{here}/dispute")
    worst = {f"harm.{code}": "critical" for code in case.harms}
    wrong = await omar.send(form, f"{here}/dispute", outcome="decided_anew", **worst)
    assert (wrong.status_code, "Write to the customer why" in text(wrong.text)) == (422, True)
    assert wrong.text.count("selected>Critical") == len(case.harms), "what was picked stays"
    fields = hidden(form, f"{here}/dispute") | {"reason": "It was worse than we thought."}
    wrong = await omar.client.post(f"{here}/dispute", data=fields | {"outcome": "decided_anew"})
    assert "nothing was changed" in text(wrong.text), "the same facts are no new decision"
    done = await omar.send(wrong.text, f"{here}/dispute", outcome="decided_anew", reason=fields["reason"], **worst)
    assert done.headers["location"] == f"{here}?done=dispute_answered"
    page = text(await omar.see(done.headers["location"]))
    for said in ("The answer is kept. The customer is told.", "Decided anew:", "It was worse than we thought."):
        assert said in page
    assert (await shop.file(case.id)).severity == "critical"
    assert case.id not in await omar.see("/console?view=disputed")
    assert (await omar.client.get(f"{here}/dispute")).headers["location"].endswith("not=dispute_answered")


@pytest.mark.parametrize(("tongue", "said"), [("ar", "إجابة العميل"), ("bg", "Отговорете на клиента")])
async def test_what_is_out_is_added_to_by_another_case(
    shop: Shop, mira: Seat, omar: Seat, tongue: str, said: str
) -> None:
    case = await shop.report(LATE_GIFT)
    here = f"/console/cases/{case.id}"
    chosen = {"offer": case.offers[0].key}
    form = await mira.see(f"{here}/choose?offer={case.offers[0].key}")
    await mira.send(form, f"{here}/choose", **chosen)
    await shop.issue(case.id)
    await mira.send(await mira.see(f"{here}/disagree"), f"{here}/disagree", words="Too late.")
    form = await omar.see(f"{here}/dispute?lang={tongue}")
    assert said in text(form)
    assert "Answer the customer" not in text(form)
    form = await omar.see(f"{here}/dispute?lang=en")
    typed = {"outcome": "decided_anew", "reason": "We add something."}
    wrong = await omar.send(form, f"{here}/dispute", **typed)
    assert "Name the case of this customer" in text(wrong.text)
    wrong = await omar.send(form, f"{here}/dispute", **typed, further=f"C-{case.number}")
    assert "This is no case of this customer" in text(wrong.text)
    more = await shop.report(LATE_GIFT)
    form = await omar.see(f"{here}/dispute")
    done = await omar.send(form, f"{here}/dispute", **typed, further=f"C-{more.number}")
    assert done.headers["location"] == f"{here}?done=dispute_answered", done.headers
