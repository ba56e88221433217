"""The reckoner: decides past cases by the live policies and by a draft, each kind of case once, and counts.

It runs as a process of its own, so that a long simulation takes another core and nothing else from the worker: frames
of MessagePack come in, a tally goes out for each, and it ends with its input. It knows no database and no secret.
"""

import os
import sys
from collections.abc import Hashable
from datetime import date
from typing import BinaryIO

import msgspec

from compensation.cases.trials.past import Past, past
from compensation.cases.trials.tally import Count
from compensation.cases.weigh import placed
from compensation.catalog.library import library
from compensation.core.errors import Problem
from compensation.engine.likeness import Likeness
from compensation.engine.outcome import Outcome, outcome
from compensation.engine.policy import Policy
from compensation.engine.receipt import Books, Inputs, Versions, versions
from compensation.engine.standing import deciding, would_decide

REMEMBERED = 200_000
"""How many kinds of cases are remembered for each policy."""


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """What is tried: a draft against the policies that decide today. ``programs`` are their policy code and brand."""

    draft: str
    live: tuple[str, ...]
    programs: dict[str, tuple[str, str]]
    today: date


class Row(msgspec.Struct, frozen=True, array_like=True):
    """A case with its packed receipt and the offer that was taken."""

    case_id: str
    document: bytes
    taken: str | None


class Judge:
    """One policy with what it decided so far, by likeness."""

    def __init__(self, policy: Policy) -> None:
        self.books: Books = library().books_of(policy)
        self._versions: dict[str, Versions] = {}
        self._likeness = Likeness(policy, self.books.law)
        self._known: dict[Hashable, Outcome] = {}

    def made(self, seen: Past) -> bool:
        """Whether a case was decided by this very policy and the catalogue of today."""
        country = seen.inputs.report.country
        if country not in self._versions:
            self._versions[country] = versions(self.books, country)
        return seen.versions == self._versions[country]

    def outcome(self, inputs: Inputs) -> Outcome:
        """Raises Invalid as ``assess`` does."""
        key = self._likeness.key(inputs)
        known = self._known.get(key)
        if known is None:
            known = outcome(inputs, self.books)
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[key] = known
        return known


class Reckoner:
    def __init__(self, brief: Brief) -> None:
        self._brief = brief
        self._live = [library().policy(text, "live.toml") for text in brief.live]
        self._draft = library().policy(brief.draft, "draft.toml")
        self._by_brand = any(policy.document.scope.brands for policy in (*self._live, self._draft))
        self._judges: dict[str, Judge] = {}

    def count(self, count: Count, case_id: str, seen: Past | Inputs, taken: str | None) -> None:
        """One case: as its receipt has it, or from its inputs alone."""
        inputs = seen.inputs if isinstance(seen, Past) else seen
        tally = count.tally
        tally.seen += 1
        family, brand = self._brief.programs.get(inputs.report.program or "", ("default", ""))
        report = placed(inputs.report, inputs.report.program or "", brand) if self._by_brand else inputs.report
        if not would_decide(self._draft, self._live, family, report, self._brief.today):
            tally.untouched += 1
            return
        live = deciding(self._live, family, report, self._brief.today)
        try:
            judge = self._judge(live or library().books(family, self._brief.today).policy)
            # What was decided by the very same documents need not be decided again.
            before = seen.outcome if isinstance(seen, Past) and judge.made(seen) else judge.outcome(inputs)
            after = self._judge(self._draft).outcome(inputs)
        except Problem:
            tally.undecided += 1
            return
        count.add(case_id, inputs, before, after, taken)

    def _judge(self, policy: Policy) -> Judge:
        if policy.hash not in self._judges:
            self._judges[policy.hash] = Judge(policy)
        return self._judges[policy.hash]


def main(source: BinaryIO, drain: BinaryIO) -> None:
    """The process: a brief, then batches of rows; one tally back for each batch."""
    os.nice(10)
    reckoner = Reckoner(msgspec.msgpack.decode(_frame(source), type=Brief))
    batches = msgspec.msgpack.Decoder(list[Row])
    while frame := _frame(source):
        count = Count()
        for row in batches.decode(frame):
            reckoner.count(count, row.case_id, past(row.document), row.taken)
        answer = msgspec.msgpack.encode(count.done())
        drain.write(len(answer).to_bytes(4, "big") + answer)
        drain.flush()


def _frame(source: BinaryIO) -> bytes:
    """The next frame; empty at the end of the input."""
    head = source.read(4)
    return source.read(int.from_bytes(head, "big")) if len(head) == 4 else b""


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
