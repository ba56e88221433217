"""Adding evidence: look at the file, seal it, lay it into the store, and only then write the row that speaks of it."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from compensation.cases.evidence import sql
from compensation.cases.evidence.files import SMALL, Files, file_name
from compensation.cases.evidence.look import Looked, look_at
from compensation.cases.evidence.piece import MOST, Evidence, EvidenceKind, name_about, read_evidence
from compensation.cases.move import Locked, locked
from compensation.core.errors import Conflict, NotFound, Refused
from compensation.core.ids import new_id
from compensation.core.states import CaseState
from compensation.core.text import line
from compensation.core.vault import Vault
from compensation.customers.key import CustomerKey, open_key
from compensation.db.answers import Who, Written
from compensation.db.pool import Tx
from compensation.db.unit import Doorway

OPEN = tuple(state for state in CaseState if state not in ("closed", "rejected", "cancelled"))
"""A case that has ended takes no more evidence."""
_LOOKING = ThreadPoolExecutor(max_workers=2, thread_name_prefix="look")
"""Two pictures at most are decoded at one time in this process; each may fill 150 MB."""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it came. ``name`` is whatever the sender called it; nothing is concluded from it."""

    case_id: str
    kind: EvidenceKind
    name: str
    content: bytes


class AddEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What is written of an upload, and what a repeat of it must equal. ``sha256`` is of the file as it came."""

    case_id: str
    kind: EvidenceKind
    name: Annotated[str, Meta(max_length=200)]
    sha256: str
    size: int


async def receive(door: Doorway, files: Files, who: Who, what: Upload, key: str | None = None) -> Written:
    """Keep a file as evidence of a case; the answer is its ``Evidence``. The same file twice is one piece.

    The store is written before the row: a process that dies between them leaves a file that nobody speaks of, which
    the sweep removes, and never a row without its file.

    Raises Refused ``file_too_large``, ``unknown_file_type``, ``unreadable_picture``, ``wrong_state``,
    ``too_much_evidence``, NotFound ``unknown_case``, Conflict ``customer_erased``, Unavailable.
    """
    async with door.read(who.merchant_id) as tx:
        cipher = await _cipher(tx, who, what.case_id)
    seen = await asyncio.get_running_loop().run_in_executor(_LOOKING, look_at, what.content)
    sha256 = hashlib.sha256(what.content).hexdigest()
    add = AddEvidence(
        case_id=what.case_id, kind=what.kind, name=line(what.name)[:200], sha256=sha256, size=len(what.content)
    )
    evidence_id, content_hash = new_id("evd"), door.vault.fingerprint("evidence", sha256)
    name = file_name(who.merchant_id, cipher.customer_id, content_hash, evidence_id)
    await files.put(name, await asyncio.to_thread(cipher.seal, evidence_id, what.content))
    if seen.thumbnail is not None:
        await files.put(name + SMALL, cipher.seal(evidence_id + SMALL, seen.thumbnail))
    return await door.write(_adding(evidence_id, content_hash, seen), who, add, key)


def _adding(
    evidence_id: str, content_hash: bytes, seen: Looked
) -> Callable[[Tx, Who, AddEvidence, datetime], Awaitable[Evidence]]:
    """The act for a file that lies in the store already. Where it lies is no part of what was asked: a request that
    is sent again lays its file down anew and is still the same request."""

    async def add_evidence(tx: Tx, who: Who, what: AddEvidence, at: datetime) -> Evidence:
        case = await locked(tx, what.case_id, *OPEN)
        if case.data_key is None:
            raise _erased()
        known = await tx.row(sql.SAME, case.id, tx.vault.fingerprints("evidence", what.sha256))
        if known is not None:
            return read_evidence(known)
        pieces: int = await tx.value(sql.COUNT, case.id)
        if pieces >= MOST:
            raise _too_much()
        return await _write(tx, who, what, at, case, case.data_key, pieces + 1)

    async def _write(
        tx: Tx, who: Who, what: AddEvidence, at: datetime, case: Locked, data_key: bytes, number: int
    ) -> Evidence:
        name = open_key(tx, case.customer_id, data_key).seal(name_about(evidence_id), what.name.encode())
        await tx.run(
            sql.ADD, evidence_id, case.id, case.customer_id, number, what.kind, seen.media_type, what.size,
            content_hash, looks(tx.vault, seen.bands), name, who.actor, new_id("evt"), at,
        )  # fmt: skip
        return Evidence(
            id=evidence_id, case_id=case.id, kind=what.kind, media_type=seen.media_type, size=what.size,
            given_by=who.actor, at=at,
        )  # fmt: skip

    return add_evidence


def looks(vault: Vault, bands: bytes, version: int | None = None) -> list[bytes]:
    """Each band of a difference hash as a keyed hash of its own: equal bands are found, and a stolen table shows no
    picture. Two pictures are alike when six of eight are equal; a band names its place, so a set is enough."""
    return [vault.fingerprint("look", f"{at}:{band}", version)[:8] for at, band in enumerate(bands)]


async def _cipher(tx: Tx, who: Who, case_id: str) -> CustomerKey:
    """The key that seals the file; and what can be refused is refused before anything is laid into the store."""
    row = await tx.row(sql.OWNER, case_id)
    if row is None or (who.actor.startswith("cus_") and who.actor != row["customer_id"]):
        raise NotFound("unknown_case", "There is no such case.")
    if row["data_key"] is None:
        raise _erased()
    if row["state"] not in OPEN:
        raise Refused("wrong_state", f"The case is {row['state']}; it takes no more evidence.", state=row["state"])
    return open_key(tx, row["customer_id"], row["data_key"])


def _too_much() -> Refused:
    return Refused("too_much_evidence", f"A case may have {MOST} pieces of evidence, and this one has them.")


def _erased() -> Conflict:
    return Conflict("customer_erased", "This customer was erased; nothing can be added about him.")
