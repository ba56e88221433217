"""An offer as the customer compares it: its name, its sum and its parts, what else comes, and what is given up."""

import datetime as dt
from collections.abc import Callable, Sequence

from compensation.core.money import Money
from compensation.core.text import money
from compensation.delivery.given import Given, foreseen
from compensation.delivery.letter import Choice, Row, Sum
from compensation.delivery.promises import name, said
from compensation.delivery.remedies import made_of, rows
from compensation.delivery.words import Say, word
from compensation.engine.law import ConsentForm
from compensation.engine.plan import Offer, Part
from compensation.engine.taxonomy import DueKind
from compensation.engine.terms import Kind

Settles = Callable[[Sequence[str]], DueKind | None]
"""From a line's ``settles`` to the kind of due it meets."""

_CONSENTS = {
    Kind.store_credit: word("I agree to receive store credit of {amount} instead of {owed} in money."),
    Kind.gift_card: word("I agree to receive a gift card of {amount} instead of {owed} in money."),
    Kind.points: word("I agree to receive {amount} instead of {owed} in money."),
    Kind.discount: word("I agree to receive a discount of {amount} instead of {owed} in money."),
}


def choice(say: Say, offer: Offer, settles: Settles, on: dt.date, brand: str) -> Choice:
    """One offer in words. What is owed gives it its name; a pure gesture is named by its first remedy of value."""
    every = [foreseen(line, settles(line.settles), on) for line in offer.lines]
    things = [one for one in every if one.kind is not Kind.words]
    main = _main(things)
    besides = [said(say, one, brand) for one in things if one not in main]
    return Choice(
        key=offer.key,
        name=say(" and ").join(dict.fromkeys(name(say, one) for one in main)) or say("Our apology"),
        amount=_face(main),
        made_of=Sum(tuple(share for one in main for share in made_of(say, one, owed_too=_owes(main)).shares)),
        rows=rows(say, main[0], brand) if main else _nothing_to_do(say),
        besides=tuple(besides),
        consent=_consent(say, offer, main),
        signed=offer.consent is not None and offer.consent.form is ConsentForm.signed,
    )


def _main(things: Sequence[Given]) -> list[Given]:
    """The remedies that give the offer its name: those owed, sums first; else the first that has a worth."""
    owed = [one for one in things if one.line.part is Part.owed]
    if owed:
        return sorted(owed, key=lambda one: one.total is None)
    return [one for one in things if one.total is not None][:1] or list(things[:1])


def _owes(main: Sequence[Given]) -> bool:
    return any(one.line.part is Part.owed for one in main)


def _face(main: Sequence[Given]) -> Money | None:
    """The one sum of the name: sums of one asset are added, unlike ones are left to the lines."""
    sums = [one.total for one in main if one.total is not None]
    if not sums or len({each.currency for each in sums}) > 1:
        return None
    whole = sums[0]
    for each in sums[1:]:
        whole = whole + each
    return whole


def _consent(say: Say, offer: Offer, main: Sequence[Given]) -> str | None:
    """The sentence to agree to. It names both sums, so that the record says what was given up for what."""
    if offer.consent is None:
        return None
    owed = offer.consent.replaces
    substitute = next((one for one in main if one.kind in _CONSENTS and one.total is not None), None)
    if substitute is None:
        return say("I agree to this offer instead of {owed} in money.", owed=owed)
    return say(_CONSENTS[substitute.kind], amount=money(substitute.total or owed, say.locale), owed=owed)


def _nothing_to_do(say: Say) -> tuple[Row, ...]:
    return (
        Row(say("Arrives"), say("At once, by e-mail")),
        Row(say("Use it"), say("You need do nothing")),
        Row(say("Expires"), say("Never")),
    )
