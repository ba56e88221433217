"""An offer as the customer compares it: its name, its sum and its parts, what else comes, and what is given up."""

import datetime as dt
from collections.abc import Callable, Container, Sequence

from compensation.cases.consent import sentence
from compensation.core.money import Money
from compensation.core.text import listed
from compensation.delivery.given import Given, foreseen, merged
from compensation.delivery.letter import Choice, Row, Share, Sum
from compensation.delivery.promises import name, said
from compensation.delivery.remedies import made_of, rows
from compensation.delivery.words import Say
from compensation.engine.law import ConsentForm
from compensation.engine.plan import Offer, Part
from compensation.engine.taxonomy import DueKind
from compensation.engine.terms import Kind

_ADDS_UP = (Kind.store_credit, Kind.gift_card, Kind.points)

Settles = Callable[[Sequence[str]], DueKind | None]
"""From a line's ``settles`` to the kind of due it meets."""


def compared(
    say: Say, made: Sequence[Offer], settles: Settles, on: dt.date, brand: str
) -> tuple[tuple[Choice, ...], tuple[str, ...]]:
    """The offers side by side; and, told once, what comes with every one of them."""
    bundles = [_Bundle(say, offer, settles, on, brand) for offer in made]
    others = [bundle.besides for bundle in bundles]
    common = {text: None for text in others[0] if all(text in each for each in others)} if len(made) > 1 else {}
    return tuple(bundle.choice(say, brand, common) for bundle in bundles), tuple(common)


class _Bundle:
    """One offer taken apart: ``main`` gives it its name and sum, ``others`` come with it."""

    def __init__(self, say: Say, offer: Offer, settles: Settles, on: dt.date, brand: str) -> None:
        every = merged([foreseen(line, settles(line.settles), on) for line in offer.lines])
        things = [one for one in every if one.kind is not Kind.words]
        self.offer = offer
        self.main = _main(things)
        self.others = [one for one in things if one not in self.main]
        # The rows speak of the first remedy and of its sum; whatever they leave out is said in a sentence.
        first = self.main[:1]
        self.unsaid = [one for one in self.main if one.total is None or one.line.remedy != first[0].line.remedy]
        self.besides = [said(say, one, brand) for one in self.others]

    def choice(self, say: Say, brand: str, common: Container[str]) -> Choice:
        """The offer without what all its neighbours bring too."""
        apart = [(one, text) for one, text in zip(self.others, self.besides, strict=True) if text not in common]
        named = [one for one, _ in apart if one.kind is not Kind.task]
        owed = any(one.line.part is Part.owed for one in self.main)
        consent = self.offer.consent
        return Choice(
            key=self.offer.key,
            name=_title(say, [*self.main, *named]),
            amount=_added([one.total for one in self.main if one.total is not None]),
            made_of=_gathered([share for one in self.main for share in made_of(say, one, owed_too=owed).shares]),
            rows=rows(say, self.main[0], brand, worth=_worth(self.main)) if self.main else _nothing_to_do(say),
            besides=(*(said(say, one, brand) for one in self.unsaid), *(text for _, text in apart)),
            consent=sentence(self.offer, say.locale),
            signed=consent is not None and consent.form is ConsentForm.signed,
        )


def _main(things: Sequence[Given]) -> list[Given]:
    """The remedies whose sum stands beside the name: those owed, sums first, and goodwill that is more of the same
    for as long; where nothing is owed, the first that has a worth."""
    owed = sorted((one for one in things if one.line.part is Part.owed), key=lambda one: one.total is None)
    if not owed:
        return [one for one in things if one.total is not None][:1] or list(things[:1])
    alike = {(one.line.remedy, one.expires_on) for one in owed if one.kind in _ADDS_UP}
    more = [one for one in things if one.line.part is not Part.owed and (one.line.remedy, one.expires_on) in alike]
    return owed + more


def _title(say: Say, things: Sequence[Given]) -> str:
    """``Refund the way you paid and points``: what tells this offer from its neighbours."""
    names = list(dict.fromkeys(name(say, one) for one in things)) or [say("Our apology")]
    return listed([names[0], *(each[:1].lower() + each[1:] for each in names[1:])], say.locale)


def _worth(main: Sequence[Given]) -> Money | None:
    """What a count of points is worth, goodwill and all."""
    return _added([one.worth for one in main if one.kind is Kind.points and one.worth is not None])


def _added(sums: Sequence[Money]) -> Money | None:
    """The whole of sums of one asset; None where there is none, or where they are unlike and cannot be added."""
    if not sums or len({each.currency for each in sums}) > 1:
        return None
    return Money(sum(each.amount for each in sums), sums[0].currency)


def _gathered(shares: Sequence[Share]) -> Sum:
    """The sum with shares of the same name put together."""
    whole: dict[tuple[str, bool], Share] = {}
    for each in shares:
        before = whole.get((each.label, each.solid))
        amount = before.amount + each.amount if before else each.amount
        whole[each.label, each.solid] = Share(each.label, amount, each.solid)
    return Sum(tuple(whole.values()))


def _nothing_to_do(say: Say) -> tuple[Row, ...]:
    return (
        Row(say("Arrives"), say("At once, by e-mail")),
        Row(say("Use it"), say("You need do nothing")),
        Row(say("Expires"), say("Never")),
    )
