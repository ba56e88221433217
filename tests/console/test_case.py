"""Stories of one case: what an agent reads before he decides, and that it is his own shop's."""

import re

import asyncpg
import msgspec
import pytest

from compensation.cases.case import receipt
from compensation.cases.choose import Choose, choose
from compensation.cases.override import Override
from compensation.core.vault import hash_password
from compensation.merchants.agent import NewAgent, add_agent
from tests.cases.desk import INC_19, open_desk
from tests.conftest import make_merchant
from tests.console.conftest import MIRA
from tests.console.shop import KEPT_PREPAYMENT, LATE_GIFT, Seat, Shop, hidden, text
from tests.look.incidents import incidents
from tests.web.conftest import everything

SLOT = re.compile(r"\{[a-z_]+\}")


async def test_the_page_says_what_why_how_much_and_by_which_law(mira: Seat, shop: Shop) -> None:
    case = await shop.report(KEPT_PREPAYMENT)
    page = await mira.see(f"/console/cases/{case.id}")
    read = text(page)
    order = ["In the customer’s words", "Evidence", "Harms", "Offers, side by side", "Why this amount", "Law",
             "Message", "History", "Customer"]  # fmt: skip
    places = [page.index(f">{heading}</h") for heading in order]
    assert places == sorted(places)
    assert '<blockquote class="said-by" lang="en" dir="auto"><p>You cancelled the workshop in May' in page
    for said in (
        "Order SN-44419, workshop", "€540.00 paid", "We cancelled",
        "Financial, Direct financial loss", "Critical", "The price paid, €540.00, is owed back.",
        "Refund the way you paid €540.00", "Meets it", "Only with the customer’s recorded consent", "Within 7 days",
        "€540.00 owed", "10% of the order. 540.00 × 10 % = 54.00", "No limit changes the sum",
        "EU-PREPAY", "Not verified", "Have it checked before you rely on it",
        "Dear Hannah Weber,", "care@souqnour.example", "Reported by the shop’s system", "Waiting for a choice",
        "Gold", "English, Germany", "You may grant up to €200.00",
    ):  # fmt: skip
        assert said in read, said
    assert case.receipt_id[:15] in page
    assert read.count("Nothing is issued before you have looked") == 1
    assert "checked" not in re.findall(r"<input type=\"radio\"[^>]*>", page)[0], "nothing is chosen beforehand"


@pytest.mark.parametrize("incident", sorted(incidents()))
async def test_every_incident_is_a_page_in_every_language_before_and_after_it_is_chosen(
    mira: Seat, shop: Shop, incident: str
) -> None:
    case = await shop.report(incident)
    here = f"/console/cases/{case.id}"
    paths = [here, *(f"{here}/choose?offer={offer.key}" for offer in case.offers), f"{here}/receipt"]
    for tag in ("en", "ar", "bg"):
        for path in paths:
            page = await mira.see(f"{path}{'&' if '?' in path else '?'}lang={tag}")
            assert not SLOT.search(text(page)), f"{path} {tag}: {SLOT.findall(text(page))}"
            assert "lang=" in page
    lawful = case.offers[0]
    await shop.door.write(choose, shop.system, Choose(case_id=case.id, offer=lawful.key))
    await shop.issue(case.id)
    for tag in ("en", "ar", "bg"):
        page = await mira.see(f"{here}?lang={tag}")
        assert not SLOT.search(text(page))
        for path in ("message", "message.txt"):
            assert (await mira.get(f"{here}/{path}")).status_code == 200
    things = [line for line in lawful.lines if line.terms.__struct_config__.tag != "words"]
    assert page.count('<tr><th scope="row">') >= len(things)


