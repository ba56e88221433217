"""Money: an integer count of minor units and an asset, and nothing else.

Assets are ISO 4217 currencies with their ISO exponent (JPY 0, USD 2, KWD 3), and ``POINTS``, exponent 0. No float
comes near; ratios are exact fractions, rounded once, half up, where a rule says so.
"""

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Self

import msgspec
from iso4217 import Currency

from compensation.core.errors import Invalid

POINTS = "POINTS"
MAX_AMOUNT = 10**14
"""The largest amount one request may name, in minor units. Ten thousand of them still fit a bigint balance."""

_EXPONENTS: dict[str, int] = {c.code: c.exponent for c in Currency if c.exponent is not None} | {POINTS: 0}


class Money(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """``amount`` in minor units of ``currency``. May be negative inside the ledger; requests check their own sign."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in _EXPONENTS:
            raise Invalid("unknown_currency", f"{self.currency!r} is not an ISO 4217 code that has minor units.")

    @classmethod
    def parse(cls, text: str, currency: str) -> Self:
        """Read a decimal such as ``"54.00"`` as written by a person or a file.

        Raises Invalid when it is not a plain decimal, or has more decimals than the currency.
        """
        try:
            value = Decimal(text)
        except InvalidOperation:
            raise Invalid("invalid_amount", f"{text!r} is not an amount; write it like 54.00.") from None
        places = exponent(currency)
        if not value.is_finite() or abs(value) > MAX_AMOUNT:
            raise Invalid("invalid_amount", f"The amount must be a number up to {MAX_AMOUNT}.")
        minor = value.scaleb(places)
        if minor != minor.to_integral_value():
            raise Invalid("too_many_decimals", f"{currency} has {places} decimals; {text} has more.")
        return cls(int(minor), currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exact: 26950 KWD minor units is Decimal("26.950")."""
        return Decimal(self.amount).scaleb(-exponent(self.currency))

    def must_be_some(self) -> None:
        """Raises Invalid ``invalid_amount`` for a sum that no request may name: none, less than none, or too much."""
        if not 0 < self.amount <= MAX_AMOUNT:
            raise Invalid("invalid_amount", f"An amount is 1 to {MAX_AMOUNT} minor units.")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def times(self, ratio: Fraction) -> "Money":
        """This sum multiplied by an exact ratio, rounded half up to a whole minor unit."""
        return Money(round_half_up(self.amount * ratio), self.currency)

    def _same(self, other: "Money") -> int:
        if self.currency != other.currency:
            raise Invalid("currency_mismatch", f"{other.currency} cannot be added to {self.currency}.")
        return other.amount


def exponent(currency: str) -> int:
    """How many decimals the asset has. Raises Invalid for a code that is not one."""
    try:
        return _EXPONENTS[currency]
    except KeyError:
        raise Invalid("unknown_currency", f"{currency!r} is not an ISO 4217 code that has minor units.") from None


def round_half_up(value: Fraction) -> int:
    """The nearest integer; a half goes away from zero, as a shopkeeper rounds."""
    whole, rest = divmod(abs(value), 1)
    rounded = int(whole) + (1 if rest >= Fraction(1, 2) else 0)
    return rounded if value >= 0 else -rounded
