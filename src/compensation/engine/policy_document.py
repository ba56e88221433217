"""The policy as a document: which harms earn what goodwill, in which forms and offers, under which limits."""

import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from compensation.core.states import PolicyState
from compensation.engine.condition import When
from compensation.engine.harm import Wording
from compensation.engine.house_rules import HouseRules
from compensation.engine.inspection import Required
from compensation.engine.public_terms import PublicTerms
from compensation.engine.report import Code, Country, Report
from compensation.engine.shapes import Shape
from compensation.engine.taxonomy import Percent, Scale

Amounts = dict[str, Decimal]
"""Sums in major units by currency, such as ``{ EUR = 75, KWD = 25 }``."""

IN_MONEY = "money"
PROMISED = "store_credit_bonus"
"""The remedy that keeps a promise of store credit."""


class Scope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the policy is meant for; an empty list means everywhere."""

    programs: tuple[Code, ...] = ()
    brands: tuple[Code, ...] = ()
    countries: tuple[Country, ...] = ()
    tiers: tuple[Code, ...] = ()

    @property
    def narrowness(self) -> int:
        """How many of the four it names: of two policies that fit a case, the narrower one decides."""
        return sum(1 for named in (self.programs, self.brands, self.countries, self.tiers) if named)

    def fits(self, report: Report) -> bool:
        """Whether a report falls under this scope."""
        return all(
            not allowed or value in allowed
            for allowed, value in (
                (self.programs, report.program),
                (self.brands, report.brand),
                (self.countries, report.country),
                (self.tiers, report.customer_tier),
            )
        )


class Bought(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The days of purchase that a dated variant is for, the last one included: a sale, a holiday season."""

    first: datetime.date
    last: datetime.date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("The last day of purchase lies before the first.")

    def holds(self, report: Report) -> bool:
        """Whether the order was placed then. What is not about a dated order is left to the policy itself."""
        on = report.order.ordered_on if report.order else None
        return on is not None and self.first <= on <= self.last


