"""An inspection as it is kept and shown."""

from datetime import datetime
from enum import StrEnum

import msgspec

from compensation.cases.case import case
from compensation.cases.inspection import sql
from compensation.db.pool import Tx
from compensation.engine.inspection import Grade
from compensation.engine.report import Code


class Disposition(StrEnum):
    """What becomes of the goods."""

    restock = "restock"
    repair = "repair"
    dispose = "dispose"


class ItemSeen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One item of the checklist, and whether it is well."""

    code: Code
    well: bool


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """``category`` is that of the checklist. ``acceptable`` is by the policy that the case was decided by on that day.

    Holds nothing personal, so that it may stand in a kept answer: what the inspector wrote stands in the history.
    """

    id: str
    case_id: str
    category: str
    items: tuple[ItemSeen, ...]
    missing: tuple[str, ...]
    complete: bool
    grade: Grade
    acceptable: bool
    disposition: Disposition
    evidence: tuple[str, ...]
    inspected_by: str
    at: datetime


async def inspections(tx: Tx, case_id: str) -> list[Inspection]:
    """Oldest first; the last one counts. Raises NotFound ``unknown_case``."""
    await case(tx, case_id)
    return [msgspec.convert(dict(row), Inspection) for row in await tx.rows(sql.OF_CASE, case_id)]
