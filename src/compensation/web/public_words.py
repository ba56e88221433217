"""A policy as everybody may read it: its public terms, and the rules it decides by told from the rules themselves."""

import datetime as dt
from collections.abc import Iterator

import msgspec
from msgspec import UNSET

from compensation.core.text import day, isolate, ltr
from compensation.delivery.words import word
from compensation.engine.condition import When
from compensation.engine.harm import Severity
from compensation.engine.house_rules import Season
from compensation.engine.policy_document import OfferRule, PolicyDocument
from compensation.engine.public_terms import NotReturned, PublicTerms
from compensation.web.console.labels import Labels
from compensation.web.upload import KINDS


class Section(msgspec.Struct, frozen=True):
    """A heading, what is said beneath it, and a list; all marked texts."""

    id: str
    title: str
    texts: tuple[str, ...]
    items: tuple[str, ...] = ()


COUNTS: dict[str, str] = {
    "severity": word("how bad it was for you"),
    "price": word("the price of the order"),
    "late": word("how late it came"),
    "costs": word("what it cost you"),
    "again": word("whether it happened to you before"),
    "goods": word("the kind of goods"),
    "condition": word("the condition of goods that came back, where somebody looked at them"),
    "tiers": word("your membership"),
    "countries": word("the country you live in"),
    "wants": word("what you ask us for"),
}
"""What a decision may depend on, in the order it is told. Where a policy asks for none of one, it is not told."""


def sections(labels: Labels, document: PolicyDocument, terms: PublicTerms, contact: str) -> list[Section]:
    """The page from top to bottom. ``contact`` is the address that a person answers at."""
    told = (
        _time(labels, document),
        _yours(labels),
        _added(labels, document, terms),
        _choice(labels, document),
        _soon(labels, document),
        _returns(labels, terms),
        _not_returned(labels, terms),
        _warranty(labels, terms),
        _inspected(labels, document),
        _needed(labels, document),
        _disagree(labels, document, terms, contact),
        _limits(labels, terms),
    )
    return [section for section in told if section is not None]


def facts(labels: Labels, document: PolicyDocument) -> list[str]:
    """The two figures that a shop's own page shows beside its link."""
    say, window = labels.say, document.house.request_window_days
    told = [say("Tell us within {days}.", days=_days(labels, window))] if window is not None else []
    back = _days(labels, document.house.processing_days)
    return [*told, say("Money is on its way back within {days}.", days=back)]


def _days(labels: Labels, n: int) -> str:
    """As it stands after “within”."""
    return labels.say.many("{n} day", "{n} days", n)


def _time(labels: Labels, document: PolicyDocument) -> Section:
    say, house = labels.say, document.house
    texts = [say("There is no last day for telling us.")]
    if house.request_window_days is not None:
        days = _days(labels, house.request_window_days)
        texts = [say("Tell us within {days} after it came to you, or after you ordered it.", days=days)]
    texts.append(
        say("Later is not too late for what the law gives you. A person reads it; the date alone refuses nothing.")
    )
    items = []
    for window in house.window or ():
        names = [isolate(code) for code in window.categories] + [labels.country(code) for code in window.countries]
        days = _days(labels, window.request_window_days)
        items.append(say("{what}: within {days}", what=say(", ").join(names), days=days))
    items += [_season(labels, season) for season in house.season]
    return Section("time", say("How long you have"), tuple(texts), tuple(items))


def _season(labels: Labels, season: Season) -> str:
    return labels.say(
        "{name}, for what was bought from {first} to {last}: within {days}",
        name=labels.wording(season.name),
        first=_day_of(labels, season.first),
        last=_day_of(labels, season.last),
        days=_days(labels, season.request_window_days),
    )


def _day_of(labels: Labels, month_day: str) -> str:
    """``12-31`` as 31 December. The year is a leap year and is not shown."""
    return day(dt.date.fromisoformat(f"2000-{month_day}"), labels.say.locale, year=False)


