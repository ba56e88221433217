"""The budget of a program: who is told when it runs low, and what becomes of what it does not cover.

A period begins when money is added. Within it, half, four fifths and all of what was there then being promised is told
once each, by an event.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import msgspec

from compensation.core.errors import NotFound
from compensation.core.ids import new_id
from compensation.core.money import Money
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.merchants import sql
from compensation.merchants.authority import setter
from compensation.merchants.merchant import OnEmpty

THRESHOLDS = (50, 80, 100)
"""Per cent of a period's budget."""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """So many per cent of the budget of a period were promised or spent. ``available`` is what was left then."""

    id: str
    program_id: str
    percent: int
    size: Money
    available: Money
    at: datetime


class Low(msgspec.Struct, frozen=True, kw_only=True):
    """A budget of which much is promised: the highest threshold that was told, and what is left now."""

    program_id: str
    program: str
    percent: int
    size: Money
    available: Money


class Locked(msgspec.Struct, frozen=True, kw_only=True):
    """A program's budget in one currency, locked, with what was told of it in its present period, if it has one."""

    program_id: str
    is_default: bool
    currency: str
    available: int
    """0 where it was never funded."""
    size: int | None
    alerted: int | None

    def passes(self, left: int) -> bool:
        """Whether ``watch`` may have something to tell once no more than ``left`` is available."""
        if self.size is None or self.alerted is None:
            return True
        return self.alerted < 100 and left * 100 <= self.size * (100 - next(t for t in THRESHOLDS if t > self.alerted))


class BudgetRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``stop`` refuses what the budget does not cover; ``escalate`` brings it to a second person, who may fund it."""

    on_empty: OnEmpty


class SetBudgetRule(BudgetRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    program_id: str


class RuleSet(msgspec.Struct, frozen=True):
    id: str
    on_empty: OnEmpty


async def set_budget_rule(tx: Tx, who: Who, what: SetBudgetRule, at: datetime) -> RuleSet:
    """Raises NotFound ``unknown_program``, Forbidden ``not_an_administrator``."""
    await setter(tx, who)
    if not await tx.run(sql.SET_ON_EMPTY, what.program_id, what.on_empty):
        raise NotFound("unknown_program", "There is no such program; GET /v1/programs lists yours.")
    return RuleSet(what.program_id, what.on_empty)


async def lock_budgets(tx: Tx, wanted: Collection[tuple[str | None, str]]) -> list[Locked]:
    """The budgets of these programs, None for the default one, in these currencies. Locked until the transaction ends,
    in the order of their ids. None of a program that there is not."""
    rows = await tx.rows(sql.LOCK_BUDGETS, [program for program, _ in wanted], [currency for _, currency in wanted])
    return [Locked(**row) for row in rows]


async def watch(tx: Tx, program_ids: Iterable[str], at: datetime) -> None:
    """Tell of every threshold that was just passed. One statement where none was, however many programs."""
    program_ids = sorted(set(program_ids))
    passed = await tx.rows(sql.PASSED, program_ids) if program_ids else []
    for row in passed:
        for percent in THRESHOLDS:
            if row["before"] < percent <= row["reached"]:
                alert_id = new_id("bal")
                await tx.run(
                    sql.ADD_ALERT, alert_id, row["program_id"], row["currency"], row["period"], percent,
                    row["size"], row["available"], at,
                )  # fmt: skip
                tx.tell("event:budget.alert", alert_id)


async def alert(tx: Tx, alert_id: str) -> Alert | None:
    row = await tx.row(sql.ALERT, alert_id)
    return None if row is None else _alert(row)


async def alerts(tx: Tx, program_id: str) -> list[Alert]:
    """Of one program, the latest first; at most a hundred."""
    return [_alert(row) for row in await tx.rows(sql.ALERTS, program_id)]


async def low(tx: Tx) -> list[Low]:
    """The budgets that have been told of in their present period, the emptiest first."""
    return [
        Low(
            program_id=row["program_id"],
            program=row["program"],
            percent=row["alerted"],
            size=Money(row["size"], row["currency"]),
            available=Money(row["available"], row["currency"]),
        )
        for row in await tx.rows(sql.LOW)
    ]


def _alert(row: Any) -> Alert:
    return Alert(
        id=row["id"],
        program_id=row["program_id"],
        percent=row["percent"],
        size=Money(row["size"], row["currency"]),
        available=Money(row["available"], row["currency"]),
        at=row["at"],
    )
