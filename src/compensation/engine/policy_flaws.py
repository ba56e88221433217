"""What a well-formed policy can still say wrong: codes that do not exist, forms that do not fit, gaps in its offers."""

from collections.abc import Iterator

from msgspec import UNSET

from compensation.core.errors import Invalid
from compensation.core.money import Money
from compensation.engine.condition import When
from compensation.engine.policy_document import IN_MONEY, PROMISED, Amounts, OfferRule, PolicyDocument
from compensation.engine.remedy import Shelf
from compensation.engine.shapes import Shape, kind_of_shape
from compensation.engine.taxonomy import Taxonomy

Found = Iterator[tuple[str, str]]
"""Paths into the document, each with what is wrong there."""


def flaws(document: PolicyDocument, taxonomy: Taxonomy, shelf: Shelf) -> Found:
    yield from _twice(document)
    yield from _unknown_harms(document, taxonomy)
    for at, form in enumerate(document.form):
        yield from _misfit(f"$.form[{at}]", form.remedy, form.shape, shelf)
    for at, gesture in enumerate(document.gesture):
        yield from _misfit(f"$.gesture[{at}]", gesture.remedy, gesture.shape, shelf)
        remedy = shelf.known(gesture.remedy)
        if remedy is not None and remedy.sized:
            yield f"$.gesture[{at}].remedy", f"{gesture.remedy} carries a sum, so it is a form and not a gesture."
        for key in sorted(set(gesture.offers) - {rule.key for rule in document.offer}):
            yield f"$.gesture[{at}].offers", f"There is no offer {key!r}."
    for at, way in enumerate(document.in_kind):
        if not shelf.meets(way.remedy):
            yield f"$.in_kind[{at}].remedy", f"{way.remedy!r} does not meet a due in kind."
    forms, ways = {form.remedy for form in document.form}, {way.remedy for way in document.in_kind}
    for at, rule in enumerate(document.offer):
        yield from _offer(f"$.offer[{at}]", rule, shelf, forms, ways)
    yield from _gaps(document)
    yield from _sums(document)
    if document.variant_of == document.code:
        yield "$.variant_of", "A policy cannot be a variant of itself: give the variant a code of its own."


def _twice(document: PolicyDocument) -> Found:
    for what, codes in (
        ("form", [form.remedy for form in document.form]),
        ("goodwill", [rule.code for rule in document.goodwill]),
        ("offer", [rule.key for rule in document.offer]),
    ):
        for at, code in enumerate(codes):
            if code in codes[:at]:
                yield f"$.{what}[{at}]", f"{code!r} is written twice."


def _unknown_harms(document: PolicyDocument, taxonomy: Taxonomy) -> Found:
    for code in {} if document.caps.harms is UNSET else document.caps.harms:
        if not taxonomy.knows(code):
            yield f"$.caps.harms.{code}", f"There is no harm {code!r}."
    conditions: list[tuple[str, list[When]]] = [
        ("goodwill", [rule.when for rule in document.goodwill]),
        ("form", [form.when for form in document.form]),
        ("gesture", [gesture.when for gesture in document.gesture]),
        ("offer", [rule.when for rule in document.offer]),
        (
            "inspection",
            [
                rule.before_issue
                for rule in (document.inspection,)
                if rule is not UNSET and rule.before_issue is not UNSET
            ],
        ),
        ("document", [] if document.document is UNSET else [rule.when for rule in document.document]),
    ]
    for what, whens in conditions:
        for at, when in enumerate(whens):
            for code in when.harms:
                if not taxonomy.knows(code):
                    yield f"$.{what}[{at}].when.harms", f"There is no harm {code!r}."


def _misfit(path: str, code: str, shape: Shape, shelf: Shelf) -> Found:
    remedy = shelf.known(code)
    if remedy is None:
        yield f"{path}.remedy", f"There is no remedy {code!r}."
    elif remedy.kind is not kind_of_shape(shape):
        yield f"{path}.shape", f"{code} is issued as {remedy.kind.value}: give it that shape."


def _offer(path: str, rule: OfferRule, shelf: Shelf, forms: set[str], ways: set[str]) -> Found:
    remedy = shelf.known(rule.money)
    if rule.money != IN_MONEY and (remedy is None or not remedy.substitute or rule.money not in forms):
        yield f"{path}.money", f"{rule.money!r} cannot take the place of money, or has no [[form]] here."
    if rule.in_kind is not None and rule.in_kind not in ways:
        yield f"{path}.in_kind", f"{rule.in_kind!r} has no [[in_kind]] here."
    for code in rule.goodwill:
        if code not in forms:
            yield f"{path}.goodwill", f"{code!r} has no [[form]] here."
    if rule.fallback and (rule.goodwill or rule.in_kind or rule.owed != "any" or rule.when != When()):
        yield path, "The fallback takes every case, so it asks for nothing."


def _gaps(document: PolicyDocument) -> Found:
    """A policy must be able to answer every case: one plain refund, one fallback, credit for a broken promise."""
    plain = [r for r in document.offer if r.money == IN_MONEY and not r.in_kind and r.when == When()]
    if not any(rule.owed == "money" and not rule.only_with_goodwill for rule in plain):
        yield "$.offer", 'One offer must pay sums owed in money, without a condition: owed = "money".'
    if not any(rule.fallback for rule in plain):
        yield "$.offer", "One offer must be the fallback, so that every harm has an answer."
    if not any(form.remedy == PROMISED for form in document.form):
        yield "$.form", f"Promised credit is given as {PROMISED}: it needs its [[form]]."


def _sums(document: PolicyDocument) -> Found:
    tables: list[tuple[str, Amounts]] = [
        ("$.caps.case", document.caps.case),
        ("$.caps.harm", document.caps.harm),
        ("$.caps.customer", document.caps.customer),
    ]
    if document.caps.harms is not UNSET:
        tables += [(f"$.caps.harms.{harm}", amounts) for harm, amounts in document.caps.harms.items()]
    for at, form in enumerate(document.form):
        tables += [(f"$.form[{at}].bonus.fixed", form.bonus.fixed), (f"$.form[{at}].bonus.at_most", form.bonus.at_most)]
    for at, rule in enumerate(document.goodwill):
        tables += [(f"$.goodwill[{at}].flat", {currency: steps[-1]}) for currency, steps in rule.flat.items()]
    for path, table in tables:
        for currency, value in table.items():
            try:
                money = Money.parse(str(value), currency)
            except Invalid as wrong:
                yield path, wrong.detail
                continue
            if money.amount < 0:
                yield path, "A sum may not be negative."
    for currency in document.points.per_unit_in:
        try:
            Money(0, currency)
        except Invalid as wrong:
            yield "$.points.per_unit_in", wrong.detail
