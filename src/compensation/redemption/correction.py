"""What is done to a reward besides using it: one record for each, kept for ever, and what the acts have in common."""

from datetime import datetime
from enum import StrEnum

import msgspec
from asyncpg import Record

from compensation.core.errors import NotFound, Refused
from compensation.core.ids import new_id
from compensation.core.money import Money
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.redemption import sql


class CorrectionKind(StrEnum):
    void = "void"
    reissue = "reissue"
    extend = "extend"
    clawback = "clawback"
    merge = "merge"
    transfer = "transfer"


class Correction(msgspec.Struct, kw_only=True):
    """One act on a reward. ``amount`` is what it moved: out of the reward, or for an extension back into it."""

    id: str
    kind: CorrectionKind
    reward_id: str
    to_reward_id: str | None = None
    """Where the value went: the reward that replaces it, or the card it was moved to."""
    amount: Money
    shortfall: Money | None = None
    """Of a clawback: what was asked for and not there any more. Nobody is charged for it; it is only known."""
    valid_before: datetime | None = None
    valid_until: datetime | None = None
    reason: str = ""
    actor: str
    at: datetime


async def lock_reward(tx: Tx, reward_id: str) -> Record:
    """The reward, locked. Raises NotFound ``unknown_reward``."""
    row = await tx.row(sql.LOCK_REWARD, reward_id)
    if row is None:
        raise NotFound("unknown_reward", "There is no such reward.")
    return row


async def unheld(tx: Tx, reward_id: str) -> None:
    """Raises Refused ``value_is_held`` while a hold keeps value of this reward, which must be locked."""
    if await tx.value(sql.IS_HELD, reward_id):
        raise Refused("value_is_held", "A hold keeps some of its value. Capture or release it first.")


async def is_used(tx: Tx, reward_id: str) -> bool:
    """Whether more of it, or of what it replaces, was spent than given back."""
    return bool(await tx.value(sql.IS_USED, reward_id))


async def corrected(tx: Tx, row: Record, correction: Correction) -> Correction:
    """Write the record down, tell the merchant's systems, and put it into the history of the case if there is one."""
    short = correction.shortfall.amount if correction.shortfall else 0
    await tx.run(
        sql.NEW_CORRECTION, correction.id, correction.kind, correction.reward_id, correction.to_reward_id,
        correction.amount.amount, short, correction.amount.currency, correction.valid_before, correction.valid_until,
        correction.reason, correction.actor, correction.at,
    )  # fmt: skip
    topic = TOLD[correction.kind]
    tx.tell(topic, correction.to_reward_id or correction.reward_id)
    happened = f"reward_{topic.rpartition('.')[2]}"
    await note(tx, row["case_id"], happened, correction.actor, correction.reward_id, correction.at)
    return correction


async def note(tx: Tx, case_id: str | None, what: str, actor: str, reward_id: str, at: datetime) -> None:
    """A line in the history of the reward's case."""
    if case_id is not None:
        await tx.run(sql.CASE_EVENT, case_id, new_id("evt"), what, actor, reward_id, at)


async def corrections_of(tx: Tx, reward_id: str) -> list[Correction]:
    """What was done to a reward, oldest first, also what moved value to it from another."""
    return [_correction(row) for row in await tx.rows(sql.CORRECTIONS, reward_id)]


def correction(kind: CorrectionKind, who: Who, row: Record, amount: int, at: datetime, reason: str = "") -> Correction:
    """The beginnings of a record, on the reward of ``row``."""
    return Correction(
        id=new_id("cor"),
        kind=kind,
        reward_id=row["id"],
        amount=Money(amount, row["asset"]),
        reason=reason,
        actor=who.actor,
        at=at,
    )


TOLD = {
    CorrectionKind.void: "event:reward.voided",
    CorrectionKind.reissue: "event:reward.reissued",
    CorrectionKind.extend: "event:reward.extended",
    CorrectionKind.clawback: "event:reward.clawed_back",
    CorrectionKind.merge: "event:reward.merged",
    CorrectionKind.transfer: "event:reward.transferred",
}


def _correction(row: Record) -> Correction:
    columns = {name: value for name, value in row.items() if name in Correction.__struct_fields__}
    columns |= {
        "kind": CorrectionKind(row["kind"]),
        "amount": Money(row["amount"], row["asset"]),
        "shortfall": Money(row["shortfall"], row["asset"]) if row["kind"] == CorrectionKind.clawback else None,
    }
    return Correction(**columns)
