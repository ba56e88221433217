"""Where a policy stands: tried in the shadow, published by a second person, retired, or an older one published anew."""

from datetime import datetime

import msgspec

from compensation.catalog import sql
from compensation.catalog.draft import NAME, add
from compensation.catalog.library import library
from compensation.catalog.version import PolicyText, PolicyVersion, policy_version, read_text, unknown
from compensation.core.errors import Forbidden, Refused
from compensation.core.states import PolicyState, may_move
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.merchants.acting import Named, acting, editor, person


class Signed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``agent`` is the person in whose name a merchant's system speaks."""

    agent: Named = None


class Move(Signed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    policy_id: str


async def shadow(tx: Tx, who: Who, what: Move, at: datetime) -> PolicyVersion:
    """Have a draft decide beside the published policy from now on; nothing is offered by it."""
    actor = acting(who, what.agent)
    await editor(tx, actor)
    return await _move(tx, await _locked(tx, what.policy_id), PolicyState.shadow, actor, at)


async def unshadow(tx: Tx, who: Who, what: Move, at: datetime) -> PolicyVersion:
    """Take it out of the shadow: it is a draft again. What it decided there stays."""
    actor = acting(who, what.agent)
    await editor(tx, actor)
    return await _move(tx, await _locked(tx, what.policy_id), PolicyState.draft, actor, at)


async def publish(tx: Tx, who: Who, what: Move, at: datetime) -> PolicyVersion:
    """Let it decide from its first day on, by a second person. Cases that are decided keep the policy they have.

    Raises NotFound ``unknown_policy_version``; Refused ``wrong_state``, ``validity_over``; Forbidden
    ``person_needed``, ``not_an_editor``, ``self_approval``; Invalid ``bad_document`` where the catalogue no longer
    has what it names.
    """
    second = await person(tx, acting(who, what.agent))
    found = await _locked(tx, what.policy_id)
    if second.id == found.written_by:
        raise Forbidden("self_approval", "Whoever wrote a policy cannot publish it. Ask somebody else.")
    library().policy(found.text, NAME)
    if found.valid_until is not None and found.valid_until < at.date():
        raise Refused("validity_over", f"It was valid until {found.valid_until}. Write a new version with new days.")
    return await _move(tx, found, PolicyState.published, second.id, at)


async def retire(tx: Tx, who: Who, what: Move, at: datetime) -> PolicyVersion:
    """Take it out of use for new cases. What is published takes a person; without any other, the shipped one decides.

    Raises NotFound ``unknown_policy_version``, Refused ``wrong_state``, Forbidden as ``person`` does.
    """
    actor = acting(who, what.agent)
    found = await _locked(tx, what.policy_id)
    await (person if found.state is PolicyState.published else editor)(tx, actor)
    return await _move(tx, found, PolicyState.retired, actor, at)


async def roll_back(tx: Tx, who: Who, what: Move, at: datetime) -> PolicyVersion:
    """Publish an older version anew, from today: its text becomes the newest version, decided by at once.

    It was published by a second person before, and is so again: its author cannot. What is planned for a later day
    stays planned. Raises what ``publish`` raises, and Refused ``never_published``.
    """
    second = await person(tx, acting(who, what.agent))
    found = await _locked(tx, what.policy_id)
    if found.published_at is None:
        raise Refused("never_published", "It was never published. Publish it, rather than going back to it.")
    if second.id == found.written_by:
        raise Forbidden("self_approval", "Whoever wrote a policy cannot publish it. Ask somebody else.")
    if found.valid_until is not None and found.valid_until < at.date():
        raise Refused("validity_over", f"It was valid until {found.valid_until}. Write a new version with new days.")
    said = library().policy(found.text, NAME)
    return await add(
        tx, found.text, said, found.written_by, at,
        note=found.note, valid_from=at.date(), anew_of=found.id, published_by=second.id,
    )  # fmt: skip


async def _locked(tx: Tx, policy_id: str) -> PolicyText:
    row = await tx.row(sql.LOCK, policy_id)
    if row is None:
        raise unknown()
    return read_text(row)


async def _move(tx: Tx, found: PolicyText, to: PolicyState, actor: str, at: datetime) -> PolicyVersion:
    if not may_move("policy", found.state, to):
        raise Refused("wrong_state", f"The policy is {found.state}; it cannot become {to}.", state=found.state.value)
    moved = await tx.run(sql.MOVE, found.id, found.state, to, actor, at)
    assert moved == 1, "the row was locked, so its state is the one that was seen"
    return await policy_version(tx, found.id)
