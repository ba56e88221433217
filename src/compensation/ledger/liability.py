"""What is still owed to whoever holds value: where it came from, how old it is, when it falls due, month by month."""

from datetime import date, datetime
from typing import Literal

import msgspec

from compensation.db.pool import Tx
from compensation.ledger import sql
from compensation.ledger.account import Role
from compensation.ledger.trial import PATIENCE

OWED = (Role.card, Role.held, Role.points)
"""The roles that are stored value: what a customer may still spend, and what a sale has set aside of it."""
MONTHS = 12

Origin = Literal["owed", "goodwill", "promo", "sold", "held"]
Age = Literal["month", "quarter", "year", "older"]
Falls = Literal["overdue", "month", "quarter", "year", "later", "never"]
ORIGINS: tuple[Origin, ...] = ("owed", "goodwill", "promo", "sold", "held")
AGES: tuple[Age, ...] = ("month", "quarter", "year", "older")
FALLS: tuple[Falls, ...] = ("overdue", "month", "quarter", "year", "later", "never")


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """The part of an asset's liability that goes by one name, in minor units, and how many lots it lies in."""

    asset: str
    name: str
    amount: int
    lots: int


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """``outstanding`` at the month's end, or at the moment asked for in its last; ``broken`` expired during it."""

    asset: str
    month: date
    outstanding: int
    broken: int


class Liability(msgspec.Struct, frozen=True, kw_only=True):
    """Three views of one sum for each asset, and its twelve last months. ``by_origin`` has ``held`` for what a hold has
    set aside, ``by_age`` counts 30, 90 and 365 days since a lot was opened, ``by_expiry`` the same days to its end as
    it is set now."""

    at: datetime
    by_origin: tuple[Share, ...]
    by_age: tuple[Share, ...]
    by_expiry: tuple[Share, ...]
    by_month: tuple[Month, ...]


async def liability(tx: Tx, at: datetime) -> Liability:
    """As it stood at ``at``, of what had been written down until then."""
    await tx.connection.execute(f"SET LOCAL statement_timeout = '{PATIENCE}'")
    rows = await tx.rows(sql.LIABILITY, at, list(OWED))
    totals: dict[str, int] = {}
    found: dict[str, list[Share]] = {"origin": [], "age": [], "falls": []}
    for row in rows:
        share = Share(asset=row["asset"], name=row["name"], amount=row["amount"], lots=row["lots"])
        found[row["view"]].append(share)
        if row["view"] == "origin":
            totals[share.asset] = totals.get(share.asset, 0) + share.amount
    months = _months(at)
    moved = {
        (row["asset"], row["month"]): (row["owed"], row["broken"])
        for row in await tx.rows(sql.MOVED, months[0], at, list(OWED), Role.breakage)
    }
    assets = sorted(totals.keys() | {asset for asset, _ in moved})
    return Liability(
        at=at,
        by_origin=_ordered(found["origin"], ORIGINS),
        by_age=_ordered(found["age"], AGES),
        by_expiry=_ordered(found["falls"], FALLS),
        by_month=tuple(one for asset in assets for one in _run(asset, totals.get(asset, 0), months, moved)),
    )


def _months(at: datetime) -> list[date]:
    """The first days of the twelve months of which the last holds ``at``, in UTC as the ledger counts."""
    last = at.year * 12 + at.month - 1
    return [date(one // 12, one % 12 + 1, 1) for one in range(last - MONTHS + 1, last + 1)]


def _run(asset: str, now: int, months: list[date], moved: dict[tuple[str, date], tuple[int, int]]) -> list[Month]:
    """Back from what is owed now: each month ended with what came after it taken off."""
    found = []
    for month in reversed(months):
        change, broken = moved.get((asset, month), (0, 0))
        found.append(Month(asset=asset, month=month, outstanding=now, broken=broken))
        now -= change
    return found[::-1]


def _ordered(shares: list[Share], names: tuple[str, ...]) -> tuple[Share, ...]:
    return tuple(sorted(shares, key=lambda one: (one.asset, names.index(one.name))))
