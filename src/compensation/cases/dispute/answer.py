"""Answering a dispute: by a person who had no part in the decision, with reasons that the customer reads."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from compensation.cases import sql as of_cases
from compensation.cases.authority import acting, bounding, is_himself
from compensation.cases.dispute import sql
from compensation.cases.dispute.dispute import Dispute, Outcome, disputes
from compensation.cases.move import Locked, locked
from compensation.cases.reassess import Change, renew
from compensation.core.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from compensation.core.ids import new_id
from compensation.core.states import CaseState
from compensation.core.text import clean
from compensation.customers.key import open_key
from compensation.db.answers import Who
from compensation.db.pool import Tx

_ENDED_WELL = (CaseState.issued, CaseState.closed)


class Answer(Change, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``reason`` is written for the customer, who reads it word by word.

    To decide anew says what is found otherwise, as in a reassessment. Where the remedy is out already it stays, and
    ``further_case`` names the case of the same customer that was reported since for what is to be added.
    """

    outcome: Outcome
    further_case: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class AnswerDispute(Answer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    case_id: str
    dispute_id: str


async def answer(tx: Tx, who: Who, what: AnswerDispute, at: datetime) -> Dispute:
    """Keep the answer and have the customer told, in his language.

    Raises NotFound ``unknown_case``, ``unknown_dispute``; Forbidden ``person_needed``, ``unknown_agent``, ``own_case``,
    ``decided_before``, ``not_yourself``; Conflict ``dispute_answered``, ``customer_erased``; Invalid
    ``nothing_to_change``, ``unfit_case`` and what a reassessment raises; Refused ``wrong_state``,
    ``further_case_needed``.
    """
    actor = acting(who, what.agent)
    case = await locked(tx, what.case_id, *CaseState)
    dispute = next((one for one in await disputes(tx, case.id) if one.id == what.dispute_id), None)
    if dispute is None:
        raise NotFound("unknown_dispute", "The case has no such dispute.")
    if dispute.outcome is not None:
        raise Conflict("dispute_answered", "Somebody has answered this dispute already.")
    if (barred := await barring(tx, case.id, case.customer_id, actor)) is not None:
        raise barred
    _fits(case, what)
    further = what.further_case
    if further and not await tx.value(sql.FURTHER, further, case.customer_id, dispute.opened_at):
        raise Invalid("unfit_case", "Name a case of this customer that was reported since he disagreed.")
    # Before the case is decided anew: that is a part in it too, and the answerer's own.
    await _write(tx, case, what, actor, at)
    if what.outcome is Outcome.decided_anew and further is None:
        await renew(tx, case, what, actor, at, "")
        if not await tx.value(of_cases.OFFERED_BY_LETTER, case.id):
            tx.tell("tell_offers", case.id)
    else:
        tx.tell("tell_dispute", case.id)
    return next(one for one in await disputes(tx, case.id) if one.id == dispute.id)


async def barring(tx: Tx, case_id: str, customer_id: str, actor: str) -> Forbidden | None:
    """Why this actor may not answer; None where he may. Raises Forbidden ``unknown_agent``."""
    if not actor.startswith("agt_"):
        return Forbidden("person_needed", "A person answers: log in at the console, or name the agent in agent.")
    await bounding(tx, actor, None)
    if await is_himself(tx, actor, customer_id):
        return Forbidden("own_case", "This case is your own. Ask somebody else.")
    if actor in {row["actor"] for row in await tx.rows(sql.DECIDERS, case_id)}:
        return Forbidden("decided_before", "You had a part in this decision. Somebody who had none answers.")
    return None


def _fits(case: Locked, what: AnswerDispute) -> None:
    """Whether the outcome can be as it is said. Raises Invalid, Refused, Conflict."""
    found_otherwise = what.cost_lines or what.harms or what.facts is not None
    if what.outcome is Outcome.upheld or what.further_case is not None:
        if found_otherwise or (what.outcome is Outcome.upheld and what.further_case is not None):
            raise Invalid("nothing_to_change", "Here the decision stays as it is: send neither facts nor another case.")
    elif case.state in _ENDED_WELL:
        raise Refused(
            "further_case_needed",
            "What was issued stays. Report what is to be added as a case of its own and name it in further_case.",
        )
    if what.outcome is Outcome.upheld:
        return
    if case.data_key is None:
        raise Conflict("customer_erased", "This customer was erased; the decision can only stand.")
    wanted = _ENDED_WELL if what.further_case is not None else (CaseState.offered, CaseState.rejected)
    if case.state not in wanted:
        raise Refused("wrong_state", f"The case is {case.state}; it cannot be decided anew so.", state=case.state)


async def _write(tx: Tx, case: Locked, what: AnswerDispute, actor: str, at: datetime) -> None:
    event_id, sealed = new_id("evt"), None
    if case.data_key is not None:
        sealed = open_key(tx, case.customer_id, case.data_key).seal(event_id, clean(what.reason).encode())
    done = await tx.run(
        sql.ANSWER, what.dispute_id, case.id, what.outcome, what.further_case, actor, at, event_id, sealed
    )
    assert done == 1, "the case is locked, and the dispute was open"
