"""The book of cards of other brands: what is sold at which value, and what of it is refused with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compensation.catalog.library import library
from compensation.catalog.products import ProductBook, Sold
from compensation.core.errors import Invalid, Refused
from compensation.core.money import Money
from compensation.engine.document import decode

PRODUCT = """[[product]]
code = "{code}"
supplier = "{supplier}"
name = {{ en = "A", ar = "أ", bg = "А" }}
rules = {{ en = "A", ar = "أ", bg = "А" }}
countries = ["DE"]
[[product.sold]]
{sold}
"""
GOOD = 'currency = "EUR"\namounts = [1000]'


def product(sold: str = GOOD, code: str = "one", supplier: str = "main") -> str:
    return PRODUCT.format(sold=sold, code=code, supplier=supplier)


@pytest.mark.parametrize(
    "wrong",
    [
        'currency = "EUR"\namounts = [1000]\nleast = 500\nmost = 600',
        'currency = "EUR"',
        'currency = "EUR"\nleast = 500',
        'currency = "EUR"\nleast = 600\nmost = 500',
        'currency = "EUR"\namounts = [2, 1]',
        'currency = "EUR"\namounts = [0]',
        'currency = "XYZ"\namounts = [1]',
        'currency = "EUR"\namounts = [1]\nfee = -1',
        'currency = "EUR"\namounts = [1.5]',
    ],
)
def test_a_catalogue_that_says_something_wrong_is_refused(wrong: str) -> None:
    assert decode(product(), ProductBook, "products.toml").product[0].code == "one"
    with pytest.raises(Invalid, match=r"products.toml, line \d+"):
        decode(product(wrong), ProductBook, "products.toml")


def test_a_code_stands_once_and_all_are_of_one_supplier() -> None:
    for other in (product(), product(code="two", supplier="another"), product(GOOD + "\n[[product.sold]]\n" + GOOD)):
        with pytest.raises(Invalid):
            decode(product() + other, ProductBook, "products.toml")


@given(st.integers(1, 10_000), st.integers(0, 10_000), st.integers(1, 900), st.integers(0, 25_000))
def test_a_range_has_its_steps_and_nothing_between_or_beyond(least: int, more: int, step: int, amount: int) -> None:
    sold = Sold(currency="EUR", least=least, most=least + more, step=step)
    assert sold.has(amount) == (amount in range(least, least + more + 1, step))


def test_what_ships_sells_each_value_it_lists_and_tells_its_terms() -> None:
    for one in library().products.page(None, None, None, 200):
        for sold in one.sold:
            for amount in sold.amounts or (sold.least, sold.most):
                assert amount is not None
                terms = one.terms(Money(amount, sold.currency))
                assert (terms.product, terms.supplier, terms.fee) == (one.code, one.supplier, sold.fee)
            with pytest.raises(Refused, match="not_sold"):
                one.terms(Money(1, sold.currency))
