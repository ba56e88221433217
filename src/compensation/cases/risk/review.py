"""A second look that signals asked for, and what came of it: nothing to it, or confirmed. Out of this the share of
false alarms is measured.
"""

from datetime import datetime
from typing import Literal

import msgspec

from compensation.cases.authority import Named, acting, bounding, is_himself
from compensation.cases.case import case
from compensation.cases.risk import sql
from compensation.cases.risk.signals import Score, Signal
from compensation.core.errors import Forbidden, Refused
from compensation.core.ids import new_id
from compensation.db.answers import Who
from compensation.db.pool import Tx

Outcome = Literal["cleared", "confirmed"]


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """Why a second person looked, and what he found; ``outcome`` is None until he says."""

    id: str
    case_id: str
    score: int
    signals: tuple[Signal, ...]
    version: str
    at: datetime
    outcome: Outcome | None
    reviewed_by: str | None
    reviewed_at: datetime | None


class Judgement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    outcome: Outcome
    agent: Named = None


class Judge(Judgement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    case_id: str


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """How one signal did; ``any`` is all cases together. ``false_alarms`` is per cent of those judged, to the nearest
    whole; None while none is."""

    code: str
    waiting: int
    cleared: int
    confirmed: int
    false_alarms: int | None


async def open_review(tx: Tx, case_id: str, found: Score, at: datetime) -> None:
    signals = msgspec.to_builtins(found.signals)
    await tx.run(sql.REVIEW_OPENED, new_id("rev"), case_id, found.score, signals, found.version, at)


async def clear(tx: Tx, case_id: str, actor: str, at: datetime) -> None:
    """Whoever approves has looked, and found nothing that stands against it."""
    await tx.run(sql.REVIEWED, case_id, "cleared", actor, at)


async def judge(tx: Tx, who: Who, what: Judge, at: datetime) -> Review:
    """Say what came of the look: by somebody who may approve, and who neither looks after the case nor chose in it.

    Raises NotFound ``unknown_case``, Refused ``no_review``, Forbidden ``person_needed``, ``not_an_approver``,
    ``self_approval``, ``own_case``.
    """
    actor = acting(who, what.agent)
    if not actor.startswith("agt_"):
        raise Forbidden("person_needed", "A person decides: log in at the console, or name the agent in agent.")
    judged = await case(tx, what.case_id)
    person = await bounding(tx, actor, None)
    if person is None or not person.may_approve:
        raise Forbidden("not_an_approver", "Your role may not decide on what others propose.")
    if actor in (judged.agent_id, judged.chosen_by):
        raise Forbidden("self_approval", "Whoever worked on the case does not judge it. Ask somebody else.")
    if await is_himself(tx, actor, judged.customer_id):
        raise Forbidden("own_case", "This case is your own. Ask somebody else.")
    if not await tx.run(sql.REVIEWED, judged.id, what.outcome, actor, at):
        raise Refused("no_review", "Nothing waits to be judged in this case.")
    return (await reviews(tx, judged.id))[-1]


async def reviews(tx: Tx, case_id: str) -> list[Review]:
    """Oldest first."""
    return [msgspec.convert(dict(row), Review) for row in await tx.rows(sql.REVIEWS, case_id)]


async def rates(tx: Tx, since: datetime) -> list[Rate]:
    """Of every signal that spoke since then."""
    return [
        Rate(**row, false_alarms=_share(row["cleared"], row["cleared"] + row["confirmed"]))
        for row in await tx.rows(sql.REVIEW_RATES, since)
    ]


def _share(part: int, whole: int) -> int | None:
    return (200 * part + whole) // (2 * whole) if whole else None
