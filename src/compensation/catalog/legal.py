"""What a legal pack must be before anything is decided by it: it names what the house knows, and its dates are sane."""

import datetime
from collections.abc import Iterable, Iterator

from compensation.engine.law import Law
from compensation.engine.provision import CashOutRule, LegalPack, LegalRule, Notice, Provision, ValidityRule
from compensation.engine.provision import Verification as Checked
from compensation.engine.remedy import Shelf
from compensation.engine.terms import Kind

STORED = (Kind.store_credit, Kind.gift_card)
Flaw = tuple[str, str]
"""Where in the document, such as ``$.rule[2].refuses``, and what is wrong there."""


def flaws(pack: LegalPack, shelf: Shelf) -> Iterator[Flaw]:
    """What is wrong with a pack whose every name is known, in the order of the document."""
    lists: Iterable[tuple[str, Iterable[Provision]]] = (
        ("rule", pack.rule),
        ("validity", pack.validity),
        ("cash_out", pack.cash_out or ()),
        ("notice", pack.notice or ()),
    )
    for name, provisions in lists:
        for number, one in enumerate(provisions):
            for field, reason in (*_dates(one, pack.dated), *_names(one, shelf)):
                yield f"$.{name}[{number}].{field}", reason


def overdue(law: Law, on: datetime.date) -> tuple[Provision, ...]:
    """The provisions in force or to come whose review is past its day. They bind as before; somebody should look."""
    return tuple(
        one
        for pack in law.packs
        for one in pack.provisions
        if one.review_by < on and (one.effective_until is None or on <= one.effective_until)
    )


def _dates(one: Provision, dated: datetime.date) -> Iterator[Flaw]:
    if one.effective_until is not None and one.effective_until < one.effective_from:
        yield "effective_until", "a rule cannot end before it begins"
    if one.review_by <= dated:
        yield "review_by", "the review is due after the date of the pack"
    if not one.verification_note.strip():
        yield "verification_note", "say what was read, or why nothing was"
    if one.verification is Checked.unverified:
        return
    if not one.source:
        yield "source", "a text that was read stands somewhere: name the address"
    if not one.read_on or one.read_on > dated:
        yield "read_on", "say when the text was read, on the date of the pack or before"


def _names(one: Provision, shelf: Shelf) -> Iterator[Flaw]:
    match one:
        case LegalRule():
            for code in one.refuses:
                known = shelf.known(code)
                if known is None or not known.substitute:
                    yield "refuses", f"{code!r} is no remedy that could take the place of money"
        case ValidityRule() | CashOutRule() | Notice():
            for code in one.remedies:
                known = shelf.known(code)
                if known is None or known.kind not in STORED:
                    yield "remedies", f"{code!r} is not stored value"
        case _:
            raise AssertionError(f"{type(one).__name__} is no kind of provision")
