"""The explanation of a decision, told in the order of force: law, facts, policy, limits, budget, proposal."""

from msgspec import UNSET

from compensation.core.money import Money
from compensation.engine.after_sale import under_warranty
from compensation.engine.matter import Matter
from compensation.engine.plan import Offer
from compensation.engine.reason import Reason, Step, TraceLine
from compensation.engine.sums import added, multiplied


def tell(matter: Matter, offers: tuple[Offer, ...]) -> tuple[TraceLine, ...]:
    """Every step with its sum and its arithmetic. The last line is the first offer's value."""
    weighed = matter.grant.trace
    budget = [line for line in weighed if line.step is Step.budget] or [_budget(matter)]
    first = offers[0]
    proposed = TraceLine(
        step=Step.proposed, reason=Reason("proposed.first", {"offer": first.key}), amount=first.value, rule=first.key
    )
    return (
        *_law(matter, offers),
        *_facts(matter),
        *(line for line in weighed if line.step is Step.policy),
        *_bonuses(matter, offers),
        *(line for line in weighed if line.step is Step.limits),
        *budget,
        proposed,
    )


def _law(matter: Matter, offers: tuple[Offer, ...]) -> list[TraceLine]:
    told = []
    for obligation in matter.assessment.obligations:
        dues = [due for due in matter.assessment.dues if obligation.code in due.rules]
        amount = sum(due.amount.amount for due in dues if not due.kind.in_kind)
        harms = tuple(sorted({harm for due in dues for harm in due.harms}))
        told.append(
            TraceLine(
                step=Step.law,
                reason=obligation.reason,
                amount=matter.money(amount) if amount else None,
                rule=obligation.code,
                harms=harms,
            )
        )
        if obligation.no_fee:
            told.append(TraceLine(step=Step.law, reason=Reason("law.no_fee"), rule=obligation.code, harms=harms))
    told = told or [TraceLine(step=Step.law, reason=Reason("law.none", {"country": matter.case.country}))]
    return told + _validity(matter, offers)


def _validity(matter: Matter, offers: tuple[Offer, ...]) -> list[TraceLine]:
    """What a rule sets for that which stands in for money owed: how long it is valid, what is paid out of it."""
    told = []
    report, on = matter.assessment.report, matter.assessment.on
    for remedy in dict.fromkeys(offer.lines[0].remedy for offer in offers if offer.consent is not None):
        least = matter.law.least_validity(report.country, on, remedy, report.region or "")
        if least is not None:
            params: dict[str, str | int | Money] = {"rule": least.code, "remedy": remedy}
            if least.months is None:
                reason = Reason("law.no_expiry", params)
            else:
                reason = Reason("law.validity", params | {"months": least.months})
            told.append(TraceLine(step=Step.law, reason=reason, rule=least.code))
        payable = matter.law.cash_out(report.country, on, remedy, matter.currency, report.region or "")
        if payable is not None:
            params = {"rule": payable.rule, "remedy": remedy, "amount": payable.at_most}
            told.append(TraceLine(step=Step.law, reason=Reason("law.cash_out", params), rule=payable.rule))
    return told


def _facts(matter: Matter) -> list[TraceLine]:
    told = [
        TraceLine(step=Step.facts, reason=due.reason, amount=None if due.kind.in_kind else due.amount, harms=due.harms)
        for due in matter.assessment.dues
    ]
    if matter.case.days_late:
        told.append(TraceLine(step=Step.facts, reason=Reason("facts.days_late", {"days": matter.case.days_late})))
    covered = under_warranty(matter.policy.document, matter.assessment.report, matter.assessment.on)
    if covered is not None:
        code = "facts.under_warranty" if covered[0] else "facts.out_of_warranty"
        told.append(TraceLine(step=Step.facts, reason=Reason(code, {"months": covered[1]})))
    refused = len(matter.assessment.report.cost_lines) - sum(
        1 for due in matter.assessment.dues if due.source.startswith("cost:")
    )
    if refused:
        told.append(TraceLine(step=Step.facts, reason=Reason("facts.costs_left_out", {"count": refused})))
    if any(len(due.harms) > 1 for due in matter.assessment.dues):
        told.append(TraceLine(step=Step.facts, reason=Reason("facts.counted_once")))
    told = told or [TraceLine(step=Step.facts, reason=Reason("facts.nothing_owed"), amount=matter.money(0))]
    return told + _inspected(matter)


def _inspected(matter: Matter) -> list[TraceLine]:
    """What a look at the goods found, and whether the policy accepts it so."""
    grade, facts, required = matter.case.grade, matter.case.facts, matter.policy.document.inspection
    if grade is UNSET:
        return []
    reasons = [Reason("facts.inspected", {"grade": grade})]
    if "incomplete" in facts:
        reasons.append(Reason("facts.incomplete"))
    if "unacceptable" in facts and required is not UNSET:
        reasons.append(Reason("facts.unacceptable", {"worst": required.worst_grade.value}))
    return [TraceLine(step=Step.facts, reason=reason) for reason in reasons]


def _bonuses(matter: Matter, offers: tuple[Offer, ...]) -> list[TraceLine]:
    """The arithmetic of every bonus that an offer carries, each told once."""
    told: dict[tuple[str, Money], TraceLine] = {}
    for offer in offers:
        for line in offer.lines:
            if line.amount is None or line.bonus is None or (line.remedy, line.amount) in told:
                continue
            bonus = matter.policy.forms[line.remedy].bonus
            params: dict[str, str | int | Money] = {
                "remedy": line.remedy,
                "principal": line.amount,
                "bonus": line.bonus,
                "percent": bonus.percent,
            }
            sums = added(line.amount, line.bonus)
            if not bonus.fixed and not bonus.at_most:
                sums = f"{multiplied(line.amount, bonus.percent, line.bonus)}; {sums}"
            told[line.remedy, line.amount] = TraceLine(
                step=Step.policy,
                reason=Reason("bonus.added", params),
                amount=line.bonus,
                sums=sums,
                rule=f"form.{line.remedy}",
                harms=line.harms,
            )
    return list(told.values())


def _budget(matter: Matter) -> TraceLine:
    left = matter.budget_left
    if left is None:
        return TraceLine(step=Step.budget, reason=Reason("budget.unbounded"))
    reason = Reason("budget.enough", {"left": matter.money(left)})
    return TraceLine(step=Step.budget, reason=reason, amount=matter.grant.amount)
