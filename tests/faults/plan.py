"""What a run of scripts/torture is to do, and what came of it."""

from collections import Counter
from typing import Literal

import msgspec

Control = Literal["", "postgres", "redemption"]
"""What is made careless so that the run must find promises broken: a database that acknowledges before it writes, or a
redemption that knows of no keys."""

VERBS = {
    "orders", "redeem", "return", "hold", "capture", "release", "extend", "reissue", "clawback", "void", "transfer",
    "merge", "tender", "wallet/spend", "points/earn", "points/release", "points/spend", "points/convert",
    "points/take-back", "imports", "imports/approve", "imports/cancel", "cases", "cases/choose",
}  # fmt: skip
"""What the traders do, as the last words of its address: everything that moves value, and what leads there."""


class Plan(msgspec.Struct, frozen=True):
    seed: int
    kills: int = 100
    postgres_kills: int = 10
    control: Control = ""

    @property
    def replay(self) -> str:
        control = f" --control {self.control}" if self.control else ""
        return (
            f"scripts/torture --seed {self.seed} --kills {self.kills} --postgres-kills {self.postgres_kills}{control}"
        )


class Result(msgspec.Struct):
    """``killed`` says how often what died and where; ``hit`` how many of those deaths met work in flight."""

    plan: Plan
    broken: list[str] = []
    killed: Counter[str] = msgspec.field(default_factory=Counter)
    hit: Counter[str] = msgspec.field(default_factory=Counter)
    restarts: int = 0
    replayed: int = 0
    answers: int = 0
    refused: int = 0
    longest: float = 0.0
    verbs: Counter[str] = msgspec.field(default_factory=Counter)
    orders: int = 0
    refunds: int = 0
    brands: int = 0
    letters: int = 0
    audit: int = -1
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return bool(self.broken) if self.plan.control else not self.broken and self.audit == 0

    @property
    def processes(self) -> int:
        """How many processes of ours were killed."""
        return sum(times for what, times in self.killed.items() if what.startswith(("serve", "work")))

    def fell(self, what: str, *, in_flight: bool) -> None:
        self.killed[what] += 1
        self.hit[what.partition(" ")[0]] += in_flight


def report(result: Result) -> str:
    hits = ", ".join(f"{times} of {what}" for what, times in sorted(result.hit.items()) if times)
    lines = [f"{times:>6}  {what}" for what, times in sorted(result.killed.items())]
    lines.append(f"{result.killed.total()} kills and {result.restarts} restarts in {result.seconds:.0f} s")
    lines.append(f"work in flight met by {result.hit.total()} kills: {hits}")
    lines.append(f"{result.answers} answers acknowledged, the slowest after {result.longest:.1f} s")
    lines.append(f"{result.replayed} asked for again after a death, {result.refused} times told to come again")
    lines.append(", ".join(f"{times} {verb}" for verb, times in sorted(result.verbs.items())))
    lines.append(
        f"{result.orders} orders, {result.refunds} refunds, {result.brands} cards of brands, {result.letters} letters"
    )
    lines += [f"broken: {what}" for what in result.broken[:20]]
    lines.append(f"{len(result.broken)} promises broken" + (", as they must be here" if result.plan.control else ""))
    lines.append(f"compensation audit: exit status {result.audit}")
    return "\n".join(lines)
