"""Laws of what is promised after the sale: it is told, it routes, and it never takes away what is owed."""

import datetime

import msgspec
import pytest

from compensation.core.errors import Invalid
from compensation.engine.public_terms import PublicTerms
from compensation.engine.receipt import Books
from tests.engine.bench import report
from tests.engine.conftest import TODAY
from tests.engine.test_policy import SHIPPED, load, with_policy

TOLD = SHIPPED[SHIPPED.index("[public]") : SHIPPED.index("# One point")]
"""The public terms that ship."""
PUBLIC = """[public]
warranty_months = 24
[public.returns]
shipping = "customer"
[[public.returns.not_returned]]
categories = ["food"]
skus = ["CAKE-1"]
because = { en = "Food spoils.", ar = "الطعام يفسد.", bg = "Храната се разваля." }

"""
WINDOWS = """[[house.window]]
categories = ["food"]
request_window_days = 7

[[house.window]]
countries = ["BG"]
request_window_days = 730

[public]"""


def said(*changes: tuple[str, str]) -> str:
    text = SHIPPED
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def bought(days_ago: int, **order: object) -> dict[str, object]:
    return {"ordered_on": TODAY - datetime.timedelta(days=days_ago), **order}


@pytest.mark.parametrize(
    ("order", "country", "looks"),
    [
        (bought(8, category="food"), "JP", True),
        (bought(7, category="food"), "JP", False),
        (bought(8, category="food"), "BG", True),
        (bought(700), "BG", False),
        (bought(700), "JP", True),
    ],
)
def test_the_first_window_that_fits_is_the_one(
    books: Books, order: dict[str, object], country: str, looks: bool
) -> None:
    bench = with_policy(books, said(("[public]", WINDOWS)))
    decision = bench.decide(report("material.defective_product high", country=country, order=order))
    assert [reason.code for reason in decision.review] == (["review.outside_window"] if looks else [])


@pytest.mark.parametrize(("days", "code"), [(731, "facts.out_of_warranty"), (700, "facts.under_warranty")])
def test_a_warranty_is_told_of_and_changes_nothing(books: Books, days: int, code: str) -> None:
    told = report("material.defective_product high", country="JP", order=bought(days))
    plain, public = (
        with_policy(books, SHIPPED).decide(told),
        with_policy(books, said((TOLD, PUBLIC))).decide(told),
    )
    assert [line.reason.code for line in public.trace if "warranty" in line.reason.code] == [code]
    assert (public.offers, public.owed, public.goodwill) == (plain.offers, plain.owed, plain.goodwill)


@pytest.mark.parametrize("order", [{"category": "food"}, {"sku": "CAKE-1"}])
def test_goods_that_are_not_taken_back_are_put_right_all_the_same(books: Books, order: dict[str, str]) -> None:
    bench = with_policy(books, said((TOLD, PUBLIC)))
    facts = {"repairable": True, "replaceable": True}
    spoilt = bench.decide(report("material.defective_product high", order=order, facts=facts))
    other = bench.decide(report("material.defective_product high", facts=facts))
    assert "exchange" in [offer.key for offer in other.offers]
    assert "exchange" not in [offer.key for offer in spoilt.offers]
    assert [one.reason.code for one in spoilt.refused if one.key == "exchange"] == ["refused.not_taken_back"]
    assert {"repair", "replacement"} <= {offer.key for offer in spoilt.offers}
    assert spoilt.owed == other.owed


def test_what_is_left_out_of_a_policy_leaves_its_hash(books: Books) -> None:
    bare = load(books, said((TOLD, ""), ("takes_back = true\n", ""))).document
    assert b'"public"' not in msgspec.json.encode(bare)
    assert b"takes_back" not in msgspec.json.encode(bare)
    assert load(books, said((TOLD, PUBLIC))).hash != books.policy.hash


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("warranty_months = 24", "warranty_months = 0", ">= 1"),
        ('shipping = "customer"', 'shipping = "nobody"', "nobody"),
        ('categories = ["food"]\nskus = ["CAKE-1"]\n', "", "Name the categories or the skus"),
    ],
)
def test_public_terms_that_say_nothing_are_refused(books: Books, old: str, new: str, reason: str) -> None:
    with pytest.raises(Invalid) as refusal:
        load(books, said((TOLD, PUBLIC.replace(old, new))))
    assert reason in refusal.value.detail


def test_nothing_of_the_public_terms_is_needed() -> None:
    assert PublicTerms() == PublicTerms(sums=False)
