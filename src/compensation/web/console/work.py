"""Everything an agent sees of one case, read in one transaction from the rooms that keep it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from compensation.cases.authority import Asked, approver, exceeded, is_himself
from compensation.cases.case import CaseFile, Event, case_file, events
from compensation.cases.dispute.answer import barring
from compensation.cases.dispute.disagree import contestable
from compensation.cases.dispute.dispute import Spoken, disputes, spoken
from compensation.cases.evidence.piece import NamedEvidence, evidence_of
from compensation.cases.inspection.inspection import Inspection, inspections
from compensation.cases.papers import left_out
from compensation.cases.queue import find
from compensation.cases.risk.review import Review, reviews
from compensation.cases.risk.signals import Score, score
from compensation.cases.said import Said, said
from compensation.cases.witness import Approval, ConsentOnRecord, approvals, consents
from compensation.core.errors import Forbidden, Refused
from compensation.core.money import Money
from compensation.core.states import CaseState
from compensation.customers.customer import Customer, customer
from compensation.customers.wallet import Wallet, wallet
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.delivery.facts import Facts, case_facts
from compensation.engine.plan import Offer
from compensation.issuance.read import rewards_of_case
from compensation.issuance.reward import Reward
from compensation.merchants.agent import Agent, agents
from compensation.merchants.merchant import Program, programs

_YEAR = timedelta(days=365)
_MOST = 50


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """A case with its people and its rewards. ``heard`` and ``facts`` are None once the customer was erased."""

    case: CaseFile
    heard: Said | None
    facts: Facts | None
    events: list[Event]
    rewards: list[Reward]
    customer: Customer
    wallet: Wallet
    evidence: list[NamedEvidence]
    """The files, oldest first."""
    inspections: list[Inspection]
    """Oldest first; the last one counts."""
    cases_in_a_year: int
    people: Mapping[str, Agent]
    """The agents who had to do with the case, by id."""
    program: Program
    proposer: str | None
    """Who made the proposal that waits for a second person."""
    disputes: list[Spoken]
    """Oldest first."""
    may_dispute: bool
    """Whether the customer may disagree now."""
    barred_from_answering: str | None
    """Why this agent may not answer a customer who disagrees: the code of the refusal; None where he may."""
    barred_from_approving: str | None
    """Why this agent may not approve: the code of the refusal; None where he may."""
    barred_from_declining: str | None
    signals: Score
    """What speaks for a second look now."""
    reviews: list[Review]
    witnessed: list[ConsentOnRecord]
    """What the customer agreed to."""
    verdicts: list[Approval]
    now: datetime

    @property
    def number(self) -> str:
        return f"C-{self.case.number}"

    @property
    def name(self) -> str:
        """The customer's, or what we have in its place; empty once he was erased."""
        if self.heard is None:
            return ""
        person = self.heard.person
        return person.name or person.email or person.reference

    @property
    def open_dispute(self) -> Spoken | None:
        return next((one for one in self.disputes if one.dispute.outcome is None), None)

    @property
    def chosen(self) -> Offer | None:
        return self.offer(self.case.chosen)

    def offer(self, key: str | None) -> Offer | None:
        return next((offer for offer in self.case.offers if offer.key == key), None)

    def papers_left(self, offer: Offer | None = None) -> list[str]:
        """The kinds of evidence that an offer asks for and the case lacks; of all offers where none is named."""
        asked = self.case.offers if offer is None else (offer,)
        given = {piece.kind for piece in self.evidence}
        return sorted({kind for one in asked for kind in left_out(one, given)})

    def budget_left(self, currency: str) -> Money:
        """What the program may still promise in this currency."""
        left = next((one.available for one in self.program.budgets if one.currency == currency), 0)
        return Money(left, currency)


async def load(tx: Tx, who: Who, case_id: str, at: datetime) -> Work:
    """The case as ``who`` sees it. Raises NotFound ``unknown_case``, also for another merchant's."""
    case = await case_file(tx, case_id)
    heard = (await said(tx, [case_id])).get(case_id)
    history = await events(tx, case_id)
    proposer = _proposer(case, history)
    lately = [each for each in (await find(tx, case.customer_id, _MOST)).items if each.created_at > at - _YEAR]
    value = next((offer.value for offer in case.offers if offer.key == case.chosen), None)
    may_dispute, told = await _disputed(tx, case, history, at)
    no_answer = await barring(tx, case_id, case.customer_id, who.actor)
    barred = await _barred(tx, who, proposer, _asked(case, value), at)
    return Work(
        case=case,
        heard=heard,
        facts=await case_facts(tx, case_id, at) if heard else None,
        events=history,
        rewards=await rewards_of_case(tx, case_id),
        customer=await customer(tx, case.customer_id),
        wallet=await wallet(tx, case.customer_id, at),
        evidence=await evidence_of(tx, case_id),
        inspections=await inspections(tx, case_id),
        cases_in_a_year=len(lately),
        people=await agents(tx, [event.actor for event in history] + [one for one in (proposer, case.agent_id) if one]),
        program=next(one for one in await programs(tx) if one.id == case.program_id),
        proposer=proposer,
        signals=await score(tx, case_id, at),
        reviews=await reviews(tx, case_id),
        witnessed=await consents(tx, case_id),
        verdicts=await approvals(tx, case_id),
        disputes=told,
        may_dispute=may_dispute,
        barred_from_answering=None if no_answer is None else no_answer.code,
        barred_from_approving=barred[0],
        barred_from_declining=barred[1],
        now=at,
    )


async def _disputed(tx: Tx, case: CaseFile, history: list[Event], at: datetime) -> tuple[bool, list[Spoken]]:
    told = spoken(await disputes(tx, case.id), history)
    try:
        await contestable(tx, case.id, case.state, at)
    except Refused:
        return False, told
    return True, told


def _proposer(case: CaseFile, history: list[Event]) -> str | None:
    """Whoever chose what waits; for a customer who chose by himself, the agent who put the offers to him."""
    if case.state is not CaseState.needs_approval:
        return None
    last = next(event.actor for event in reversed(history) if event.what == "proposed")
    return (case.agent_id or last) if last.startswith("cus_") else last


async def second_person(tx: Tx, who: Who, work: Work, offer: Offer, at: datetime) -> str | None:
    """Why a choice by this agent waits for somebody else, or may not be made: ``own_case``, ``beyond_authority``,
    ``review``; None when it is done at once. Asked of the rule itself, without holding anybody up."""
    if await is_himself(tx, who.actor, work.case.customer_id):
        return "own_case"
    asked = _asked(work.case, offer.value)
    if await exceeded(tx, who.actor, asked, "alone", at, hold=False) is not None:
        return "beyond_authority"
    if left_out(offer, {piece.kind for piece in work.evidence}):
        return "documents"
    if offer.inspection:
        return "inspection"
    if work.signals.review and offer.value.amount:
        return "review"
    return "review" if work.case.assessment.review else None


def _asked(case: CaseFile, value: Money | None) -> Asked:
    return Asked(
        case_id=case.id,
        program_id=case.program_id,
        customer_id=case.customer_id,
        value=value or Money(0, case.owed.currency),
    )


async def _barred(tx: Tx, who: Who, proposer: str | None, asked: Asked, at: datetime) -> tuple[str | None, str | None]:
    """From approving and from declining. Asked of the rule itself, so that a button is off exactly when its act would
    be refused."""
    found: list[str | None] = []
    for grants in (True, False):
        try:
            if proposer is not None:
                await approver(tx, who.actor, proposer, asked, at, grants=grants)
            found.append(None)
        except Forbidden as refusal:
            found.append(refusal.code)
    return found[0], found[1]
