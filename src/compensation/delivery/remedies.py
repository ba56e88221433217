"""One remedy in the parts a letter shows: what it is made of, when it comes, how it is used and how long it lasts."""

from compensation.catalog.library import library
from compensation.core.money import Money
from compensation.core.text import day
from compensation.delivery.given import Given
from compensation.delivery.letter import Card, Promise, Row, Share, Sum
from compensation.delivery.promises import name, perks, picks, said
from compensation.delivery.words import Say, word
from compensation.engine.plan import Part
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
    Terms,
    TierTerms,
)

_DUE_LABELS = {
    DueKind.price: word("The price you paid"),
    DueKind.reduction: word("The part of the price you get back"),
    DueKind.duplicate: word("The sum taken twice"),
    DueKind.costs: word("Your costs"),
    DueKind.promise: word("The amount we promised"),
    DueKind.conformity: word("The price you paid"),
    DueKind.performance: word("The part of the price you get back"),
}


def told(say: Say, given: Given, brand: str) -> Card | Promise | None:
    """The remedy as it stands in a letter; None for words, which are the letter itself."""
    if given.kind is Kind.words:
        return None
    if isinstance(given.line.terms, ProductTerms) and given.line.amount is not None:
        return _of_another_brand(say, given, given.line.terms, given.line.amount)
    if given.kind in (Kind.store_credit, Kind.gift_card) and given.line.amount is not None:
        return Card(
            name=name(say, given),
            total=given.total or given.line.amount,
            made_of=made_of(say, given),
            valid=_valid(say, given),
            fees=say("No fees"),
            giveable=given.kind is Kind.gift_card,
            law=by_law(say, given.line.terms),
        )
    return Promise(name=name(say, given), said=said(say, given, brand), amount=given.total)


def _of_another_brand(say: Say, given: Given, terms: ProductTerms, total: Money) -> Card:
    brand = terms.name.in_(say.locale)
    return Card(
        name=brand,
        total=total,
        made_of=made_of(say, given),
        valid=_valid(say, given),
        fees=say("No fees"),
        giveable=True,
        law=(say("You use this card at {brand}, by its rules.", brand=brand), terms.rules.in_(say.locale)),
        elsewhere=True,
    )


def _valid(say: Say, given: Given) -> str:
    return say("Valid until {date}", date=given.expires_on) if given.expires_on else say("Never expires")


def by_law(say: Say, terms: Terms) -> tuple[str, ...]:
    """What the law says of stored value: that what is left is paid out, and the texts that must stand beside it."""
    if not isinstance(terms, CreditTerms | CardTerms):
        return ()
    paid = (
        (say("When {amount} or less is left, we pay it out in money if you ask.", amount=terms.cash_out),)
        if terms.cash_out
        else ()
    )
    found = [library().law.provision(code) for code in terms.notices or ()]
    return (*paid, *(one.words.in_(say.locale) for one in found if one is not None))


def made_of(say: Say, given: Given, *, owed_too: bool = False) -> Sum:
    """The parts of its sum. A goodwill principal is solid alone, and hatched where it stands beside a sum owed."""
    line = given.line
    if line.amount is None:
        return Sum(())
    owed = line.part is Part.owed
    label = _DUE_LABELS[given.settles] if owed and given.settles else word("What we owe you")
    first = Share(say(label if owed else word("For what went wrong")), line.amount, owed or not owed_too)
    if line.bonus is None or line.bonus.amount == 0:
        return Sum((first,))
    return Sum((first, Share(say("Added by us"), line.bonus, solid=False)))


def rows(say: Say, given: Given, brand: str, worth: Money | None = None) -> tuple[Row, ...]:
    """Arrives, use it, expires: the same rows in the same order for every remedy, so that offers compare.

    ``worth`` is what a count of points comes to in money; no other remedy has that row.
    """
    of = (Row(say("Worth"), say("{amount} at {brand}", amount=worth, brand=brand)),) if worth else ()
    expires = day(given.expires_on, say.locale) if given.expires_on else say("Never")
    return (
        *of,
        Row(say("Arrives"), _arrives(say, given)),
        Row(say("Use it"), _use(say, given, brand)),
        Row(say("Expires"), expires),
    )


def _arrives(say: Say, given: Given) -> str:
    if given.due_on:
        return say("By {date}", date=given.due_on)
    if given.kind in (Kind.store_credit, Kind.points, Kind.tier):
        return say("At once, in your account")
    return say("At once, by e-mail")


def _use(say: Say, given: Given, brand: str) -> str:
    terms = given.line.terms
    match terms:
        case RefundTerms():
            return say("Anywhere")
        case CreditTerms():
            return say("At {brand}, in parts", brand=brand)
        case CardTerms() if terms.product == "prepaid":
            return say("Wherever the card is accepted")
        case CardTerms():
            return say("At {brand}, by you or a person you choose", brand=brand)
        case PointsTerms():
            return say("On orders at {brand}", brand=brand)
        case TierTerms():
            return perks(say, terms)
        case DiscountTerms() if terms.minimum_spend and not terms.hidden:
            return say("On one order at {brand} from {least}", brand=brand, least=terms.minimum_spend)
        case DiscountTerms() | LimitedOfferTerms():
            return say("On one order at {brand}", brand=brand)
        case ExperienceTerms():
            return picks(say, terms)
        case _:
            return say("You need do nothing")
