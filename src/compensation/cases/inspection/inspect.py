"""Inspecting the goods of a case: by its checklist, for good; where that changes a fact, the case is decided again."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta

from compensation.cases.authority import Named, acting, bounding, is_himself
from compensation.cases.inspection import sql
from compensation.cases.inspection.inspection import Disposition, Inspection, ItemSeen, inspections
from compensation.cases.move import Locked, locked
from compensation.cases.reassess import decide_again
from compensation.cases.said import reported
from compensation.cases.weigh import setting
from compensation.catalog.library import library
from compensation.core.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from compensation.core.ids import new_id
from compensation.core.states import CaseState
from compensation.core.text import clean
from compensation.customers.key import open_key
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.engine.checklist import Checklist
from compensation.engine.inspection import Grade, Inspected
from compensation.engine.report import Code

INSPECTED_IN = (CaseState.offered, CaseState.accepted, CaseState.issuing, CaseState.issued)


class Finding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``items`` are those of the checklist, each once; ``missing`` the accessories that were not with the goods.

    ``evidence`` names files of this case that show it. ``note`` stays in the history, sealed as the customer's words.
    """

    items: Annotated[tuple[ItemSeen, ...], Meta(min_length=1, max_length=40)]
    missing: Annotated[tuple[Code, ...], Meta(max_length=40)] = ()
    grade: Grade
    disposition: Disposition
    note: Annotated[str, Meta(max_length=2000)] = ""
    evidence: Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=20)] = ()
    agent: Named = None


class Inspect(Finding, frozen=True, kw_only=True, forbid_unknown_fields=True):
    case_id: str


async def inspect(tx: Tx, who: Who, what: Inspect, at: datetime) -> Inspection:
    """Keep what was found. While nothing is chosen, it becomes facts of the case, which is decided again by them; the
    customer is told. Later it is on record alone: what was promised is not taken back.

    Raises NotFound ``unknown_case``, ``unknown_evidence``, Refused ``wrong_state``, ``no_goods``, ``broken_goods``,
    Conflict ``customer_erased``, Invalid ``unknown_item``, ``items_left_out``, ``unknown_accessory``, Forbidden
    ``not_yourself``, ``unknown_agent``, ``not_the_inspector``, ``own_case``.
    """
    actor = await _inspector(tx, who, what)
    # A proposal is sent back first, so that nobody approves what has changed beneath him.
    case = await locked(tx, what.case_id, *INSPECTED_IN)
    if await is_himself(tx, actor, case.customer_id):
        raise Forbidden("own_case", "This case is your own. Ask somebody else.")
    if case.data_key is None:
        raise Conflict("customer_erased", "This customer was erased; nothing can be added about him.")
    report = await reported(tx, case.id)
    if report.order is None:
        raise Refused("no_goods", "The case is about no order, so there are no goods to inspect.")
    checklist = library().inspection.of(report.order.category)
    _check(what, checklist)
    await _shown(tx, what)
    under = await setting(tx, msgspec.structs.replace(report, program=case.program_id), at)
    required = under.books.policy.document.inspection
    acceptable = required is UNSET or required.accepts(what.grade)
    await _write(tx, case, what, checklist.category, acceptable, actor, at)
    now = msgspec.structs.replace(report, inspection=Inspected(grade=what.grade, complete=not what.missing))
    if case.state is CaseState.offered and now != report:
        await decide_again(tx, case, now, under, actor, at, "")
    return (await inspections(tx, case.id))[-1]


async def _inspector(tx: Tx, who: Who, what: Inspect) -> str:
    actor = acting(who, what.agent)
    if actor.startswith("cus_"):
        raise Forbidden("not_the_inspector", "Goods are inspected by those who receive them.")
    if actor.startswith("agt_"):
        await bounding(tx, actor, None)
    return actor


def _check(what: Inspect, checklist: Checklist) -> None:
    """Whether the findings are those of the checklist. Raises Invalid, naming what it holds."""
    items, accessories = [one.code for one in checklist.items], [one.code for one in checklist.accessories]
    seen = [one.code for one in what.items]
    if set(seen) - set(items):
        raise Invalid("unknown_item", f"The checklist {checklist.category} has: {', '.join(items)}.", allowed=items)
    if len(seen) != len(items) or set(seen) != set(items):
        left = [code for code in items if seen.count(code) != 1]
        raise Invalid("items_left_out", f"Say of each item once whether it is well: {', '.join(left)}.", items=left)
    if set(what.missing) - set(accessories) or len(set(what.missing)) != len(what.missing):
        told = ", ".join(accessories) or "none"
        raise Invalid("unknown_accessory", f"Each accessory once, of these: {told}.", allowed=accessories)
    if what.grade is Grade.D and what.disposition is Disposition.restock:
        raise Refused("broken_goods", "Goods of grade D are sold to nobody: repair them or dispose of them.")


async def _shown(tx: Tx, what: Inspect) -> None:
    known = {row["id"] for row in await tx.rows(sql.PIECES, what.case_id, sorted(set(what.evidence)))}
    if unknown := sorted(set(what.evidence) - known):
        raise NotFound("unknown_evidence", f"The case has no evidence {', '.join(unknown)}.")


async def _write(
    tx: Tx, case: Locked, what: Inspect, category: str, acceptable: bool, actor: str, at: datetime
) -> None:
    event_id, said = new_id("evt"), clean(what.note)
    sealed = None
    if said and case.data_key is not None:
        sealed = open_key(tx, case.customer_id, case.data_key).seal(event_id, said.encode())
    await tx.run(
        sql.ADD, new_id("insp"), case.id, category, msgspec.to_builtins(what.items), list(what.missing), what.grade,
        acceptable, what.disposition, actor, event_id, sealed, at, sorted(set(what.evidence)),
    )  # fmt: skip
