"""What the finance page shows of the books: roles and shares by name, and the pictures that the server draws."""

import datetime as dt
from collections.abc import Sequence
from typing import Literal

import msgspec
from babel.dates import format_date

from compensation.core.money import Money
from compensation.core.text import language, money
from compensation.delivery.words import Say, word
from compensation.ledger.account import Role
from compensation.ledger.liability import Liability, Month, Share
from compensation.ledger.trial import TrialBalance

WIDE, LABELS, ROW, COLUMN = 560, 150, 30, 44
"""The pictures: their width, the room for labels, the height of a row and the width of a month."""
HIGH = 150
"""The height of the tallest month."""

ROLES: dict[str, str] = {
    Role.funding: word("Given to budgets"),
    Role.budget: word("Budgets: left to promise"),
    Role.reserved: word("Budgets: promised"),
    Role.spent: word("Budgets: spent"),
    Role.expense_owed: word("Expense: sums owed"),
    Role.expense_goodwill: word("Expense: goodwill"),
    Role.expense_promo: word("Expense: promotion"),
    Role.expense_sold: word("Value that was sold"),
    Role.card: word("Stored value"),
    Role.held: word("Stored value held for a sale"),
    Role.points: word("Points to spend"),
    Role.points_pending: word("Points not released yet"),
    Role.points_spent: word("Points spent"),
    Role.points_issued: word("Points ever given"),
    Role.sales: word("Spent in the shop"),
    Role.refund_due: word("Refunds on their way"),
    Role.refunded: word("Refunds that arrived"),
    Role.breakage: word("Breakage: expired unspent"),
    Role.promise: word("Remedies in kind"),
}
_ORIGINS = {
    "owed": word("Owed"),
    "goodwill": word("Goodwill"),
    "promo": word("Promotion"),
    "sold": word("Sold"),
    "held": word("Held for a sale"),
}
_AGES = {
    "month": word("Up to 30 days old"),
    "quarter": word("31 to 90 days old"),
    "year": word("91 to 365 days old"),
    "older": word("Older than a year"),
}
_FALLS = {
    "overdue": word("Past its date"),
    "month": word("Within 30 days"),
    "quarter": word("In 31 to 90 days"),
    "year": word("In 91 to 365 days"),
    "later": word("After more than a year"),
    "never": word("Never"),
}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """All accounts of one role, on the side on which they stand."""

    role: str
    label: str
    debit: Money | None
    credit: Money | None


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """One asset's part of the trial balance. It balances, or the books are broken."""

    asset: str
    rows: list[Row]
    debit: Money
    credit: Money


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a picture and of the table beside it. ``said`` is plain: a picture holds no markup of a page."""

    label: str
    value: Money
    said: str
    lots: int
    y: int
    width: int


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    name: Literal["origin", "age", "expiry"]
    bars: list[Bar]
    height: int


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A month: its two columns stand on the base line, with their heights in the units of the picture."""

    label: str
    short: str
    outstanding: Money
    broken: Money
    x: int
    tall: int
    broken_tall: int
    said: str
    """The sum, over the highest month and the last only: the others are in the table."""


def books(say: Say, found: TrialBalance) -> list[Books]:
    """By asset. A role that is unknown here would be shown by its own word."""
    return [
        Books(
            asset=total.asset,
            rows=[
                Row(
                    role=line.role,
                    label=say(ROLES[line.role]) if line.role in ROLES else line.role,
                    debit=Money(line.debit, line.asset) if line.debit else None,
                    credit=Money(line.credit, line.asset) if line.credit else None,
                )
                for line in found.lines
                if line.asset == total.asset
            ],
            debit=Money(total.debit, total.asset),
            credit=Money(total.credit, total.asset),
        )
        for total in found.totals
    ]


def pictures(say: Say, found: Liability, asset: str) -> list[Picture]:
    """Where it came from, how old it is, when it expires: of one asset."""
    return [
        _picture(say, "origin", found.by_origin, asset, _ORIGINS),
        _picture(say, "age", found.by_age, asset, _AGES),
        _picture(say, "expiry", found.by_expiry, asset, _FALLS),
    ]


def columns(say: Say, found: Liability, asset: str) -> list[Column]:
    """The last twelve months of one asset. Both columns of a month are on one scale, from zero."""
    months = [one for one in found.by_month if one.asset == asset]
    most = max((max(one.outstanding, one.broken) for one in months), default=0) or 1
    peak = next((one.month for one in months if one.outstanding == most), None)
    return [_column(say, one, place, most, one.month == peak, len(months)) for place, one in enumerate(months)]


def _column(say: Say, one: Month, place: int, most: int, is_peak: bool, count: int) -> Column:
    # Two sums side by side would run into each other.
    last = place == count - 1
    told = (is_peak and place < count - 3) or last
    return Column(
        label=format_date(one.month, "LLLL y", locale=language(say.locale)),
        short=format_date(one.month, "LLL", locale=language(say.locale)),
        outstanding=Money(one.outstanding, one.asset),
        broken=Money(one.broken, one.asset),
        x=8 + COLUMN * place,
        tall=max(one.outstanding, 0) * HIGH // most,
        broken_tall=max(one.broken, 0) * HIGH // most,
        said=money(Money(one.outstanding, one.asset), say.locale) if told else "",
    )


def _picture(
    say: Say, name: Literal["origin", "age", "expiry"], shares: Sequence[Share], asset: str, names: dict[str, str]
) -> Picture:
    own = [one for one in shares if one.asset == asset]
    most = max((one.amount for one in own), default=0) or 1
    room = WIDE - LABELS - 120
    bars = [
        Bar(
            label=say(names[one.name]),
            value=Money(one.amount, asset),
            said=money(Money(one.amount, asset), say.locale),
            lots=one.lots,
            y=6 + ROW * place,
            width=max(one.amount, 0) * room // most,
        )
        for place, one in enumerate(own)
    ]
    return Picture(name=name, bars=bars, height=ROW * len(bars) + 8)


def end_of(day: dt.date, now: dt.datetime) -> dt.datetime:
    """The last moment of a day in UTC, or now where that is still to come."""
    following = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), dt.UTC)
    return min(following - dt.timedelta(microseconds=1), now)
