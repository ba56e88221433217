"""Remedy lines: a remedy of the shelf, the sum it carries, and its terms filled in from the policy's shape."""

from typing import assert_never

import msgspec

from compensation.core.money import Money
from compensation.engine import shapes, terms
from compensation.engine.dues import Due
from compensation.engine.matter import Matter
from compensation.engine.plan import Part, RemedyLine
from compensation.engine.policy import ReadyForm, ReadyGesture
from compensation.engine.reason import Reason
from compensation.engine.sums import share
from compensation.engine.taxonomy import DueKind

_PAYS = {
    DueKind.price: "refund_original",
    DueKind.duplicate: "refund_original",
    DueKind.conformity: "refund_original",
    DueKind.reduction: "partial_refund",
    DueKind.performance: "partial_refund",
}
"""The remedy that pays a due in money, where the due does not name its own."""


def refund(due: Due, matter: Matter) -> RemedyLine:
    """Money for one due: by the same means for what was charged, and by the earliest deadline that binds."""
    obligations = matter.obligations_of(due)
    deadlines = [o.deadline_days for o in obligations if o.deadline_days is not None]
    days = min([matter.policy.document.house.processing_days, *deadlines])
    charged = due.kind is not DueKind.costs or any(o.same_means for o in obligations)
    remedy = due.remedy or _PAYS[due.kind]
    if remedy == "partial_refund" and due.amount.amount == matter.case.order_amount:
        remedy = "refund_original"
    return RemedyLine(
        remedy=remedy,
        part=Part.owed,
        terms=terms.RefundTerms(due_in_days=days, same_means=charged),
        reason=due.reason,
        amount=due.amount,
        settles=(due.source,),
        harms=due.harms,
        removable=False,
    )


def in_kind(due: Due, remedy: str, matter: Matter) -> RemedyLine:
    """A due met by a deed: a repair, a replacement, the service done again, by the earliest deadline that binds."""
    deadlines = [o.deadline_days for o in matter.obligations_of(due) if o.deadline_days is not None]
    return RemedyLine(
        remedy=remedy,
        part=Part.owed,
        terms=terms.TaskTerms(due_in_days=min([matter.policy.in_kind_days[remedy], *deadlines])),
        reason=due.reason,
        settles=(due.source,),
        harms=due.harms,
        removable=False,
    )


def in_place(dues: list[Due], amount: Money, bonus: int, form: ReadyForm, matter: Matter, reason: Reason) -> RemedyLine:
    """Value that meets dues: credit as promised, or what the customer agrees to take in place of money."""
    remedy = form.form.remedy
    return RemedyLine(
        remedy=remedy,
        part=Part.owed,
        terms=under_law(fill(form.form.shape, amount.amount + bonus, matter), remedy, Part.owed, matter),
        reason=reason,
        amount=amount,
        bonus=matter.money(bonus) if bonus else None,
        settles=tuple(due.source for due in dues),
        harms=tuple(sorted({harm for due in dues for harm in due.harms})),
        removable=False,
    )


def goodwill(form: ReadyForm, amount: int, bonus: int, matter: Matter) -> RemedyLine:
    """The goodwill sum in one form; or, for a form without a sum, the thing itself."""
    remedy = matter.shelf.remedy(form.form.remedy)
    hidden = isinstance(form.form.shape, shapes.DiscountShape) and form.form.shape.hidden
    earned = tuple([harm for harm, part in matter.grant.by_harm.items() if part])
    sum_ = matter.money(amount) if remedy.sized else None
    code = "goodwill.surprise" if hidden else "goodwill.sum" if remedy.sized else "goodwill.thing"
    return RemedyLine(
        remedy=remedy.code,
        part=Part.goodwill,
        terms=under_law(fill(form.form.shape, amount + bonus, matter), remedy.code, Part.goodwill, matter),
        reason=Reason(code, {"remedy": remedy.code} if sum_ is None else {"amount": sum_}),
        amount=sum_,
        bonus=matter.money(bonus) if bonus else None,
        harms=earned or tuple(harm.type for harm in matter.assessment.harms),
    )


