"""Finding a card by its code, and the one refusal that tells a thief nothing."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from asyncpg import Record

from compensation.core.errors import NotFound
from compensation.core.money import Money
from compensation.core.states import RewardState
from compensation.db.pool import Tx
from compensation.issuance.codes import read_code
from compensation.redemption import sql

STORED = ("gift_card", "store_credit")


class Card(msgspec.Struct, kw_only=True):
    """What a till may know of a card: never the code, never whose it is."""

    id: str
    kind: str
    state: RewardState
    balance: Money
    code_last4: str
    expires_at: datetime | None


def not_usable() -> NotFound:
    """Unknown, mistyped, foreign, expired, voided and empty cards get this same answer."""
    return NotFound("code_not_usable", "This code cannot be used here. Check it with the person who holds it.")


def hashes(tx: Tx, code: str) -> list[bytes]:
    """The fingerprints a code may stand under. A code that cannot be one is hashed all the same, at the same cost."""
    return tx.vault.fingerprints("code", read_code(code) or f"not a code {code[:64]}")


def usable(row: Record | None, at: datetime) -> bool:
    """Whether this row is stored value that may be spent now; its balance is asked elsewhere."""
    if row is None or row["kind"] not in STORED:
        return False
    return RewardState(row["state"]).spendable and (row["expires_at"] is None or at < row["expires_at"])


async def look_up(tx: Tx, code: str, at: datetime) -> Card:
    """The card of this code and what is left on it. Raises NotFound ``code_not_usable``, whatever the cause."""
    rows = await tx.rows(sql.BY_CODE, hashes(tx, code))
    lots = await lots_of(tx, [row["id"] for row in rows])
    row = rows[0] if rows else None
    balance = sum(amount for _, amount in lots.get(row["id"], [])) if row else 0
    if row is None or not usable(row, at) or balance == 0:
        raise not_usable()
    return Card(
        id=row["id"],
        kind=row["kind"],
        state=RewardState(row["state"]),
        balance=Money(balance, row["asset"]),
        code_last4=(read_code(code) or "")[-4:],
        expires_at=row["expires_at"],
    )


async def lots_of(tx: Tx, reward_ids: Iterable[str]) -> dict[str, list[tuple[str, int]]]:
    """The lots of each reward as (account, balance), in the order in which they are spent."""
    lots: dict[str, list[tuple[str, int]]] = {}
    for row in await tx.rows(sql.LOTS, list(reward_ids)):
        lots.setdefault(row["owner_id"], []).append((row["id"], row["balance"]))
    return lots
