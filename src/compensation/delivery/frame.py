"""What frames every letter: its subject, whom and what it is about, greeting, button, where the reasons stand, foot."""

from urllib.parse import urlsplit

from compensation.core.errors import Refused
from compensation.core.text import day, isolate, language, line, ltr
from compensation.delivery.letter import Action, Row
from compensation.delivery.occasion import Occasion
from compensation.delivery.words import Say


def subject(say: Say, occasion: Occasion, heading: str) -> str:
    if not occasion.order_number:
        return heading
    return say("{heading} (order {order})", heading=heading, order=ltr(occasion.order_number))


def why(occasion: Occasion, url: str) -> str:
    """Where the decision is told in plain words: beside the page of the letter, for whatever a case decided."""
    return f"{url}/why" if occasion.case_number else ""


def terms(occasion: Occasion) -> str:
    """The written rules, in the language of the letter."""
    return f"{occasion.terms}?lang={language(occasion.locale)}" if occasion.terms else ""


def reference(say: Say, occasion: Occasion, reason: str) -> tuple[Row, ...]:
    slots = occasion.slots
    found = [Row(say("From"), say("{brand}, customer care", **slots))]
    if occasion.order_number and occasion.item:
        found.append(Row(say("About"), say("Order {order}, {item}", **slots)))
    elif occasion.order_number:
        found.append(Row(say("About"), say("Order {order}", **slots)))
    elif occasion.item:
        found.append(Row(say("About"), isolate(occasion.item)))
    if reason:
        found.append(Row(say("Reason"), reason))
    if occasion.case_number:
        found.append(Row(say("Case"), ltr(occasion.case_number)))
    if occasion.name:
        found.append(Row(say("For"), isolate(occasion.name)))
    return (*found, Row(say("Date"), day(occasion.on, occasion.locale)))


def greeting(say: Say, occasion: Occasion) -> str:
    if occasion.salutation:
        return say("{salutation},", salutation=isolate(occasion.salutation))
    if occasion.name:
        return say("Dear {name},", name=isolate(occasion.name))
    return say("Dear customer,")


def action(say: Say, occasion: Occasion, label: str, url: str) -> Action:
    if urlsplit(url).scheme not in ("https", "http"):
        raise Refused("letter_incomplete", "The letter needs the full address its button opens.", field="url")
    brand = occasion.brand
    phone = brand.said(brand.phone, occasion.locale)
    opens = say("The button opens {site}.", site=ltr(urlsplit(url).netloc))
    instead = (
        say("You can also write to {email} or call {phone}.", email=ltr(brand.sender), phone=ltr(phone))
        if phone
        else say("You can also write to {email}.", email=ltr(brand.sender))
    )
    return Action(label, url, f"{opens} {instead}")


def foot(say: Say, occasion: Occasion) -> tuple[str, ...]:
    legal = line(occasion.brand.said(occasion.brand.legal_line, occasion.locale)).rstrip(".")
    if occasion.reason_code is None:
        why = say("You receive this because {brand} sends you a reward.", **occasion.slots)
    elif occasion.order_number:
        why = say("You receive this because you told us of a problem with order {order}.", **occasion.slots)
    else:
        why = say("You receive this because you told us of a problem.")
    return (say("We never ask for a card number or a password."), f"{legal}. {why}")
