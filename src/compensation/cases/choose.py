"""Choosing an offer: by the customer, an agent or a merchant's system; at once, or once a second person agrees."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.cases import consent, sql
from compensation.cases.authority import Named, acting, bounding
from compensation.cases.budget import reserve
from compensation.cases.case import Case, case
from compensation.cases.consent import ConsentGiven
from compensation.cases.move import Locked, locked, move
from compensation.core.errors import NotFound
from compensation.core.ids import new_id
from compensation.core.states import CaseState
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.engine.plan import Offer


class Choice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``offer`` is the key of an offer of the case. ``agent`` is on whose behalf a merchant's system chooses."""

    offer: Annotated[str, Meta(min_length=1, max_length=64)]
    consent: ConsentGiven | None = None
    agent: Named = None


class Choose(Choice, frozen=True, kw_only=True, forbid_unknown_fields=True):
    case_id: str


async def choose(tx: Tx, who: Who, what: Choose, at: datetime) -> Case:
    """Take one offer. The case is then ``accepted`` and will be issued, or ``needs_approval``.

    Its goodwill is reserved from the budget either way, so that a promise once made can be kept. What is owed waits
    for no budget.

    Raises NotFound ``unknown_case`` (also for a customer whose case it is not) and ``unknown_offer``; Refused
    ``wrong_state``, ``consent_required``, ``agreement_required``, ``budget_exhausted``; Forbidden ``not_yourself``,
    ``unknown_agent``.
    """
    actor = acting(who, what.agent)
    chosen_case = await locked(tx, what.case_id, CaseState.offered, offer=what.offer)
    if actor.startswith("cus_") and actor != chosen_case.customer_id:
        raise NotFound("unknown_case", "There is no such case.")
    offer = chosen_case.offer
    if offer is None:
        raise NotFound("unknown_offer", "The case has no such offer; read its offers again.")
    spoken = consent.check(offer, what.consent, chosen_case.locale)
    reason = await _second_person_needed(tx, chosen_case, actor, offer)
    await reserve(tx, chosen_case.id, chosen_case.program_id, offer, actor, at)
    if spoken is not None and what.consent is not None:
        await consent.record(tx, chosen_case.id, offer, what.consent, spoken, actor, at)
    if reason is None:
        await move(tx, chosen_case, CaseState.accepted, "chosen", actor, at, chosen=offer.key, note=offer.key)
        tx.tell("issue_case", chosen_case.id)
    else:
        await move(tx, chosen_case, CaseState.needs_approval, "proposed", actor, at, chosen=offer.key, note=reason)
        asked_by = chosen_case.agent_id if actor.startswith("cus_") else actor
        await tx.run(sql.ASK_APPROVAL, new_id("appr"), chosen_case.id, offer.key, asked_by or actor, at)
    return await case(tx, chosen_case.id)


async def _second_person_needed(tx: Tx, chosen_case: Locked, actor: str, offer: Offer) -> str | None:
    """Why somebody else must agree: ``beyond_authority`` or ``review``; None when nobody must."""
    bound = await bounding(tx, actor, chosen_case.agent_id)
    if bound is not None and not bound.may_grant(offer.value):
        return "beyond_authority"
    return "review" if chosen_case.in_review else None
