"""Exact arithmetic on minor units: a share of a sum rounded once, half up, and how it is written down."""

from decimal import Decimal
from fractions import Fraction

from compensation.core.money import Money, exponent


def share(amount: int, parts: int, whole: int) -> int:
    """``amount × parts ÷ whole`` for sums that are not negative, rounded half up to a whole minor unit."""
    return (2 * amount * parts + whole) // (2 * whole)


def ratio(percent: Decimal) -> tuple[int, int]:
    """A percentage as two whole numbers, for ``share``."""
    return (Fraction(percent) / 100).as_integer_ratio()


def plain(money: Money) -> str:
    """The sum in major units as it stands in a calculation, such as ``26.950``. Sums here are not negative."""
    places = exponent(money.currency)
    if not places:
        return str(money.amount)
    whole, rest = divmod(money.amount, 10**places)
    return f"{whole}.{rest:0{places}}"


def multiplied(base: Money, percent: Decimal | int | str, result: Money) -> str:
    """One line of arithmetic, such as ``540.00 × 10 % = 54.00``."""
    return f"{plain(base)} × {percent} % = {plain(result)}"


def added(first: Money, second: Money) -> str:
    """One line of arithmetic, such as ``24.500 + 2.450 = 26.950``."""
    return f"{plain(first)} + {plain(second)} = {plain(first + second)}"
