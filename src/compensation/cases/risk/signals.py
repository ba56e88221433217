"""What makes us look twice at a case: signals with reasons, and a score that brings it to a second person.

A signal never refuses anything, and no customer is ever shown one. What is looked at is what was done, never who
somebody is: the query sees neither age nor sex, neither origin nor language nor country.
"""

import hashlib
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from compensation.cases.risk import sql
from compensation.catalog.library import FOLDER
from compensation.db.pool import Tx
from compensation.engine.document import decode

Code = Literal[
    "frequency",
    "spend_share",
    "linked_identities",
    "evidence_reused",
    "narrative_reused",
    "agent_concentration",
    "issuer_redeems",
]


class Weight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """It speaks from ``at_least`` on, counted over ``days``."""

    weight: Annotated[int, Meta(ge=0, le=100)]
    at_least: Annotated[int, Meta(ge=1)]
    days: Annotated[int, Meta(ge=1, le=3650)]


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``catalog/signals.toml``."""

    review_at: Annotated[int, Meta(ge=1)]
    frequency: Weight
    spend_share: Weight
    linked_identities: Weight
    evidence_reused: Weight
    narrative_reused: Weight
    agent_concentration: Weight
    issuer_redeems: Weight


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """``saw`` is what was counted within ``days``; it spoke because that is ``at_least`` or more."""

    code: Code
    weight: int
    saw: int
    at_least: int
    days: int


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """``review``: whether a second person looks first. ``version`` is the hash of the weights."""

    score: int
    review: bool
    signals: tuple[Signal, ...]
    version: str


@cache
def weights() -> tuple[Weights, str]:
    """The weights that ship, and their hash. Raises Invalid ``bad_document``."""
    text = (FOLDER / "signals.toml").read_bytes()
    return decode(text, Weights, "signals.toml"), hashlib.sha256(text).hexdigest()[:16]


async def score(tx: Tx, case_id: str, at: datetime) -> Score:
    """What speaks for a second look at this case now. One statement, every part of it by an index."""
    by, version = weights()
    codes: tuple[Code, ...] = get_args(Code)
    since = [at - timedelta(days=getattr(by, code).days) for code in codes]
    row: Any = await tx.row(sql.SIGNALS, case_id, *since)
    found = []
    for code in codes:
        weight: Weight = getattr(by, code)
        saw = 0 if row is None else int(row[code] or 0)
        if weight.weight and saw >= weight.at_least:
            found.append(Signal(code=code, weight=weight.weight, saw=saw, at_least=weight.at_least, days=weight.days))
    total = sum(one.weight for one in found)
    return Score(score=total, review=total >= by.review_at, signals=tuple(found), version=version)
