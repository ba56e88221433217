"""An agent's own words in a letter: in the customer's language, filled in safely, and never in place of the apology."""

import asyncpg
import pytest

from compensation.core.errors import Problem
from compensation.customers.erase import Erase, erase
from compensation.db.audit import audit
from compensation.delivery.edit import EditWords, edit_words
from compensation.delivery.facts import case_facts
from tests.console.shop import BAD_WEBINAR, Seat, Shop, hidden, text


async def test_an_agent_writes_a_note_and_the_letter_says_it(shop: Shop, mira: Seat) -> None:
    case = await shop.report(BAD_WEBINAR)
    here = f"/console/cases/{case.id}"
    before = text((await mira.client.get(f"{here}/message")).text)
    form = (await mira.client.get(f"{here}/words")).text
    note = "Уважаема {name}, прочетох всичко. <b>{{ 7*7 }}</b>"
    sent = hidden(form, f"{here}/words") | {"note": note, "done": "Върнахме записа на поръчка {order}."}
    done = await mira.client.post(f"{here}/words", data=sent)
    assert done.headers["location"] == f"{here}?done=words_edited"
    page = text((await mira.client.get(done.headers["location"])).text)
    assert "The words of the letter are kept." in page
    letter = text((await mira.client.get(f"{here}/message")).text)
    assert "Уважаема Елена Георгиева, прочетох всичко. <b>{{ 7*7 }}</b>" in letter, "filled in, and nothing is run"
    assert "Върнахме записа на поръчка" in letter
    apology = before[before.index("Извиняваме се") :].partition(".")[0]
    assert apology in letter, "the apology is said whatever an agent writes"
    assert "прочетох" in (await mira.client.get(f"{here}/words")).text


async def test_a_placeholder_that_cannot_be_filled_is_told_at_its_field(shop: Shop, mira: Seat) -> None:
    case = await shop.report(BAD_WEBINAR)
    here = f"/console/cases/{case.id}"
    fields = hidden((await mira.client.get(f"{here}/words")).text, f"{here}/words")
    answer = await mira.client.post(f"{here}/words", data=fields | {"note": "За {iban}", "done": "Готово."})
    assert answer.status_code == 422
    assert 'aria-describedby="note-e"' in answer.text
    assert "Готово." in answer.text, "what was written stays"
    assert await shop.count("letter_words") == 0


async def test_words_are_sealed_kept_and_gone_with_the_customer(shop: Shop) -> None:
    case = await shop.report(BAD_WEBINAR)
    mira = shop.staff[0]
    for note in ("Първа бележка.", "Втора бележка."):
        await shop.door.write(edit_words, mira, EditWords(case_id=case.id, note=note))
    async with shop.door.read(shop.demo.merchant) as tx:
        assert (await case_facts(tx, case.id, shop.door.clock())).occasion.edited.note == "Втора бележка."
    rows = await shop.owner.fetch("SELECT words FROM letter_words")
    assert len(rows) == 2
    assert not any("бележка".encode() in row["words"] for row in rows)
    with pytest.raises(asyncpg.PostgresError):
        await shop.owner.execute("DELETE FROM letter_words")
    await shop.door.write(erase, shop.system, Erase(case.customer_id))
    with pytest.raises(Problem) as refusal:
        await shop.door.write(edit_words, mira, EditWords(case_id=case.id, note="Трета."))
    assert refusal.value.code == "customer_erased"
    assert await audit(shop.owner) == {}


async def test_a_letter_that_is_on_its_way_is_not_edited(shop: Shop, mira: Seat) -> None:
    case = await shop.report(BAD_WEBINAR)
    await shop.owner.execute("UPDATE cases SET state = 'cancelled' WHERE id = $1", case.id)
    with pytest.raises(Problem) as refusal:
        await shop.door.write(edit_words, shop.staff[0], EditWords(case_id=case.id, note="x"))
    assert refusal.value.code == "wrong_state"
    assert "not=wrong_state" in (await mira.client.get(f"/console/cases/{case.id}/words")).headers["location"]
