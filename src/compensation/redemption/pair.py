"""Two cards at one till: value goes from one to the other at par, and is good for as long as either was."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from compensation.core.errors import Invalid, Refused
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.ledger import Lot, Transfer, post
from compensation.redemption import sql
from compensation.redemption.card import hashes, not_usable, usable
from compensation.redemption.correction import Correction, CorrectionKind, corrected, correction, lock_reward
from compensation.redemption.extend import prolong
from compensation.redemption.lots import lots_left, moved


async def pair(tx: Tx, code: str, into: str, at: datetime) -> tuple[Record, Record]:
    """The two cards, locked.

    Raises NotFound ``code_not_usable``, Invalid ``same_card``, Refused ``currency_mismatch``.
    """
    wanted = [hashes(tx, each) for each in (code, into)]
    found = await tx.rows(sql.LOCK_BY_CODE, [fingerprint for each in wanted for fingerprint in each])
    cards = [next((row for row in found if row["code_hash"] in each), None) for each in wanted]
    source, target = (row if row is not None and usable(row, at) else None for row in cards)
    if source is None or target is None:
        raise not_usable()
    if source["id"] == target["id"]:
        raise Invalid("same_card", "Both codes are of the same card.")
    if source["asset"] != target["asset"]:
        raise Refused(
            "currency_mismatch",
            f"One card is in {source['asset']} and the other in {target['asset']}; nothing is converted.",
            currency=target["asset"],
        )
    return await lock_reward(tx, source["id"]), await lock_reward(tx, target["id"])


async def move(
    tx: Tx, who: Who, pair: tuple[Record, Record], lots: Sequence[tuple[Record, int]], done: Correction, at: datetime
) -> Correction:
    """Move so much of each lot, and give all of the other card the later end of validity of the two."""
    source, target = pair
    until = _later(source["expires_at"], target["expires_at"])
    if until != target["expires_at"]:
        await prolong(tx, target["id"], until, at)
    if until is not None and until != target["expires_at"]:
        longer = correction(CorrectionKind.extend, who, target, 0, at)
        longer.valid_before, longer.valid_until = target["expires_at"], until
        await corrected(tx, target, longer)
    done.to_reward_id = target["id"]
    postings, opened = moved(lots, target["id"])
    opened = {name: Lot(lot.origin, until) for name, lot in opened.items()}
    transfer = Transfer(kind="move", subject_id=done.id, actor=who.actor, event_at=at, postings=postings)
    await post(tx, [transfer], at, opened)
    return await corrected(tx, source, done)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    """None never ends."""
    return None if one is None or other is None else max(one, other)


async def all_of(tx: Tx, reward_id: str) -> list[tuple[Record, int]]:
    """Every lot that is left on a card, whole, in the order of spending."""
    return [(lot, lot["balance"]) for lot in await lots_left(tx, reward_id)]
