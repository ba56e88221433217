"""The way back of value that was issued and not used: the cost is undone, and goodwill returns to its budget."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.ledger import Posting, Transfer, account, lock, post
from compensation.ledger.account import Role
from compensation.redemption import sql
from compensation.redemption.correction import Correction, CorrectionKind
from compensation.redemption.lots import birth


async def take_back(
    tx: Tx, who: Who, row: Record, taken: Sequence[tuple[Record, int]], why: Correction, at: datetime
) -> None:
    """Post so much of each lot, promise or points of the reward back to where it came from."""
    postings: list[Posting] = []
    goodwill: dict[str, int] = defaultdict(int)
    for lot, part in taken:
        if lot["role"] == Role.points:
            postings.append(Posting(lot["id"], account(Role.points_issued, tx.merchant_id, lot["asset"]), part))
            continue
        # A promise has no origin of its own: what the budget paid of it was goodwill, the rest was owed.
        if lot["role"] == Role.promise:
            given = min(part, row["budget"])
            shares = {"goodwill": given, "owed": part - given}
        else:
            shares = {lot["origin"]: part}
        for origin, share in shares.items():
            if share:
                postings.append(Posting(lot["id"], account(f"expense.{origin}", tx.merchant_id, lot["asset"]), share))
        goodwill[birth(lot["id"]) if lot["role"] == Role.card else row["id"]] += shares.get("goodwill", 0)
    programs = {each["id"]: each["program_id"] for each in await tx.rows(sql.PROGRAMS_OF, list(goodwill))}
    for born, amount in goodwill.items():
        if not amount:
            continue
        spent, budget = (account(role, programs[born], row["currency"]) for role in (Role.spent, Role.budget))
        postings.append(Posting(spent, budget, amount))
    if not postings:
        return
    await lock(tx, [name for posting in postings for name in (posting.source, posting.destination)])
    kind = "clawback" if why.kind is CorrectionKind.clawback else "void"
    transfer = Transfer(kind=kind, subject_id=why.id, actor=who.actor, event_at=at, postings=postings)
    await post(tx, [transfer], at)
