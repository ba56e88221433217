"""Choosing an offer: by the customer, an agent or a merchant's system; at once, or once a second person agrees."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.cases import consent, sql
from compensation.cases.authority import Asked, Named, acting, bounding, exceeded, is_himself, record
from compensation.cases.budget import covered, escalates, reserve
from compensation.cases.case import Case, case
from compensation.cases.consent import ConsentGiven
from compensation.cases.move import Locked, locked, move
from compensation.cases.override import Override, overriding
from compensation.cases.papers import lacking, may_go_on
from compensation.cases.promise import promise
from compensation.cases.risk.review import open_review
from compensation.cases.risk.signals import score
from compensation.core.errors import Forbidden, NotFound
from compensation.core.ids import new_id
from compensation.core.states import CaseState
from compensation.db.answers import Who
from compensation.db.pool import Tx


class Choice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``offer`` is the key of an offer of the case. ``agent`` is on whose behalf a merchant's system chooses.

    ``override`` says why an agent takes another offer than the first; it is asked of agents alone.
    """

    offer: Annotated[str, Meta(min_length=1, max_length=64)]
    consent: ConsentGiven | None = None
    override: Override | None = None
    without_documents: bool = False
    """The customer cannot give a paper that the policy asks for. A second person then decides."""
    agent: Named = None


class Choose(Choice, frozen=True, kw_only=True, forbid_unknown_fields=True):
    case_id: str


async def choose(tx: Tx, who: Who, what: Choose, at: datetime) -> Case:
    """Take one offer. The case is then ``accepted`` and will be issued, or ``needs_approval``.

    Its goodwill is reserved from the budget either way, so that a promise once made can be kept; where the budget does
    not cover it and the program escalates, whoever approves funds it. What is owed waits for no budget.

    Raises NotFound ``unknown_case`` (also for a customer whose case it is not) and ``unknown_offer``; Refused
    ``wrong_state``, ``consent_required``, ``agreement_required``, ``override_reason_needed``, ``budget_exhausted``,
    ``customer_cap_reached``, ``documents_missing``, ``inspection_needed``; Invalid ``full_name_needed``; Forbidden
    ``not_yourself``, ``not_the_customer``, ``unknown_agent``, ``own_case``.
    """
    actor = acting(who, what.agent)
    chosen_case = await locked(tx, what.case_id, CaseState.offered, offer=what.offer)
    if actor.startswith("cus_") and actor != chosen_case.customer_id:
        raise NotFound("unknown_case", "There is no such case.")
    offer = chosen_case.offer
    if offer is None:
        raise NotFound("unknown_offer", "The case has no such offer; read its offers again.")
    missing = await lacking(tx, chosen_case.id, offer)
    may_go_on(offer, missing, what.without_documents)
    spoken = consent.check(offer, what.consent, chosen_case.locale)
    said = await overriding(tx, chosen_case.id, offer, what.override, actor, at)
    await promise(tx, chosen_case, offer, at)
    bound = await bounding(tx, actor, chosen_case.agent_id)
    authority_of = None if bound is None else bound.id
    asked = Asked(
        case_id=chosen_case.id,
        program_id=chosen_case.program_id,
        customer_id=chosen_case.customer_id,
        value=offer.value,
    )
    reason = await _second_person_needed(tx, chosen_case, actor, authority_of, asked, at)
    if missing:
        reason = reason or "documents"
    if offer.inspection:
        reason = reason or "inspection"
    # A sign routes to a second person and never refuses; what costs nothing, such as an apology, is held up by none.
    found = await score(tx, chosen_case.id, at)
    look_twice = found.review and offer.value.amount > 0
    if look_twice:
        reason = reason or "signals"
        await open_review(tx, chosen_case.id, found, at)
    over_budget = await escalates(tx, chosen_case.program_id) and not await covered(tx, chosen_case.program_id, offer)
    if over_budget:
        reason = "over_budget"
    else:
        await reserve(tx, chosen_case.id, chosen_case.program_id, offer, actor, at)
    if spoken is not None and what.consent is not None:
        await consent.record(tx, chosen_case, offer, what.consent, spoken, actor, at)
    if reason is None:
        await record(tx, asked, authority_of, actor, "alone", at)
        await move(
            tx, chosen_case, CaseState.accepted, "chosen", actor, at, chosen=offer.key, note=offer.key, said=said
        )
        tx.tell("issue_case", chosen_case.id)
    else:
        await move(
            tx, chosen_case, CaseState.needs_approval, "proposed", actor, at, chosen=offer.key, note=reason, said=said
        )
        asked_by = chosen_case.agent_id if actor.startswith("cus_") else actor
        await tx.run(sql.ASK_APPROVAL, new_id("appr"), chosen_case.id, offer.key, asked_by or actor, at, over_budget)
    return await case(tx, chosen_case.id)


async def _second_person_needed(
    tx: Tx, chosen_case: Locked, actor: str, authority_of: str | None, asked: Asked, at: datetime
) -> str | None:
    """Why somebody else must agree: ``own_case``, ``beyond_authority`` or ``review``; None when nobody must.

    Raises Forbidden ``own_case`` to an agent who would grant something to himself. A customer who is an agent keeps
    his rights: what he chooses in a case that he looks after himself waits for a colleague.
    """
    if authority_of is not None and await is_himself(tx, authority_of, asked.customer_id):
        if actor == authority_of:
            raise Forbidden("own_case", "This case is your own. Ask somebody else.")
        return "own_case"
    if await exceeded(tx, authority_of, asked, "alone", at, hold=True) is not None:
        return "beyond_authority"
    return "review" if chosen_case.in_review else None
