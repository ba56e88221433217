"""scripts/torture in its short form, and its control. The long forms are in docs/faults.md."""

import random
from pathlib import Path

from tests.faults.torture import Plan, report, torture


async def test_nothing_is_lost_or_doubled_while_everything_is_killed(tmp_path: Path) -> None:
    """Another seed each time; a failure prints the command that has it again."""
    plan = Plan(seed=random.SystemRandom().randrange(1_000_000), kills=10, postgres_kills=2)
    result = await torture(plan, tmp_path)
    assert result.passed, f"{plan.replay}\n{report(result)}"
    assert result.killed["postgres"] == 2
    assert result.killed.total() >= 12


async def test_the_control_is_caught_by_the_same_judgement(tmp_path: Path) -> None:
    """A database that acknowledges before it writes: were that not found out, nothing above would mean anything."""
    plan = Plan(seed=1, kills=2, postgres_kills=2, control=True)
    result = await torture(plan, tmp_path)
    assert result.passed, f"a careless database broke no promise: {plan.replay}\n{report(result)}"
