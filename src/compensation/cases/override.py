"""An override: an agent takes another offer than the first, the recommended one. It carries a reason and is reported.

What the customer himself chose, or consented to, is his choice and no override.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from compensation.cases import sql
from compensation.core.errors import Refused
from compensation.core.ids import new_id
from compensation.core.money import Money
from compensation.db.pool import Tx
from compensation.engine.plan import Offer

Why = Literal["customer_wish", "harm_weighs_more", "keeps_customer", "not_available", "other"]


class Override(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``words`` say more; they stay in the history of the case, sealed as the customer's own are."""

    reason: Why
    words: Annotated[str, Meta(max_length=2000)] = ""


class Deviation(msgspec.Struct, frozen=True, kw_only=True):
    """One agent's choices in one currency. ``value`` and ``cost`` are what his overrides came to beyond what was
    recommended, negative where less; ``reasons`` how often each was given."""

    agent_id: str
    choices: int
    overrides: int
    value: Money
    cost: Money
    reasons: dict[str, int]


async def overriding(tx: Tx, case_id: str, offer: Offer, given: Override | None, actor: str, at: datetime) -> str:
    """Write the override down if it is one, and return the words that were given for it.

    Raises Refused ``override_reason_needed``.
    """
    if not actor.startswith("agt_") or offer.consent is not None:
        return ""
    first = msgspec.convert(await tx.value(sql.FIRST_OFFER, case_id), Offer)
    if first.key == offer.key:
        return ""
    if given is None:
        raise Refused(
            "override_reason_needed",
            "Another offer than the first needs a reason: send override.reason.",
            first=first.key,
        )
    await tx.run(
        sql.OVERRIDE, new_id("ovr"), case_id, actor, offer.key, first.key, given.reason, offer.value.currency,
        offer.value.amount, first.value.amount, offer.cost.amount, first.cost.amount, at,
    )  # fmt: skip
    return given.words


async def deviations(tx: Tx, since: datetime, until: datetime) -> list[Deviation]:
    """Every agent who chose within the time, most overrides first."""
    return [
        Deviation(
            agent_id=row["agent_id"],
            choices=row["choices"],
            overrides=row["overrides"],
            value=Money(row["value"], row["currency"]),
            cost=Money(row["cost"], row["currency"]),
            reasons=row["reasons"],
        )
        for row in await tx.rows(sql.DEVIATIONS, since, until)
    ]
