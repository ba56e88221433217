"""What is owed: every due has a source, and a source is counted once. Statutes come before what a harm owes anyway."""

from collections.abc import Sequence

import msgspec

from compensation.core.errors import Invalid
from compensation.core.money import Money
from compensation.engine.harm import Family, Severity
from compensation.engine.law import LegalRule
from compensation.engine.reason import Reason
from compensation.engine.report import CostLine, Facts, Report
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
_OF_A_PART = (DueKind.performance, DueKind.reduction)
"""What these come to is a part of the price, and is the largest that any harm behind either of them gives."""

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
    by_law = [rule for rule in rules if rule.due in _OF_THE_ORDER]
    # A statute is asked before the own nature of the harms it speaks of: where it puts repair first, a wish for money
    # does not. What another harm owes stands: a prepayment that was kept stays owed, however poor the service was.
    by_harm = {kind for kind, code in claims if not any(_speaks_of(rule, code) for rule in by_law)}
    # On these facts: a right in kind that cannot be met is the sum that it comes to, beside whoever claims that sum.
    ways = {kind: _way(kind, report.facts) for kind in by_harm | {rule.due for rule in by_law}}
    kind = next((kind for kind in _OF_THE_ORDER if kind in ways.values()), None)
    returned = report.order.already_refunded
    price = report.order.amount.amount - (returned.amount if returned else 0)
    if kind is None or price <= 0:
        return None
    same = [claimed for claimed, way in ways.items() if way is kind or {way, kind} == set(_OF_A_PART)]
    applied = [rule for rule in by_law if rule.due in same]
    owners = tuple(sorted({owner for claimed in same for owner in _claimants(claimed, harms, rules, claims)}))
    amount = _reduction(report, taxonomy, harms, owners, price) if kind in _OF_A_PART else price
    first = kind.in_kind and any(rule.in_kind_first for rule in applied)
    return _due(kind, "order", Money(amount, report.money), owners, tuple(rule.code for rule in applied), first)


def _way(kind: DueKind, facts: Facts) -> DueKind:
    """What an answer comes to on these facts: a right in kind that cannot be met becomes money."""
    if kind is DueKind.conformity:
        lost = facts.repair_failed or not (facts.repairable or facts.replaceable)
        return DueKind.price if lost else kind
    if kind is DueKind.performance:
        return kind if facts.repairable and not facts.repair_failed else DueKind.reduction
    return kind


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
    """The harms that a due is told under."""
    named = {code for claimed, code in claims if claimed is kind}
    for rule in rules:
        if rule.due is kind:
            named |= {harm.type for harm in harms if _speaks_of(rule, harm.type)}
    return tuple(sorted(named))


def _speaks_of(rule: LegalRule, harm: str) -> bool:
    """A rule that names no harm speaks of them all."""
    return not rule.when.harms or harm in rule.when.harms


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
