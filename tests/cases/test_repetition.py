"""A story of repetition: what a customer had before is an input of the next decision, and stands in its receipt."""

from datetime import timedelta
from functools import partial

import msgspec

from compensation.cases.case import receipt
from compensation.cases.verify import judge
from compensation.engine.terms import WordsTerms
from tests.cases.desk import INC_10, Desk


async def test_the_second_harm_knows_of_the_first_and_its_receipt_says_so(desk: Desk) -> None:
    now = desk.door.clock()
    first = await desk.report(desk.system, INC_10)
    await desk.choose(desk.system, first, first.offers[0].key)
    desk.door.clock = partial(_same, now + timedelta(days=12, hours=1))
    second = await desk.report(desk.system, INC_10)
    async with desk.door.read(desk.system.merchant_id) as tx:
        kept = [await receipt(tx, case.id) for case in (first, second)]
    told = [msgspec.json.decode(one.document)["receipt"]["inputs"]["history"] for one in kept]
    assert "last_days" not in told[0]
    assert (told[1]["cases"], told[1]["apologies"], told[1]["last_days"]) == (1, 1, 12)
    for one in kept:
        assert judge(one.document, [desk.door.vault.verifier(one.key_version)]).valid
    words = [next(line.terms for line in case.offers[0].lines if line.remedy == "apology") for case in (first, second)]
    assert [one.earlier for one in words if isinstance(one, WordsTerms)] == [0, 1]
    assert {line.remedy for line in second.offers[0].lines} > {line.remedy for line in first.offers[0].lines}


async def test_only_who_was_made_good_to_before_is_harmed_again(desk: Desk) -> None:
    """A case that was told and not answered is no first one: nobody earns more by reporting twice."""
    first = await desk.report(desk.system, INC_10)
    twice = await desk.report(desk.system, INC_10)
    assert twice.goodwill == first.goodwill
    await desk.choose(desk.system, first, first.offers[0].key)
    again = await desk.report(desk.system, INC_10)
    assert again.goodwill.amount == first.goodwill.amount * 125 // 100


def _same(moment: object) -> object:
    return moment
