"""Setting authority: what each agent may grant, and limits that count what was granted over a time.

It is set by the merchant's own system, or by an administrator or finance; never for oneself.
"""

from datetime import datetime
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from compensation.core.errors import Forbidden, Invalid, NotFound
from compensation.core.ids import new_id
from compensation.core.money import MAX_AMOUNT, exponent
from compensation.core.text import line
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.merchants import sql
from compensation.merchants.agent import Agent, Role, agent, agents
from compensation.merchants.merchant import program

SETTERS: frozenset[str] = frozenset({"finance", "admin"})
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
Most = Annotated[int, Meta(ge=0, le=MAX_AMOUNT)]
LimitKind = Literal["agent", "team", "role", "program", "customer"]


class Authority(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``authority`` is what the agent may grant one customer in 30 days without asking, in minor units by currency;
    it takes the place of all that was set before. What is left out stays as it is."""

    authority: dict[Currency, Most] | None = None
    team: Annotated[str, Meta(max_length=80)] | None = None


class SetAuthority(Authority, frozen=True, kw_only=True, forbid_unknown_fields=True):
    agent_id: str


class NewLimit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most ``most`` minor units within ``period_days`` that roll. ``subject`` is an agent's id, a team, a role
    (each agent of it for himself) or a program's id; it is left out for ``customer``, which is each one for himself.
    ``program_id`` counts one program only."""

    kind: LimitKind
    subject: Annotated[str, Meta(max_length=80)] = ""
    program_id: Annotated[str, Meta(max_length=64)] | None = None
    currency: Currency
    most: Most
    period_days: Annotated[int, Meta(ge=1, le=366)]


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    kind: LimitKind
    subject: str
    program_id: str | None
    currency: str
    most: int
    period_days: int
    set_by: str
    created_at: datetime
    ended_at: datetime | None = None


class EndLimit(msgspec.Struct, frozen=True):
    limit_id: str


async def set_authority(tx: Tx, who: Who, what: SetAuthority, at: datetime) -> Agent:
    """Raises NotFound ``unknown_agent``, Forbidden ``not_an_administrator`` and ``own_authority``."""
    await setter(tx, who)
    if who.actor == what.agent_id:
        raise Forbidden("own_authority", "Nobody sets his own authority. Ask another administrator.")
    for currency in what.authority or {}:
        exponent(currency)
    team = None if what.team is None else line(what.team)
    if not await tx.run(sql.SET_AUTHORITY, what.agent_id, what.authority, team):
        raise NotFound("unknown_agent", "There is no such agent, or he works here no more.")
    return await agent(tx, what.agent_id)


async def set_limit(tx: Tx, who: Who, what: NewLimit, at: datetime) -> Limit:
    """In force at once, in the place of a limit of the same kind, subject, program, currency and period.

    Raises Invalid ``invalid_limit``, NotFound ``unknown_program``, Forbidden as ``set_authority`` does.
    """
    await setter(tx, who)
    exponent(what.currency)
    subject = line(what.subject)
    if what.kind == "agent" and subject == who.actor:
        raise Forbidden("own_authority", "Nobody sets his own authority. Ask another administrator.")
    await _check_subject(tx, what, subject)
    program_id = None if what.program_id is None else (await program(tx, what.program_id)).id
    named = (what.kind, subject, program_id, what.currency, what.period_days)
    await tx.run(sql.REPLACE_LIMIT, who.actor, at, *named)
    limit_id = new_id("lim")
    await tx.run(sql.ADD_LIMIT, limit_id, who.actor, at, *named, what.most)
    return await limit(tx, limit_id)


async def end_limit(tx: Tx, who: Who, what: EndLimit, at: datetime) -> Limit:
    """A limit that is over stays over. Raises NotFound ``unknown_limit``."""
    await setter(tx, who)
    ending = await limit(tx, what.limit_id)
    if ending.kind == "agent" and ending.subject == who.actor:
        raise Forbidden("own_authority", "Nobody sets his own authority. Ask another administrator.")
    await tx.run(sql.END_LIMIT, ending.id, who.actor, at)
    return await limit(tx, ending.id)


async def limit(tx: Tx, limit_id: str) -> Limit:
    """Raises NotFound ``unknown_limit``."""
    row = await tx.row(sql.LIMIT, limit_id)
    if row is None:
        raise NotFound("unknown_limit", "There is no such limit.")
    return Limit(**row)


async def limits(tx: Tx) -> list[Limit]:
    """Those in force."""
    return [Limit(**row) for row in await tx.rows(sql.LIMITS)]


async def setter(tx: Tx, who: Who) -> None:
    """Raises Forbidden ``not_an_administrator`` for whoever may not set authority."""
    if who.actor.startswith(("cus_", "agt_")):
        person = (await agents(tx, [who.actor])).get(who.actor)
        if person is None or person.retired or person.role not in SETTERS:
            raise Forbidden("not_an_administrator", "Authority is set by finance or an administrator.")


async def _check_subject(tx: Tx, what: NewLimit, subject: str) -> None:
    if (what.kind == "customer") is bool(subject):
        raise Invalid("invalid_limit", "Leave subject out for customer, and name it for every other kind.")
    if what.kind == "agent":
        await agent(tx, subject)
    elif what.kind == "program":
        await program(tx, subject)
        if what.program_id is not None:
            raise Invalid("invalid_limit", "A program's limit names the program in subject; leave program_id out.")
    elif what.kind == "role" and subject not in get_args(Role):
        raise Invalid("invalid_limit", "Write one of the roles: agent, lead, finance, admin.")
