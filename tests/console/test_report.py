"""Stories of the form "Report a case": it becomes a case, or says everything that is wrong with what was typed."""

import re

import asyncpg
import pytest
from msgspec import UNSET, UnsetType

from compensation.cases.said import said
from compensation.core.money import Money
from compensation.engine.report import Facts, Report
from tests.console.conftest import MIRA
from tests.console.shop import Seat, Shop, text, title
from tests.web.conftest import everything

NEW = "/console/cases/new"
KETTLE = {
    "words": "My kettle stopped heating.\nI would like my money back.",
    "wants": "refund",
    "channel": "phone",
    "reason_code": "defect",
    "harm.material.defective_product": "yes",
    "severity.material.defective_product": "medium",
    "harm.emotional.frustration_resentment": "yes",
    "severity.emotional.frustration_resentment": "high",
    "currency": "eur",
    "order_number": "SN-48213",
    "amount": "100",
    "item": "kettle",
    "payment": "pay_48213",
    "ordered_on": "2026-11-02",
    "promised_on": "2026-11-09",
    "delivered_on": "2026-11-12",
    "fact.within_withdrawal_window": "yes",
    "fact.replaceable": "yes",
    "cost.0.type": "return_shipping",
    "cost.0.amount": "8.40",
    "cost.0.reference": "R-1",
    "cost.0.accepted": "yes",
    "cost.1.type": "travel",
    "cost.1.amount": "12.00",
    "name": "Layla Haddad",
    "email": "layla@haddad.example",
    "phone": "+353 1 555 0142",
    "reference": "CUST-1",
    "locale": "en",
    "country": "IE",
    "tier": "gold",
}


async def reported(shop: Shop, case_id: str) -> Report:
    async with shop.door.read(shop.demo.merchant) as tx:
        return (await said(tx, [case_id]))[case_id].report


async def test_a_form_becomes_a_case_with_its_decision(mira: Seat, shop: Shop) -> None:
    page = await mira.see(NEW)
    answer = await mira.send(page, NEW, **KETTLE)
    assert answer.status_code == 303, text(answer.text)
    found = re.fullmatch(r"/console/cases/(case_\w+)\?done=reported", answer.headers["location"])
    assert found is not None
    case = await shop.file(found[1])
    assert (case.state, case.channel, case.agent_id) == ("offered", "phone", shop.staff[MIRA].actor)
    assert case.harms == ("emotional.frustration_resentment", "material.defective_product")
    assert case.owed == Money(10840, "EUR")
    report = await reported(shop, case.id)
    assert report.words == KETTLE["words"]
    assert report.order is not None
    assert report.order.payment == "pay_48213"
    assert [(line.type, line.amount.amount, line.accepted) for line in report.cost_lines] == [
        ("return_shipping", 840, True), ("travel", 1200, False),
    ]  # fmt: skip
    page = await mira.see(answer.headers["location"])
    assert "The case is open. Choose one of its offers." in page
    assert 'id="offers" tabindex="-1" autofocus' in page
    assert "Reported by Mira Stoyanova" in text(page)
    assert "Not accepted, so it is not counted" in page


async def test_everything_wrong_is_told_at_once_at_its_field_and_what_was_typed_stays(
    mira: Seat, owner: asyncpg.Connection
) -> None:
    wrong = {
        "amount": "54.001", "already_refunded": "-1", "ordered_on": "12 May", "days_late": "three", "email": "x" * 330,
        "cost.0.amount": "ten", "cost.1.type": "", "severity.emotional.frustration_resentment": "",
        "country": "", "reason_code": "nonsense", "item": "a <b>kettle</b> & pot",
    }  # fmt: skip
    page = await mira.see(NEW)
    before = await everything(owner, but=set())
    answer = await mira.send(page, NEW, **{**KETTLE, **wrong})
    assert answer.status_code == 422
    assert await everything(owner, but=set()) == before
    assert title(answer.text).startswith("Error:")
    first = re.search(r'<main id="main" class="work">\s*(<div[^>]*>)', answer.text)
    assert first is not None
    assert 'class="errors" role="alert" tabindex="-1" autofocus' in first[1]
    told = re.findall(r'<li><a href="#([^"]+)">', answer.text)
    assert set(told) == set(wrong) - {"item"}
    places = [answer.text.index(f'id="{field}"') for field in told]
    assert places == sorted(places), "in the order of the page"
    assert f"{len(told)} things need your attention" in answer.text
    for field in told:
        assert f'id="{field}"' in answer.text
        assert re.search(rf'id="{re.escape(field)}"[^>]*aria-invalid="true"', answer.text), field
    assert "Too many decimals; write it like 54.00" in answer.text
    for kept in (
        'value="54.001"',
        'value="three"',
        'value="a &lt;b&gt;kettle&lt;/b&gt; &amp; pot"',
        "My kettle stopped",
    ):
        assert kept in answer.text
    assert '<option value="gold" selected>' in answer.text
    assert re.search(r'id="fact.within_withdrawal_window"[^>]* checked', answer.text)


