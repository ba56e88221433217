"""What a customer is entitled to at a moment: the tier that counts, the perks that run, and when they end."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from compensation.customers import sql
from compensation.customers.customer import Customer, customer
from compensation.db.pool import Tx

RANK = ("standard", "silver", "gold", "platinum", "premium")
"""From low to high. A tier of the merchant's own stands just above the first: it was granted, so it is more."""
PROMPT = frozenset({"vip_support", "priority_queue"})
"""Perks whose holder is answered before others."""


class Grant(msgspec.Struct, frozen=True):
    """One reward that granted a tier; ``ends`` None: without end."""

    reward_id: str
    tier: str
    perks: tuple[str, ...]
    starts: datetime
    ends: datetime | None


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A tier held without a break. What was granted while it ran was added at its end, and its perks to the perks."""

    tier: str
    since: datetime
    until: datetime | None
    perks: tuple[str, ...]
    rewards: tuple[str, ...]

    def runs(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


class Entitlements(msgspec.Struct, frozen=True, kw_only=True):
    """``tier`` is the highest that runs, until ``until``; then it is ``falls_back_to``. ``perks`` are those of all
    spans that run: a higher tier takes nothing away. ``spans`` are those that run or come, and ``own_tier`` is what the
    merchant said of the customer himself."""

    customer_id: str
    at: datetime
    tier: str
    since: datetime
    until: datetime | None
    falls_back_to: str | None
    own_tier: str
    perks: tuple[str, ...]
    spans: tuple[Span, ...]

    @property
    def prompt(self) -> bool:
        return not PROMPT.isdisjoint(self.perks)


async def entitlements(tx: Tx, customer_id: str, at: datetime) -> Entitlements:
    """Of that moment, past or to come, by what is known now. Raises NotFound ``unknown_customer``."""
    return (await entitlements_of(tx, [await customer(tx, customer_id)], at))[customer_id]


async def entitlements_of(tx: Tx, customers: Iterable[Customer], at: datetime) -> dict[str, Entitlements]:
    """The same of several customers, by their ids, in one statement."""
    known = {one.id: one for one in customers}
    grants: dict[str, list[Grant]] = {customer_id: [] for customer_id in known}
    for row in await tx.rows(sql.GRANTS, list(known)):
        terms, ends = row["terms"], row["expires_at"]
        grant = Grant(row["id"], terms["tier"], tuple(terms["perks"]), row["issued_at"], ends)
        grants[row["customer_id"]].append(grant)
    return {customer_id: entitled(who, grants[customer_id], at) for customer_id, who in known.items()}


def entitled(who: Customer, grants: Iterable[Grant], at: datetime) -> Entitlements:
    """The rules themselves: the highest tier wins, the same tier extends, and what ends falls back by itself."""
    spans = held(grants)
    now = _highest(who, spans, at)
    return Entitlements(
        customer_id=who.id,
        at=at,
        tier=now.tier,
        since=now.since,
        until=now.until,
        falls_back_to=None if now.until is None else _highest(who, spans, now.until).tier,
        own_tier=who.tier,
        perks=tuple(dict.fromkeys(perk for span in spans if span.runs(at) for perk in span.perks)),
        spans=tuple(span for span in spans if span.until is None or at < span.until),
    )


def held(grants: Iterable[Grant]) -> list[Span]:
    """Grants joined to spans, by tier from low to high and then by time."""
    spans: list[Span] = []
    for grant in sorted(grants, key=lambda one: (rank(one.tier), one.tier, one.starts, one.reward_id)):
        last = spans[-1] if spans else None
        if last is None or last.tier != grant.tier or (last.until is not None and last.until < grant.starts):
            spans.append(
                Span(
                    tier=grant.tier, since=grant.starts, until=grant.ends, perks=grant.perks, rewards=(grant.reward_id,)
                )
            )
            continue
        spans[-1] = Span(
            tier=last.tier,
            since=last.since,
            until=_later(last.until, grant),
            perks=tuple(dict.fromkeys(last.perks + grant.perks)),
            rewards=(*last.rewards, grant.reward_id),
        )
    return spans


def _later(until: datetime | None, grant: Grant) -> datetime | None:
    return None if until is None or grant.ends is None else until + (grant.ends - grant.starts)


def rank(tier: str) -> float:
    return RANK.index(tier) if tier in RANK else 0.5


def _highest(who: Customer, spans: Iterable[Span], at: datetime) -> Span:
    """Of two that are equal his own, since it does not end."""
    own = Span(tier=who.tier, since=who.created_at, until=None, perks=(), rewards=())
    return max([own, *(span for span in spans if span.runs(at))], key=lambda span: (rank(span.tier), span is own))
