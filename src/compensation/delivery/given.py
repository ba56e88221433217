"""A remedy line with its dates: foreseen while it is an offer, real once it is issued."""

import datetime as dt
from collections.abc import Sequence
from typing import assert_never

import msgspec

from compensation.core.dates import valid_until
from compensation.core.money import POINTS, Money
from compensation.engine.plan import RemedyLine
from compensation.engine.taxonomy import DueKind
from compensation.engine.terms import (
    CardTerms,
    CreditTerms,
    DiscountTerms,
    ExperienceTerms,
    Kind,
    LimitedOfferTerms,
    PointsTerms,
    ProductTerms,
    RefundTerms,
    TaskTerms,
    TierTerms,
    WordsTerms,
    kind_of,
)


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """``settles`` is the kind of due that an owed line meets. ``done`` is for a status: money arrived, task
    finished. What was ``cancelled`` is told to nobody as his.
    """

    line: RemedyLine
    settles: DueKind | None = None
    due_on: dt.date | None = None
    expires_on: dt.date | None = None
    done: bool = False
    cancelled: bool = False

    @property
    def kind(self) -> Kind:
        return kind_of(self.line.terms)

    @property
    def worth(self) -> Money | None:
        """Principal and bonus in money; None where it is not a sum."""
        if self.line.amount is None:
            return None
        return self.line.amount + self.line.bonus if self.line.bonus else self.line.amount

    @property
    def total(self) -> Money | None:
        """What it says on its face: the worth, or for points their count."""
        if isinstance(self.line.terms, PointsTerms):
            return Money(self.line.terms.points, POINTS)
        return self.worth


def foreseen(line: RemedyLine, settles: DueKind | None, on: dt.date) -> Given:
    """The line with the dates it would have if it were issued on that day."""
    terms = line.terms
    due = expires = None
    match terms:
        case RefundTerms():
            due = on + dt.timedelta(days=terms.due_in_days)
        case CreditTerms() | CardTerms() | PointsTerms() | ExperienceTerms() | ProductTerms():
            midnight = dt.datetime(on.year, on.month, on.day, tzinfo=dt.UTC)
            end = valid_until(midnight, terms.valid_months)
            expires = end.date() if end else None
        case TierTerms():
            expires = on + dt.timedelta(days=terms.days)
        case DiscountTerms() | LimitedOfferTerms():
            expires = on + dt.timedelta(days=terms.valid_days)
        case TaskTerms():
            due = on + dt.timedelta(days=terms.due_in_days)
            expires = due + dt.timedelta(days=terms.lasts_days) if terms.lasts_days else None
        case WordsTerms():
            pass
        case _:
            assert_never(terms)
    return Given(line=line, settles=settles, due_on=due, expires_on=expires)


def completed(given: Sequence[Given], on: dt.date) -> list[Given]:
    """The same with the dates foreseen for what is not issued yet, so that no sentence lacks its day."""
    ahead = [foreseen(one.line, one.settles, on) for one in given]
    return [
        msgspec.structs.replace(one, due_on=one.due_on or new.due_on, expires_on=one.expires_on or new.expires_on)
        for one, new in zip(given, ahead, strict=True)
    ]


def merged(given: Sequence[Given]) -> list[Given]:
    """The same remedies with refunds for one purpose and one day told as one sum: two receipts, one payment."""
    told: dict[object, Given] = {}
    for number, one in enumerate(given):
        alike = (
            (one.line.remedy, one.line.part, one.settles, one.due_on, one.done) if one.kind is Kind.refund else number
        )
        before = told.get(alike)
        if before is None or before.line.amount is None or one.line.amount is None:
            told[alike] = one
        else:
            whole = msgspec.structs.replace(before.line, amount=before.line.amount + one.line.amount)
            told[alike] = msgspec.structs.replace(before, line=whole)
    return list(told.values())
