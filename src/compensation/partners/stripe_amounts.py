"""How Stripe writes an amount, which is not always how ISO 4217 does.

From Stripe's page on supported currencies: amounts have two decimals unless listed. The listed ones have none (MGA too,
to which ISO gives two). Five have three, of which the last digit must be 0. ISK lost its decimals but is still written
with two zeros. Of UGX the page says both that it has no decimals and that it is written with two zeros; a wrong guess
would give back a hundred times too much, so we do not guess.
"""

from fractions import Fraction

from compensation.core.errors import Invalid
from compensation.core.money import POINTS, Money, exponent

_WITHOUT_DECIMALS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
)
_THREE_DECIMALS = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))
_NOT_AGREED = frozenset(("UGX", POINTS))


def to_stripe(amount: Money) -> int | None:
    """The integer to send for exactly this sum, or None when Stripe cannot move exactly this sum. Never rounds."""
    if amount.amount <= 0 or amount.currency in _NOT_AGREED:
        return None
    units = amount.amount * _stripe_units(amount.currency)
    if units.denominator != 1 or (amount.currency in _THREE_DECIMALS and units % 10):
        return None
    return int(units)


def from_stripe(units: int, currency: str) -> Money | None:
    """The sum Stripe wrote as ``units`` of ``currency`` (in either case), or None when ISO 4217 cannot write it."""
    code = currency.upper()
    try:
        amount = units / _stripe_units(code)
    except Invalid:
        return None  # An old currency that Stripe remembers, or no currency at all.
    if code in _NOT_AGREED:
        return None
    return Money(int(amount), code) if amount.denominator == 1 else None


def _stripe_units(currency: str) -> Fraction:
    """How many of Stripe's units make one minor unit of ISO 4217."""
    places = 0 if currency in _WITHOUT_DECIMALS else 3 if currency in _THREE_DECIMALS else 2
    return Fraction(10) ** (places - exponent(currency))
