"""From a report to a decision: what is known of program, customer and budget, handed to the pure engine."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import UNSET

from compensation.cases import sql
from compensation.catalog.library import library
from compensation.catalog.version import compiled
from compensation.core.errors import NotFound
from compensation.core.ids import new_id
from compensation.core.money import Money
from compensation.db.pool import Tx, columns
from compensation.engine.assess import assess
from compensation.engine.decide import decide
from compensation.engine.plan import Decision, History, Limits
from compensation.engine.receipt import Books
from compensation.engine.report import Report
from compensation.engine.standing import deciding


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What a case is decided under. ``budget_left`` is in the currency of the report.

    ``escalates``: what the budget does not cover is still offered, since a second person may fund it.
    """

    program_id: str
    incident_id: str | None
    books: Books
    budget_left: Money
    brand_id: str
    shadowed: bool
    """Whether a policy in the shadow decides beside this one."""
    escalates: bool


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with everything it was made from, so that it can be made again."""

    decision: Decision
    limits: Limits
    history: History
    books: Books


async def setting(tx: Tx, report: Report, at: datetime) -> Setting:
    """The program's side of a case. Raises NotFound ``unknown_program``, Invalid ``unknown_policy``."""
    return (await settings(tx, [report], at))[0]


async def settings(tx: Tx, reports: Sequence[Report], at: datetime) -> list[Setting]:
    """The same for each of several reports, in one statement: a report draws on no budget, so what holds for one
    holds for all that ask alike."""
    asked = [(report.program, report.money, report.incident_group) for report in reports]
    places = {one: place for place, one in enumerate(dict.fromkeys(asked), start=1)}
    rows = {row["place"]: row for row in await tx.rows(sql.PROGRAMS, *columns(list(places), 3))}
    if len(rows) < len(places):
        raise NotFound("unknown_program", "There is no such program; GET /v1/programs lists yours.")
    found = zip(reports, (rows[places[one]] for one in asked), strict=True)
    return [
        Setting(
            program_id=row["id"],
            incident_id=row["incident_id"],
            books=await _books(tx, row, report, at),
            budget_left=Money(row["budget"] or 0, report.money),
            brand_id=row["brand_id"],
            shadowed=row["shadowed"],
            escalates=row["on_empty"] == "escalate",
        )
        for report, row in found
    ]


async def _books(tx: Tx, row: Any, report: Report, at: datetime) -> Books:
    """By the merchant's own policy where one is meant for this case, else by the one that ships."""
    if row["published"]:
        own = await compiled(tx, row["published"])
        policy = deciding(own, row["policy"], placed(report, row["id"], row["brand_id"]), at.date())
        if policy is not None:
            return library().books_of(policy)
    return library().books(row["policy"], at.date())


def placed(report: Report, program_id: str, brand_id: str) -> Report:
    """The report as a policy's scope looks at it: with the program and the brand that it runs under."""
    fields = {name: getattr(report, name) for name in Report.__struct_fields__}
    return Report(**fields | {"program": program_id, "brand": report.brand or brand_id})


async def history(tx: Tx, customer_id: str, under: Setting, at: datetime) -> History:
    """What this customer received before, within the policy's period, in the currency of the report."""
    return (await histories(tx, [(customer_id, under)], at))[0]


async def histories(tx: Tx, asked: Sequence[tuple[str, Setting]], at: datetime) -> list[History]:
    """The same of several customers, each under what he is decided under, in one statement."""
    given = [
        (customer_id, at - timedelta(days=under.books.policy.document.caps.period_days), under.budget_left.currency)
        for customer_id, under in asked
    ]
    return [
        History(
            cases=row["cases"],
            apologies=row["apologies"],
            gestures=row["gestures"],
            goodwill=Money(row["goodwill"], currency),
            last_days=UNSET if row["latest"] is None else max(0, (at - row["latest"]).days),
            tier=row["tier"],
        )
        for (_, _, currency), row in zip(given, await tx.rows(sql.HISTORIES, *columns(given, 3), at), strict=True)
    ]


def weigh(report: Report, under: Setting, before: History, seed: str, at: datetime) -> Weighed:
    """Assess and decide as of the day of ``at`` in UTC. Pure.

    The engine is given neither words nor the reference of the payment: it reads neither, and what it is given is
    signed and kept for ever. Raises Invalid as ``engine.assess`` does.
    """
    books = under.books
    assessment = assess(_without_words(report, under.program_id), books.taxonomy, books.law, at.date())
    limits = Limits(budget_left=None if under.escalates else under.budget_left)
    decision = decide(assessment, books.policy, books.law, limits, before, books.shelf, seed)
    return Weighed(decision=decision, limits=limits, history=before, books=books)


async def incident(tx: Tx, label: str, at: datetime) -> str:
    """The incident of this name, which a report of it brings about."""
    added: str | None = await tx.value(sql.ADD_INCIDENT, new_id("inc"), label, at)
    found: str = added or await tx.value(sql.INCIDENT, label)
    return found


def _without_words(report: Report, program_id: str) -> Report:
    order = report.order
    if order is not None and order.payment is not None:
        order = msgspec.structs.replace(order, payment=None)
    return msgspec.structs.replace(report, words="", wanted_outcome="", program=program_id, order=order)
