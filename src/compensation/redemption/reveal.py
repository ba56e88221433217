"""Showing a code to whoever may see it. It is an explicit act, may be repeated, and is always written down."""

from datetime import datetime

import msgspec

from compensation.core.errors import NotFound
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.db.unit import Doorway
from compensation.engine.terms import Kind
from compensation.issuance.codes import grouped
from compensation.redemption import sql


class Reveal(msgspec.Struct, frozen=True):
    reward_id: str


class Revealed(msgspec.Struct, frozen=True):
    """That a code was shown, without the code: this is what is written down."""

    id: str


class Code(msgspec.Struct, frozen=True):
    """A code to show, whole and in its groups of four; another brand's stands as one. Never stored, never logged."""

    code: str
    groups: list[str]


async def reveal(door: Doorway, who: Who, reward_id: str) -> Code:
    """Write down who looks, then open the seal. Raises NotFound for a reward that has no code, or is not his."""
    await door.write(record_reveal, who, Reveal(reward_id))
    async with door.read(who.merchant_id) as tx:
        row = await tx.row(sql.CODE, reward_id)
    assert row is not None, "record_reveal has just seen it"
    code = door.vault.open(who.merchant_id, reward_id, row["code_sealed"]).decode()
    return Code(code, [code] if row["kind"] == Kind.product_card else grouped(code))


async def record_reveal(tx: Tx, who: Who, what: Reveal, at: datetime) -> Revealed:
    """The audit row is the whole effect."""
    if await tx.row(sql.CODE, what.reward_id) is None:
        raise NotFound("unknown_reward", "There is no such reward with a code.")
    return Revealed(what.reward_id)
