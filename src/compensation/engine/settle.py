"""How an offer meets what is owed: in kind, in money, or by a substitute that law may forbid or tie to consent."""

import msgspec

from compensation.core.money import Money
from compensation.engine import lines
from compensation.engine.dues import Due
from compensation.engine.law import ConsentForm
from compensation.engine.matter import Matter
from compensation.engine.plan import Consent, Refusal, RemedyLine
from compensation.engine.policy_document import IN_MONEY, PROMISED, OfferRule
from compensation.engine.reason import Reason


class Settlement(msgspec.Struct, frozen=True, gc=False):
    """The owed lines of one offer. ``bonus`` is what was added to them, in minor units."""

    lines: tuple[RemedyLine, ...]
    bonus: int = 0
    consent: Consent | None = None


def settle(rule: OfferRule, matter: Matter) -> Settlement | Refusal | None:
    """Meet every due of the case by this offer's ways. None where the offer is not about such a case."""
    owed_in_kind, money = matter.in_kind, [*matter.in_money]
    deeds: list[RemedyLine] = []
    if rule.in_kind is not None:
        if owed_in_kind is None or owed_in_kind.kind not in matter.shelf.meets(rule.in_kind):
            return None
        if rule.in_kind not in matter.here:
            return Refusal(key=rule.key, reason=Reason("refused.not_on_shelf", {"remedy": rule.in_kind}))
        if matter.takes_back_what_stays(rule.in_kind):
            return Refusal(key=rule.key, reason=Reason("refused.not_taken_back", {"remedy": rule.in_kind}))
        deeds.append(lines.in_kind(owed_in_kind, rule.in_kind, matter))
    elif owed_in_kind is not None and rule.owed == "nothing":
        return None
    elif owed_in_kind is not None:
        # The fallback is asked only when no way in kind could be offered, and then money is what is left.
        if owed_in_kind.in_kind_first and not rule.fallback:
            statute = owed_in_kind.rules[0]
            return Refusal(
                key=rule.key, reason=Reason(f"refused.{owed_in_kind.kind.value}_first", {"rule": statute}), rule=statute
            )
        money.insert(0, owed_in_kind)
    if (rule.owed == "money" and not money) or (rule.owed == "nothing" and money):
        return None
    if rule.money in (IN_MONEY, PROMISED):
        kept = [_keep(due, matter) for due in matter.promised]
    else:
        kept, money = [], [*money, *matter.promised]
    if rule.money == IN_MONEY or not money:
        paid = [lines.refund(due, matter) for due in money]
        return _settled([*deeds, *paid, *kept])
    return _replaced(rule, money, [*deeds, *kept], matter)


def _replaced(rule: OfferRule, money: list[Due], others: list[RemedyLine], matter: Matter) -> Settlement | Refusal:
    """One substitute in place of all the money: only where every rule allows it, and only by the customer's consent."""
    obligations = [obligation for due in money for obligation in matter.obligations_of(due)]
    strictest = max(obligations, key=lambda o: (o.consent.strictness, o.code), default=None)
    if strictest is not None and strictest.consent is ConsentForm.never:
        reason = Reason("refused.no_substitute", {"remedy": rule.money, "rule": strictest.code})
        return Refusal(key=rule.key, reason=reason, rule=strictest.code)
    if rule.money not in matter.here:
        return Refusal(key=rule.key, reason=Reason("refused.not_on_shelf", {"remedy": rule.money}))
    total = matter.money(sum(due.amount.amount for due in money))
    form = matter.policy.forms[rule.money]
    bonus = form.bonus.of(total.amount, matter.currency)
    params: dict[str, str | int | Money] = {"replaced": total, "remedy": rule.money}
    line = lines.in_place(money, total, bonus, form, matter, Reason("owed.replaced", params))
    consent = Consent(
        replaces=total,
        form=strictest.consent if strictest else ConsentForm.express,
        rule=strictest.code if strictest else None,
        reason=Reason("consent.needed", params),
    )
    settled = _settled([*others, line])
    return Settlement(settled.lines, settled.bonus, consent)


def _keep(due: Due, matter: Matter) -> RemedyLine:
    """Credit that was promised, given as promised and with the bonus of its form: no consent is asked for that."""
    form = matter.policy.forms[PROMISED]
    bonus = form.bonus.of(due.amount.amount, matter.currency)
    if matter.budget_left is not None:
        # The promise itself waits for no budget; what we add to it does.
        bonus = max(0, min(bonus, matter.budget_left))
    return lines.in_place([due], due.amount, bonus, form, matter, due.reason)


def _settled(owed: list[RemedyLine]) -> Settlement:
    return Settlement(tuple(owed), sum(line.bonus.amount for line in owed if line.bonus is not None))
