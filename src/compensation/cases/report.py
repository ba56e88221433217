"""Reporting a harm: the customer found or added, the harm assessed and decided, and all of it written as one case."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import UNSET

from compensation.cases import sql
from compensation.cases.authority import Named, acting, bounding
from compensation.cases.case import CaseFile, assessed
from compensation.cases.risk.narrative import narrate
from compensation.cases.said import inert, seal_report
from compensation.cases.sign import Signed, sign
from compensation.cases.urgency import urgency
from compensation.cases.weigh import Setting, Weighed, histories, incident, settings, weigh
from compensation.core.errors import Invalid
from compensation.core.ids import new_id, new_ids
from compensation.core.states import CaseState
from compensation.customers.add import Living, Met, Sought, meet, seek
from compensation.customers.contact import Contact
from compensation.customers.entitlement import entitlements_of
from compensation.customers.identity import remember
from compensation.db.answers import Ask
from compensation.db.pool import Tx, columns
from compensation.engine.plan import History
from compensation.engine.report import Report

_EVENTS = 3
"""How many states a new case has been through: it is decided in the moment it is reported."""

Channel = Literal["phone", "email", "chat", "self_service", "api", "import"]


class ReportCase(Report, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report with the customer it is about. ``ask_customer`` sends him the offers, to choose by himself.

    Decoding raises Invalid ``inspection_not_stated`` where it states an inspection, and what a report raises.
    """

    customer: Contact
    channel: Channel = "api"
    ask_customer: bool = False
    agent: Named = None
    """On whose behalf a merchant's system reports; the case is his to look after."""

    def __post_init__(self) -> None:
        super().__post_init__()
        # What goods look like is said by whoever looked at them, with the checklist and his name on it.
        if self.inspection is not UNSET:
            raise Invalid(
                "inspection_not_stated",
                "A report cannot say that goods were inspected: open the case, then POST …/inspections.",
                pointer="/inspection",
            )


class _Taken(msgspec.Struct, frozen=True):
    """A report as it is taken up: made inert, by whom, and what it is decided under."""

    what: ReportCase
    said: Report
    actor: str
    under: Setting


class _Made(msgspec.Struct, frozen=True):
    """A case as it will be, with what is written beside it; its number is given by the database."""

    case: CaseFile
    signed: Signed
    sealed: bytes
    actor: str
    incident_id: str | None


async def report(tx: Tx, asks: Sequence[Ask[ReportCase]], at: datetime) -> list[CaseFile]:
    """Open a case for each report, decide it and sign the decision. It is then ``offered``.

    All are written together, but a customer's second report after his first one, because it is decided by what that
    brought. One that is refused is raised, so the doorway does its neighbours without it.
    Raises Invalid for what cannot be a report or a contact (``unknown_harm``, ``order_needed``, ``customer_needed``,
    ``invalid_email`` …, ``email_needed``), NotFound ``unknown_program`` and ``unknown_customer``, Conflict
    ``customer_erased``, Forbidden ``not_yourself`` and ``unknown_agent``.
    """
    taken = await _take(tx, asks, at)
    sought = [_sought(tx, one) for one in taken]
    done: dict[int, CaseFile] = {}
    # Customers are locked in one order, whatever the order of asking, so that two processes do not wait for each other.
    waiting = sorted(range(len(asks)), key=lambda place: _whom(asks[place].what.customer))
    while waiting:
        met = await meet(tx, [sought[place] for place in waiting], at)
        now = [(place, one) for place, one in zip(waiting, met, strict=True) if one is not None]
        cases = await _open(tx, [(taken[place], one) for place, one in now], at)
        done |= {place: case for (place, _), case in zip(now, cases, strict=True)}
        waiting = [place for place in waiting if place not in done]
    return [done[place] for place in range(len(asks))]


def _whom(contact: Contact) -> tuple[str, str, str]:
    return contact.id or "", contact.reference or "", contact.email or ""


def _sought(tx: Tx, taken: _Taken) -> Sought:
    said = taken.said
    return seek(tx, taken.what.customer, Living(said.locale, said.country, said.customer_tier))


async def _take(tx: Tx, asks: Sequence[Ask[ReportCase]], at: datetime) -> list[_Taken]:
    actors = [acting(ask.who, ask.what.agent) for ask in asks]
    for ask, actor in zip(asks, actors, strict=True):
        if ask.what.agent is not None:
            await bounding(tx, actor, None)
    said = [inert(ask.what) for ask in asks]
    under = await settings(tx, said, at)
    whats = [ask.what for ask in asks]
    return [_Taken(*one) for one in zip(whats, said, actors, under, strict=True)]


