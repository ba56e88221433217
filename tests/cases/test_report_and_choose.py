"""Stories: a merchant reports a harm, somebody chooses, and what was promised is set aside."""

from typing import Any

import asyncpg
import msgspec
import pytest

from compensation.cases.case import CaseFile, case_file, events, receipt
from compensation.cases.choose import Choose, choose
from compensation.cases.consent import ConsentGiven
from compensation.cases.preview import Preview, preview
from compensation.cases.said import reported, said
from compensation.cases.sign import unpacked
from compensation.cases.witness import consents
from compensation.catalog.library import library
from compensation.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem, Refused
from compensation.core.money import Money
from compensation.core.states import CaseState
from compensation.customers.customer import Customer
from compensation.customers.erase import Erase, erase
from compensation.db.answers import Who
from compensation.db.audit import audit
from compensation.db.unit import Doorway
from compensation.engine import seal
from compensation.issuance.order import IssueCase, issue_case
from compensation.issuance.payment import Succeeded
from compensation.issuance.refund import RefundAnswer, record_refund
from compensation.issuance.reward import Order
from tests.cases.desk import INC_10, INC_19, Desk, hire, open_desk, reading
from tests.conftest import make_merchant


async def test_a_kept_prepayment_is_reported_and_the_refund_chosen(desk: Desk) -> None:
    case = await desk.report(desk.system, INC_19)
    assert case.state is CaseState.offered
    assert case.owed == Money(54000, "EUR")
    assert case.offers[0].lines[0].remedy == "refund_original"
    assert case.offers[0].consent is None
    assert case == await desk.file(case)
    taken = sum(
        (line.amount.amount if line.amount else 0) + (line.bonus.amount if line.bonus else 0)
        for line in case.offers[0].lines
        if line.part == "goodwill"
    )
    assert taken > 0
    accepted = await desk.choose(desk.system, case, case.offers[0].key)
    assert accepted.state is CaseState.accepted
    assert (accepted.chosen, accepted.chosen_by) == (case.offers[0].key, desk.system.actor)
    assert await desk.balances() == (500_000 - taken, taken)
    assert await desk.history(case) == ["reported", "assessed", "offered", "chosen"]
    assert (await desk.told()) == ["issue_case"]


async def test_what_the_customer_said_is_sealed_and_read_by_those_who_serve_him(desk: Desk) -> None:
    case = await desk.report(desk.agent, INC_19 | {"words": "Where is my money?\u202e\u0007"}, "k")
    assert case.agent_id == desk.agent.actor
    async with desk.door.read(desk.system.merchant_id) as tx:
        heard = (await said(tx, [case.id]))[case.id]
        whole = await reported(tx, case.id)
    assert heard.person.name == "Hannah Weber"
    assert heard.report.words == "Where is my money?"
    assert whole.order is not None
    assert whole.order.payment == "pay_39107"


async def test_no_table_holds_a_readable_word_of_the_customer(desk: Desk) -> None:
    await desk.report(desk.system, INC_19, "k")
    tables = await desk.owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = [dict(row) for (name,) in tables for row in await desk.owner.fetch(f'SELECT * FROM "{name}"')]
    # A receipt is packed, not sealed: whoever has the table can read it.
    receipts = [unpacked(row["document"]).decode() for row in await desk.owner.fetch("SELECT document FROM receipts")]
    assert len(receipts) == 1
    dump = str(rows) + receipts[0]
    assert "SN-39107" in receipts[0]
    for word in ("workshop", "Hannah", "Weber", "weber.example", "CUST-77", "pay_39107"):
        assert word not in dump, word


