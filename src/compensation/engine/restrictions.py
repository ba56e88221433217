"""What a customer should know before choosing: where a remedy can be used, until when, and from what purchase."""

from typing import assert_never

from compensation.engine.plan import RemedyLine
from compensation.engine.reason import Reason
from compensation.engine.terms import (
    CardTerms,
    CreditTerms,
    DiscountTerms,
    ExperienceTerms,
    LimitedOfferTerms,
    PointsTerms,
    ProductTerms,
    RefundTerms,
    TaskTerms,
    TierTerms,
    WordsTerms,
)


def restrictions(line: RemedyLine) -> tuple[Reason, ...]:
    """The restrictions of one line; none for money, deeds and words."""
    remedy: dict[str, str | int] = {"remedy": line.remedy}
    match line.terms:
        case RefundTerms() | TaskTerms() | WordsTerms():
            return ()
        case CreditTerms(valid_months=months) | PointsTerms(valid_months=months):
            return (Reason("restriction.here_only", {**remedy}), _months(line, months))
        case CardTerms(valid_months=months, product=product):
            here = (Reason("restriction.here_only", {**remedy}),) if product != "prepaid" else ()
            return (*here, _months(line, months))
        case ExperienceTerms(valid_months=months):
            return (_months(line, months),)
        case ProductTerms(valid_months=months):
            return (_months(line, months),)
        case LimitedOfferTerms(valid_days=days) | TierTerms(days=days):
            return (Reason("restriction.valid_days", {**remedy, "days": days}),)
        case DiscountTerms(valid_days=days, minimum_spend=floor):
            until = Reason("restriction.valid_days", {**remedy, "days": days})
            return (until,) if floor is None else (until, Reason("restriction.minimum_spend", {**remedy, "sum": floor}))
        case _:
            assert_never(line.terms)


def _months(line: RemedyLine, months: int | None) -> Reason:
    if months is None:
        return Reason("restriction.never_expires", {"remedy": line.remedy})
    return Reason("restriction.valid_months", {"remedy": line.remedy, "months": months})
