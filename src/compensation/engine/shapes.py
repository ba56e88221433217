"""What a policy says about a remedy before a case fills in the sum: one typed shape for each kind of issuance."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from compensation.engine.report import Code
from compensation.engine.taxonomy import Scale
from compensation.engine.terms import Kind

ValidDays = Annotated[int, Meta(ge=1, le=730)]
ValidMonths = Annotated[int, Meta(ge=1, le=240)]
DueDays = Annotated[int, Meta(ge=0, le=365)]


class CreditShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="store_credit"):
    valid_months: ValidMonths


class CardShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="gift_card"):
    valid_months: ValidMonths
    product: Literal["house", "prepaid", "printed"] = "house"


class PointsShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="points"):
    valid_months: ValidMonths


class TierShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="tier"):
    """The tier and its perks for so many days, by severity from low to critical."""

    tier: Code
    days: tuple[ValidDays, ValidDays, ValidDays, ValidDays]
    perks: tuple[Code, ...]

    def __post_init__(self) -> None:
        if list(self.days) != sorted(self.days):
            raise ValueError("The days may not fall as severity rises.")


class DiscountShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="discount"):
    """A sum off the next purchase. ``minimum_spend_percent`` is of the sum itself; 0 asks for no purchase above it."""

    valid_days: ValidDays
    minimum_spend_percent: Annotated[int, Meta(ge=0, le=1000)] = 0
    hidden: bool = False


class LimitedOfferShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="limited_offer"):
    percent: Scale
    valid_days: ValidDays


class ExperienceShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="experience"):
    choices: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=10)]
    valid_months: ValidMonths


class TaskShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="task"):
    due_in_days: DueDays
    lasts_days: ValidDays | None = None
    owner: Literal["case", "incident"] = "case"


class WordsShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="words"):
    block: Code


Shape = (
    CreditShape
    | CardShape
    | PointsShape
    | TierShape
    | DiscountShape
    | LimitedOfferShape
    | ExperienceShape
    | TaskShape
    | WordsShape
)


def kind_of_shape(shape: Shape) -> Kind:
    return Kind(str(shape.__struct_config__.tag))