async def test_a_receipt_verifies_offline_and_names_what_was_changed(desk: Desk) -> None:
    case = await desk.report(desk.system, INC_19)
    async with desk.door.read(desk.system.merchant_id) as tx:
        kept = await receipt(tx, case.id)
    books = library().books("default", case.created_at.date())
    key = desk.door.vault.verifier(kept.key_version)
    assert kept.id == case.receipt_id
    assert seal.verify(kept.document, books, key).valid
    forged = kept.document.replace(b'"critical"', b'"medium"')
    assert forged != kept.document
    assert not seal.verify(forged, books, key).valid


async def test_credit_in_place_of_an_owed_refund_needs_the_sentence_to_be_agreed_to(desk: Desk) -> None:
    case = await desk.report(desk.system, INC_19)
    credit = next(offer for offer in case.offers if offer.consent is not None)
    with pytest.raises(Refused) as missing:
        await desk.choose(desk.system, case, credit.key)
    assert missing.value.code == "consent_required"
    asked = missing.value.extra["sentence"]
    assert "€540.00" in asked
    with pytest.raises(Refused) as other_words:
        await desk.choose(desk.system, case, credit.key, consent=ConsentGiven(sentence="I agree."))
    assert other_words.value.code == "consent_required"
    assert await desk.count("consents") == 0
    assert await desk.balances() == (500_000, 0)
    await desk.choose(desk.system, case, credit.key, consent=ConsentGiven(sentence=asked))
    row = await desk.only("consents")
    assert (row["sentence"], row["offer_key"], row["locale"]) == (asked, credit.key, "en")
    assert row["given_by"] == desk.system.actor


async def test_the_customer_agrees_in_his_own_language(desk: Desk) -> None:
    case = await desk.report(desk.system, INC_19 | {"locale": "ar"})
    credit = next(offer for offer in case.offers if offer.consent is not None)
    himself = Who(desk.system.merchant_id, case.customer_id)
    with pytest.raises(Refused) as missing:
        await desk.choose(himself, case, credit.key)
    asked = missing.value.extra["sentence"]
    assert "أوافق" in asked
    accepted = await desk.choose(himself, case, credit.key, consent=ConsentGiven(sentence=asked))
    assert accepted.chosen_by == case.customer_id
    assert await desk.owner.fetchval("SELECT locale FROM consents") == "ar"


async def test_a_rule_that_asks_for_a_signature_is_not_met_by_a_tick(desk: Desk) -> None:
    case = await desk.report(desk.system, INC_19)
    credit = next(offer for offer in case.offers if offer.consent is not None)
    await desk.owner.execute(
        "UPDATE offers SET offer = jsonb_set(offer, '{consent,form}', '\"signed\"') WHERE key = $1", credit.key
    )
    with pytest.raises(Refused) as missing:
        await desk.choose(desk.system, case, credit.key)
    asked = missing.value.extra["sentence"]
    with pytest.raises(Refused) as unsigned:
        await desk.choose(desk.system, case, credit.key, consent=ConsentGiven(sentence=asked))
    assert unsigned.value.code == "agreement_required"
    signed = ConsentGiven(sentence=asked, agreement="DOC-11")
    assert (await desk.choose(desk.system, case, credit.key, consent=signed)).state is CaseState.accepted
    assert await desk.owner.fetchval("SELECT agreement FROM consents") == "DOC-11"


async def test_out_of_budget_nothing_changes_and_what_is_owed_does_not_wait(
    door: Doorway, owner: asyncpg.Connection, merchant: Who
) -> None:
    desk = await open_desk(door, owner, merchant, budget=6000)
    first, second = [await desk.report(desk.system, INC_19 | {"customer": {"reference": str(n)}}) for n in (1, 2)]
    await desk.choose(desk.system, first, first.offers[0].key)
    left = await desk.balances()
    before = await desk.file(second)
    with pytest.raises(Refused) as caught:
        await desk.choose(desk.system, second, second.offers[0].key)
    assert caught.value.code == "budget_exhausted"
    assert caught.value.extra["left"] == {"amount": left[0], "currency": "EUR"}
    assert await desk.file(second) == before
    assert await desk.balances() == left
    # A third report is decided by what is left, so an offer of the money owed can still be taken.
    third = await desk.report(desk.system, INC_19 | {"customer": {"reference": "3"}})
    assert third.owed == Money(54000, "EUR")
    assert (await desk.choose(desk.system, third, third.offers[0].key)).state is CaseState.accepted


