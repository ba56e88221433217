"""What is measured without a load: the pure decision on one core, memory at rest, the time until we answer."""

import asyncio
import datetime
import statistics
import time

import msgspec

from bench.house import House, running
from bench.measures import Fact
from bench.processor import resident
from compensation.catalog.library import library
from compensation.core.money import Money
from compensation.demo import samples
from compensation.engine.assess import assess
from compensation.engine.decide import decide
from compensation.engine.plan import History, Limits
from compensation.engine.report import Report

MEMORY = 300
"""Megabytes that web and worker may hold together when they have nothing to do."""
READY = 2.0
"""Seconds until the web process answers."""
DECISIONS = 5000.0
"""Decisions a second on one core."""
_ON = datetime.date(2026, 11, 1)


def decisions(seconds: float) -> Fact:
    """Assess and decide the shipped incidents, with the whole trace, by processor time: no other process counts."""
    books = library().books("default", _ON)
    reports = [msgspec.convert(incident.report, Report, strict=False) for incident in samples()]
    limits = [Limits(budget_left=Money(10**9, report.money)) for report in reports]
    began, made = time.process_time(), 0
    while time.process_time() - began < seconds:
        for report, bounds in zip(reports, limits, strict=True):
            assessment = assess(report, books.taxonomy, books.law, _ON)
            decide(assessment, books.policy, books.law, bounds, History(), books.shelf, "bench")
        made += len(reports)
    rate = made / (time.process_time() - began)
    return Fact("decide, pure, with its trace, one core", rate, "decisions/s", f"≥ {DECISIONS:,.0f}", rate >= DECISIONS)


async def memory(house: House, rest: float) -> Fact:
    """Web as it is now, and a worker that has started and found nothing to do."""
    async with running(house, "work") as worker:
        await asyncio.sleep(rest)
        held = sum(resident(pid) for pid in (house.web, worker)) / 2**20
    return Fact("web and worker at rest", held, "MB", f"≤ {MEMORY}", held <= MEMORY)


def ready(times: list[float]) -> Fact:
    middle = statistics.median(times)
    return Fact("serve: from start to the first answer", middle, "s", f"≤ {READY:.0f}", middle <= READY)
