"""The terms of a remedy line: one typed shape for each kind of issuance, told apart by ``kind``."""

import enum

import msgspec
from msgspec import UNSET, UnsetType

from compensation.core.money import Money
from compensation.engine.harm import Wording


class Kind(enum.StrEnum):
    """How a remedy is issued. Every remedy of the catalogue is of exactly one kind."""

    refund = "refund"
    store_credit = "store_credit"
    gift_card = "gift_card"
    points = "points"
    tier = "tier"
    discount = "discount"
    limited_offer = "limited_offer"
    experience = "experience"
    task = "task"
    product_card = "product_card"
    words = "words"


class RefundTerms(msgspec.Struct, frozen=True, tag_field="kind", tag="refund", kw_only=True, gc=False):
    """Money back. ``same_means`` is the way it was paid; otherwise a payout that the customer agrees to."""

    due_in_days: int
    same_means: bool
    no_fee: bool = True


class CreditTerms(msgspec.Struct, frozen=True, tag_field="kind", tag="store_credit", kw_only=True, gc=False):
    """``valid_months`` None is value that never expires. ``cash_out`` and ``notices`` are what the law says of such
    value: what is left is paid out in money once it is no more than that, and the texts that stand beside it."""

    valid_months: int | None
    cash_out: Money | UnsetType = UNSET
    notices: tuple[str, ...] | UnsetType = UNSET


class CardTerms(msgspec.Struct, frozen=True, tag_field="kind", tag="gift_card", kw_only=True, gc=False):
    """``product`` is ``house`` for our own card, else ``prepaid`` or ``printed``; the rest as for store credit."""

    valid_months: int | None
    product: str = "house"
    cash_out: Money | UnsetType = UNSET
    notices: tuple[str, ...] | UnsetType = UNSET


class PointsTerms(msgspec.Struct, frozen=True, tag_field="kind", tag="points", kw_only=True, gc=False):
    """``points`` is the whole count, the bonus included."""

    points: int
    valid_months: int


class TierTerms(msgspec.Struct, frozen=True, tag_field="kind", tag="tier", kw_only=True, gc=False):
    tier: str
    days: int
    perks: tuple[str, ...]


class DiscountTerms(msgspec.Struct, frozen=True, tag_field="kind", tag="discount", kw_only=True, gc=False):
    """A single-use code for a sum off. ``hidden`` means that the customer learns of it on opening the message."""

    off: Money
    minimum_spend: Money | None
    valid_days: int
    hidden: bool = False


class LimitedOfferTerms(msgspec.Struct, frozen=True, tag_field="kind", tag="limited_offer", kw_only=True, gc=False):
    """A reduction in per cent for a limited time."""

    percent: int
    valid_days: int


class ExperienceTerms(msgspec.Struct, frozen=True, tag_field="kind", tag="experience", kw_only=True, gc=False):
    """The customer picks one of ``choices``: ``event_ticket``, ``webinar_access``, ``consultation``."""

    choices: tuple[str, ...]
    valid_months: int


class TaskTerms(msgspec.Struct, frozen=True, tag_field="kind", tag="task", kw_only=True, gc=False):
    """Something the merchant does within ``due_in_days``; ``lasts_days`` for a service level that is kept up."""

    due_in_days: int
    lasts_days: int | None = None
    owner: str = "case"
    """``incident`` for a task that one incident owns for all its cases, such as a corrective campaign."""


class ProductTerms(msgspec.Struct, frozen=True, tag_field="kind", tag="product_card", kw_only=True, gc=False):
    """A gift card of another brand, as its catalogue described it on the day it was ordered.

    ``fee`` is what the supplier asks beside the face value, in the same currency. ``valid_months`` is what the brand
    promises; the supplier's own date goes before it.
    """

    product: str
    supplier: str
    name: Wording
    rules: Wording
    fee: int
    valid_months: int | None


class WordsTerms(msgspec.Struct, frozen=True, tag_field="kind", tag="words", kw_only=True, gc=False):
    """Words that travel with the offer. ``earlier`` counts the apologies made before, so that none is repeated."""

    block: str
    earlier: int = 0


Terms = (
    RefundTerms
    | CreditTerms
    | CardTerms
    | PointsTerms
    | TierTerms
    | DiscountTerms
    | LimitedOfferTerms
    | ExperienceTerms
    | TaskTerms
    | ProductTerms
    | WordsTerms
)


def kind_of(terms: Terms) -> Kind:
    """The kind of issuance that these terms belong to."""
    return Kind(str(terms.__struct_config__.tag))