async def test_an_empty_form_says_what_is_needed_and_no_more(mira: Seat) -> None:
    answer = await mira.send(await mira.see(NEW), NEW)
    told = set(re.findall(r'<li><a href="#([^"]+)">', answer.text))
    assert told == {"harms", "country", "locale", "reason_code", "channel", "currency"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "", "reference": "", "phone": ""}, "email"),
        ({"email": "layla@", "reference": "CUST-9"}, "email"),
        ({"phone": "one two"}, "phone"),
        ({"email": "", "ask_customer": "yes"}, "email"),
        ({"order_number": "", "amount": "", "item": "", "payment": "", "ordered_on": "", "promised_on": "",
          "delivered_on": ""}, "order_number"),
        ({"amount": "0"}, "amount"),
        ({"amount": "1e30"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": "1,50"}, "amount"),
        ({"currency": "EURO"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"promised_credit": "7.001"}, "promised_credit"),
        ({"words": "x" * 9000}, "words"),
    ],
)  # fmt: skip
async def test_each_fault_leads_to_its_field(mira: Seat, change: dict[str, str], field: str) -> None:
    answer = await mira.send(await mira.see(NEW), NEW, **{**KETTLE, **change})
    assert answer.status_code == 422, text(answer.text)
    assert re.findall(r'<li><a href="#([^"]+)">', answer.text) == [field]


@pytest.mark.parametrize(
    ("currency", "written", "minor"), [("KWD", "26.950", 26950), ("JPY", "120", 120), ("EUR", " 54.5 ", 5450)]
)
async def test_amounts_have_the_decimals_of_their_currency(
    mira: Seat, shop: Shop, currency: str, written: str, minor: int
) -> None:
    typed = {**KETTLE, "currency": currency, "amount": written, "cost.0.type": "", "cost.0.amount": "",
             "cost.0.reference": "", "cost.1.type": "", "cost.1.amount": ""}  # fmt: skip
    answer = await mira.send(await mira.see(NEW), NEW, **typed)
    assert answer.status_code == 303, text(answer.text)
    assert (await shop.owner.fetchval("SELECT order_amount FROM cases")) == minor


async def test_a_decimal_comma_is_read_where_people_write_one(mira: Seat, shop: Shop) -> None:
    answer = await mira.send(await mira.see(f"{NEW}?lang=bg"), NEW, **{**KETTLE, "amount": "1 850,50"})
    assert answer.status_code == 303, text(answer.text)
    assert (await shop.owner.fetchval("SELECT order_amount FROM cases")) == 185050


async def test_a_form_sent_twice_opens_one_case_and_says_so_when_it_was_changed(mira: Seat, shop: Shop) -> None:
    page = await mira.see(NEW)
    first = await mira.send(page, NEW, **KETTLE)
    again = await mira.send(page, NEW, **KETTLE)
    assert first.headers["location"] == again.headers["location"]
    assert await shop.count("cases") == 1
    changed = await mira.send(page, NEW, **{**KETTLE, "order_number": "SN-2"})
    assert changed.status_code == 422
    assert "This form was sent before." in changed.text
    sure = await mira.send(changed.text, NEW, **{**KETTLE, "order_number": "SN-2"})
    assert sure.status_code == 303
    assert await shop.count("cases") == 2


async def test_more_cost_lines_keep_what_was_typed(mira: Seat, shop: Shop) -> None:
    page = await mira.see(NEW)
    assert page.count("<legend><b>Cost ") == 2
    more = await mira.send(page, NEW, **KETTLE, more="yes")
    assert more.status_code == 200
    assert more.text.count("<legend><b>Cost ") == 4
    assert 'value="8.40"' in more.text
    assert await shop.count("cases") == 0
    third = {"cost.2.type": "phone", "cost.2.amount": "1.20", "cost.2.accepted": "yes"}
    answer = await mira.send(more.text, NEW, **KETTLE, **third)
    assert answer.status_code == 303
    case_id = await shop.owner.fetchval("SELECT id FROM cases")
    assert len((await reported(shop, case_id)).cost_lines) == 3


async def test_a_customer_is_asked_when_the_agent_says_so(mira: Seat, shop: Shop) -> None:
    await mira.send(await mira.see(NEW), NEW, **KETTLE, ask_customer="yes")
    assert await shop.told("tell_offers") == 1


async def test_every_fact_a_report_may_state_has_its_place_in_the_form(mira: Seat) -> None:
    page = await mira.see(NEW)
    for name, kind in Facts.__annotations__.items():
        field = f"fact.{name}" if kind is bool else name
        assert f'id="{field}"' in page, name


@pytest.mark.parametrize(("written", "kept"), [("ca", "CA"), ("US-CA", "CA"), ("", UNSET)])
async def test_the_region_is_asked_for_where_its_law_may_differ(
    mira: Seat, shop: Shop, written: str, kept: str | UnsetType
) -> None:
    answer = await mira.send(await mira.see(NEW), NEW, **{**KETTLE, "country": "US", "region": written})
    assert answer.status_code == 303, text(answer.text)
    case = answer.headers["location"].removeprefix("/console/cases/").partition("?")[0]
    assert (await reported(shop, case)).region == kept
    wrong = await mira.send(await mira.see(NEW), NEW, **{**KETTLE, "region": "California"})
    assert wrong.status_code == 422
    assert "Write the one to three letters or figures of ISO 3166-2" in text(wrong.text)
