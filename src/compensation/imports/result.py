"""The result of an import, line by line, as CSV that no spreadsheet runs, or as JSON. Never whole in memory."""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any, Literal

import msgspec

from compensation.core.errors import Forbidden, Refused
from compensation.core.money import Money
from compensation.core.states import ImportState
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.db.unit import Doorway
from compensation.delivery.links import address, token_of
from compensation.imports import sql
from compensation.imports.batch import Format, find
from compensation.merchants.agent import APPROVERS, agents, is_agent

Shown = Literal["nothing", "links", "codes"]
_TOGETHER = 1_000

COLUMNS = (
    "line", "key", "reference", "program", "customer", "kind", "amount", "bonus", "currency", "points", "order_id",
    "reward_id", "state", "code_last4", "expires_at", "link", "code",
)  # fmt: skip


class ResultLine(msgspec.Struct, kw_only=True):
    """What became of one line. ``link`` and ``code`` only for who asked for them and may see them."""

    line: int
    key: str
    reference: str
    program: str
    customer: str | None
    kind: str
    amount: Money
    bonus: Money
    points: int | None
    order_id: str
    reward_id: str | None
    state: str | None
    code_last4: str | None
    expires_at: datetime | None
    link: str | None
    code: str | None


class Download(msgspec.Struct, frozen=True):
    import_id: str
    shown: Shown


class Downloaded(msgspec.Struct, frozen=True):
    """That a result was handed out, without it: this is what is written down."""

    id: str
    shown: Shown


async def record_download(tx: Tx, who: Who, what: Download, at: datetime) -> Downloaded:
    """The audit row is the whole effect.

    Raises NotFound ``unknown_import``, Forbidden ``may_not_see_links``, Refused ``not_issued_yet``.
    """
    found = await find(tx, what.import_id)
    if what.shown != "nothing" and not await may_see_links(tx, who):
        raise Forbidden("may_not_see_links", "A lead, finance or an administrator may see links and codes.")
    if found.state not in (ImportState.issuing, ImportState.issued):
        raise Refused("not_issued_yet", f"The import is {found.state}; its result is there once it is issued.")
    return Downloaded(found.id, what.shown)


async def may_see_links(tx: Tx, who: Who) -> bool:
    """Who has a link can spend: a merchant's system may see what it orders; of the staff, who approves for others."""
    if not is_agent(who):
        return True
    one = (await agents(tx, [who.actor])).get(who.actor)
    return one is not None and not one.retired and one.role in APPROVERS


async def download(door: Doorway, who: Who, what: Download, form: Format, base_url: str) -> AsyncIterator[bytes]:
    """Write down who takes what, then give the file piece by piece. Raises as ``record_download`` does."""
    await door.write(record_download, who, what)
    return _written(_lines(door, who.merchant_id, what, base_url), form)


async def _lines(door: Doorway, merchant_id: str, what: Download, base_url: str) -> AsyncIterator[list[ResultLine]]:
    after = 0
    while True:
        async with door.read(merchant_id) as tx:
            rows = await tx.rows(sql.RESULT, what.import_id, after, _TOGETHER)
            route = str(await tx.value(sql.ROUTE))
        if not rows:
            return
        after = rows[-1]["number"]
        yield [_line(door, merchant_id, row, route, what.shown, base_url) for row in rows]


def _line(door: Doorway, merchant_id: str, row: Any, route: str, shown: Shown, base_url: str) -> ResultLine:
    link = code = None
    if shown != "nothing" and row["link_id"] is not None:
        link = address(base_url, "gift", token_of(door.vault, route, row["link_id"], row["key_version"]))
    if shown == "codes" and row["code_sealed"] is not None:
        code = door.vault.open(merchant_id, row["reward_id"], row["code_sealed"]).decode()
    return ResultLine(
        line=row["number"],
        key=row["key"],
        reference=row["reference"],
        program=row["program_id"],
        customer=row["customer_id"],
        kind=row["kind"],
        amount=Money(row["amount"], row["currency"]),
        bonus=Money(row["bonus"], row["currency"]),
        points=row["points"],
        order_id=row["order_id"],
        reward_id=row["reward_id"],
        state=row["state"],
        code_last4=row["code_last4"],
        expires_at=row["expires_at"],
        link=link,
        code=code,
    )


async def _written(pieces: AsyncIterator[list[ResultLine]], form: Format) -> AsyncIterator[bytes]:
    if form == "csv":
        # The mark tells spreadsheets that it is UTF-8.
        yield "\ufeff".encode() + csv_line(COLUMNS)
        async for lines in pieces:
            yield b"".join(csv_line(_cells(line)) for line in lines)
        return
    before = b"["
    async for lines in pieces:
        yield before + b",\n".join(msgspec.json.encode(line) for line in lines)
        before = b",\n"
    yield b"[]" if before == b"[" else b"]"


def _cells(line: ResultLine) -> list[str]:
    told = msgspec.structs.asdict(line) | {
        "amount": f"{line.amount.decimal:f}",
        "bonus": f"{line.bonus.decimal:f}",
        "currency": line.amount.currency,
        "expires_at": line.expires_at.isoformat() if line.expires_at else None,
    }
    return ["" if told[name] is None else str(told[name]) for name in COLUMNS]


def csv_line(cells: Iterable[str]) -> bytes:
    """One line of CSV (RFC 4180). A cell that a spreadsheet would run as a formula becomes a text."""
    quoted = (cell.replace('"', '""') for cell in (_inert(cell) for cell in cells))
    return (",".join(f'"{cell}"' if set(cell) & set(',"\r\n ;\t') else cell for cell in quoted) + "\r\n").encode()


def _inert(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