def _yours(labels: Labels) -> Section:
    say = labels.say
    return Section(
        "yours",
        say("What is yours by right"),
        (
            say(
                "What you paid for and did not get, what was taken twice, and the costs that the harm caused you go "
                "back to you whole, as the law and the facts have it."
            ),
            say("No limit of ours holds for what is owed to you, and no fee is taken from it."),
            say("Credit takes its place only where you agree, and never where the law forbids it."),
        ),
    )


def _added(labels: Labels, document: PolicyDocument, terms: PublicTerms) -> Section:
    say = labels.say
    counted = say(", ").join(say(COUNTS[name]) for name in COUNTS if name in _counts(document))
    texts = (
        say("We may add goodwill on top of what is yours. It follows from written rules, for these harms:"),
        say("What counts: {what}. Nothing else about you does.", what=counted),
    )
    return Section("added", say("What we add, and what counts"), texts, tuple(_earned(labels, document, terms.sums)))


def _earned(labels: Labels, document: PolicyDocument, sums: bool) -> Iterator[str]:
    """The harms that earn goodwill, each once; with the most that its rules give where the policy prints sums."""
    most: dict[str, list[int]] = {}
    for rule in document.goodwill:
        for code in rule.when.harms:
            seen = most.setdefault(code, [0] * len(Severity))
            if rule.percent_of_order is not None:
                most[code] = [max(seen[step.rank], rule.percent_of_order.at(step.rank)) for step in Severity]
    for code, steps in most.items():
        if not sums or not any(steps):
            yield labels.harm(code)
            continue
        told = [f"{labels.severity(step.value)} {ltr(f'{steps[step.rank]} %')}" for step in Severity]
        steps_said = labels.say(", ").join(told)
        yield labels.say("{what}, of the price of the order at most: {steps}", what=labels.harm(code), steps=steps_said)


def _counts(document: PolicyDocument) -> set[str]:
    """What the rules of a policy ask for, read from the rules."""
    whens: list[When] = [rule.when for rule in document.goodwill]
    whens += [form.when for form in document.form] + [gesture.when for gesture in document.gesture]
    whens += [offer.when for offer in document.offer]
    whens += [] if document.document is UNSET else [paper.when for paper in document.document]
    cel = " ".join(when.cel for when in whens if when.cel)
    again = any(when.cases_at_least or when.apologies_at_least or when.gestures_at_least for when in whens)
    asked = {
        "severity": True,
        "price": any(rule.percent_of_order for rule in document.goodwill) or "order_amount" in cel,
        "late": any(when.days_late_at_least for when in whens) or "days_late" in cel,
        "costs": "costs" in cel,
        "again": again or document.repeat is not UNSET or document.caps.customer != {},
        "goods": any(when.categories for when in whens) or "category" in cel,
        "condition": any(when.asks_of_goods for when in whens),
        "tiers": any(when.tiers for when in whens) or "tier" in cel or bool(document.scope.tiers),
        "countries": any(when.countries for when in whens) or "country" in cel or bool(document.scope.countries),
        "wants": any(when.wants or when.wants_not for when in whens) or "wants" in cel,
    }
    return {name for name, so in asked.items() if so}


def _choice(labels: Labels, document: PolicyDocument) -> Section:
    say = labels.say
    items = [
        labels.wording(rule.label) for rule in document.offer if _given(rule, frozenset(document.house.methods_off))
    ]
    text = say("We offer you what fits your case out of these. Nothing is chosen for you.")
    return Section("choice", say("What you can choose from"), (text,), tuple(items))


def _given(rule: OfferRule, off: frozenset[str]) -> bool:
    """Whether an offer can be made at all with these remedies switched off."""
    if rule.money in off or rule.in_kind in off:
        return False
    left = [code for code in rule.goodwill if code not in off]
    return bool(left) or not rule.goodwill or (rule.owed != "nothing" and not rule.only_with_goodwill)


