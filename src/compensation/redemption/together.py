"""One sum taken from the lots of several rewards, as one use of each."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from compensation.core.money import Money
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.ledger import Transfer
from compensation.redemption.redeem import Redemption, paid, take, used


def together(
    tx: Tx, who: Who, lots: Sequence[Record], amount: Money, reference: str, at: datetime
) -> tuple[list[Redemption], list[Transfer]]:
    """Take ``amount``, or as much as there is, from ``lots`` (rows of LOTS_TOGETHER) in their order."""
    owner = {row["id"]: row["owner_id"] for row in lots}
    taken: dict[str, list[tuple[str, int]]] = {}
    for lot, part in take([(row["id"], row["balance"]) for row in lots], amount.amount):
        taken.setdefault(owner[lot], []).append((lot, part))
    uses = []
    for reward_id, parts in taken.items():
        part = sum(each for _, each in parts)
        left = sum(row["balance"] for row in lots if row["owner_id"] == reward_id) - part
        uses.append(used(who, reward_id, Money(part, amount.currency), left, reference, at))
    return uses, [paid(tx, use, taken[use.reward_id]) for use in uses]
