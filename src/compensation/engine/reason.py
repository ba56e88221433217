"""Why: a code with values that is worded in three languages elsewhere, and the steps a decision is explained in."""

import enum
from typing import Any

import msgspec

from compensation.core.money import Money


class Reason(msgspec.Struct, frozen=True, gc=False):
    """A code of ``catalog/explanations.toml`` and the values for its placeholders."""

    code: str
    params: dict[str, str | int | Money] = {}


class Step(enum.StrEnum):
    """The order of force, in which every decision is told."""

    law = "law"
    facts = "facts"
    policy = "policy"
    limits = "limits"
    budget = "budget"
    proposed = "proposed"


class TraceLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of the explanation: the step, why, the sum it led to, and the arithmetic behind it."""

    step: Step
    reason: Reason
    amount: Money | None = None
    sums: str | None = None
    """The arithmetic in major units, such as ``540.00 × 10 % = 54.00``."""
    rule: str | None = None
    harms: tuple[str, ...] = ()


class Tried(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One rule that was tried, and the first condition that failed with the value it saw."""

    rule: str
    passed: bool
    harm: str | None = None
    failed: str | None = None
    saw: Any = None
