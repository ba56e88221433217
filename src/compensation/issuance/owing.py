"""Orders that name a case: while money is owed in it, only the choice of one of its lawful offers may settle it."""

import re
from collections.abc import Iterable

from compensation.core.errors import Refused
from compensation.db.pool import Tx
from compensation.issuance import sql

_CASE = re.compile(r"case_[0-9a-z]{26}")


async def owing(tx: Tx, references: Iterable[str | None]) -> frozenset[str]:
    """Those references that are a case of ours which is not settled and in which something is owed by right."""
    named = sorted({each for each in references if each and _CASE.fullmatch(each)})
    return frozenset(row["id"] for row in await tx.rows(sql.OWING, named)) if named else frozenset()


def choose_there(case_id: str) -> Refused:
    """The refusal of an order that would go past the offers of a case."""
    return Refused(
        "choose_in_case",
        "Something is owed in this case. Choose one of its offers: they are those that the law allows.",
        case_id=case_id,
    )
