"""Nothing takes the place of what is owed against the law, whoever asks and by whichever door."""

import hashlib
import io

import asyncpg
import pytest

from compensation.cases.case import CaseFile
from compensation.cases.choose import Choose, choose
from compensation.cases.consent import ConsentGiven
from compensation.core.errors import NotFound, Refused
from compensation.core.money import Money
from compensation.db.answers import Who
from compensation.imports.batch import Import
from compensation.imports.take import Taking, Upload
from compensation.issuance.order import Item, OrderRequest, issue
from compensation.issuance.reward import Order
from tests.cases.desk import INC_19, Desk

TWICE = INC_19 | {
    "country": "QA",
    "facts": {"duplicate_charge": True, "wants": "refund"},
}
"""Money taken twice: the rule allows no substitute at all, with or without consent."""
AGREED = ConsentGiven(sentence="I agree to receive store credit of €594.00 instead of €540.00 in money.")


@pytest.fixture
async def twice(desk: Desk) -> CaseFile:
    case = await desk.report(desk.system, TWICE)
    assert {refusal.rule for refusal in case.assessment.refused} == {"GEN-DUP"}
    assert "credit" not in {offer.key for offer in case.offers}
    return case


@pytest.mark.parametrize("asker", ["system", "agent", "lead", "customer"])
@pytest.mark.parametrize("offer", ["credit", "gift_card", "points", "discount"])
async def test_nobody_chooses_what_the_law_forbids_even_with_consent(
    desk: Desk, twice: CaseFile, asker: str, offer: str
) -> None:
    who = Who(desk.system.merchant_id, twice.customer_id) if asker == "customer" else getattr(desk, asker)
    with pytest.raises(NotFound) as refused:
        await desk.door.write(choose, who, Choose(case_id=twice.id, offer=offer, consent=AGREED))
    assert refused.value.code == "unknown_offer"
    assert (await desk.file(twice)).state == "offered"


async def test_an_order_that_names_the_case_goes_not_past_its_offers(desk: Desk, twice: CaseFile) -> None:
    card = Item(kind="gift_card", amount=Money(100_00, "EUR"))
    with pytest.raises(Refused) as refused:
        (await desk.door.write_together(issue, desk.system, OrderRequest(items=(card,), reference=twice.id))).read(
            Order
        )
    assert (refused.value.code, refused.value.extra["case_id"]) == ("choose_in_case", twice.id)
    assert await desk.count("orders") == 0


async def test_once_the_case_is_settled_a_gesture_may_name_it(desk: Desk, twice: CaseFile) -> None:
    await desk.choose(desk.lead, twice, "refund")
    card = Item(kind="gift_card", amount=Money(5_00, "EUR"))
    request = OrderRequest(items=(card,), reference=twice.id)
    assert (await desk.door.write_together(issue, desk.system, request)).read(Order).reference == twice.id


async def test_a_file_that_names_the_case_is_not_issued(desk: Desk, twice: CaseFile) -> None:
    rows = (
        f"key,kind,amount,currency,reference\na,gift_card,25.00,EUR,{twice.id}\nb,gift_card,25.00,EUR,SN-1\n".encode()
    )
    upload = Upload("file", "csv", hashlib.sha256(rows).hexdigest())
    found = (await desk.door.write(Taking(io.BytesIO(rows)).take, desk.system, upload)).read(Import)
    assert (found.state, found.flaws) == ("refused", 1)
    flaw = await desk.only("import_flaws")
    assert (flaw["line"], flaw["code"]) == (2, "choose_in_case")


@pytest.mark.parametrize("consent", ["null", '{"form": "never"}'])
async def test_the_table_itself_refuses_a_substitute_that_was_written_past_the_engine(
    desk: Desk, twice: CaseFile, consent: str
) -> None:
    forged = (
        f'{{"consent": {consent}, "lines": [{{"part": "owed", "settles": ["charge"], "terms": {{"kind": "points"}}}}]}}'
    )
    with pytest.raises(asyncpg.CheckViolationError):
        await desk.owner.execute(
            "INSERT INTO offers VALUES ($1, $2, 99, 'forged', $3)", desk.system.merchant_id, twice.id, forged
        )
