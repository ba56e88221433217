"""The goodwill of a case: what each harm earns by the policy, then what the caps, the period and the budget leave."""

import msgspec
from msgspec import UNSET

from compensation.core.money import Money
from compensation.engine.assess import Assessment
from compensation.engine.circumstances import Circumstances
from compensation.engine.condition import first_failure
from compensation.engine.dues import HarmFound
from compensation.engine.plan import History, Limits
from compensation.engine.policy import Policy, ReadyGoodwill
from compensation.engine.reason import Reason, Step, TraceLine, Tried
from compensation.engine.sums import multiplied, share


class Grant(msgspec.Struct, frozen=True, gc=False):
    """The goodwill sum, how it divides among the harms, and how it came about."""

    amount: Money
    by_harm: dict[str, int]
    trace: tuple[TraceLine, ...]


def weigh(
    assessment: Assessment, case: Circumstances, policy: Policy, limits: Limits, history: History, tried: list[Tried]
) -> Grant:
    """Work out the goodwill. Appends every rule it tried; sums owed play no part here."""
    trace: list[TraceLine] = []
    earned = {harm.type: _earned(harm, case, policy, assessment.currency, trace, tried) for harm in assessment.harms}
    if not any(earned.values()):
        trace.append(TraceLine(step=Step.policy, reason=Reason("goodwill.none")))
    else:
        earned = _again(earned, policy, assessment.currency, history, trace)
    bounded = {harm: _under_harm_cap(harm, sum_, policy, assessment.currency, trace) for harm, sum_ in earned.items()}
    total = sum(bounded.values())
    left = _limited(total, case.order_amount, assessment.currency, policy, limits, history, trace)
    return Grant(Money(left, assessment.currency), _divided(bounded, left), tuple(trace))


def _earned(
    harm: HarmFound, case: Circumstances, policy: Policy, currency: str, trace: list[TraceLine], tried: list[Tried]
) -> int:
    """The most that one rule gives for this harm, in minor units."""
    alone = case.only(harm.type)
    best: tuple[int, TraceLine] | None = None
    for ready in policy.goodwill(harm.type):
        failure = first_failure(ready.checks, alone)
        if failure is not None:
            tried.append(Tried(rule=ready.rule.code, passed=False, failed=failure[0], saw=failure[1], harm=harm.type))
            continue
        tried.append(Tried(rule=ready.rule.code, passed=True, harm=harm.type))
        amount, line = _by_rule(ready, harm, case.order_amount, currency)
        if best is None or amount > best[0]:
            best = amount, line
    if best is None:
        return 0
    trace.append(best[1])
    return best[0]


def _again(
    earned: dict[str, int], policy: Policy, currency: str, history: History, trace: list[TraceLine]
) -> dict[str, int]:
    """What each harm earns where the last one is not long ago: the same again would be worth less than the first."""
    rule = policy.document.repeat
    if rule is UNSET or history.last_days is UNSET or history.last_days > rule.within_days:
        return earned
    raised = {harm: share(amount, 100 + rule.percent, 100) for harm, amount in earned.items()}
    total = Money(sum(raised.values()), currency)
    sums = multiplied(Money(sum(earned.values()), currency), 100 + rule.percent, total)
    reason = Reason("goodwill.again", {"days": history.last_days, "percent": rule.percent})
    told = TraceLine(step=Step.policy, reason=reason, amount=total, sums=sums, rule="repeat", harms=tuple(earned))
    trace.append(told)
    return raised


def _by_rule(ready: ReadyGoodwill, harm: HarmFound, order: int, currency: str) -> tuple[int, TraceLine]:
    rank = harm.severity.rank
    params: dict[str, str | int | Money] = {"harm": harm.type, "severity": harm.severity.value}
    if ready.rule.percent_of_order is not None:
        percent = ready.rule.percent_of_order.at(rank)
        amount = share(order, percent, 100)
        sums = multiplied(Money(order, currency), percent, Money(amount, currency))
        reason = Reason("goodwill.percent_of_order", params | {"percent": percent})
    else:
        amount = ready.flat[currency][rank] if currency in ready.flat else 0
        sums, reason = None, Reason("goodwill.flat", params)
    granted = Money(amount, currency)
    line = TraceLine(
        step=Step.policy, reason=reason, amount=granted, sums=sums, rule=ready.rule.code, harms=(harm.type,)
    )
    return amount, line


def _under_harm_cap(harm: str, amount: int, policy: Policy, currency: str, trace: list[TraceLine]) -> int:
    cap = policy.harm_cap(harm, currency)
    if cap is None or amount <= cap:
        return amount
    reason = Reason("limit.harm", {"harm": harm, "cap": Money(cap, currency)})
    trace.append(TraceLine(step=Step.limits, reason=reason, amount=Money(cap, currency), harms=(harm,)))
    return cap


def _limited(
    total: int,
    order: int,
    currency: str,
    policy: Policy,
    limits: Limits,
    history: History,
    trace: list[TraceLine],
) -> int:
    """The sum under each bound in turn; a bound that changes nothing is told once, as no change."""
    percent = policy.document.caps.case_percent_of_order
    customer = policy.customer_caps.get(currency)
    before = history.goodwill.amount if history.goodwill is not None and history.goodwill.currency == currency else 0
    bounds: list[tuple[Step, str, int | None]] = [
        # A share of nothing would forbid every gesture to a customer whose harm is not about an order.
        (Step.limits, "limit.order", share(order, percent, 100) if percent is not None and order else None),
        (Step.limits, "limit.case", policy.case_caps.get(currency)),
        (Step.limits, "limit.customer", None if customer is None else max(0, customer - before)),
        (Step.limits, "limit.gestures", 0 if _had_enough(policy, history) else None),
        (Step.limits, "limit.authority", _of(limits.goodwill_max, currency)),
        (Step.budget, "limit.budget", _of(limits.budget_left, currency)),
    ]
    left = total
    for step, code, bound in bounds:
        if bound is not None and left > bound:
            left = max(0, bound)
            money = Money(left, currency)
            trace.append(TraceLine(step=step, reason=Reason(code, {"cap": money}), amount=money))
    if not any(line.step is Step.limits for line in trace):
        trace.append(TraceLine(step=Step.limits, reason=Reason("limit.none")))
    return left


def _had_enough(policy: Policy, history: History) -> bool:
    most = policy.gestures_at_most
    return most is not None and history.gestures >= most


def _of(money: Money | None, currency: str) -> int | None:
    """A bound in the case's currency. One in another currency allows nothing: we do not guess a rate."""
    if money is None:
        return None
    return money.amount if money.currency == currency else 0


def _divided(parts: dict[str, int], left: int) -> dict[str, int]:
    """What is left, divided as it was earned; the odd minor units go to the harms that earned most."""
    total = sum(parts.values())
    if total == left:
        return parts
    floors = {harm: part * left // total for harm, part in parts.items()}
    for harm in sorted(parts, key=lambda harm: (-parts[harm], harm))[: left - sum(floors.values())]:
        floors[harm] += 1
    return floors
