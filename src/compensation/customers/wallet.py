"""What a customer holds now: store credit, gift cards, points and perks. Balances are the ledger's."""

from collections import defaultdict
from datetime import datetime
from typing import Any

import msgspec

from compensation.core.money import Money
from compensation.customers import sql
from compensation.customers.customer import customer
from compensation.db.pool import Tx
from compensation.ledger.statement import Statement, statement

_VALUE = ("store_credit", "gift_card", "points")
_PERKS = ("tier",)


class HeldLot(msgspec.Struct, frozen=True, kw_only=True):
    """Value of one origin (``owed``, ``goodwill``, ``sold``, ``promo``): when it was issued, until when it is good."""

    origin: str
    balance: Money
    issued_at: datetime
    expires_at: datetime | None


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One reward with value on it. ``balance`` is in minor units of its currency, or in points."""

    reward_id: str
    kind: str
    balance: Money
    last4: str | None
    expires_at: datetime | None
    lots: tuple[HeldLot, ...]
    """In the order in which they are spent."""


class Perk(msgspec.Struct, frozen=True, kw_only=True):
    """A tier granted for a time, and what it entitles to until then."""

    reward_id: str
    tier: str
    perks: tuple[str, ...]
    since: datetime
    until: datetime | None


class Wallet(msgspec.Struct, frozen=True, kw_only=True):
    """``credit`` is store credit by currency. A gift card belongs to whoever holds its code: it stands in ``held``.

    ``points`` can be spent now, those of purchases among them; ``points_pending`` are not released yet.
    """

    customer_id: str
    credit: tuple[Money, ...]
    points: int
    points_pending: int
    held: tuple[Held, ...]
    perks: tuple[Perk, ...]


async def wallet(tx: Tx, customer_id: str, at: datetime) -> Wallet:
    """Everything unexpired at ``at``, what expires first standing first. Raises NotFound ``unknown_customer``."""
    await customer(tx, customer_id)
    rows = await tx.rows(sql.WALLET, customer_id, [*_VALUE, *_PERKS], at)
    lots: dict[str, list[HeldLot]] = defaultdict(list)
    for lot in await tx.rows(sql.LOTS, [row["id"] for row in rows]):
        lots[lot["owner_id"]].append(_lot(lot))
    held = tuple(_held(row, lots[row["id"]]) for row in rows if row["kind"] in _VALUE)
    earned = await tx.row(sql.EARNED, customer_id, at)
    assert earned is not None, "a sum has one row"
    credit: dict[str, int] = defaultdict(int)
    for one in held:
        if one.kind == "store_credit":
            credit[one.balance.currency] += one.balance.amount
    return Wallet(
        customer_id=customer_id,
        credit=tuple(Money(amount, currency) for currency, amount in sorted(credit.items())),
        points=earned["points"] + sum(one.balance.amount for one in held if one.kind == "points"),
        points_pending=earned["pending"],
        held=held,
        perks=tuple(_perk(row) for row in rows if row["kind"] in _PERKS),
    )


async def credit_statement(
    tx: Tx, customer_id: str, currency: str, *, before: int | None = None, limit: int = 50
) -> Statement:
    """All store credit of a customer in one currency, taken together. Raises NotFound ``unknown_customer``."""
    await customer(tx, customer_id)
    accounts = [row["id"] for row in await tx.rows(sql.CREDIT, customer_id, currency)]
    return await statement(tx, accounts, currency, before=before, limit=limit)


def _lot(row: Any) -> HeldLot:
    return HeldLot(
        origin=row["origin"],
        balance=Money(row["balance"], row["asset"]),
        issued_at=row["opened_at"],
        expires_at=row["expires_at"],
    )


def _held(row: Any, lots: list[HeldLot]) -> Held:
    return Held(
        reward_id=row["id"],
        kind=row["kind"],
        balance=Money(row["balance"], row["asset"]),
        last4=row["code_last4"],
        expires_at=row["expires_at"],
        lots=tuple(lots),
    )


def _perk(row: Any) -> Perk:
    terms = row["terms"]
    return Perk(
        reward_id=row["id"],
        tier=terms["tier"],
        perks=tuple(terms["perks"]),
        since=row["issued_at"],
        until=row["expires_at"],
    )
