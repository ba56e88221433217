"""A second look at a whole file: whoever may approves it, and its sum is set aside; or it is called off.

An agent is bound by his authority over the worth of the whole file, so that no limit is got round by cutting a sum
into lines, nor, since what he approved alone in 30 days counts together, into files. Above it a second person
approves, and nobody approves a line for himself. A merchant's system (an API key) may approve what it sent by itself:
it may issue every one of these orders by POST /v1/orders anyway, and a second call under the same key would make
nobody look. What guards it is the budget, and that approving is a call of its own which names what it approves.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from compensation.cases.authority import bounding
from compensation.core.errors import Conflict, Forbidden, Refused
from compensation.core.money import Money
from compensation.core.states import ImportState
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.imports import sql
from compensation.imports.batch import Import, Total, drawn, find, lock
from compensation.ledger import Posting, Transfer, account, post
from compensation.ledger import lock as lock_accounts
from compensation.ledger.account import Role
from compensation.merchants.agent import Agent, own_hashes

PERIOD = timedelta(days=30)
"""For how long what an agent approved alone counts."""


class ApproveImport(msgspec.Struct, frozen=True):
    """``lines`` is how many lines whoever approves has seen: a slip of the hand approves nothing."""

    import_id: str
    lines: int


class CancelImport(msgspec.Struct, frozen=True):
    import_id: str


async def approve_import(tx: Tx, who: Who, what: ApproveImport, at: datetime) -> Import:
    """Set the sum of the file aside and have it issued.

    Raises NotFound ``unknown_import``, Refused ``wrong_state`` ``budget_exhausted``, Conflict ``other_lines``,
    Forbidden ``unknown_agent`` ``own_line`` ``self_approval`` ``not_an_approver`` ``beyond_authority``.
    """
    found = await lock(tx, what.import_id)
    _must_be(found, ImportState.checked)
    if what.lines != found.lines:
        raise Conflict("other_lines", f"The import has {found.lines} lines, not {what.lines}. Look at it again.")
    agent = await bounding(tx, who.actor, None)
    barred, alone = await bars(tx, agent, found, at)
    if barred is not None:
        raise Forbidden(barred, _BARS[barred])
    await _reserve(tx, found, who.actor, at)
    await tx.run(sql.APPROVE, found.id, who.actor, alone, at)
    tx.tell("issue_import", found.id)
    return await find(tx, found.id)


async def cancel_import(tx: Tx, who: Who, what: CancelImport, at: datetime) -> Import:
    """Call a file off before the worker has begun it. What was set aside goes back, and the keys are free again."""
    found = await lock(tx, what.import_id)
    _must_be(found, ImportState.checked, ImportState.approved)
    await _release(tx, found, who.actor, at)
    await tx.run(sql.MOVE, found.id, ImportState.cancelled, at)
    await tx.run(sql.DROP_LINES, found.id)
    return await find(tx, found.id)


_BARS = {
    "self_approval": "This is above your own authority, and you uploaded it. Ask somebody else to approve it.",
    "own_line": "One of its lines is for yourself. Ask somebody else to approve it.",
    "not_an_approver": "This is above your authority. Ask a lead, finance or an administrator.",
    "beyond_authority": "This is beyond your own authority too. Ask somebody with more.",
}


async def bars(tx: Tx, agent: Agent | None, found: Import, at: datetime) -> tuple[str | None, bool]:
    """Why this agent may not approve this file, as the code of the refusal, or None; and whether he may alone.

    None stands for a merchant's system, which may.
    """
    if agent is None:
        return None, True
    if await tx.value(sql.HAS_OWN_LINE, found.id, await own_hashes(tx, agent.id)):
        return "own_line", False
    alone = _within(agent, found, [row["totals"] for row in await tx.rows(sql.ALONE, agent.id, at - PERIOD)])
    if found.created_by == agent.id:
        return (None if alone else "self_approval"), alone
    if alone or (agent.may_approve and _within(agent, found, [])):
        return None, alone
    return ("beyond_authority" if agent.may_approve else "not_an_approver"), False


def _within(agent: Agent, found: Import, before: Iterable[Any]) -> bool:
    """Whether his authority covers the worth of this file together with that of files he approved alone before."""
    worth = found.values
    for totals in before:
        for (_, currency), amount in drawn(msgspec.convert(totals, list[Total])).items():
            if currency in worth:
                worth[currency] += amount
    return all(agent.may_grant(Money(amount, currency)) for currency, amount in worth.items())


def _must_be(found: Import, *states: ImportState) -> None:
    if found.state not in states:
        raise Refused(
            "wrong_state", f"The import is {found.state}; only one that is {' or '.join(states)} can do this."
        )


async def _reserve(tx: Tx, found: Import, actor: str, at: datetime) -> None:
    purses = {account(Role.budget, *where): (where, amount) for where, amount in found.sums.items()}
    left = await lock_accounts(tx, purses)
    if any(left.get(purse, 0) < amount for purse, (_, amount) in purses.items()):
        raise Refused(
            "budget_exhausted",
            "The budget does not cover the whole file. Add to the budget, or send fewer lines.",
            left=[
                {"program_id": program_id, "amount": left.get(purse, 0), "currency": currency}
                for purse, ((program_id, currency), _) in purses.items()
            ],
        )
    postings = [
        Posting(purse, account(Role.reserved, *where), amount) for purse, (where, amount) in sorted(purses.items())
    ]
    await post(tx, [Transfer(kind="reserve", subject_id=found.id, actor=actor, event_at=at, postings=postings)], at)


async def _release(tx: Tx, found: Import, actor: str, at: datetime) -> None:
    rows = await tx.rows(sql.RESERVED, found.id)
    if not rows:
        return
    await lock_accounts(tx, [name for row in rows for name in (row["source"], row["destination"])])
    postings = [Posting(row["destination"], row["source"], row["amount"]) for row in rows]
    back = Transfer(
        kind="release", subject_id=found.id, actor=actor, event_at=at, postings=postings, reverses=rows[0]["id"]
    )
    await post(tx, [back], at)