def _soon(labels: Labels, document: PolicyDocument) -> Section:
    say, off = labels.say, document.house.methods_off
    days = _days(labels, document.house.processing_days)
    text = say("Money is on its way back to you within {days} of your choice, sooner where the law says so.", days=days)
    items = tuple(
        say("{what}: within {days}", what=labels.remedy(way.remedy), days=_days(labels, way.due_in_days))
        for way in document.in_kind
        if way.remedy not in off
    )
    return Section("soon", say("How long it takes"), (text,), items)


def _returns(labels: Labels, terms: PublicTerms) -> Section | None:
    if terms.returns is UNSET:
        return None
    say, returns = labels.say, terms.returns
    texts = [
        say("We pay for sending it back.")
        if returns.shipping == "merchant"
        else say("You pay for sending it back, unless it was faulty or the law has us pay.")
    ]
    if returns.condition is not UNSET:
        texts.append(isolate(labels.wording(returns.condition)))
    return Section("returns", say("Returns and exchanges"), tuple(texts))


def _not_returned(labels: Labels, terms: PublicTerms) -> Section | None:
    if terms.returns is UNSET or not terms.returns.not_returned:
        return None
    say = labels.say
    text = say("Once they are sold, these stay with you. Where something is wrong with them we put it right as well.")
    items = tuple(_kept(labels, one) for one in terms.returns.not_returned)
    return Section("kept", say("What is not taken back"), (text,), items)


def _kept(labels: Labels, one: NotReturned) -> str:
    names = [isolate(code) for code in one.categories] + [ltr(sku) for sku in one.skus]
    return labels.say("{what}: {why}", what=labels.say(", ").join(names), why=isolate(labels.wording(one.because)))


def _warranty(labels: Labels, terms: PublicTerms) -> Section | None:
    if terms.warranty_months is UNSET:
        return None
    say = labels.say
    months = say.many("{n} month", "{n} months", terms.warranty_months)
    told = say("Our warranty runs for {months} from the day of purchase.", months=months)
    return Section("warranty", say("Warranty"), (told, say("What the law gives you beyond it stays yours.")))


def _inspected(labels: Labels, document: PolicyDocument) -> Section | None:
    if document.inspection is UNSET:
        return None
    say, worst = labels.say, ltr(document.inspection.worst_grade.value)
    texts = (
        say("We look at goods that come back by a checklist, the same for everybody, and grade them from A to D."),
        say(
            "We add something of our own down to grade {grade}. What the law gives you depends on no grade.",
            grade=worst,
        ),
    )
    return Section("inspected", say("How we look at goods"), texts)


def _needed(labels: Labels, document: PolicyDocument) -> Section:
    say = labels.say
    texts = [
        say("The number of your order, and what happened in your own words."),
        say("Receipts for what it cost you. You can send them as pictures by the link in our letter."),
    ]
    asked = {} if document.document is UNSET else dict.fromkeys(paper.kind for paper in document.document)
    if asked:
        named = say(", ").join(say(KINDS[kind]) for kind in asked)
        texts.append(say("Before we add something of our own we may ask for: {papers}.", papers=named))
        texts.append(say("What the law gives you does not wait for it. It is for what we add of our own."))
    return Section("needed", say("What we need from you"), tuple(texts))


def _disagree(labels: Labels, document: PolicyDocument, terms: PublicTerms, contact: str) -> Section:
    say, rule = labels.say, document.disputes
    texts = [] if terms.disputes is UNSET else [isolate(labels.wording(terms.disputes))]
    days = _days(labels, rule.answer_days)
    texts.append(
        say(
            "You can say so on the page that our letter opens. Somebody who had no part in the decision looks at "
            "everything again and answers you in writing within {days}.",
            days=days,
        )
    )
    if rule.within_days is not UNSET:
        days = _days(labels, rule.within_days)
        texts.append(say("You can do so within {days} of the day on which you heard from us.", days=days))
    texts.append(say("Write to {email} and name your case. A person answers.", email=ltr(contact)))
    return Section("disagree", say("If you do not agree"), tuple(texts))


def _limits(labels: Labels, terms: PublicTerms) -> Section | None:
    if terms.limits is UNSET:
        return None
    return Section("limits", labels.say("What we cannot do"), (isolate(labels.wording(terms.limits)),))
