"""scripts/torture: as many rounds as the kills need, each with its own seed and house, each judged and audited.

A round is small, so that a long run shows where it is, fails at once, can be bounded in time, and be taken up again.
Every run ends with both controls: careless rounds that must find promises broken.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.faults.plan import Plan, Result, report
from tests.faults.torture import torture

ROUND = 100
"""Kills of processes in a round, at the most."""
CONTROLS = (Plan(1, kills=2, postgres_kills=2, control="postgres"), Plan(1, 16, 0, control="redemption"))


def rounds(seed: int, kills: int, postgres_kills: int) -> list[Plan]:
    """The same work in equal parts, each with the next seed."""
    count = max(1, -(-kills // ROUND))
    return [
        Plan(
            seed + number,
            kills * (number + 1) // count - kills * number // count,
            postgres_kills * (number + 1) // count - postgres_kills * number // count,
        )
        for number in range(count)
    ]


def run(plan: Plan) -> Result | None:
    """One round; None, with everything said, when it failed."""
    folder = Path(tempfile.mkdtemp(prefix="torture-"))
    result = asyncio.run(torture(plan, folder))
    if not result.passed:
        print(f"{report(result)}\nfailed; what the processes said is in {folder}. To have it again: {plan.replay}")
        return None
    shutil.rmtree(folder)
    return result


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/torture", description="Kill everything, and look what is lost.")
    parser.add_argument("--kills", type=int, default=100, help="how many processes are killed (default 100)")
    parser.add_argument("--postgres-kills", type=int, default=10, help="how often PostgreSQL is killed (default 10)")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000, help="what everything is drawn by")
    parser.add_argument("--from-round", type=int, default=1, help="take a run of this seed up again at this round")
    parser.add_argument("--minutes", type=float, help="begin no round after so many; say where to go on")
    parser.add_argument("--control", choices=["postgres", "redemption"], help="only this control, by this seed")
    told = parser.parse_args()
    if told.control:
        result = run(Plan(told.seed, told.kills, told.postgres_kills, told.control))
        print(report(result) if result else "nothing was found broken: the control failed")
        return 0 if result else 1
    return _all(told.seed, rounds(told.seed, told.kills, told.postgres_kills), told.from_round, told.minutes)


def _all(seed: int, plans: list[Plan], first: int, minutes: float | None) -> int:
    """Every round from the ``first``, then the controls. The exit status tells whether all came out as they must."""
    kills, postgres_kills = sum(plan.kills for plan in plans), sum(plan.postgres_kills for plan in plans)
    again = f"scripts/torture --seed {seed} --kills {kills} --postgres-kills {postgres_kills}"
    began, total, hits, done = time.monotonic(), Counter[str](), 0, 0
    print(f"seed {seed}, {len(plans)} rounds; to have it again: {again}", flush=True)
    for number, plan in enumerate(plans[first - 1 :], first):
        if minutes is not None and time.monotonic() - began > minutes * 60:
            print(f"the time is over; to go on: {again} --from-round {number}")
            break
        result = run(plan)
        if result is None:
            print(f"to go on: {again} --from-round {number + 1}")
            return 1
        total += result.killed
        hits += result.hit.total()
        done += result.processes
        print(
            f"round {number} of {len(plans)}: {result.processes} processes, PostgreSQL {result.killed['postgres']}"
            f" times, {result.hit.total()} kills met work in flight, {result.answers} answers stand, audit clean,"
            f" {result.seconds:.0f} s; in all {done} and {total['postgres']}, {time.monotonic() - began:.0f} s",
            flush=True,
        )
        if len(plans) == 1:
            print(report(result))
    for control in CONTROLS:
        result = run(control)
        if result is None:
            print(f"the control {control.control} found nothing broken, so nothing above means anything")
            return 1
        print(f"control {control.control}: {len(result.broken)} promises found broken, as they must be", flush=True)
    print(f"{done} processes and {total['postgres']} times PostgreSQL killed, {hits} with work in flight: nothing lost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
