"""Issuing an approved file: chunk by chunk through the act that issues any order, each chunk by one commit.

Every chunk is a piece of work of its own in the outbox, so workers share a file, and one that dies loses at most the
chunk in its hands. The commit that issues a chunk dates it: a chunk that comes back is found dated and is left alone.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from compensation.core.crash import crashpoint
from compensation.core.money import Money
from compensation.core.states import ImportState
from compensation.db.answers import Who
from compensation.db.outbox import Task
from compensation.db.pool import Tx
from compensation.db.unit import Doorway
from compensation.delivery.links import make_links
from compensation.engine.terms import Kind, kind_of
from compensation.imports import sql
from compensation.imports.batch import Import, find, lock
from compensation.issuance.kinds import Draft, kind
from compensation.issuance.order import Item
from compensation.issuance.put import Placed, write
from compensation.ledger.account import Role


class Begin(msgspec.Struct, frozen=True):
    import_id: str


class Chunk(msgspec.Struct, frozen=True):
    import_id: str
    number: int


class Issued(msgspec.Struct, frozen=True):
    """What one commit issued; no lines when the chunk had been issued before."""

    id: str
    lines: int


async def begin_import(door: Doorway, task: Task) -> None:
    """The work ``issue_import``."""
    await door.write(begin, Who(task.merchant_id, "system:import"), Begin(task.subject_id))


async def do_chunk(door: Doorway, task: Task) -> None:
    """The work ``issue_chunk`` on ``imp_…/7``. Whoever finds the last chunk dated says that the file is issued."""
    who = Who(task.merchant_id, "system:import")
    import_id, _, number = task.subject_id.partition("/")
    crashpoint("import.before_chunk")
    await door.write(issue_chunk, who, Chunk(import_id, int(number)))
    crashpoint("import.after_chunk")
    await door.write(conclude_import, who, Begin(import_id))


async def begin(tx: Tx, who: Who, what: Begin, at: datetime) -> Import:
    """Cut the work into chunks. From here on the file cannot be cancelled; if it was, there is nothing to do."""
    found = await lock(tx, what.import_id)
    if found.state is not ImportState.approved:
        return found
    await tx.run(sql.MOVE, found.id, ImportState.issuing, at)
    for row in await tx.rows(sql.CHUNKS, found.id):
        tx.tell("issue_chunk", f"{found.id}/{row['number']}")
    return await find(tx, found.id)


async def issue_chunk(tx: Tx, who: Who, what: Chunk, at: datetime) -> Issued:
    """Issue the lines of one chunk from what was set aside, with a gift link each; once, however often it is asked."""
    chunk = await tx.row(sql.DATE_CHUNK, what.import_id, what.number, at)
    if chunk is None:
        return Issued(what.import_id, 0)
    lines = await tx.rows(sql.LINES, what.import_id, chunk["first_line"], chunk["last_line"])
    await make_links(tx, "gift", [line["order_id"] for line in lines], at)
    # Last, because the next chunk waits for what was set aside from here until the commit.
    await write(tx, list(_orders(lines, f"import:{what.import_id}", at)), at, under=what.import_id)
    for line in lines:
        if line["customer_id"] is not None:
            tx.tell("tell_remedy", line["order_id"])
    return Issued(what.import_id, len(lines))


async def conclude_import(tx: Tx, who: Who, what: Begin, at: datetime) -> Issued:
    """Say that the file is issued, once every chunk is. Two who finish together: the lock lets one of them say it."""
    found = await lock(tx, what.import_id)
    if found.state is ImportState.issuing and not await tx.value(sql.LEFT_OVER, found.id):
        await tx.run(sql.MOVE, found.id, ImportState.issued, at)
        tx.tell("event:import.issued", found.id)
    return Issued(found.id, found.issued)


def _orders(lines: Iterable[Any], actor: str, at: datetime) -> Iterable[Placed]:
    # Many lines of a file are alike, and what is alike is drafted once.
    drafts: dict[tuple[Any, ...], Draft] = {}
    for line in lines:
        alike = (line["kind"], line["currency"], line["amount"], line["bonus"], line["points"], line["valid_months"])
        draft = drafts.get(alike) or drafts.setdefault(alike, _draft(*alike, at))
        yield Placed(
            id=line["order_id"],
            program_id=line["program_id"],
            actor=actor,
            drafts=(draft,),
            purse=Role.reserved,
            customer_id=line["customer_id"],
            reference=line["reference"],
        )


def _draft(
    name: str, currency: str, amount: int, bonus: int, points: int | None, valid_months: int, at: datetime
) -> Draft:
    item = Item(
        kind=name,
        amount=Money(amount, currency),
        bonus=Money(bonus, currency) if bonus else None,
        points=points,
        valid_months=valid_months,
    )
    line = item.line
    return kind(Kind(kind_of(line.terms))).draft(line, currency, at)
