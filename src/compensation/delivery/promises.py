"""Every remedy in one or two sentences: what it is called and what we promise."""

import datetime as dt

from compensation.core.text import isolate, listed, ltr
from compensation.delivery.given import Given
from compensation.delivery.words import Say, word
from compensation.engine.terms import (
    CardTerms,
    CreditTerms,
    DiscountTerms,
    ExperienceTerms,
    Kind,
    LimitedOfferTerms,
    PointsTerms,
    RefundTerms,
    TaskTerms,
    TierTerms,
)

_NAMES = {
    "refund_original": word("Refund the way you paid"),
    "partial_refund": word("Part of the price back, the way you paid"),
    "cash_compensation": word("Compensation in money"),
    "cost_reimbursement": word("Your costs paid back"),
    "store_credit_bonus": word("Store credit"),
    "digital_gift_card": word("Gift card"),
    "prepaid_card": word("Prepaid card"),
    "printed_card": word("Printed gift card"),
    "loyalty_points": word("Points"),
    "survey_reward": word("Points for your answers"),
    "tiered_perk": word("Premium membership for a time"),
    "future_discount": word("Discount on a next order"),
    "surprise_gift": word("A surprise from us"),
    "free_gift": word("A free gift"),
    "limited_time_offer": word("A reduced price for a time"),
    "experience_reward": word("An experience of your choice"),
    "repair_product": word("Free repair"),
    "redo_service": word("The service done again"),
    "free_service": word("A service free of charge"),
    "free_upgrade": word("A free upgrade"),
    "exchange": word("Exchange"),
    "expedited_replacement": word("Fast replacement"),
    "extended_guarantee": word("Longer guarantee"),
    "exceptional_service": word("Personal support"),
    "priority_service": word("Priority service"),
    "honest_explanation": word("A plain explanation"),
    "corrective_campaign": word("Putting it right in public"),
    "goodwill_follow_up": word("A word from us afterwards"),
}
_KIND_NAMES = {
    Kind.refund: word("Money back"),
    Kind.store_credit: word("Store credit"),
    Kind.gift_card: word("Gift card"),
    Kind.points: word("Points"),
    Kind.tier: word("Premium membership for a time"),
    Kind.discount: word("Discount on a next order"),
    Kind.limited_offer: word("A reduced price for a time"),
    Kind.experience: word("An experience of your choice"),
    Kind.task: word("What we do for you"),
    Kind.words: word("Our words to you"),
}
_TASKS = {
    "repair_product": word("We repair it at no cost to you by {date}."),
    "redo_service": word("We do the service again at no cost to you by {date}."),
    "free_service": word("You receive the service free of charge by {date}."),
    "free_upgrade": word("We upgrade you free of charge by {date}."),
    "exchange": word("We exchange it at no cost to you by {date}."),
    "expedited_replacement": word("We send you a replacement ahead of other orders; it reaches you by {date}."),
    "free_gift": word("We send you a gift, free of charge, by {date}."),
    "honest_explanation": word("We write to you by {date} what went wrong and what we have done about it."),
    "corrective_campaign": word("We say in public by {date} what went wrong and what we have changed."),
    "goodwill_follow_up": word("One of us asks you by {date} whether all is well."),
}
_LASTING = {
    "extended_guarantee": word("You have our own guarantee until {until}, on top of your rights by law."),
    "exceptional_service": word("Until {until} one of us looks after you in person and answers you first."),
    "priority_service": word("Until {until} whatever you ask us is answered before other requests."),
}
"""Tasks that are not done once but kept up."""
_MONEY = {
    "cash_compensation": word("We pay you {amount} for the damage by {date}. No fee is taken from it."),
    "cost_reimbursement": word("We pay you back your costs of {amount} by {date}. No fee is taken from it."),
    "partial_refund": word("{amount} of the price comes back the way you paid by {date}. No fee is taken from it."),
}
_PERKS = {
    "early_releases": word("new products before others"),
    "early_release": word("new products before others"),
    "special_discounts": word("members’ prices"),
    "special_discount": word("members’ prices"),
    "vip_support": word("support without waiting"),
    "free_delivery": word("free delivery"),
    "free_shipping": word("free delivery"),
}
_TIERS = {"silver": word("Silver"), "gold": word("Gold"), "platinum": word("Platinum"), "premium": word("Premium")}
_CHOICES = {
    "event_ticket": word("a ticket to an event"),
    "webinar_access": word("access to a webinar"),
    "consultation": word("a personal consultation"),
}