async def test_without_any_budget_the_sum_owed_is_paid_all_the_same(
    door: Doorway, owner: asyncpg.Connection, merchant: Who
) -> None:
    desk = await open_desk(door, owner, merchant, budget=0)
    case = await desk.report(desk.system, INC_19)
    assert case.owed == Money(54000, "EUR")
    accepted = await desk.choose(desk.system, case, case.offers[0].key)
    assert accepted.state is CaseState.accepted
    assert await desk.count("transfers") == 0


async def test_an_emotional_harm_goes_to_the_head_of_the_queue_with_half_the_time(desk: Desk) -> None:
    calm = await desk.report(desk.system, INC_19)
    hurt = await desk.report(desk.system, INC_10)
    assert not calm.priority
    assert hurt.priority
    same = [{"type": "financial.direct_financial_loss", "severity": "medium"}]
    other = await desk.report(desk.system, INC_19 | {"harms": same})
    assert (hurt.answer_due - hurt.created_at) * 2 == other.answer_due - other.created_at


async def test_asking_the_customer_tells_him_and_needs_an_address(desk: Desk) -> None:
    with pytest.raises(Invalid) as caught:
        await desk.report(desk.system, INC_19 | {"customer": {"reference": "1"}, "ask_customer": True})
    assert caught.value.code == "email_needed"
    assert await desk.count("cases") == await desk.count("customers") == 0
    await desk.report(desk.system, INC_19 | {"ask_customer": True})
    assert await desk.told() == ["tell_offers"]


async def test_two_agents_with_the_same_case_get_the_same_offers(desk: Desk) -> None:
    second = await hire(desk.door, desk.system, "ivo@shop.example", "agent", 500)
    one = await desk.report(desk.agent, INC_10 | {"customer": {"reference": "1"}})
    other = await desk.report(second, INC_10 | {"customer": {"reference": "2"}})
    surprises = [[offer.key for offer in case.offers] for case in (one, other)]
    assert surprises[0] == surprises[1]
    assert [offer.value for offer in one.offers] == [offer.value for offer in other.offers]


async def test_what_was_given_before_counts_the_next_time(desk: Desk) -> None:
    first = await desk.report(desk.system, INC_10)
    await desk.choose(desk.system, first, first.offers[0].key)
    second = await desk.report(desk.system, INC_10)
    async with desk.door.read(desk.system.merchant_id) as tx:
        inputs = msgspec.json.decode((await receipt(tx, second.id)).document)["receipt"]["inputs"]
    assert inputs["history"]["cases"] == 1
    assert inputs["history"]["apologies"] == 1
    assert inputs["history"]["goodwill"]["amount"] > 0


async def test_reports_of_one_incident_are_grouped(desk: Desk) -> None:
    for number in range(3):
        case = await desk.report(
            desk.system, INC_10 | {"incident_group": "REP-1", "customer": {"reference": str(number)}}
        )
        assert case.incident == "REP-1"
    assert await desk.count("incidents") == 1