async def test_another_shops_case_is_not_there_whatever_is_asked_of_it(
    mira: Seat, shop: Shop, owner: asyncpg.Connection
) -> None:
    other = await open_desk(shop.door, owner, await make_merchant(owner), slug="elsewhere")
    foreign = await other.report(other.agent, INC_19)
    own = await shop.report(KEPT_PREPAYMENT)
    here = f"/console/cases/{foreign.id}"
    form = hidden(await mira.see(f"/console/cases/{own.id}/choose?offer=refund"))
    before = await everything(owner)
    for path in ("", "/receipt", "/receipt.json", "/message", "/message.txt", "/choose?offer=refund", "/approve",
                 "/reject", "/send-back", "/cancel"):  # fmt: skip
        answer = await mira.get(here + path)
        assert answer.status_code == 404, path
        assert "Hannah" not in answer.text
    for path in ("/choose", "/approve", "/reject", "/send-back", "/cancel", "/close", "/done/rwd_0"):
        answer = await mira.client.post(here + path, data={**form, "once": path, "offer": "refund", "reason": "why"})
        assert answer.status_code == 404, path
    assert await everything(owner) == before
    assert foreign.id not in await mira.see("/console")


async def test_the_receipt_is_read_on_the_page_and_downloaded_byte_for_byte(mira: Seat, shop: Shop) -> None:
    case = await shop.report(KEPT_PREPAYMENT)
    async with shop.door.read(shop.demo.merchant) as tx:
        kept = await receipt(tx, case.id)
    page = await mira.see(f"/console/cases/{case.id}/receipt")
    assert kept.id in page
    assert "&#34;unverified&#34;" in page
    assert "You cancelled the workshop" not in page
    answer = await mira.get(f"/console/cases/{case.id}/receipt.json")
    assert answer.content == kept.document
    assert answer.headers["content-disposition"] == f'attachment; filename="{kept.id}.json"'
    assert set(msgspec.json.decode(kept.document)) >= {"receipt", "signature"}


async def test_the_mail_is_shown_as_it_will_be_sent_and_may_do_nothing(mira: Seat, shop: Shop) -> None:
    case = await shop.report(KEPT_PREPAYMENT)
    answer = await mira.get(f"/console/cases/{case.id}/message?offer=credit")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "allow-scripts" not in policy
    assert "Hannah Weber" in answer.text
    written = (await mira.get(f"/console/cases/{case.id}/message.txt?offer=credit")).text
    assert "€594.00" in written
    assert "€594.00" not in (await mira.get(f"/console/cases/{case.id}/message.txt?offer=refund")).text


async def test_a_customer_who_comes_often_is_looked_at_first_and_not_refused(mira: Seat, shop: Shop) -> None:
    for _ in range(5):
        case = await shop.report(LATE_GIFT)
    read = text(await mira.see(f"/console/cases/{case.id}"))
    assert "Look first." in read
    assert "Cases in a year 5" in read
    look = text(await mira.see(f"/console/cases/{case.id}/choose?offer={case.offers[0].key}"))
    assert "Somebody should look at this case first." in look
    assert "Propose" in look


async def test_what_is_issued_is_shown_by_its_last_four_and_never_by_its_code(mira: Seat, shop: Shop) -> None:
    case = await shop.report(LATE_GIFT, shop.staff[MIRA])
    card = next(offer for offer in case.offers if offer.key == "gift_card")
    await shop.door.write(
        choose, shop.staff[MIRA], Choose(case_id=case.id, offer=card.key, override=Override(reason="customer_wish"))
    )
    order = await shop.issue(case.id)
    reward = next(one for one in order.rewards if one.kind == "gift_card")
    page = await mira.see(f"/console/cases/{case.id}")
    read = text(page)
    assert "What was issued" in read
    assert reward.code_last4 is not None
    assert reward.code_last4 in read
    assert "Message sent" in read
    assert not re.search(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", page)


async def test_a_name_is_told_to_colleagues_of_the_shop_only(
    shop: Shop, visitor: Seat, owner: asyncpg.Connection
) -> None:
    other = await make_merchant(owner)
    new = NewAgent(
        name="Eve", email="eve@elsewhere.example", password=hash_password("a word"), role="admin", authority={}
    )
    await shop.door.write(add_agent, other, new)
    await shop.report(KEPT_PREPAYMENT)
    await visitor.log_in("eve@elsewhere.example", "a word")
    assert "Hannah" not in await visitor.see("/console")
    for asked in ("hannah weber", "INC-19@mail.example", "SN-44419"):
        found = await visitor.client.get("/console", params={"q": asked})
        assert "Nothing was found" in found.text
