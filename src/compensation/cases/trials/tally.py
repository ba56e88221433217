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


class Count:
    """A tally in the making: a case is added to one cell only, and the cells to the groups once, at the end."""

    def __init__(self) -> None:
        self.tally = Tally()
        self._cells: dict[tuple[str, str, str, tuple[str, ...]], list[int]] = {}

    def add(self, case_id: str, inputs: Inputs, before: Outcome, after: Outcome, taken: str | None) -> None:
        """One case that the draft would decide."""
        report = inputs.report
        was, now = before.taken(taken), after.taken(taken)
        first_before, first_after = before.offers[0].key, after.offers[0].key
        flipped = first_before != first_after or was.key != now.key
        currency = report.money
        place = (currency, report.country, report.customer_tier, tuple(sorted({harm.type for harm in report.harms})))
        cell = self._cells.get(place)
        if cell is None:
            cell = self._cells[place] = [0] * len(Sums.__struct_fields__)
        figures = (
            1, now.value > was.value, now.value < was.value, flipped, before.reviewed, after.reviewed,
            before.goodwill, after.goodwill, was.value, now.value, was.cost, now.cost,
        )  # fmt: skip
        for at, figure in enumerate(figures):
            cell[at] += figure
        for code in before.limits:
            self.tally.limits.setdefault(code, Limit()).before += 1
        for code in after.limits:
            self.tally.limits.setdefault(code, Limit()).after += 1
        if flipped or now.value != was.value:
            self._show(Example(case_id, currency, was.value, now.value, first_before, first_after), flipped)

    def done(self) -> Tally:
        """The tally, with every cell in its groups. A case of several harms is in the group of each."""
        for (currency, country, tier, harms), cell in self._cells.items():
            sums = Sums(*cell)
            places = [("all", ""), ("country", country), ("tier", tier), *(("harm", harm) for harm in harms)]
            for dimension, value in places:
                self.tally.groups.setdefault(f"{dimension}:{value}:{currency}", Sums()).add(sums)
        self._cells.clear()
        return self.tally

    def _show(self, example: Example, flipped: bool) -> None:
        tally = self.tally
        if flipped and len(tally.flips) < SHOWN:
            tally.flips.append(example)
        if example.value_after != example.value_before:
            kept = tally.gains if example.value_after > example.value_before else tally.losses
            kept.append(example)
            if len(kept) > 20 * SHOWN:
                kept[:] = _largest(kept)
