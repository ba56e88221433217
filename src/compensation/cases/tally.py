"""What would change if another policy decided: sums over cases, by harm, country and tier, and the cases to look at."""

from collections.abc import Iterable

import msgspec

from compensation.engine.outcome import Outcome
from compensation.engine.receipt import Inputs

SHOWN = 12
"""How many cases of each kind are named."""


class Sums(msgspec.Struct):
    """Over cases in one currency; sums in minor units. Of each case, the offer that was taken counts, else the first.

    ``gains`` and ``loses`` count the customers for whom it is worth more, or less. A case ``flips`` where another offer
    stands first, or the one that was taken is there no more.
    """

    cases: int = 0
    gains: int = 0
    loses: int = 0
    flips: int = 0
    reviewed_before: int = 0
    reviewed_after: int = 0
    goodwill_before: int = 0
    goodwill_after: int = 0
    value_before: int = 0
    value_after: int = 0
    cost_before: int = 0
    cost_after: int = 0

    def add(self, other: "Sums") -> None:
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Limit(msgspec.Struct):
    """How many cases a bound cut, by each of the two policies."""

    before: int = 0
    after: int = 0


class Example(msgspec.Struct, frozen=True):
    """A case to look at: what its customer gets by each policy, in minor units, and the offer that stands first."""

    case_id: str
    currency: str
    value_before: int
    value_after: int
    first_before: str
    first_after: str


class Tally(msgspec.Struct):
    """``groups`` by ``dimension:value:currency``, such as ``harm:material.delivery_delay:EUR`` and ``all::EUR``.

    A case of several harms counts under each of them. ``untouched`` cases are none of the draft's; ``undecided`` ones
    name something that the catalogue no longer has.
    """

    seen: int = 0
    untouched: int = 0
    undecided: int = 0
    groups: dict[str, Sums] = {}
    limits: dict[str, Limit] = {}
    flips: list[Example] = []
    gains: list[Example] = []
    losses: list[Example] = []

    def count(self, case_id: str, inputs: Inputs, before: Outcome, after: Outcome, taken: str | None) -> None:
        """One case that the draft would decide."""
        report = inputs.report
        currency = report.money
        was, now = before.taken(taken), after.taken(taken)
        flipped = before.offers[0].key != after.offers[0].key or was.key != now.key
        one = Sums(
            cases=1,
            gains=int(now.value > was.value),
            loses=int(now.value < was.value),
            flips=int(flipped),
            reviewed_before=int(before.reviewed),
            reviewed_after=int(after.reviewed),
            goodwill_before=before.goodwill,
            goodwill_after=after.goodwill,
            value_before=was.value,
            value_after=now.value,
            cost_before=was.cost,
            cost_after=now.cost,
        )
        places = [("all", ""), ("country", report.country), ("tier", report.customer_tier)]
        places += [("harm", harm) for harm in {harm.type for harm in report.harms}]
        for dimension, value in places:
            self.groups.setdefault(f"{dimension}:{value}:{currency}", Sums()).add(one)
        for code in before.limits:
            self.limits.setdefault(code, Limit()).before += 1
        for code in after.limits:
            self.limits.setdefault(code, Limit()).after += 1
        if was.value != now.value or flipped:
            first_before, first_after = before.offers[0].key, after.offers[0].key
            example = Example(case_id, currency, was.value, now.value, first_before, first_after)
            if flipped and len(self.flips) < SHOWN:
                self.flips.append(example)
            if now.value != was.value:
                kept = self.gains if now.value > was.value else self.losses
                kept.append(example)
                if len(kept) > 4 * SHOWN:
                    kept[:] = _largest(kept)

    def join(self, other: "Tally") -> None:
        """Add what was counted elsewhere."""
        self.seen += other.seen
        self.untouched += other.untouched
        self.undecided += other.undecided
        for name, sums in other.groups.items():
            self.groups.setdefault(name, Sums()).add(sums)
        for code, limit in other.limits.items():
            kept = self.limits.setdefault(code, Limit())
            kept.before += limit.before
            kept.after += limit.after
        self.flips = [*self.flips, *other.flips][:SHOWN]
        self.gains = _largest([*self.gains, *other.gains])
        self.losses = _largest([*self.losses, *other.losses])


def _largest(examples: Iterable[Example]) -> list[Example]:
    return sorted(examples, key=lambda one: (-abs(one.value_after - one.value_before), one.case_id))[:SHOWN]
