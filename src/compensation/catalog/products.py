"""Cards of other brands: what each is called, where and at which values it is sold, by whom, and by which rules."""

from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.core.errors import Invalid, Refused
from compensation.core.money import MAX_AMOUNT, Money
from compensation.engine.harm import Wording
from compensation.engine.report import Code
from compensation.engine.terms import ProductTerms

Amount = Annotated[int, Meta(gt=0, le=MAX_AMOUNT)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]


class Sold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The face values of one currency, in minor units: those listed in ``amounts``, or every ``step`` from ``least`` to
    ``most``. ``fee`` is what the supplier asks for each card besides."""

    currency: Currency
    amounts: tuple[Amount, ...] = ()
    least: Amount | None = None
    most: Amount | None = None
    step: Amount = 1
    fee: Annotated[int, Meta(ge=0, le=MAX_AMOUNT)] = 0

    def __post_init__(self) -> None:
        try:
            Money(0, self.currency)
        except Invalid as wrong:
            raise ValueError(str(wrong)) from None
        ranged = self.least is not None and self.most is not None
        if ranged == bool(self.amounts) or (self.least is None) != (self.most is None):
            raise ValueError("Give either amounts, or least and most.")
        if self.least is not None and self.most is not None and self.most < self.least:
            raise ValueError("The most is not below the least.")
        if list(self.amounts) != sorted(set(self.amounts)):
            raise ValueError("The amounts rise, each named once.")

    def has(self, amount: int) -> bool:
        if self.least is None or self.most is None:
            return amount in self.amounts
        return self.least <= amount <= self.most and (amount - self.least) % self.step == 0


class Product(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A card of one brand. ``countries`` are those in which the brand takes it."""

    code: Code
    supplier: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]
    name: Wording
    rules: Wording
    """How and where it is used, in the brand's own terms, for whoever receives it."""
    countries: Annotated[tuple[Country, ...], Meta(min_length=1)]
    valid_months: Annotated[int, Meta(ge=1, le=240)] | None = None
    """None for a card that never expires."""
    sold: Annotated[tuple[Sold, ...], Meta(min_length=1)]

    def __post_init__(self) -> None:
        if len({one.currency for one in self.sold}) != len(self.sold):
            raise ValueError(f"{self.code} names a currency twice.")

    def terms(self, amount: Money) -> ProductTerms:
        """What a card of this face value is issued by. Raises Refused ``not_sold`` naming what is."""
        for one in self.sold:
            if one.currency == amount.currency and one.has(amount.amount):
                return ProductTerms(
                    product=self.code,
                    supplier=self.supplier,
                    name=self.name,
                    rules=self.rules,
                    fee=one.fee,
                    valid_months=self.valid_months,
                )
        raise Refused(
            "not_sold",
            f"{self.code} is not sold at {amount.decimal} {amount.currency}. Take a value out of `sold`.",
            sold=msgspec.to_builtins(self.sold),
        )


class ProductBook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``catalog/products.toml``."""

    product: tuple[Product, ...] = ()

    def __post_init__(self) -> None:
        if len({one.code for one in self.product}) != len(self.product):
            raise ValueError("A product stands twice.")
        if len({one.supplier for one in self.product}) > 1:
            # One address is set for all (COMPENSATION_SUPPLIER_URL), so a second supplier's cards would be asked of the
            # first.
            raise ValueError("All products are of one supplier.")


class Products:
    """The book, by code."""

    def __init__(self, book: ProductBook) -> None:
        self._all = tuple(sorted(book.product, key=lambda one: one.code))
        self._by_code = {one.code: one for one in self._all}

    def named(self, code: str) -> Product:
        """Raises Invalid ``unknown_product``."""
        found = self._by_code.get(code)
        if found is None:
            raise Invalid("unknown_product", "There is no such product. GET /v1/products lists them.", product=code)
        return found

    def page(self, country: str | None, currency: str | None, after: str | None, limit: int) -> list[Product]:
        """Those taken in that country and sold in that currency, in the order of their codes, after that code."""
        fitting = (
            one
            for one in self._all
            if (after is None or one.code > after)
            and (country is None or country in one.countries)
            and (currency is None or any(sold.currency == currency for sold in one.sold))
        )
        return [one for one, _ in zip(fitting, range(limit), strict=False)]
