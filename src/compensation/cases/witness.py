"""What stands on record beside a case: who was asked for approval and what he said, and what the customer agreed to."""

from datetime import datetime

import msgspec

from compensation.cases import sql
from compensation.cases.agreement import Agreement, agreements
from compensation.cases.case import case
from compensation.core.errors import NotFound
from compensation.db.pool import Tx


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal and its verdict (``approved``, ``rejected``, ``sent_back``, ``withdrawn``); None while it waits.
    ``on_behalf_of`` is the agent whose authority was used, where whoever decided stood in for him."""

    id: str
    offer_key: str
    asked_by: str
    asked_at: datetime
    over_budget: bool
    """Whether the program's budget did not cover it: whoever approves funds what is missing."""
    verdict: str | None
    decided_by: str | None
    on_behalf_of: str | None
    decided_at: datetime | None


class ConsentOnRecord(msgspec.Struct, frozen=True, kw_only=True):
    """``sentence`` is exactly what was agreed to, ``given_by`` the customer, or who recorded it for him. ``agreement``
    says where the proof is, or is the id of what was ``signed`` with us."""

    id: str
    offer_key: str
    sentence: str
    agreement: str
    locale: str
    given_by: str
    at: datetime
    signed: Agreement | None = None


async def approvals(tx: Tx, case_id: str) -> list[Approval]:
    """Oldest first. Raises NotFound ``unknown_case``."""
    await _known(tx, case_id)
    return [Approval(**row) for row in await tx.rows(sql.APPROVALS, case_id)]


async def consents(tx: Tx, case_id: str) -> list[ConsentOnRecord]:
    """Oldest first. Raises NotFound ``unknown_case``."""
    rows = await tx.rows(sql.CONSENTS, case_id)
    signed = await agreements(tx, case_id, (await case(tx, case_id)).customer_id)
    return [ConsentOnRecord(**row, signed=signed.get(row["agreement"])) for row in rows]


async def _known(tx: Tx, case_id: str) -> None:
    if await tx.row(sql.EXISTS, case_id) is None:
        raise NotFound("unknown_case", "There is no such case.")