def name(say: Say, given: Given) -> str:
    """What the remedy is called."""
    return say(_NAMES.get(given.line.remedy, _KIND_NAMES[given.kind]))


def said(say: Say, given: Given, brand: str) -> str:
    """The whole of it in one or two sentences."""
    terms = given.line.terms
    until = given.expires_on
    match terms:
        case RefundTerms():
            return _refund(say, given, terms)
        case PointsTerms() if given.worth is not None:
            return say(
                "{points} in your account, worth {worth} at {brand} and valid until {date}.",
                points=given.total,
                worth=given.worth,
                brand=brand,
                date=until,
            )
        case PointsTerms():
            return say("{points} in your account, valid until {date}.", points=given.total, date=until)
        case TierTerms():
            tier = say(_TIERS[terms.tier]) if terms.tier in _TIERS else isolate(terms.tier)
            return say("{tier} membership until {date}: {perks}.", tier=tier, date=until, perks=perks(say, terms))
        case DiscountTerms():
            return _discount(say, terms, until)
        case LimitedOfferTerms():
            percent = ltr(f"{terms.percent}%")
            return say("A code for {percent} off one order, valid until {date}.", percent=percent, date=until)
        case ExperienceTerms() if given.worth is not None:
            return say(
                "One of these, worth {worth}, as you like, until {date}: {choices}.",
                worth=given.worth,
                date=until,
                choices=picks(say, terms),
            )
        case ExperienceTerms():
            return say("One of these, as you like, until {date}: {choices}.", date=until, choices=picks(say, terms))
        case TaskTerms():
            return _task(say, given)
        case CreditTerms() | CardTerms() if until and given.total:
            return say("{name} of {amount}, valid until {date}.", name=name(say, given), amount=given.total, date=until)
        case _:
            return name(say, given)


def _refund(say: Say, given: Given, terms: RefundTerms) -> str:
    usual = word("{amount} comes back to you the way you paid by {date}. No fee is taken from it.")
    elsewise = word("We pay you {amount} by {date}. No fee is taken from it.")
    text = _MONEY.get(given.line.remedy, usual if terms.same_means else elsewise)
    return say(text, amount=given.total, date=given.due_on)


def _discount(say: Say, terms: DiscountTerms, until: dt.date | None) -> str:
    if terms.hidden:
        return say("There is a surprise for you behind the button. It is yours until {date}.", date=until)
    if terms.minimum_spend:
        text = word("A code for {off} off one order from {least}, valid until {date}.")
        return say(text, off=terms.off, least=terms.minimum_spend, date=until)
    return say("A code for {off} off one order, valid until {date}.", off=terms.off, date=until)


def _task(say: Say, given: Given) -> str:
    remedy, until = given.line.remedy, given.expires_on
    if until and remedy in _LASTING:
        return say(_LASTING[remedy], until=until)
    told = say(_TASKS.get(remedy, word("We do this for you by {date}.")), date=given.due_on)
    return f"{told} {say('This holds until {date}.', date=until)}" if until else told


def perks(say: Say, terms: TierTerms) -> str:
    """What a tier brings, as a list in words."""
    known = list(dict.fromkeys(_PERKS[code] for code in terms.perks if code in _PERKS))
    return listed([say(text) for text in known], say.locale) or say("what members get")


def picks(say: Say, terms: ExperienceTerms) -> str:
    """The experiences one may pick from."""
    known = [say(_CHOICES[code]) for code in terms.choices if code in _CHOICES]
    return listed(known, say.locale, "or") or say("an experience")
