"""A piece of evidence: what may be shown of it anywhere, and what only those may see who serve the customer."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from compensation.cases.evidence import sql
from compensation.cases.evidence.files import SMALL, Files, file_name
from compensation.core.errors import NotFound
from compensation.core.vault import Unreadable
from compensation.customers.customer import key_of
from compensation.customers.key import CustomerKey
from compensation.db.pool import Tx
from compensation.db.unit import Doorway

MAX_BYTES = 10 * 1024 * 1024
MOST = 20
"""How many pieces one case may have. The table keeps to both limits too."""
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})


class EvidenceKind(StrEnum):
    receipt = "receipt"
    """What was paid: a receipt, an invoice, a ticket."""
    photo = "photo"
    """How it looks: the fault, the parcel, the label."""
    identity = "identity"
    """Who the customer is."""
    report = "report"
    """What somebody else found: a repairer, a carrier, an airline."""
    other = "other"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a case. Holds nothing personal, so that it may stand in a kept answer."""

    id: str
    case_id: str
    kind: EvidenceKind
    media_type: str
    """What its content is, whatever it was called."""
    size: int
    """Bytes, as it came."""
    given_by: str
    at: datetime

    @property
    def is_picture(self) -> bool:
        return self.media_type in PICTURES


class NamedEvidence(Evidence, frozen=True, kw_only=True):
    """The same with the name the file had; None once the customer was erased."""

    name: str | None


async def evidence_of(tx: Tx, case_id: str) -> list[NamedEvidence]:
    """The evidence of a case, oldest first. Raises NotFound ``unknown_case``."""
    if await tx.row(sql.OWNER, case_id) is None:
        raise NotFound("unknown_case", "There is no such case.")
    rows = await tx.rows(sql.PIECES, case_id)
    key = await _key(tx, rows[0]["customer_id"]) if rows else None
    return [_named(row, key) for row in rows]


async def content(
    door: Doorway, files: Files, merchant_id: str, case_id: str, evidence_id: str, *, small: bool = False
) -> tuple[NamedEvidence, bytes]:
    """A piece with its file, or with the thumbnail of its picture.

    Raises NotFound ``unknown_evidence``, ``evidence_erased`` once the customer was erased, ``evidence_missing`` when
    the store has lost the file, and Unavailable when the store is away.
    """
    async with door.read(merchant_id) as tx:
        row = await tx.row(sql.PIECE, case_id, evidence_id)
        key = await _key(tx, row["customer_id"]) if row else None
    if row is None or (small and row["media_type"] not in PICTURES):
        raise NotFound("unknown_evidence", "There is no such evidence.")
    if key is None:
        raise NotFound("evidence_erased", "The customer was erased, and this file cannot be read any more.")
    name = file_name(merchant_id, row["customer_id"], row["content_hash"], evidence_id)
    about = evidence_id + SMALL if small else evidence_id
    sealed = await files.get(name + SMALL if small else name)
    if sealed is None:
        raise NotFound(
            "evidence_missing",
            "This file is not in the store any more. Tell whoever runs the system: compensation audit --objects lists "
            "every file that is missing.",
        )
    return _named(row, key), key.open(about, sealed)


def read_evidence(row: Any) -> Evidence:
    plain = {name: row[name] for name in Evidence.__struct_fields__}
    return Evidence(**plain | {"kind": EvidenceKind(row["kind"])})


def name_about(evidence_id: str) -> str:
    """What the sealed name of a file is bound to."""
    return f"name:{evidence_id}"


def _named(row: Any, key: CustomerKey | None) -> NamedEvidence:
    name = key.open(name_about(row["id"]), row["name"]).decode() if key else None
    return NamedEvidence(**msgspec.structs.asdict(read_evidence(row)), name=name)


async def _key(tx: Tx, customer_id: str) -> CustomerKey | None:
    try:
        return await key_of(tx, customer_id)
    except Unreadable:
        return None