async def test_a_dry_run_offers_the_same_and_writes_nothing(desk: Desk) -> None:
    body = {name: value for name, value in INC_19.items() if name != "customer"}
    async with desk.door.read(desk.system.merchant_id) as tx:
        seen = await preview(tx, msgspec.convert(body, Preview), desk.door.clock())
    assert await desk.count("cases") == await desk.count("customers") == await desk.count("receipts") == 0
    case = await desk.report(desk.system, INC_19)
    assert [offer.key for offer in seen.offers] == [offer.key for offer in case.offers]
    assert (seen.owed, seen.goodwill) == (case.owed, case.goodwill)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"harms": [{"type": "material.bad_luck", "severity": "low"}]}, "unknown_harm"),
        ({"order": None, "currency": "EUR"}, "order_needed"),
        ({"customer": {}}, "customer_needed"),
        ({"customer": {"email": "nobody"}}, "invalid_email"),
        ({"customer": {"id": "cus_01m826eagc306qkg3g5c2zqff0"}}, "unknown_customer"),
        ({"program": "prg_other"}, "unknown_program"),
        ({"agent": "agt_01m826eagc306qkg3g5c2zqff0"}, "unknown_agent"),
    ],
)
async def test_a_report_that_cannot_be_is_refused_and_leaves_nothing(
    desk: Desk, change: dict[str, object], code: str
) -> None:
    with pytest.raises((Invalid, NotFound, Forbidden)) as caught:
        await desk.report(desk.system, INC_19 | change)
    assert caught.value.code == code
    assert await desk.count("cases") == await desk.count("customers") == await desk.count("receipts") == 0


@pytest.mark.parametrize(
    "change",
    [
        {"order": {"number": "1", "amount": {"amount": 0, "currency": "EUR"}}},
        {"order": {"number": "1", "amount": {"amount": -1, "currency": "EUR"}}},
        {"order": {"number": "1", "amount": {"amount": 10**30, "currency": "EUR"}}},
        {"order": {"number": "1", "amount": {"amount": 100, "currency": "XXX"}}},
        {"currency": "USD"},
        {"surprise": 1},
        {"customer": {"reference": "1", "age": 40}},
        {"words": "a\x00b"},
        {"channel": "dream"},
        {"harms": []},
    ],
)
def test_what_is_not_a_report_does_not_get_past_the_door(change: dict[str, object]) -> None:
    with pytest.raises((Invalid, msgspec.ValidationError)):
        reading(INC_19 | change)


async def test_foreign_and_unknown_cases_offers_and_programs_are_not_there(desk: Desk) -> None:
    other = await open_desk(desk.door, desk.owner, await make_merchant(desk.owner), slug="other")
    case = await desk.report(desk.system, INC_19)
    for who, case_id, offer, code in (
        (other.system, case.id, "refund", "unknown_case"),
        (other.agent, case.id, "refund", "unknown_case"),
        (desk.system, "case_01m826eagc306qkg3g5c2zqff0", "refund", "unknown_case"),
        (desk.system, case.id, "everything", "unknown_offer"),
        (Who(desk.system.merchant_id, "cus_01m826eagc306qkg3g5c2zqff0"), case.id, "refund", "unknown_case"),
    ):
        with pytest.raises(NotFound) as caught:
            await desk.door.write(choose, who, Choose(case_id=case_id, offer=offer))
        assert caught.value.code == code
    with pytest.raises(NotFound):
        await other.report(other.system, INC_19 | {"program": desk.program})
    async with desk.door.read(other.system.merchant_id) as tx:
        for read in (case_file, events, receipt):
            with pytest.raises(NotFound):
                await read(tx, case.id)
        assert await said(tx, [case.id]) == {}
    assert (await desk.file(case)).state is CaseState.offered


async def test_erasing_makes_person_and_words_unreadable_while_the_sums_hold(desk: Desk) -> None:
    case = await desk.report(desk.system, INC_10 | {"words": "Nobody called me back."})
    await desk.choose(desk.system, case, case.offers[0].key)
    await desk.door.write(erase, desk.system, Erase(case.customer_id))
    async with desk.door.read(desk.system.merchant_id) as tx:
        assert await said(tx, [case.id]) == {}
        assert [event.what for event in await events(tx, case.id)][-1] == "chosen"
    assert (await desk.file(case)).goodwill == case.goodwill
    assert await desk.owner.fetchval("SELECT sum(balance) FROM accounts") == 0


