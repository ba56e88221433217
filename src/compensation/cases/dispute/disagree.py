"""Disagreeing with a decision: the customer says so in his own words, and a second person has until a day to answer."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta

from compensation.cases.authority import Named, acting, bounding
from compensation.cases.dispute import sql
from compensation.cases.dispute.dispute import Dispute, disputes
from compensation.cases.move import locked
from compensation.cases.promise import decided_by
from compensation.core.errors import Conflict, Invalid, NotFound, Refused
from compensation.core.ids import new_id
from compensation.core.states import CaseState
from compensation.core.text import clean
from compensation.customers.key import open_key
from compensation.db.answers import Who
from compensation.db.pool import Tx

DISPUTED_IN = (CaseState.offered, CaseState.rejected, CaseState.issued, CaseState.closed)
"""Where a decision stands. In between it is being made or carried out, which takes moments or a second person."""


class Disagreement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``words`` are the customer's own. ``agent`` is on whose behalf a merchant's system writes them down."""

    words: Annotated[str, Meta(min_length=1, max_length=2000, pattern=r"\S")]
    agent: Named = None


class Contestable(msgspec.Struct, frozen=True):
    """A decision that can be disagreed with: the id of its event, and by when he who does so now is answered."""

    decision: str
    due_at: datetime


class Disagree(Disagreement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    case_id: str


async def disagree(tx: Tx, who: Who, what: Disagree, at: datetime) -> Dispute:
    """Write down that the customer disagrees. Nothing that was decided, chosen or issued changes by it.

    One dispute of a case is open at a time, and with each decision he disagrees once. Raises NotFound
    ``unknown_case`` (also for a customer whose case it is not), Refused as ``contestable``, Conflict
    ``customer_erased``, Invalid ``words_needed``, Forbidden ``not_yourself``, ``unknown_agent``.
    """
    actor = acting(who, what.agent)
    if actor.startswith("agt_"):
        await bounding(tx, actor, None)
    case = await locked(tx, what.case_id, *CaseState)
    if actor.startswith("cus_") and actor != case.customer_id:
        raise NotFound("unknown_case", "There is no such case.")
    if case.data_key is None:
        raise Conflict("customer_erased", "This customer was erased; nothing can be added about him.")
    found = await contestable(tx, case.id, case.state, at)
    words = clean(what.words).strip()
    if not words:
        raise Invalid("words_needed", "Write what the customer says; of these words nothing can be seen.")
    dispute_id, event_id = new_id("dsp"), new_id("evt")
    sealed = open_key(tx, case.customer_id, case.data_key).seal(event_id, words.encode())
    await tx.run(sql.OPEN, dispute_id, case.id, found.decision, actor, at, found.due_at, event_id, sealed)
    return (await disputes(tx, case.id))[-1]


async def contestable(tx: Tx, case_id: str, state: CaseState, at: datetime) -> Contestable:
    """What can be disagreed with now, by the policy that decided it.

    Raises Refused ``dispute_open``, ``wrong_state``, ``already_answered``, ``dispute_too_late``.
    """
    before = await disputes(tx, case_id)
    if any(one.outcome is None for one in before):
        raise Refused("dispute_open", "The customer disagrees already, and is answered by the day that the case names.")
    if state not in DISPUTED_IN:
        raise Refused("wrong_state", f"The case is {state}; wait until it is decided and carried out.", state=state)
    row = await tx.row(sql.DECISION, case_id)
    assert row is not None, "an aggregate is always a row"
    decision: str | None = row["decision"]
    if decision is None:
        raise Refused("wrong_state", "Nothing was decided yet.", state=state)
    if any(one.decision == decision for one in before):
        raise Refused("already_answered", "A second person has looked at this decision already and answered.")
    rule = (await decided_by(tx, case_id, at)).document.disputes
    if rule.within_days is not UNSET and at > (until := row["at"] + timedelta(days=rule.within_days)):
        raise Refused(
            "dispute_too_late",
            f"By the policy a decision is disagreed with within {rule.within_days} days. Report what is new as a case.",
            until=until.isoformat(),
        )
    return Contestable(decision, at + timedelta(days=rule.answer_days))
