"""A case as it is kept and shown: its row, what was found, its offers, its history and its receipt."""

from datetime import datetime
from typing import Any

import msgspec

from compensation.cases import sql
from compensation.cases.sign import unpacked
from compensation.core.errors import NotFound
from compensation.core.money import Money
from compensation.core.states import CaseState
from compensation.core.vault import Unreadable
from compensation.customers.customer import key_of
from compensation.db.pool import Tx
from compensation.engine.assess import Obligation
from compensation.engine.dues import Due, HarmFound
from compensation.engine.plan import Decision, HarmShare, Offer, Refusal
from compensation.engine.reason import Reason, TraceLine


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One customer's harm and where it stands. Holds nothing personal, so that it may stand in a kept answer."""

    id: str
    number: int
    """What people read out on the telephone."""
    state: CaseState
    program_id: str
    customer_id: str
    incident: str | None
    """The merchant's own name for what happened, where it touched many."""
    channel: str
    country: str
    locale: str
    reason_code: str
    harms: tuple[str, ...]
    severity: str
    """The worst of its harms'."""
    order_number: str
    order_amount: Money | None
    owed: Money
    goodwill: Money
    agent_id: str | None
    """Who looks after it."""
    chosen: str | None
    chosen_by: str | None
    priority: bool
    answer_due: datetime
    created_at: datetime
    updated_at: datetime
    delivery: str | None = None
    """The state of the latest message about it."""
    disputed: bool = False
    """Whether the customer disagrees and waits for somebody else's answer, by ``answer_due``."""


class Assessed(msgspec.Struct, frozen=True, kw_only=True):
    """What was found and why, in the order of force: a part of what the receipt says."""

    harms: tuple[HarmFound, ...]
    dues: tuple[Due, ...]
    obligations: tuple[Obligation, ...]
    shares: tuple[HarmShare, ...]
    trace: tuple[TraceLine, ...]
    refused: tuple[Refusal, ...]
    policy: str
    review: tuple[Reason, ...]


class CaseFile(Case, frozen=True, kw_only=True):
    """A case with what was found and what may be chosen, the lawful offer first."""

    assessment: Assessed
    offers: tuple[Offer, ...]
    receipt_id: str


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the history. ``said`` is a reason in somebody's words; None where there is none or it is erased."""

    id: str
    what: str
    actor: str
    at: datetime
    note: str
    said: str | None


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The signed record of the decision. ``document`` is what ``verify-receipt`` reads, byte for byte."""

    id: str
    case_id: str
    document: bytes
    key_version: int
    created_at: datetime


class _Assessed(msgspec.Struct, frozen=True):
    harms: tuple[HarmFound, ...]
    dues: tuple[Due, ...]
    obligations: tuple[Obligation, ...]


class _Decided(msgspec.Struct, frozen=True):
    shares: tuple[HarmShare, ...]
    trace: tuple[TraceLine, ...]
    refused: tuple[Refusal, ...]
    policy: str
    review: tuple[Reason, ...]


class _Body(msgspec.Struct, frozen=True):
    assessment: _Assessed
    decision: _Decided


class _Envelope(msgspec.Struct, frozen=True):
    """As much of a signed receipt as a case shows."""

    receipt: _Body


def assessed(decision: Decision) -> Assessed:
    found = decision.assessment
    return Assessed(
        harms=found.harms,
        dues=found.dues,
        obligations=found.obligations,
        shares=decision.shares,
        trace=decision.trace,
        refused=decision.refused,
        policy=decision.policy,
        review=decision.review,
    )


async def case(tx: Tx, case_id: str) -> Case:
    """Raises NotFound ``unknown_case``."""
    return read_case(await _row(tx, sql.CASE, case_id))


async def case_file(tx: Tx, case_id: str) -> CaseFile:
    """Raises NotFound ``unknown_case``."""
    row = await _row(tx, sql.CASE_FILE, case_id)
    return CaseFile(
        **msgspec.structs.asdict(read_case(row)),
        assessment=_found(unpacked(row["document"])),
        offers=tuple(msgspec.convert(offer, Offer) for offer in row["offers"]),
        receipt_id=row["receipt_id"],
    )


async def offers(tx: Tx, case_id: str) -> list[Offer]:
    """Raises NotFound ``unknown_case``."""
    await _row(tx, sql.EXISTS, case_id)
    return [msgspec.convert(row["offer"], Offer) for row in await tx.rows(sql.OFFERS, case_id)]


async def receipt(tx: Tx, case_id: str) -> Receipt:
    """The latest receipt of the case. Raises NotFound ``unknown_case``."""
    row = dict(await _row(tx, sql.RECEIPT, case_id))
    return Receipt(**row | {"document": unpacked(row["document"])})


async def receipts(tx: Tx, case_id: str) -> list[Receipt]:
    """Every receipt of the case, the oldest decision first."""
    rows = await tx.rows(sql.RECEIPTS, case_id)
    return [Receipt(**dict(row) | {"document": unpacked(row["document"])}) for row in rows]


async def events(tx: Tx, case_id: str) -> list[Event]:
    """The history, oldest first. Raises NotFound ``unknown_case``."""
    await _row(tx, sql.EXISTS, case_id)
    rows = await tx.rows(sql.EVENTS, case_id)
    opened: dict[str, str] = {}
    if any(row["said"] for row in rows):
        try:
            key = await key_of(tx, rows[0]["customer_id"])
        except Unreadable:
            key = None  # The customer was erased, and what was said about him went with his key.
        opened = {row["id"]: key.open(row["id"], row["said"]).decode() for row in rows if key and row["said"]}
    plain = ("id", "what", "actor", "at", "note")
    return [Event(**{name: row[name] for name in plain}, said=opened.get(row["id"])) for row in rows]


def read_case(row: Any) -> Case:
    currency, amount = row["currency"], row["order_amount"]
    plain = {name: row[name] for name in Case.__struct_fields__}
    return Case(
        **plain
        | {
            "state": CaseState(row["state"]),
            "harms": tuple(row["harms"]),
            "order_amount": None if amount is None else Money(amount, currency),
            "owed": Money(row["owed"], currency),
            "goodwill": Money(row["goodwill"], currency),
        }
    )


def _found(signed: bytes) -> Assessed:
    body = msgspec.json.decode(signed, type=_Envelope).receipt
    return Assessed(**msgspec.structs.asdict(body.assessment), **msgspec.structs.asdict(body.decision))


async def _row(tx: Tx, statement: str, case_id: str) -> Any:
    row = await tx.row(statement, case_id)
    if row is None:
        raise NotFound("unknown_case", "There is no such case.")
    return row
