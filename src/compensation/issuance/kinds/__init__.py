"""One file for each way of issuing, and this registry. Adding a kind is one file and one line here.

A kind is a module with two pure functions. ``draft(line, currency, at)`` says what the reward will be;
``effect(draft, …)`` says which value moves when it is issued. ``SECRET`` kinds carry a code; ``AFTER`` is told
once the reward is written down, for kinds that are not complete by being written: the work that finishes it, or the
event by which the merchant hears of it.
"""

from collections.abc import Sequence
from datetime import datetime
from types import ModuleType
from typing import Protocol, cast

from compensation.engine.plan import RemedyLine
from compensation.engine.terms import Kind, kind_of
from compensation.issuance.kinds import (
    discount,
    experience,
    gift_card,
    limited_offer,
    points,
    product_card,
    refund,
    store_credit,
    task,
    tier,
)
from compensation.issuance.kinds.draft import Draft, Effect

__all__ = ["Draft", "Effect", "RemedyKind", "issuable", "kind"]


class RemedyKind(Protocol):
    """What every module of this folder offers."""

    SECRET: bool
    AFTER: str | None

    def draft(self, line: RemedyLine, currency: str, at: datetime) -> Draft: ...

    def effect(self, draft: Draft, reward_id: str, merchant_id: str) -> Effect: ...


_MODULES: dict[Kind, ModuleType] = {
    Kind.store_credit: store_credit,
    Kind.gift_card: gift_card,
    Kind.points: points,
    Kind.tier: tier,
    Kind.discount: discount,
    Kind.limited_offer: limited_offer,
    Kind.refund: refund,
    Kind.experience: experience,
    Kind.task: task,
    Kind.product_card: product_card,
}


def kind(name: Kind | str) -> RemedyKind:
    """The module that issues this kind."""
    # A member of an enumeration of texts is found by its text too, and finding it is most of what a batch does here.
    return cast(RemedyKind, _MODULES[cast(Kind, name)])


def issuable(lines: Sequence[RemedyLine]) -> list[RemedyLine]:
    """The lines that become rewards: all but the words, which travel in the message."""
    return [line for line in lines if kind_of(line.terms) is not Kind.words]
