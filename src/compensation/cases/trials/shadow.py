"""A policy in the shadow: what it decides about a case beside the live one, recorded after the report, never in it."""

from datetime import datetime
from typing import Any

import msgspec

from compensation.cases.trials import sql
from compensation.cases.trials.past import past
from compensation.cases.weigh import placed
from compensation.catalog.library import library
from compensation.catalog.version import standing
from compensation.core.money import Money
from compensation.core.states import PolicyState
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.engine.outcome import outcome
from compensation.engine.standing import would_decide


class ShadowCase(msgspec.Struct, frozen=True):
    case_id: str


class Shadowed(msgspec.Struct, frozen=True):
    """How many policies in the shadow decided the case; ``id`` is the case's."""

    id: str
    policies: int


class ShadowSums(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy in the shadow would have changed, over the cases in one currency. Of each, the first offer counts.

    ``gains`` and ``loses`` count the customers to whom it is worth more, or less; ``flips`` the cases in which another
    offer stands first.
    """

    cases: int
    differing: int
    gains: int
    loses: int
    flips: int
    cost_before: Money
    cost_after: Money
    goodwill_before: Money
    goodwill_after: Money


class ShadowDecision(msgspec.Struct, frozen=True, kw_only=True):
    """One case that it decided otherwise: the first offer as it was made, and as the shadow would have made it."""

    case_id: str
    first_before: str
    first_after: str
    value_before: Money
    value_after: Money
    cost_before: Money
    cost_after: Money
    goodwill_before: Money
    goodwill_after: Money
    at: datetime


async def shadow_case(tx: Tx, who: Who, what: ShadowCase, at: datetime) -> Shadowed:
    """Decide a case by every policy in the shadow that is meant for it. Doing it again changes nothing; a
    case that was assessed anew is decided anew."""
    row = await tx.row(sql.DECIDED, what.case_id)
    tried = await standing(tx, PolicyState.shadow)
    if row is None or not tried:
        return Shadowed(what.case_id, 0)
    decided = past(row["document"])
    report = placed(decided.inputs.report, row["program_id"], row["brand_id"])
    live = (await standing(tx, PolicyState.published)).values()
    before, count = decided.outcome, 0
    for policy_id, policy in tried.items():
        if not would_decide(policy, live, row["family"], report, at.date()):
            continue
        after = outcome(decided.inputs, library().books_of(policy))
        was, now = before.offers[0], after.offers[0]
        await tx.run(
            sql.SHADOWED, policy_id, what.case_id, report.money, was.key, now.key, was.value, now.value, was.cost,
            now.cost, before.goodwill, after.goodwill, before.offers != after.offers, at,
            row["receipt_id"],
        )  # fmt: skip
        count += 1
    return Shadowed(what.case_id, count)


async def shadow_sums(tx: Tx, policy_id: str) -> list[ShadowSums]:
    """By currency, the one with the most cases first."""
    return [ShadowSums(**_in_money(dict(row))) for row in await tx.rows(sql.SHADOW_SUMS, policy_id)]


async def shadow_decisions(tx: Tx, policy_id: str, cursor: str | None, limit: int) -> list[ShadowDecision]:
    """The cases that it decided otherwise, the newest first. ``cursor`` is the case after which to go on."""
    rows = await tx.rows(sql.SHADOW_ROWS, policy_id, cursor, limit)
    return [ShadowDecision(**_in_money(dict(row))) for row in rows]


def _in_money(row: dict[str, Any]) -> dict[str, Any]:
    """The sums of a row in its currency."""
    currency = str(row.pop("currency"))
    sums = ("value", "cost", "goodwill")
    return {
        name: Money(value, currency) if isinstance(value, int) and name.partition("_")[0] in sums else value
        for name, value in row.items()
    }
