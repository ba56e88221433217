"""A pen: writes versions of the policy that ships with something changed, and moves them where a story needs them."""

from pathlib import Path
from typing import Any

import msgspec

from compensation.catalog.draft import NewDraft, draft
from compensation.catalog.library import library
from compensation.catalog.publish import Move, publish
from compensation.catalog.version import PolicyVersion
from compensation.db.answers import Who
from tests.cases.desk import Desk

SHIPPED = (Path(__file__).parents[2] / "catalog/policies/default.toml").read_text()
VERSION = library().version("default")
DEFECT = {
    "harms": [{"type": "material.defective_product", "severity": "low"}],
    "country": "JP",
    "reason_code": "defect",
    "order": {"number": "SN-1", "amount": {"amount": 10_000, "currency": "EUR"}, "ordered_on": "2026-12-05"},
    "facts": {"keeps_goods": True, "replaceable": False},
    "customer": {"reference": "CUST-1"},
}
"""€5.00 of goodwill by the policy that ships."""
RULE = "{ low = 5, medium = 5, high = 8, critical = 10 }"


def named(later: int = 0) -> str:
    """The shipped policy as receipts name it, or the version that a merchant wrote so many after it."""
    return f"default/{VERSION + later}"


def text(*changes: tuple[str, str]) -> str:
    """The shipped policy with pieces of it replaced."""
    written = SHIPPED
    for old, new in changes:
        assert old in written, old
        written = written.replace(old, new, 1)
    return written


def earning(percent: int) -> tuple[str, str]:
    """A defect earns so many per cent, whatever its severity."""
    return RULE, f"{{ low = {percent}, medium = {percent}, high = {percent}, critical = {percent} }}"


def variant(code: str, head: str) -> tuple[str, str]:
    """A policy of its own code that takes the place of the default one; ``head`` says where or when."""
    return 'code = "default"', f'code = "{code}"\nvariant_of = "default"\n{head}'


async def write(desk: Desk, *changes: tuple[str, str], who: Who | None = None) -> PolicyVersion:
    return (await desk.door.write(draft, who or desk.system, NewDraft(text=text(*changes)))).read(PolicyVersion)


async def live(desk: Desk, *changes: tuple[str, str]) -> PolicyVersion:
    """Written by the merchant's system and published by the lead."""
    return await move(desk, publish, desk.lead, await write(desk, *changes))


async def move(desk: Desk, act: Any, who: Who, version: PolicyVersion) -> PolicyVersion:
    return (await desk.door.write(act, who, Move(policy_id=version.id))).read(PolicyVersion)


async def goodwill(desk: Desk, **more: Any) -> tuple[int, str]:
    """What a new case of a light defect earns, and by which policy."""
    case = await desk.report(desk.system, msgspec.json.decode(msgspec.json.encode(DEFECT | more)))
    return case.goodwill.amount, case.assessment.policy
