"""From the form "Report a case" to a report: every field checked at its place, so that all faults are told at once."""

import re
from typing import Any

from msgspec import UNSET, UnsetType

from compensation.cases.report import ReportCase
from compensation.catalog.library import library
from compensation.core.errors import Problem
from compensation.core.text import LANGUAGES
from compensation.customers.contact import Contact
from compensation.delivery.words import ReasonEntry, word
from compensation.engine.harm import Severity
from compensation.engine.report import FACTS, CostLine, Facts, Harm, Order, Wants
from compensation.web.console.labels import CHANNELS, TIERS, countries
from compensation.web.console.typed import Typed

COST_LINES, MOST_COST_LINES = 2, 50
_DAYS = 3650
_REGION = re.compile("[A-Z0-9]{1,3}")
_SUMS = ("duplicate_amount", "promised_credit")
TICKS = tuple(sorted(FACTS.difference(_SUMS)))
"""The facts that are ticked; the others are sums."""

_AT: dict[str, tuple[str, str]] = {
    "customer_needed": ("email", word("Write the customer’s e-mail address or the customer number")),
    "invalid_email": ("email", word("This cannot be an e-mail address; check it")),
    "invalid_phone": ("phone", word("This cannot be a telephone number; write it like +353 1 555 0142")),
    "email_needed": ("email", word("To ask the customer we need an e-mail address")),
    "order_needed": ("order_number", word("What went wrong is about an order: write its number and its amount")),
    "currency_needed": ("currency", word("Write the currency of the case")),
    "unknown_harm": ("harms", word("Tick what went wrong")),
    "customer_erased": ("email", word("This customer was erased; report the case under another address or number")),
    "unknown_program": ("program", word("There is no such program any more; choose another")),
    "idempotency_key_reused": (
        "words",
        word("This form was sent before. Look in the queue whether the case is there, then send it again"),
    ),
}


def report_of(typed: Typed, reasons: dict[str, ReasonEntry], programs: frozenset[str]) -> ReportCase | None:
    """The report, or None with everything that is wrong in ``typed.wrong``. What ``engine`` refuses comes later."""
    # In the order of the page, so that the faults are told in the order in which they are met.
    parts: dict[str, Any] = {
        "words": typed.prose("words"),
        "wanted_outcome": typed.prose("wanted_outcome", most=2000),
        "channel": typed.one_of("channel", CHANNELS, needed=True),
        "reason_code": typed.one_of("reason_code", reasons, needed=True),
        "harms": _harms(typed),
    }
    currency = typed.currency("currency")
    if currency is None:
        typed.fault("currency", typed.say(_AT["currency_needed"][1]))
    parts |= {
        "currency": currency,
        "order": _order(typed, currency),
        "facts": _facts(typed, currency),
        "cost_lines": _costs(typed, currency),
        "customer": _customer(typed),
        "locale": typed.one_of("locale", LANGUAGES, needed=True),
        "country": typed.one_of("country", dict(countries("en")), needed=True),
        "region": _region(typed),
        "customer_tier": typed.one_of("tier", TIERS) or TIERS[0],
        "program": typed.one_of("program", programs),
        "incident_group": typed.text("incident_group"),
        "ask_customer": typed.ticked("ask_customer"),
    }
    if typed.wrong:
        return None
    try:
        return ReportCase(**parts)
    except Problem as problem:
        refuse(typed, problem)
        return None


def refuse(typed: Typed, problem: Problem) -> bool:
    """Say at its field why a room refused the report. False for what no field can mend."""
    if problem.code not in _AT:
        return False
    field, said = _AT[problem.code]
    typed.fault(field, typed.say(said))
    return True


def _region(typed: Typed) -> str | UnsetType:
    """``CA``, also where it was written small or with its country before it, as ISO 3166-2 has it: ``US-CA``."""
    written = (typed.text("region", most=10) or "").upper().removeprefix(typed.fields.get("country", "") + "-")
    if written and not _REGION.fullmatch(written):
        typed.fault("region", typed.say("Write the one to three letters or figures of ISO 3166-2, such as CA"))
    return written or UNSET


def _customer(typed: Typed) -> Contact:
    return Contact(
        reference=typed.text("reference"),
        name=typed.text("name"),
        salutation=typed.text("salutation"),
        email=typed.text("email", most=320),
        phone=typed.text("phone", most=40),
    )


def _harms(typed: Typed) -> tuple[Harm, ...]:
    """Each ticked harm with its severity."""
    found = []
    for kind in library().taxonomy.book.harm:
        if not typed.ticked(f"harm.{kind.code}"):
            continue
        severity = typed.one_of(f"severity.{kind.code}", tuple(Severity))
        if severity is None:
            typed.fault(f"severity.{kind.code}", typed.say("Say how bad it was"))
        else:
            found.append(Harm(kind.code, Severity(severity)))
    if not found and not any(field.startswith("severity.") for field in typed.wrong):
        typed.fault("harms", typed.say(_AT["unknown_harm"][1]))
    return tuple(found)


def _order(typed: Typed, currency: str | None) -> Order | None:
    """The order, where anything of it was typed: then its number and its amount are needed."""
    fields = ("order_number", "amount", "item", "payment", "already_refunded", *_DATES)
    if not any(typed.text(field) for field in fields):
        return None
    number = typed.text("order_number", needed=True)
    amount = typed.amount("amount", currency, needed=True)
    rest: dict[str, Any] = {
        "item": typed.text("item"),
        "payment": typed.text("payment"),
        "already_refunded": typed.amount("already_refunded", currency),
        **{name: typed.date(name) for name in _DATES},
    }
    return Order(number=number, amount=amount, **rest) if number and amount else None


_DATES = ("ordered_on", "promised_on", "delivered_on", "cancelled_on")


def _costs(typed: Typed, currency: str | None) -> tuple[CostLine, ...]:
    """The cost lines in which anything was typed."""
    found = []
    for number in range(rows(typed)):
        kind, amount, reference = (f"cost.{number}.{name}" for name in ("type", "amount", "reference"))
        if not any(typed.text(field) for field in (kind, amount, reference)):
            continue
        code = typed.one_of(kind, tuple(one.code for one in library().taxonomy.book.cost), needed=True)
        paid = typed.amount(amount, currency, needed=True)
        if code and paid:
            accepted = typed.ticked(f"cost.{number}.accepted")
            found.append(CostLine(type=code, amount=paid, accepted=accepted, reference=typed.text(reference)))
    return tuple(found)


def rows(typed: Typed) -> int:
    """How many cost lines the form shows."""
    written = typed.fields.get("rows", "")
    wanted = int(written) if written.isdecimal() and len(written) < 4 else COST_LINES
    return min(max(wanted, COST_LINES), MOST_COST_LINES)


def _facts(typed: Typed, currency: str | None) -> Facts:
    wants, days_late = typed.one_of("wants", tuple(Wants)), typed.number("days_late", _DAYS)
    stated: dict[str, Any] = {name: typed.amount(name, currency) for name in _SUMS}
    stated |= {name: typed.ticked(f"fact.{name}") for name in TICKS}
    return Facts(**stated, days_late=days_late, wants=Wants(wants) if wants else None)
