"""Making one card of two: all that is left of the first lies on the second, and the first is dead."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.core.errors import Refused
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.redemption import sql
from compensation.redemption.card import not_usable
from compensation.redemption.correction import Correction, CorrectionKind, correction, unheld
from compensation.redemption.pair import all_of, move, pair


class Merge(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Empty the card of ``code`` onto the card ``into``."""

    code: Annotated[str, Meta(min_length=1, max_length=64)]
    into: Annotated[str, Meta(min_length=1, max_length=64)]


async def merge(tx: Tx, who: Who, what: Merge, at: datetime) -> Correction:
    """Move all lots; each keeps its origin. A return of what was bought with the first finds the second.

    Raises NotFound ``code_not_usable``; Invalid ``same_card``; Refused ``currency_mismatch``, ``kind_mismatch``,
    ``value_is_held``.
    """
    source, target = await pair(tx, what.code, what.into, at)
    if source["kind"] != target["kind"]:
        raise Refused("kind_mismatch", "One is a gift card and the other store credit. Use the transfer for that.")
    await unheld(tx, source["id"])
    lots = await all_of(tx, source["id"])
    if not lots:
        raise not_usable()
    done = correction(CorrectionKind.merge, who, source, sum(part for _, part in lots), at)
    await tx.run(sql.MOVE_REWARD_ON, source["id"], target["id"], at)
    return await move(tx, who, (source, target), lots, done, at)
