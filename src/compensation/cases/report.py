"""Reporting a harm: the customer found or added, the harm assessed and decided, and all of it written as one case."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from compensation.cases import sql
from compensation.cases.authority import Named, acting, bounding
from compensation.cases.case import CaseFile, assessed
from compensation.cases.risk.narrative import narrate
from compensation.cases.said import inert, seal_report
from compensation.cases.sign import Signed, sign
from compensation.cases.urgency import urgency
from compensation.cases.weigh import Asked, Setting, Weighed, history, incident, setting, weigh
from compensation.core.errors import Invalid
from compensation.core.ids import new_id
from compensation.core.states import CaseState
from compensation.customers.add import Living, find_or_add
from compensation.customers.contact import Contact, Person
from compensation.customers.entitlement import entitlements
from compensation.customers.identity import remember
from compensation.db.answers import Ask, Who
from compensation.db.pool import Tx, columns
from compensation.engine.plan import History
from compensation.engine.report import Report

Channel = Literal["phone", "email", "chat", "self_service", "api", "import"]


class ReportCase(Report, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report with the customer it is about. ``ask_customer`` sends him the offers, to choose by himself."""

    customer: Contact
    channel: Channel = "api"
    ask_customer: bool = False
    agent: Named = None
    """On whose behalf a merchant's system reports; the case is his to look after."""


class _Taken(msgspec.Struct, frozen=True):
    """A case as it was opened, with what is still to be written down of it."""

    case: CaseFile
    person: Person
    contact: Contact
    words: str


async def report(tx: Tx, asks: Sequence[Ask[ReportCase]], at: datetime) -> list[CaseFile]:
    """Open a case for each report, decide it and sign the decision. It is then ``offered``.

    One after the other, because a customer's second report is decided by what his first one brought; they share the
    commit. One that is refused is raised, so the doorway does its neighbours without it.
    Raises Invalid for what cannot be a report or a contact (``unknown_harm``, ``order_needed``, ``customer_needed``,
    ``invalid_email`` …, ``email_needed``), NotFound ``unknown_program`` and ``unknown_customer``, Conflict
    ``customer_erased``, Forbidden ``not_yourself`` and ``unknown_agent``.
    """
    opened: list[_Taken | None] = [None] * len(asks)
    known: Asked = {}
    # Customers are locked in one order, whatever the order of asking, so that two processes do not wait for each other.
    for place in sorted(range(len(asks)), key=lambda place: _whom(asks[place].what.customer)):
        opened[place] = await _report(tx, asks[place].who, asks[place].what, at, known)
    done = [one for one in opened if one is not None]
    # Read by nothing until the commit, so it is written for all at once.
    await remember(tx, ((one.case.customer_id, one.person, one.contact) for one in done))
    await narrate(tx, ((one.case.id, one.case.customer_id, one.words) for one in done))
    return [one.case for one in done]


def _whom(contact: Contact) -> tuple[str, str, str]:
    return contact.id or "", contact.reference or "", contact.email or ""


async def _report(tx: Tx, who: Who, what: ReportCase, at: datetime, known: Asked) -> _Taken:
    actor = acting(who, what.agent)
    if what.agent is not None:
        await bounding(tx, actor, None)
    said = inert(what)
    under = await setting(tx, said, at, known)
    met = await find_or_add(tx, what.customer, Living(said.locale, said.country, said.customer_tier), at)
    if what.ask_customer and not met.person.email:
        raise Invalid("email_needed", "To ask the customer we need his address: send customer.email.")
    before = History() if met.fresh else await history(tx, met.customer.id, under, at)
    prompt = not met.fresh and (await entitlements(tx, met.customer.id, at)).prompt
    case_id = new_id("case")
    weighed = weigh(said, under, before, case_id, at)
    incident_id = under.incident_id
    if said.incident_group is not None and incident_id is None:
        incident_id = await incident(tx, said.incident_group, at)
    signed = sign(tx, weighed)
    opened = _opened(said, what.channel, under, weighed, case_id, met.customer.id, actor, signed.id, at, prompt)
    sealed = seal_report(met.key, case_id, said)
    number = await _write(tx, opened, signed, incident_id, sealed, actor)
    if what.ask_customer:
        tx.tell("tell_offers", case_id)
    if under.shadowed:
        # Told, not done here: a policy in the shadow never slows a report, nor fails it.
        tx.tell("shadow", case_id)
    return _Taken(msgspec.structs.replace(opened, number=number), met.person, what.customer, said.words)


def _opened(
    said: Report,
    channel: str,
    under: Setting,
    weighed: Weighed,
    case_id: str,
    customer_id: str,
    actor: str,
    receipt_id: str,
    at: datetime,
    prompt: bool,
) -> CaseFile:
    """The case as it will be; its number is given by the database."""
    decision, order = weighed.decision, said.order
    how_soon = urgency(decision.assessment.harms, at, prompt=prompt)
    return CaseFile(
        id=case_id,
        number=0,
        state=CaseState.offered,
        program_id=under.program_id,
        customer_id=customer_id,
        incident=said.incident_group,
        channel=channel,
        country=said.country,
        locale=said.locale,
        reason_code=said.reason_code,
        harms=tuple(harm.type for harm in decision.assessment.harms),
        severity=how_soon.severity,
        order_number=order.number if order else "",
        order_amount=order.amount if order else None,
        owed=decision.owed,
        goodwill=decision.goodwill,
        agent_id=actor if actor.startswith("agt_") else None,
        chosen=None,
        chosen_by=None,
        priority=how_soon.priority,
        answer_due=how_soon.answer_due,
        created_at=at,
        updated_at=at,
        assessment=assessed(decision),
        offers=decision.offers,
        receipt_id=receipt_id,
    )


async def _write(tx: Tx, case: CaseFile, signed: Signed, incident_id: str | None, sealed: bytes, actor: str) -> int:
    # Ids made in one millisecond are in no order; history is read in theirs.
    ids = sorted(new_id("evt") for _ in _history(case))
    told = [(event_id, what, note) for event_id, (what, note) in zip(ids, _history(case), strict=True)]
    made = [(place, offer.key, offer) for place, offer in enumerate(case.offers)]
    number: int = await tx.value(
        sql.REPORT, case.id, actor, case.created_at, *columns(told, 3),
        signed.id, signed.document, signed.key_version, *columns(made, 3),
        case.program_id, case.customer_id, incident_id, case.channel, case.country, case.locale, case.reason_code,
        list(case.harms), case.severity, case.order_number, case.owed.currency,
        case.order_amount.amount if case.order_amount else None, case.owed.amount, case.goodwill.amount,
        sealed, bool(case.assessment.review), case.agent_id, case.priority, case.answer_due,
    )  # fmt: skip
    return number


def _history(case: CaseFile) -> tuple[tuple[str, str], ...]:
    """The states a new case has been through: it is decided in the moment it is reported."""
    return (("reported", case.channel), ("assessed", case.assessment.policy), ("offered", case.receipt_id))
