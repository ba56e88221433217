"""When two cases must come out alike under one policy: a key of everything that the decision can look at, and no more.

A decision never reads the words, the names or the numbers of an order. It reads a day only through the rules in force,
the days of delay, the window for requests and the warranty; a seed only through the draws of the policy; a budget or a
past only where it can bind. Cases with equal keys are decided once.
"""

from bisect import bisect
from collections.abc import Hashable, Iterator
from datetime import date

import msgspec
from msgspec import UNSET

from compensation.engine.after_sale import kept_by_customer, past_window, under_warranty
from compensation.engine.assess import days_late
from compensation.engine.law import Law, LegalPack
from compensation.engine.offers import drawn
from compensation.engine.plan import History, Limits
from compensation.engine.policy import Policy
from compensation.engine.receipt import Inputs
from compensation.engine.report import CostLine, Order, Report


class Likeness:
    """The eyes of one policy under one law."""

    def __init__(self, policy: Policy, law: Law) -> None:
        self._policy = policy
        self._epochs = sorted({day for pack in law.packs for day in _turns(pack)})
        self._draws = [(ready.form.draw, code) for code, ready in policy.forms.items() if ready.form.draw is not None]
        self._fixed: dict[str, int] = {}
        for ready in policy.forms.values():
            for currency, most in ready.bonus.fixed.items():
                self._fixed[currency] = max(most, self._fixed.get(currency, 0))

    def key(self, inputs: Inputs) -> Hashable:
        """Equal for two inputs only if this policy gives them equal outcomes. Both are of the same catalogue."""
        report = inputs.report
        order, facts, money = report.order, report.facts, report.money
        return (
            tuple(sorted({(harm.type, harm.severity.rank) for harm in report.harms})),
            report.country,
            report.region,
            money,
            report.customer_tier,
            report.reason_code,
            None if order is None else (order.category, order.amount.amount, _refunded(order)),
            tuple(sorted(_cost(line) for line in report.cost_lines)),
            msgspec.structs.replace(facts, days_late=days_late(report, inputs.on)),
            bisect(self._epochs, inputs.on.toordinal()),
            self._after_sale(report, inputs.on),
            tuple(drawn(draw, code, inputs.seed) for draw, code in self._draws),
            self._past(inputs.history, money),
            self._bounds(inputs.limits, report),
            inputs.without,
        )

    def _after_sale(self, report: Report, on: date) -> Hashable:
        document = self._policy.document
        late = past_window(document, report, on) is not None
        return late, under_warranty(document, report, on), kept_by_customer(document, report)

    def _past(self, history: History, money: str) -> Hashable:
        """The history; the goodwill of before only where it can still reach the customer's cap."""
        before = history.goodwill
        cap, most = self._policy.customer_caps.get(money), self._policy.case_caps.get(money)
        spent = 0 if before is None or before.currency != money or cap is None else min(before.amount, cap)
        if cap is not None and most is not None and spent + most <= cap:
            spent = 0
        rule, last = self._policy.document.repeat, history.last_days
        again = rule is not UNSET and last is not UNSET and last <= rule.within_days
        return history.cases, history.apologies, history.gestures, history.tier, spent, again

    def _bounds(self, limits: Limits, report: Report) -> Hashable:
        """The budget where this case could exhaust it, else None: what lies beyond reach changes nothing.

        An offer draws its goodwill and a bonus of at most as much again, and on what is owed a bonus of at most as
        much; what is owed is never more than the order twice and the sums that the report names.
        """
        left, most = limits.budget_left, self._policy.case_caps.get(report.money)
        if left is None or left.currency != report.money or most is None:
            return left, limits.goodwill_max
        facts, order = report.facts, report.order
        owed = 2 * order.amount.amount if order else 0
        owed += sum(line.amount.amount for line in report.cost_lines)
        owed += sum(sum_.amount for sum_ in (facts.duplicate_amount, facts.promised_credit) if sum_ is not None)
        reach = owed + 2 * most + 2 * self._fixed.get(report.money, 0)
        return (None if left.amount >= reach else left), limits.goodwill_max


def _cost(line: CostLine) -> tuple[str, int, bool, str]:
    return line.type, line.amount.amount, line.accepted, line.reference or ""


def _refunded(order: Order) -> int:
    return order.already_refunded.amount if order.already_refunded else 0


def _turns(pack: LegalPack) -> Iterator[int]:
    """The days on which a rule of the pack, of whatever kind, comes into force or is no longer."""
    for name in pack.__struct_fields__:
        rules = getattr(pack, name)
        for rule in rules if isinstance(rules, tuple) else ():
            if isinstance(rule, msgspec.Struct) and hasattr(rule, "effective_from"):
                yield rule.effective_from.toordinal()
                until = getattr(rule, "effective_until", None)
                if until is not None:
                    yield until.toordinal() + 1
