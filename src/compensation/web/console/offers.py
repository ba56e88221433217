"""The offers of a case side by side: what the customer gets, what it is worth and costs on one scale, and the law."""

import datetime as dt
from fractions import Fraction

import msgspec

from compensation.core.money import Money
from compensation.core.text import ltr, money, plain
from compensation.delivery.given import Given, foreseen, merged
from compensation.delivery.promises import name
from compensation.delivery.words import Say
from compensation.engine.law import ConsentForm
from compensation.engine.plan import Consent, Offer, Part
from compensation.engine.terms import Kind
from compensation.web.console.explain import Explain
from compensation.web.console.labels import Labels
from compensation.web.console.work import Work


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One remedy of an offer. ``sum`` and the dates are marked text, empty where there is none."""

    name: str
    owed: bool
    sum: str
    bonus: str
    arrives: str
    expires: str


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One offer. The widths are SVG attributes on the scale that all offers share."""

    key: str
    name: str
    lines: tuple[Line, ...]
    value: Money
    owed_width: str
    goodwill_width: str
    cost: Money
    cost_width: str
    law: str
    consent: bool
    arrives: str
    notes: tuple[str, ...]
    chosen: bool


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """The columns, and what comes with every offer: said once, so that one sees what differs."""

    columns: tuple[Column, ...]
    common: tuple[Line, ...]


def compare(labels: Labels, explain: Explain, work: Work) -> Compared:
    """The offers in the engine's order, the lawful one first."""
    offers = work.case.offers
    scale = max((max(offer.value.amount, offer.cost.amount) for offer in offers), default=0)
    every = [lines(labels, work, offer) for offer in offers]
    # What has a sum stands in its column even where all have it: there it is what the customer gets.
    same = [one for one in every[0] if not one.sum and all(one in each for each in every)] if len(every) > 1 else []
    made = [
        _column(labels, explain, work, offer, tuple(one for one in each if one not in same), scale)
        for offer, each in zip(offers, every, strict=True)
    ]
    return Compared(columns=tuple(made), common=tuple(same))


def lines(labels: Labels, work: Work, offer: Offer) -> tuple[Line, ...]:
    """What would be issued today, remedy by remedy; the words travel in the message and are not here."""
    given = [one for one in merged(foresee(work, offer)) if one.kind is not Kind.words]
    return tuple(_line(labels.say, one) for one in given)


def notes(explain: Explain, offer: Offer) -> tuple[str, ...]:
    """What to know before choosing, each said once: two lines of one remedy have the same restrictions."""
    return tuple(dict.fromkeys(explain(reason) for reason in offer.restrictions))


def foresee(work: Work, offer: Offer) -> list[Given]:
    """The lines of an offer with the dates they have if it is issued today."""
    settles = work.facts.occasion.settles if work.facts else (lambda sources: None)
    return [foreseen(line, settles(line.settles), work.now.date()) for line in offer.lines]


def _column(labels: Labels, explain: Explain, work: Work, offer: Offer, apart: tuple[Line, ...], scale: int) -> Column:
    owed = min(owed_part(offer).amount, offer.value.amount)
    return Column(
        key=offer.key,
        name=labels.wording(offer.label),
        lines=apart,
        value=offer.value,
        owed_width=_width(owed, scale),
        goodwill_width=_width(offer.value.amount - owed, scale),
        cost=offer.cost,
        cost_width=_width(offer.cost.amount, scale),
        law=_law(labels.say, offer.consent),
        consent=offer.consent is not None,
        arrives=_arrives(labels.say, offer.arrives_in_days),
        notes=notes(explain, offer),
        chosen=offer.key == work.case.chosen,
    )


def owed_part(offer: Offer) -> Money:
    """How much of the offer's value meets what is owed."""
    owed = sum(line.amount.amount for line in offer.lines if line.part is Part.owed and line.amount is not None)
    return Money(owed, offer.value.currency)


def _line(say: Say, given: Given) -> Line:
    total, bonus = given.total, given.line.bonus
    worth = given.worth if given.kind is Kind.points else None
    return Line(
        name=name(say, given),
        owed=given.line.part is Part.owed,
        sum=money(total, say.locale) if total else "",
        bonus=_bonus(say, bonus, worth),
        arrives=say("By {date}", date=given.due_on) if given.due_on else say("At once"),
        expires=_expires(say, given.expires_on),
    )


def _bonus(say: Say, bonus: Money | None, worth: Money | None) -> str:
    if worth:
        return say("worth {amount}", amount=_small(say, worth))
    return say("with a bonus of {amount}", amount=_small(say, bonus)) if bonus and bonus.amount else ""


def _small(say: Say, amount: Money) -> str:
    """A sum within a sentence of its own size: isolated like any other, but not set apart as the figure of its cell."""
    return ltr(plain(money(amount, say.locale)))


def _expires(say: Say, on: dt.date | None) -> str:
    return say("Until {date}", date=on) if on else ""


def _law(say: Say, consent: Consent | None) -> str:
    if consent is None:
        return say("Meets it")
    if consent.form is ConsentForm.signed:
        return say("Only with the customer’s signed agreement")
    return say("Only with the customer’s recorded consent")


def _arrives(say: Say, days: int) -> str:
    return say("At once") if days == 0 else say.many("Within {n} day", "Within {n} days", days)


def _width(amount: int, scale: int) -> str:
    """A share of the scale, as an SVG length."""
    hundredths = round(Fraction(amount * 10_000, scale)) if scale else 0
    return f"{hundredths // 100}.{hundredths % 100:02d}%"
