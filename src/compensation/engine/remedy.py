"""The classes of redress, as data: how each is issued, what it is called, and what it can be expected to cost."""

import math
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.core.errors import Invalid
from compensation.engine.document import fingerprint
from compensation.engine.harm import Wording
from compensation.engine.report import Code
from compensation.engine.taxonomy import DueKind
from compensation.engine.terms import Kind


class CostModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a remedy costs the merchant, in per cent, exactly.

    Of the face value (principal and bonus) ``redeemed`` is expected to be used, and each used unit costs
    ``goods`` (100 for money). ``fee`` is paid to a supplier on the whole face value. ``of_order`` is for what has
    no face value: a repair, a tier, a free service.
    """

    redeemed: Decimal = Decimal(100)
    goods: Decimal = Decimal(100)
    fee: Decimal = Decimal(0)
    of_order: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        if not all(0 <= percent <= 1000 for percent in (self.redeemed, self.goods, self.fee, self.of_order)):
            raise ValueError("A percentage of the cost model lies between 0 and 1000.")


class Remedy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One class of redress. ``sized`` says that it carries a sum; ``substitute``, that it may replace money."""

    code: Code
    kind: Kind
    label: Wording
    sized: bool
    money_equivalent: bool = False
    substitute: bool = False
    meets: tuple[DueKind, ...] = ()
    """The dues in kind that this remedy meets."""
    arrives_in_days: Annotated[int, Meta(ge=0, le=365)]
    cost: CostModel = CostModel()

    def __post_init__(self) -> None:
        if (self.money_equivalent or self.substitute) and not self.sized:
            raise ValueError(f"{self.code} has no sum, so it cannot stand for one.")


class RemedyBook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``catalog/remedies.toml``."""

    remedy: tuple[Remedy, ...]

    def __post_init__(self) -> None:
        codes = [remedy.code for remedy in self.remedy]
        if len(set(codes)) != len(codes):
            raise ValueError("A remedy is named twice.")


class Shelf:
    """What can be issued now: the book of remedies less those a merchant does not have. Immutable."""

    def __init__(self, book: RemedyBook, without: frozenset[str] = frozenset()) -> None:
        self.book = book
        self.without = without
        self.hash = fingerprint(book)
        self._remedies = {remedy.code: remedy for remedy in book.remedy}
        rates = {remedy.code: _rates(remedy.cost) for remedy in book.remedy}
        # One common denominator turns every later sum of costs into whole numbers.
        self._parts = math.lcm(*(rate.denominator for pair in rates.values() for rate in pair))
        self._rates = {
            code: (int(face * self._parts), int(order * self._parts)) for code, (face, order) in rates.items()
        }
        self.here = frozenset(self._remedies.keys() - without)
        unknown = without - self._remedies.keys()
        if unknown:
            raise Invalid("unknown_remedy", f"There is no remedy {', '.join(sorted(unknown))}.")

    def __contains__(self, code: str) -> bool:
        return code in self.here

    def known(self, code: str) -> Remedy | None:
        """The remedy of the book, on the shelf or not."""
        return self._remedies.get(code)

    def meets(self, code: str) -> tuple[DueKind, ...]:
        """The dues in kind that a remedy meets; none for one that is unknown."""
        remedy = self._remedies.get(code)
        return remedy.meets if remedy else ()

    def remedy(self, code: str) -> Remedy:
        try:
            return self._remedies[code]
        except KeyError:
            raise Invalid("unknown_remedy", f"There is no remedy {code!r}.") from None

    def without_also(self, codes: frozenset[str]) -> "Shelf":
        """The same shelf with more of it empty."""
        if codes <= self.without:
            return self
        return Shelf(self.book, self.without | codes)

    def cost(self, faces: Iterable[tuple[str, int]], order: int) -> int:
        """What remedies of these face values can be expected to cost, in minor units.

        ``order`` is the order's amount. The sum is exact and rounded once, half up.
        """
        parts = 0
        for code, face in faces:
            of_face, of_order = self._rates[code]
            parts += of_face * face + of_order * order
        return (2 * parts + self._parts) // (2 * self._parts)


def _rates(model: CostModel) -> tuple[Fraction, Fraction]:
    used = Fraction(model.redeemed) * Fraction(model.goods) / 10_000
    return used + Fraction(model.fee) / 100, Fraction(model.of_order) / 100