def gesture(ready: ReadyGesture, matter: Matter) -> RemedyLine:
    """Something without a sum that goes with the offer."""
    rule, when = ready.gesture, ready.gesture.when
    return RemedyLine(
        remedy=rule.remedy,
        part=Part.goodwill,
        terms=fill(rule.shape, 0, matter),
        reason=Reason(f"gesture.{rule.remedy}"),
        harms=tuple(
            harm.type
            for harm in matter.case.harms
            if (not when.harms or harm.type in when.harms) and (not when.families or harm.family in when.families)
        ),
        removable=not rule.must,
    )


def fill(shape: shapes.Shape, face: int, matter: Matter) -> terms.Terms:
    """The terms that a shape comes to for this face value in minor units, as the policy would have them."""
    rank = matter.case.rank
    match shape:
        case shapes.WordsShape(block=block):
            return terms.WordsTerms(block=block, earlier=matter.history.apologies if block == "apology" else 0)
        case shapes.TaskShape(due_in_days=days, lasts_days=lasts, owner=owner):
            return terms.TaskTerms(due_in_days=days, lasts_days=lasts, owner=owner)
        case shapes.CreditShape(valid_months=months):
            return terms.CreditTerms(valid_months=months)
        case shapes.CardShape(valid_months=months, product=product):
            return terms.CardTerms(valid_months=months, product=product)
        case shapes.PointsShape(valid_months=months):
            return terms.PointsTerms(points=matter.policy.points(matter.money(face)), valid_months=months)
        case shapes.TierShape(tier=tier, days=days, perks=perks):
            return terms.TierTerms(tier=tier, days=days[rank], perks=perks)
        case shapes.DiscountShape(valid_days=days, minimum_spend_percent=percent, hidden=hidden):
            floor = matter.money(share(face, percent, 100)) if percent else None
            return terms.DiscountTerms(off=matter.money(face), minimum_spend=floor, valid_days=days, hidden=hidden)
        case shapes.LimitedOfferShape(percent=percent, valid_days=days):
            return terms.LimitedOfferTerms(percent=percent.at(rank), valid_days=days)
        case shapes.ExperienceShape(choices=choices, valid_months=months):
            return terms.ExperienceTerms(choices=choices, valid_months=months)
        case _:
            assert_never(shape)


_STORED = (terms.CreditTerms, terms.CardTerms)
_Lasting = terms.CreditTerms | terms.CardTerms | terms.PointsTerms | terms.ExperienceTerms


def under_law(made: terms.Terms, remedy: str, part: Part, matter: Matter) -> terms.Terms:
    """The terms with what the law adds: the least validity and cash-out of value that stands for money owed, and
    the texts that stand beside it. Goodwill is promotional: of the three, only the texts touch it."""
    law, report, on = matter.law, matter.assessment.report, matter.assessment.on
    region = report.region or ""
    if part is Part.owed and isinstance(made, _Lasting):
        least = law.least_validity(report.country, on, remedy, region)
        if least is not None:
            made = _valid_at_least(made, least.months)
    if not isinstance(made, _STORED):
        return made
    notices = law.notices(report.country, on, remedy, part, region)
    if notices:
        made = msgspec.structs.replace(made, notices=notices)
    payable = law.cash_out(report.country, on, remedy, matter.currency, region) if part is Part.owed else None
    return msgspec.structs.replace(made, cash_out=payable.at_most) if payable else made


def _valid_at_least(made: _Lasting, months: int | None) -> _Lasting:
    """Never shorter than the policy has it; None is without end."""
    if months is None:
        # Only stored value can be without end; the catalogue is refused where a rule says so of anything else.
        return msgspec.structs.replace(made, valid_months=None)
    return msgspec.structs.replace(made, valid_months=max(months, made.valid_months or months))
