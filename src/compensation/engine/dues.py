"""What is owed: every due has a source, and a source is counted once. Statutes come before what a harm owes anyway."""

from collections.abc import Sequence

import msgspec

from compensation.core.errors import Invalid
from compensation.core.money import Money
from compensation.engine.harm import Family, Severity
from compensation.engine.law import LegalRule
from compensation.engine.reason import Reason
from compensation.engine.report import CostLine, Report
from compensation.engine.sums import share
from compensation.engine.taxonomy import DueKind, Taxonomy


class HarmFound(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One harm of the case, merged where it was reported twice, with the worst severity."""

    type: str
    family: Family
    severity: Severity


class Due(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing the customer has a right to. ``source`` is what it is counted by: ``order``, ``charge``, ``cost:1``…

    For a due in kind ``amount`` is the sum that may be given instead, unless ``in_kind_first`` bars money for now.
    """

    kind: DueKind
    source: str
    amount: Money
    reason: Reason
    harms: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    in_kind_first: bool = False
    remedy: str | None = None
    """For a cost: the remedy that pays it, reimbursement or cash compensation."""


_OF_THE_ORDER = (DueKind.price, DueKind.conformity, DueKind.performance, DueKind.reduction)
"""Four answers to one question, what becomes of the order: the first that is claimed stands, the rest fall away."""

Claim = tuple[DueKind, str]


def count_dues(
    report: Report,
    taxonomy: Taxonomy,
    harms: tuple[HarmFound, ...],
    costs: tuple[CostLine, ...],
    rules: Sequence[LegalRule],
    claims: Sequence[Claim],
) -> tuple[Due, ...]:
    """Every due of the case: the order's, the double charge, the promise, then each accepted cost."""
    dues: list[Due] = []
    order = _order_due(report, taxonomy, harms, rules, claims)
    if order is not None:
        dues.append(order)
    for kind, source in ((DueKind.duplicate, "charge"), (DueKind.promise, "promise")):
        by_law = tuple(rule.code for rule in rules if rule.due is kind)
        by_harm = _claimants(kind, harms, rules, claims)
        amount = _stated(kind, report) if by_law or by_harm else None
        if amount is not None:
            dues.append(_due(kind, source, amount, by_harm, by_law))
    everyone = tuple(harm.type for harm in harms)
    payers = tuple(code for kind, code in claims if kind is DueKind.costs) or everyone
    for number, line in enumerate(costs, start=1):
        paid_by = taxonomy.cost_kind(line.type).remedy
        reason = Reason("due.costs", {"cost": line.type, "amount": line.amount})
        due = Due(
            kind=DueKind.costs,
            source=f"cost:{number}",
            amount=line.amount,
            reason=reason,
            harms=payers,
            remedy=paid_by,
        )
        dues.append(due)
    return tuple(dues)


def _order_due(
    report: Report,
    taxonomy: Taxonomy,
    harms: tuple[HarmFound, ...],
    rules: Sequence[LegalRule],
    claims: Sequence[Claim],
) -> Due | None:
    if report.order is None:
        return None
    by_law = {rule.due for rule in rules}
    by_harm = {kind for kind, _ in claims}
    # A statute is asked before the harm's own nature: where it puts repair first, a wish for money does not.
    kind = next((k for k in _OF_THE_ORDER if k in by_law), None) or next(
        (k for k in _OF_THE_ORDER if k in by_harm), None
    )
    if kind is None:
        return None
    applied = [rule for rule in rules if rule.due is kind]
    owners = _claimants(kind, harms, rules, claims)
    returned = report.order.already_refunded
    price = report.order.amount.amount - (returned.amount if returned else 0)
    if price <= 0:
        return None
    in_full = Money(price, report.money)
    part = Money(_reduction(report, taxonomy, harms, owners, price), report.money)
    kind, amount = _way(kind, report, in_full, part)
    first = kind.in_kind and any(rule.in_kind_first for rule in applied)
    return _due(kind, "order", amount, owners, tuple(rule.code for rule in applied), first)


def _way(kind: DueKind, report: Report, in_full: Money, part: Money) -> tuple[DueKind, Money]:
    """What the order's due comes to on these facts: a right in kind that cannot be met becomes money."""
    facts = report.facts
    if kind is DueKind.conformity:
        lost = facts.repair_failed or not (facts.repairable or facts.replaceable)
        return (DueKind.price if lost else kind), in_full
    if kind is DueKind.performance:
        return (kind if facts.repairable and not facts.repair_failed else DueKind.reduction), part
    return kind, part if kind is DueKind.reduction else in_full


def _reduction(
    report: Report, taxonomy: Taxonomy, harms: tuple[HarmFound, ...], owners: tuple[str, ...], price: int
) -> int:
    """The part of the price that a lasting defect takes away: the largest that one of the harms gives."""
    parts = [
        share(price, scale.at(harm.severity.rank), 100)
        for harm in harms
        if harm.type in owners and (scale := taxonomy.harm_kind(harm.type).reduction) is not None
    ]
    return max(parts, default=price)


def _claimants(
    kind: DueKind, harms: tuple[HarmFound, ...], rules: Sequence[LegalRule], claims: Sequence[Claim]
) -> tuple[str, ...]:
    """The harms that a due is told under. A rule that names no harm speaks of them all."""
    named = {code for claimed, code in claims if claimed is kind}
    for rule in rules:
        if rule.due is kind:
            named |= {harm.type for harm in harms if not rule.when.harms or harm.type in rule.when.harms}
    return tuple(sorted(named))


def _stated(kind: DueKind, report: Report) -> Money | None:
    if kind is DueKind.promise:
        return report.facts.promised_credit
    if report.facts.duplicate_amount is not None:
        return report.facts.duplicate_amount
    if report.order is None:
        raise Invalid("order_needed", "Say what was charged twice: send the order, or facts.duplicate_amount.")
    return report.order.amount


def _due(
    kind: DueKind,
    source: str,
    amount: Money,
    harms: tuple[str, ...],
    rules: tuple[str, ...],
    in_kind_first: bool = False,
) -> Due:
    reason = Reason(f"due.{kind.value}_first" if in_kind_first else f"due.{kind.value}", {"amount": amount})
    return Due(
        kind=kind, source=source, amount=amount, reason=reason, harms=harms, rules=rules, in_kind_first=in_kind_first
    )
