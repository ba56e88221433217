"""The record of a case, to be kept or handed over: what was said, found, decided, agreed to, written and issued.

A ZIP with ``record.json`` and every receipt byte for byte, so that each can be checked by ``verify-receipt``. Links in
letters are cut short: who reads the record does not hold what the letter brought.
"""

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from compensation.cases.case import CaseFile, Event, Receipt, case_file, events, receipts
from compensation.cases.dispute.dispute import Dispute, disputes
from compensation.cases.evidence.piece import NamedEvidence, evidence_of
from compensation.cases.inspection.inspection import Inspection, inspections
from compensation.cases.said import Said, said
from compensation.cases.witness import Approval, ConsentOnRecord, approvals, consents
from compensation.core.vault import Unreadable
from compensation.customers.customer import key_of
from compensation.customers.key import CustomerKey
from compensation.db.pool import Tx
from compensation.delivery import sql
from compensation.delivery.render import Mail
from compensation.issuance.read import rewards_of_case
from compensation.issuance.reward import Reward

_TOKEN = re.compile(r"/([a-z])/[0-9a-z]{30}\b")


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it was sent. ``text`` is None before it is sent, and once the customer was erased."""

    id: str
    letter: str
    channel: str
    locale: str
    state: str
    subject: str
    text: str | None
    created_at: datetime
    sent_at: datetime | None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one case. ``heard`` is None once the customer was erased; ``receipts`` names the files beside
    it, the oldest decision first."""

    format: str = "compensation-record/1"
    made_at: datetime
    case: CaseFile
    heard: Said | None
    events: list[Event]
    evidence: list[NamedEvidence]
    inspections: list[Inspection]
    approvals: list[Approval]
    disputes: list[Dispute]
    """What was said in each stands in the events."""
    consents: list[ConsentOnRecord]
    rewards: list[Reward]
    messages: list[Written]
    receipts: list[str]


async def record(tx: Tx, case_id: str, at: datetime) -> bytes:
    """The record as a ZIP. Raises NotFound ``unknown_case``."""
    case = await case_file(tx, case_id)
    try:
        key = await key_of(tx, case.customer_id)
    except Unreadable:
        key = None
    signed = await receipts(tx, case_id)
    whole = Record(
        made_at=at,
        case=case,
        heard=(await said(tx, [case_id])).get(case_id),
        events=await events(tx, case_id),
        evidence=await evidence_of(tx, case_id),
        inspections=await inspections(tx, case_id),
        approvals=await approvals(tx, case_id),
        disputes=await disputes(tx, case_id),
        consents=await consents(tx, case_id),
        rewards=await rewards_of_case(tx, case_id),
        messages=[_message(row, key) for row in await tx.rows(sql.MESSAGES_OF_CASE, case_id)],
        receipts=[_file(receipt) for receipt in signed],
    )
    return _packed(whole, signed)


def _packed(whole: Record, signed: Sequence[Receipt]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("record.json", msgspec.json.format(msgspec.json.encode(whole), indent=2))
        for receipt in signed:
            packed.writestr(_file(receipt), receipt.document)
    return out.getvalue()


def _file(receipt: Receipt) -> str:
    return f"receipts/{receipt.id}.json"


def _message(row: Any, key: CustomerKey | None) -> Written:
    fields = dict(row)
    sealed = fields.pop("message")
    text = None
    if sealed is not None and key is not None:
        mail = msgspec.json.decode(key.open(row["id"], sealed), type=Mail)
        text = _TOKEN.sub(r"/\1/…", mail.text)
    return Written(**fields, text=text)