async def _signable(desk: Desk, **more: Any) -> tuple[CaseFile, str, str]:
    """A case whose rule asks for a signature: the case, the key of the offer, and the sentence to agree to."""
    case = await desk.report(desk.system, INC_19 | more)
    credit = next(offer for offer in case.offers if offer.consent is not None)
    await desk.owner.execute(
        "UPDATE offers SET offer = jsonb_set(offer, '{consent,form}', '\"signed\"') WHERE key = $1", credit.key
    )
    with pytest.raises(Refused) as missing:
        await desk.choose(desk.system, case, credit.key)
    return case, credit.key, missing.value.extra["sentence"]


async def test_the_customer_signs_with_his_name_beneath_the_text(desk: Desk) -> None:
    case, key, asked = await _signable(desk, locale="bg")
    himself = Who(desk.system.merchant_id, case.customer_id)
    signed = ConsentGiven(sentence=asked, signature="  Хана \u202e Вебер ")
    assert (await desk.choose(himself, case, key, consent=signed)).chosen == key
    async with desk.door.read(desk.system.merchant_id) as tx:
        (given,) = await consents(tx, case.id)
    assert given.signed is not None
    assert given.agreement == given.signed.id
    assert (given.signed.name, given.signed.locale) == ("Хана Вебер", "bg")
    assert given.signed.text.startswith(given.sentence)
    assert "пълното си име" in given.signed.text
    assert given.signed.signed_by == case.customer_id
    assert "Вебер" not in str(dict(await desk.only("agreements")))
    for change in ("UPDATE agreements SET text = 'x'", "DELETE FROM agreements"):
        with pytest.raises(asyncpg.PostgresError):
            await desk.owner.execute(change)
    await desk.door.write(erase, desk.system, Erase(case.customer_id))
    async with desk.door.read(desk.system.merchant_id) as tx:
        (given,) = await consents(tx, case.id)
    assert given.signed is not None
    assert given.signed.name is None
    assert await audit(desk.owner) == {}


@pytest.mark.parametrize("name", ["x", "12 34 56", ".....", "\u202e\u200b\u2066ab"])
async def test_what_is_no_name_signs_nothing(desk: Desk, name: str) -> None:
    case, key, asked = await _signable(desk)
    with pytest.raises(Problem) as refusal:
        await desk.choose(desk.system, case, key, consent=ConsentGiven(sentence=asked, signature=name))
    assert refusal.value.code == "full_name_needed"
    assert await desk.count("consents") == await desk.count("agreements") == 0


async def test_no_agent_signs_for_a_customer(desk: Desk) -> None:
    case, key, asked = await _signable(desk)
    with pytest.raises(Forbidden) as refusal:
        await desk.choose(desk.lead, case, key, consent=ConsentGiven(sentence=asked, signature="Hannah Weber"))
    assert refusal.value.code == "not_the_customer"
    assert await desk.count("consents") == await desk.count("agreements") == 0


async def test_who_is_owed_a_refund_that_is_on_its_way_is_not_forgotten_yet(desk: Desk) -> None:
    """His payment is sealed under his key: without it the refund could be neither made nor looked up."""
    case = await desk.report(desk.system, INC_19)
    await desk.choose(desk.system, case, "refund")
    with pytest.raises(Conflict) as chosen:
        await desk.door.write(erase, desk.system, Erase(case.customer_id))
    assert chosen.value.code == "refund_under_way"
    order = (await desk.door.write(issue_case, desk.system, IssueCase(case.id))).read(Order)
    with pytest.raises(Conflict):
        await desk.door.write(erase, desk.system, Erase(case.customer_id))
    refund = next(reward for reward in order.rewards if reward.kind == "refund")
    arrived = RefundAnswer(refund.id, Succeeded(partner_id="re_1", amount=refund.principal))
    await desk.door.write(record_refund, desk.system, arrived)
    assert (await desk.door.write(erase, desk.system, Erase(case.customer_id))).read(Customer).erased
