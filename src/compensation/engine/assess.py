"""The extent of a harm: what is owed, each due counted once whatever families claim it, and the law that applies."""

import datetime

import msgspec
from msgspec import UNSET

from compensation.core.errors import Invalid
from compensation.core.money import Money
from compensation.engine.circumstances import Circumstances, HarmSeen
from compensation.engine.condition import first_failure
from compensation.engine.dues import Due, HarmFound, count_dues
from compensation.engine.harm import Family
from compensation.engine.law import ConsentForm, Law, LegalRule, ReadyRule, Verification
from compensation.engine.reason import Reason, Tried
from compensation.engine.report import FACTS, CostLine, Report
from compensation.engine.taxonomy import DueKind, Taxonomy


class Obligation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A legal rule that applied, with what it demands. ``verification`` is shown wherever the rule is."""

    code: str
    pack: str
    citation: str
    verification: Verification
    due: DueKind
    deadline_days: int | None
    same_means: bool
    no_fee: bool
    consent: ConsentForm
    refuses: tuple[str, ...]
    """Remedies that may not take the place of what is owed, except by that consent."""
    reason: Reason


class Assessment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The facts of a case put in order. ``owed`` is the sum of the dues that are not in kind."""

    report: Report
    on: datetime.date
    currency: str
    harms: tuple[HarmFound, ...]
    circumstances: Circumstances
    dues: tuple[Due, ...]
    obligations: tuple[Obligation, ...]
    owed: Money
    tried: tuple[Tried, ...]


_FACTS = sorted(FACTS)


def assess(report: Report, taxonomy: Taxonomy, law: Law, on: datetime.date) -> Assessment:
    """Put a report in order as of a day. Pure: the same inputs give the same assessment, in whatever order they came.

    Raises Invalid ``unknown_harm``, ``unknown_cost_type`` or ``order_needed``.
    """
    harms = _merged(report, taxonomy)
    costs = _accepted(report, taxonomy)
    case = _circumstances(report, harms, costs, on)
    tried: list[Tried] = []
    rules = [ready for ready in law.rules(report.country, on, report.region or "") if _holds(ready, case, tried)]
    claims = [
        (due, harm.type)
        for harm in harms
        for due, checks in taxonomy.owes(harm.type)
        if first_failure(checks, case) is None
    ]
    dues = count_dues(report, taxonomy, harms, costs, [ready.rule for ready in rules], claims)
    met = {code for due in dues for code in due.rules}
    owed = sum(due.amount.amount for due in dues if not due.kind.in_kind)
    return Assessment(
        report=report,
        on=on,
        currency=report.money,
        harms=harms,
        circumstances=case,
        dues=dues,
        obligations=tuple(_obligation(ready) for ready in rules if ready.rule.code in met),
        owed=Money(owed, report.money),
        tried=tuple(tried),
    )


def _merged(report: Report, taxonomy: Taxonomy) -> tuple[HarmFound, ...]:
    """Each harm once, with the worst severity it was reported with, in one fixed order."""
    worst: dict[str, HarmFound] = {}
    for harm in report.harms:
        kind = taxonomy.harm_kind(harm.type)
        if kind.needs_order and report.order is None:
            raise Invalid("order_needed", f"{harm.type} is about an order: send the order and its amount.")
        known = worst.get(harm.type)
        if known is None or known.severity.rank < harm.severity.rank:
            worst[harm.type] = HarmFound(type=harm.type, family=Family(kind.family), severity=harm.severity)
    return tuple(worst[code] for code in sorted(worst))


def _accepted(report: Report, taxonomy: Taxonomy) -> tuple[CostLine, ...]:
    """The accepted cost lines in one fixed order; the same receipt handed in twice is one line."""
    lines: dict[object, CostLine] = {}
    for number, line in enumerate(report.cost_lines):
        taxonomy.cost_kind(line.type)
        if line.accepted:
            same = (line.type, line.amount.amount, line.reference) if line.reference else number
            lines[same] = line
    return tuple(sorted(lines.values(), key=lambda line: (line.type, line.amount.amount, line.reference or "")))


def _circumstances(
    report: Report, harms: tuple[HarmFound, ...], costs: tuple[CostLine, ...], on: datetime.date
) -> Circumstances:
    facts, order = report.facts, report.order
    seen = tuple(
        HarmSeen(harm.type, harm.family, harm.severity.rank, f"{harm.type} {harm.severity.value}") for harm in harms
    )
    return Circumstances(
        harms=seen,
        rank=max(harm.rank for harm in seen),
        country=report.country,
        tier=report.customer_tier,
        reason_code=report.reason_code,
        category=(order.category or "") if order else "",
        wants=facts.wants or "",
        facts=tuple([name for name in _FACTS if getattr(facts, name)]),
        days_late=days_late(report, on),
        currency=report.money,
        order_amount=order.amount.amount if order else 0,
        costs=sum(line.amount.amount for line in costs),
        grade=UNSET if report.inspection is UNSET else report.inspection.grade.value,
    )


def days_late(report: Report, on: datetime.date) -> int:
    """As stated; else from the promised day to the day of delivery, or to today where nothing has come."""
    if report.facts.days_late is not None:
        return report.facts.days_late
    order = report.order
    if order is None or order.promised_on is None:
        return 0
    return max(0, ((order.delivered_on or order.cancelled_on or on) - order.promised_on).days)


def _holds(ready: ReadyRule, case: Circumstances, tried: list[Tried]) -> bool:
    failure = first_failure(ready.checks, case)
    if failure is None:
        tried.append(ready.holds)
        return True
    tried.append(Tried(rule=ready.rule.code, passed=False, failed=failure[0], saw=failure[1]))
    return False


def _obligation(ready: ReadyRule) -> Obligation:
    rule: LegalRule = ready.rule
    return Obligation(
        code=rule.code,
        pack=ready.pack,
        citation=rule.citation,
        verification=rule.verification,
        due=rule.due,
        deadline_days=rule.deadline_days,
        same_means=rule.same_means,
        no_fee=rule.no_fee,
        consent=rule.consent,
        refuses=rule.refuses,
        reason=Reason("law.applies", {"rule": rule.code, "citation": rule.citation}),
    )