class Points(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How many points are worth one major unit. Points are rounded up, for the customer."""

    per_unit: Annotated[int, Meta(ge=1, le=100_000)]
    per_unit_in: dict[str, Annotated[int, Meta(ge=1, le=100_000)]] = {}


class Caps(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Limits of goodwill, before the bonus of the form it takes. Sums owed are never capped."""

    case_percent_of_order: Percent | None = None
    case: Amounts = {}
    harm: Amounts = {}
    """For any one harm of a case."""
    harms: dict[Code, Amounts] | UnsetType = UNSET
    """For the harms named here, in place of ``harm``."""
    customer: Amounts = {}
    """For one customer in ``period_days``, together with what was given before."""
    gestures: Annotated[int, Meta(ge=1, le=1000)] | UnsetType = UNSET
    """After so many cases of one customer in ``period_days`` that brought more than words, no sum is added."""
    period_days: Annotated[int, Meta(ge=1, le=3650)] = 365


class Review(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When a person should look first. It routes, it never refuses. ``cases`` counts the earlier ones."""

    cases: Annotated[int, Meta(ge=1)] | None = None


class Repeat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A customer who is harmed again within so many days of a case that was made good to him is owed more than the same
    again: the goodwill is raised by so many per cent, before the caps."""

    within_days: Annotated[int, Meta(ge=1, le=3650)]
    percent: Annotated[int, Meta(ge=1, le=300)]


class Goodwill(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a harm earns: per cent of the order by its severity, or a flat sum by currency.

    Of the rules that hold for a harm, the one that gives most counts; the sums of several harms are added.
    """

    code: Code
    when: When
    percent_of_order: Scale | None = None
    flat: dict[str, tuple[Decimal, Decimal, Decimal, Decimal]] = {}
    """In major units, from low to critical."""

    def __post_init__(self) -> None:
        if (self.percent_of_order is None) == (not self.flat):
            raise ValueError("A goodwill rule has either percent_of_order or flat.")
        if any(list(steps) != sorted(steps) or steps[0] < 0 for steps in self.flat.values()):
            raise ValueError("A flat sum may not be negative, nor fall as severity rises.")


class Bonus(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is added to a principal: per cent of it, and a fixed sum by currency, together at most ``at_most``."""

    percent: Decimal = Decimal(0)
    fixed: Amounts = {}
    at_most: Amounts = {}

    def __post_init__(self) -> None:
        if not 0 <= self.percent <= 100:
            raise ValueError("A bonus lies between 0 and 100 per cent.")


class Draw(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A chance that anybody can work out again: one case in ``one_in``, by the case's seed and this dated rule."""

    one_in: Annotated[int, Meta(ge=1, le=1000)]
    dated: datetime.date


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A remedy that goodwill, or a sum owed with consent, may take. ``when`` is asked for goodwill only."""

    remedy: Code
    shape: Shape
    when: When = When()
    bonus: Bonus = Bonus()
    draw: Draw | None = None


class Gesture(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something without a sum that goes with every offer, or with those named. Nobody takes out what is a ``must``."""

    remedy: Code
    shape: Shape
    when: When = When()
    offers: tuple[Code, ...] = ()
    must: bool = False


class InKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How soon a due in kind is met by a remedy."""

    remedy: Code
    due_in_days: Annotated[int, Meta(ge=0, le=365)]
    takes_back: bool | UnsetType = UNSET
    """It needs the goods back, so it is not offered for goods that are never taken back."""


class OfferRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One offer the policy may make. Their order here is their order for the customer, after the law's."""

    key: Code
    label: Wording
    when: When = When()
    money: str = IN_MONEY
    """How sums owed are met: by ``money``, or by the remedy that takes its place."""
    in_kind: Code | None = None
    """The remedy that meets a due in kind; without it such a due is met by its sum."""
    goodwill: tuple[Code, ...] = ()
    """The forms that goodwill may take here; the first that fits is taken."""
    owed: Literal["any", "money", "nothing"] = "any"
    """Which cases it is for: where money is owed (or a due in kind may be met by money), where neither is, or any."""
    only_with_goodwill: bool = False
    fallback: bool = False
    """Made only where no other offer could be."""


class GoodsRule(Required, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """In what condition goods are accepted, and when they are inspected before anything of the merchant's own goes
    out. What is owed never waits for it."""

    before_issue: When | UnsetType = UNSET


class DisputeRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """By when a customer may disagree with a decision, and by when somebody who had no part in it answers him."""

    within_days: Annotated[int, Meta(ge=14, le=3650)] | UnsetType = UNSET
    """Counted from the last thing that was decided or issued; left out, there is no such day."""
    answer_days: Annotated[int, Meta(ge=1, le=60)] = 7


class Paper(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A paper that is asked for before an offer with a value is taken. What is owed is never refused for it."""

    kind: Literal["receipt", "photo", "identity", "report"]
    """As evidence is called."""
    when: When = When()


class PolicyDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``catalog/policies/*.toml``, and the text of a merchant's own policy.

    A field that came later is UNSET where it is not written: a text that does not use it keeps its hash, and the
    receipts that name the hash can still be replayed.
    """

    code: Code
    version: Annotated[int, Meta(ge=1)]
    name: Wording
    status: PolicyState = PolicyState.published
    """Of a document that ships. Where a merchant's own stands is kept beside it, since its text never changes."""
    variant_of: Code | UnsetType = UNSET
    """The policy in whose place this one decides what falls under its scope or its days of purchase."""
    bought: Bought | UnsetType = UNSET
    valid_from: datetime.date
    valid_until: datetime.date | None = None
    review_by: datetime.date | None = None
    scope: Scope = Scope()
    offers_at_most: Annotated[int, Meta(ge=2, le=12)] = 6
    house: HouseRules
    public: PublicTerms | UnsetType = UNSET
    points: Points
    caps: Caps = Caps()
    review: Review = Review()
    repeat: Repeat | UnsetType = UNSET
    """Left out, a repeated harm earns what the first did. It came later than the first versions, which stay as they
    were hashed."""
    inspection: GoodsRule | UnsetType = UNSET
    """Left out, goods are accepted in whatever condition they come back."""
    document: tuple[Paper, ...] | UnsetType = UNSET
    dispute: DisputeRule | UnsetType = UNSET
    goodwill: tuple[Goodwill, ...]
    form: tuple[Form, ...]
    in_kind: tuple[InKind, ...]
    gesture: tuple[Gesture, ...]
    offer: Annotated[tuple[OfferRule, ...], Meta(min_length=1, max_length=40)]

    @property
    def disputes(self) -> DisputeRule:
        """The rule that holds: every decision can be disagreed with, whether a text speaks of it or not."""
        return DisputeRule() if self.dispute is UNSET else self.dispute

    @property
    def family(self) -> str:
        """The code that a program names to be decided by this policy or by a variant of it."""
        return self.code if self.variant_of is UNSET else self.variant_of

    def valid(self, on: datetime.date) -> bool:
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)

    def reaches(self, report: Report) -> bool:
        """Whether a report falls under its scope and its days of purchase."""
        return self.scope.fits(report) and (self.bought is UNSET or self.bought.holds(report))

    def applies(self, report: Report, on: datetime.date) -> bool:
        """Whether this document may decide this report on that day: published, valid, and meant for it."""
        return self.status is PolicyState.published and self.valid(on) and self.reaches(report)
