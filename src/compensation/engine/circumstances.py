"""What a condition may look at: the facts of one case, flat, with the history where it is known."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from compensation.engine.harm import Family
from compensation.engine.inspection import FOUND
from compensation.engine.report import FACTS


class HarmSeen(msgspec.Struct, frozen=True, gc=False):
    """A harm as a condition looks at it. ``words`` is how a receipt names it, such as ``material.x high``."""

    type: str
    family: Family
    rank: int
    words: str


class Circumstances(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything a condition may look at. ``facts`` are the names of the facts that are so, in alphabetical order."""

    harms: tuple[HarmSeen, ...]
    rank: int
    """The severity of the worst harm, 0 for low up to 3 for critical."""
    country: str
    tier: str
    reason_code: str
    category: str
    wants: str
    facts: tuple[str, ...]
    days_late: int
    currency: str
    order_amount: int
    costs: int
    cases: int = 0
    apologies: int = 0
    gestures: int = 0
    grade: str | UnsetType = UNSET
    """That of goods that somebody inspected."""

    def only(self, harm: str) -> "Circumstances":
        """The same case seen through one of its harms."""
        if len(self.harms) == 1:
            return self
        one = next(seen for seen in self.harms if seen.type == harm)
        return msgspec.structs.replace(self, harms=(one,), rank=one.rank)

    def variables(self) -> dict[str, Any]:
        """The names and values that a CEL predicate sees. Sums are whole minor units.

        Nothing here may rise with severity: see ``condition``.
        """
        seen: dict[str, Any] = dict.fromkeys(FACTS | FOUND, False)
        seen.update(dict.fromkeys(self.facts, True))
        for name in _PLAIN:
            seen[name] = getattr(self, name)
        seen["grade"] = self.grade or ""
        seen["harms"] = [harm.type for harm in self.harms]
        seen["families"] = sorted({harm.family.value for harm in self.harms})
        return seen


_PLAIN = (
    "country",
    "tier",
    "reason_code",
    "category",
    "wants",
    "days_late",
    "currency",
    "order_amount",
    "costs",
    "cases",
    "apologies",
    "gestures",
)