async def _open(tx: Tx, met: Sequence[tuple[_Taken, Met]], at: datetime) -> list[CaseFile]:
    """Decide, sign and write cases of customers who are all different."""
    before, prompt = await _past(tx, met, at)
    incidents = await _incidents(tx, [taken for taken, _ in met], at)
    made = []
    for taken, one in met:
        said, case_id = taken.said, new_id("case")
        if taken.what.ask_customer and not one.person.email:
            raise Invalid("email_needed", "To ask the customer we need his address: send customer.email.")
        weighed = weigh(said, taken.under, before.get(one.customer.id, History()), case_id, at)
        signed = sign(tx, weighed)
        case = _opened(taken, weighed, case_id, one.customer.id, signed.id, at, one.customer.id in prompt)
        incident_id = taken.under.incident_id or incidents.get(said.incident_group or "")
        made.append(_Made(case, signed, seal_report(one.key, case_id, said), taken.actor, incident_id))
    cases = await _write(tx, made, at)
    await remember(tx, ((one.customer.id, one.person, taken.what.customer) for taken, one in met))
    told = list(zip(cases, (taken for taken, _ in met), strict=True))
    await narrate(tx, ((case.id, case.customer_id, taken.said.words) for case, taken in told))
    for case, taken in told:
        if taken.what.ask_customer:
            tx.tell("tell_offers", case.id)
        if taken.under.shadowed:
            # Told, not done here: a policy in the shadow never slows a report, nor fails it.
            tx.tell("shadow", case.id)
    return cases


async def _past(tx: Tx, met: Sequence[tuple[_Taken, Met]], at: datetime) -> tuple[dict[str, History], Collection[str]]:
    """What those whom we knew received before, by customer; and who of them is promised a prompt answer."""
    known = [(one.customer, taken.under) for taken, one in met if not one.fresh]
    if not known:
        return {}, ()
    before = await histories(tx, [(customer.id, under) for customer, under in known], at)
    entitled = await entitlements_of(tx, [customer for customer, _ in known], at)
    by_customer = {customer.id: one for (customer, _), one in zip(known, before, strict=True)}
    return by_customer, {customer_id for customer_id, one in entitled.items() if one.prompt}


async def _incidents(tx: Tx, taken: Sequence[_Taken], at: datetime) -> dict[str, str]:
    """The incidents that these reports bring about, by the merchant's name for them; in one order, as customers are."""
    new = {one.said.incident_group or "" for one in taken if one.under.incident_id is None}
    return {label: await incident(tx, label, at) for label in sorted(new - {""})}


def _opened(
    taken: _Taken, weighed: Weighed, case_id: str, customer_id: str, receipt_id: str, at: datetime, prompt: bool
) -> CaseFile:
    """The case as it will be; its number is given by the database."""
    decision, said, order = weighed.decision, taken.said, taken.said.order
    how_soon = urgency(decision.assessment.harms, at, prompt=prompt)
    return CaseFile(
        id=case_id,
        number=0,
        state=CaseState.offered,
        program_id=taken.under.program_id,
        customer_id=customer_id,
        incident=said.incident_group,
        channel=taken.what.channel,
        country=said.country,
        locale=said.locale,
        reason_code=said.reason_code,
        harms=tuple(harm.type for harm in decision.assessment.harms),
        severity=how_soon.severity,
        order_number=order.number if order else "",
        order_amount=order.amount if order else None,
        owed=decision.owed,
        goodwill=decision.goodwill,
        agent_id=taken.actor if taken.actor.startswith("agt_") else None,
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


async def _write(tx: Tx, made: Sequence[_Made], at: datetime) -> list[CaseFile]:
    """Write the cases; they come back with their numbers."""
    # History is read in the order of its ids.
    told = new_ids("evt", _EVENTS * len(made))
    rows = [
        (
            one.case.id, one.actor, " ".join(told[_EVENTS * place : _EVENTS * (place + 1)]), one.case.assessment.policy,
            one.signed.id, one.signed.document, one.signed.key_version, msgspec.json.encode(one.case.offers).decode(),
            one.case.program_id, one.case.customer_id, one.incident_id, one.case.channel, one.case.country,
            one.case.locale, one.case.reason_code, " ".join(one.case.harms), one.case.severity, one.case.order_number,
            one.case.owed.currency, one.case.order_amount.amount if one.case.order_amount else None,
            one.case.owed.amount, one.case.goodwill.amount, one.sealed, bool(one.case.assessment.review),
            one.case.agent_id, one.case.priority, one.case.answer_due,
        )
        for place, one in enumerate(made)
    ]  # fmt: skip
    numbers = {row["id"]: row["number"] for row in await tx.rows(sql.REPORT, at, *columns(rows, 27))}
    return [msgspec.structs.replace(one.case, number=numbers[one.case.id]) for one in made]
