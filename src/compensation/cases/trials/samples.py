"""The incidents that ship, as cases to try a policy on; and the command that does so without any server."""

import sys
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from compensation.cases.trials.reckon import Brief, Reckoner
from compensation.cases.trials.tally import Count, Sums, Tally
from compensation.catalog.library import FOLDER
from compensation.core.money import Money
from compensation.engine.plan import History, Limits
from compensation.engine.receipt import Inputs
from compensation.engine.report import Report

FILE = FOLDER / "samples" / "incidents.json"


class _Sample(msgspec.Struct, frozen=True):
    id: str
    report: Report


class _Samples(msgspec.Struct, frozen=True):
    incidents: tuple[_Sample, ...]


def samples(on: date, file: Path = FILE) -> list[tuple[str, Inputs]]:
    """Each sample by its name, as it would be decided on that day without a past and without a bound budget."""
    read = msgspec.json.decode(file.read_bytes(), type=_Samples)
    return [
        (one.id, Inputs(report=one.report, on=on, limits=Limits(), history=History(), seed=one.id, without=()))
        for one in read.incidents
    ]


def main(policy: Path, cases: Path | None = None) -> int:
    """The command: what a policy would change for the samples, against the one that ships."""
    today = datetime.now(UTC).date()
    brief = Brief(draft=policy.read_text(encoding="utf-8"), live=(), programs={}, today=today)
    count, reckoner = Count(), Reckoner(brief)
    for name, inputs in samples(today, cases or FILE):
        reckoner.count(count, name, inputs, None)
    sys.stdout.write("\n".join(told(count.done())) + "\n")
    return 0


def told(tally: Tally) -> list[str]:
    """A tally as lines of plain text."""
    lines = [f"{tally.seen} cases, {tally.untouched} of them not this policy's, {tally.undecided} not decided"]
    for name, sums in sorted(tally.groups.items()):
        dimension, value, currency = name.split(":")
        lines.append(f"{dimension if dimension == 'all' else value:<34} {currency}  {_told(sums, currency)}")
    for code, limit in sorted(tally.limits.items()):
        lines.append(f"{code:<34}      cut {limit.before} cases before, {limit.after} after")
    return lines + [f"{one.case_id:<34} {one.currency}  {one.first_before} -> {one.first_after}" for one in tally.flips]


def _told(sums: Sums, currency: str) -> str:
    before, after = (Money(cost, currency).decimal for cost in (sums.cost_before, sums.cost_after))
    cost = f"expected cost {before} -> {after}"
    return f"{sums.cases} cases, {sums.gains} gain, {sums.loses} lose, {sums.flips} flip, {cost}"
