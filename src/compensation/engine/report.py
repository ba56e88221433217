"""What a case begins with: who was harmed, how, by what order, at what cost, and what is known."""

import datetime
import enum
from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from compensation.core.errors import Invalid
from compensation.core.money import MAX_AMOUNT, POINTS, Money
from compensation.engine.harm import Severity
from compensation.engine.inspection import Inspected

_NO_NUL = "^[^\x00]*$"
Code = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)?\Z")]
Label = Annotated[str, Meta(min_length=1, max_length=200, pattern=_NO_NUL)]
Text = Annotated[str, Meta(max_length=8000, pattern=_NO_NUL)]
Region = Annotated[str, Meta(pattern=r"^[A-Z0-9]{1,3}\Z")]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]
Locale = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}\Z")]
Days = Annotated[int, Meta(ge=0, le=3650)]


class Wants(enum.StrEnum):
    """What the customer asks for; it moves an offer forward, it never makes an unlawful one lawful."""

    refund = "refund"
    repair = "repair"
    replacement = "replacement"
    redo = "redo"
    credit = "credit"
    explanation = "explanation"
    apology = "apology"


class Harm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One harm of the case: a code of the taxonomy, and how bad it was."""

    type: Code
    severity: Severity


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was bought. ``amount`` is the whole price paid, delivery included; refunds made so far are beside it."""

    number: Label
    amount: Money
    item: Label | None = None
    sku: Label | None = None
    category: Code | None = None
    payment: Label | None = None
    """The payment provider's reference of the charge, for a refund by the same means."""
    already_refunded: Money | None = None
    ordered_on: datetime.date | None = None
    promised_on: datetime.date | None = None
    delivered_on: datetime.date | None = None
    cancelled_on: datetime.date | None = None


class CostLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A cost the harm caused the customer. Only an accepted line is owed; ``reference`` tells equal lines apart."""

    type: Code
    amount: Money
    accepted: bool = False
    reference: Label | None = None


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was established. A fact that is not stated is taken as not so; ``days_late`` is counted from the dates."""

    days_late: Days | None = None
    repairable: bool = False
    replaceable: bool = True
    repair_failed: bool = False
    keeps_goods: bool = False
    within_withdrawal_window: bool = False
    cancelled_by_merchant: bool = False
    prepaid_unreturned: bool = False
    not_shipped: bool = False
    agreed_to_delay: bool = False
    duplicate_charge: bool = False
    duplicate_amount: Money | None = None
    """The sum that was taken a second time; the order's amount when it is not stated."""
    promised_credit: Money | None = None
    """Store credit that the merchant promised and did not give."""
    wants: Wants | None = None


FACTS: frozenset[str] = frozenset(
    name for name, kind in Facts.__annotations__.items() if kind is bool or name == "promised_credit"
)
"""The facts that are so or not so, by name: what a condition may ask for."""


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The input of a case, as the REST body carries it.

    All sums are in one currency. Decoding raises Invalid (``currency_mismatch``, ``invalid_amount``,
    ``currency_needed``, ``unknown_currency``), so that nothing wrong gets further than the door.
    """

    harms: Annotated[tuple[Harm, ...], Meta(min_length=1, max_length=16)]
    country: Country
    reason_code: Code
    region: Region | UnsetType = UNSET
    """The state or province by ISO 3166-2 without the country, such as ``CA`` for California. Some rules hold only
    in a region; where it is not said, none of those does."""
    locale: Locale = "en"
    order: Order | None = None
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")] | None = None
    """Needed only where no sum is named, so that a goodwill amount has a currency."""
    cost_lines: Annotated[tuple[CostLine, ...], Meta(max_length=50)] = ()
    facts: Facts = Facts()
    inspection: Inspected | UnsetType = UNSET
    """What a look at the goods found, where somebody looked."""
    customer_tier: Code = "standard"
    program: Code | None = None
    brand: Code | None = None
    words: Text = ""
    """The customer's own words. The engine never reads them."""
    wanted_outcome: Text = ""
    incident_group: Label | None = None

    def __post_init__(self) -> None:
        sums = list(_sums(self))
        for money in sums:
            if not 0 < money.amount <= MAX_AMOUNT:
                raise Invalid("invalid_amount", f"An amount must be between 1 and {MAX_AMOUNT} minor units.")
        currencies = {money.currency for money in sums} | ({self.currency} if self.currency else set())
        if not currencies:
            raise Invalid("currency_needed", "Name an order with its amount, or the currency of the case.")
        if len(currencies) > 1:
            raise Invalid("currency_mismatch", f"One report has one currency, not {', '.join(sorted(currencies))}.")
        if POINTS in currencies:
            raise Invalid("unknown_currency", "Points are not a currency that a harm can be reported in.")
        Money(0, next(iter(currencies)))

    @property
    def money(self) -> str:
        """The one currency of the report."""
        return self.currency or (self.order.amount.currency if self.order else next(_sums(self)).currency)


def _sums(report: Report) -> Iterator[Money]:
    order, facts = report.order, report.facts
    if order is not None:
        yield order.amount
        if order.already_refunded is not None:
            yield order.already_refunded
    for line in report.cost_lines:
        yield line.amount
    if facts.duplicate_amount is not None:
        yield facts.duplicate_amount
    if facts.promised_credit is not None:
        yield facts.promised_credit
