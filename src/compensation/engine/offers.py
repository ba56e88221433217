"""Offers: the settlement of what is owed, one form of goodwill and the gestures, valued, costed and put in order."""

import hashlib

from compensation.engine import lines
from compensation.engine.condition import first_failure
from compensation.engine.matter import Matter
from compensation.engine.plan import Offer, Part, Refusal, RemedyLine
from compensation.engine.policy import ReadyForm, ReadyOffer
from compensation.engine.policy_document import IN_MONEY, Draw, OfferRule
from compensation.engine.reason import Reason, Tried
from compensation.engine.remedy import Shelf
from compensation.engine.report import Wants
from compensation.engine.restrictions import restrictions
from compensation.engine.settle import Settlement, settle
from compensation.engine.terms import RefundTerms, TaskTerms

_WANTED: dict[str, frozenset[str]] = {
    Wants.refund: frozenset({"refund_original", "partial_refund"}),
    Wants.repair: frozenset({"repair_product"}),
    Wants.replacement: frozenset({"expedited_replacement", "exchange"}),
    Wants.redo: frozenset({"redo_service"}),
    Wants.credit: frozenset({"store_credit_bonus"}),
    Wants.explanation: frozenset({"honest_explanation"}),
    Wants.apology: frozenset({"apology"}),
}


def make_offers(matter: Matter, tried: list[Tried]) -> tuple[tuple[Offer, ...], tuple[Refusal, ...]]:
    """Every offer that law and policy allow, the lawful one first; and what was considered and refused."""
    offers: list[Offer] = []
    refused: list[Refusal] = []
    seen: set[object] = set()
    for ready in matter.policy.offers:
        if ready.rule.fallback and offers:
            continue
        made = _make(ready, matter, tried)
        if isinstance(made, Refusal):
            refused.append(made)
        elif made is not None and (gist := _gist(made)) not in seen:
            # Two rules may come to the same bundle, for example when no goodwill is left: it is offered once.
            seen.add(gist)
            offers.append(made)
    ranked = sorted(offers, key=lambda offer: _rank(offer, matter.case.wants))
    most = matter.policy.document.offers_at_most
    refused += [Refusal(key=offer.key, reason=Reason("refused.enough", {"most": most})) for offer in ranked[most:]]
    return tuple(ranked[:most]), tuple(refused)


def _make(ready: ReadyOffer, matter: Matter, tried: list[Tried]) -> Offer | Refusal | None:
    rule = ready.rule
    failure = first_failure(ready.checks, matter.case)
    if failure is not None:
        tried.append(Tried(rule=f"offer.{rule.key}", passed=False, failed=failure[0], saw=failure[1]))
        return None
    settlement = settle(rule, matter)
    tried.append(Tried(rule=f"offer.{rule.key}", passed=isinstance(settlement, Settlement)))
    if not isinstance(settlement, Settlement):
        return settlement
    left = matter.budget_left
    if left is not None and settlement.bonus > left:
        return Refusal(key=rule.key, reason=Reason("refused.budget", {"left": matter.money(left)}))
    given = _goodwill(rule, matter, settlement.bonus)
    if given is None and rule.goodwill and (not settlement.lines or _is_only_goodwill(rule)):
        return None
    return _offer(rule, [*settlement.lines, *([given] if given else []), *_gestures(rule, matter)], settlement, matter)


def _is_only_goodwill(rule: OfferRule) -> bool:
    """Whether the form of goodwill is all that sets this offer apart."""
    return rule.money == IN_MONEY and rule.in_kind is None and not rule.needs_money_owed


def _goodwill(rule: OfferRule, matter: Matter, spent: int) -> RemedyLine | None:
    """The first form of goodwill that fits the case, with as much of the sum as the budget bears with its bonus."""
    for code in rule.goodwill:
        form = matter.policy.forms[code]
        if not matter.has(code) or first_failure(form.checks, matter.case) is not None:
            continue
        if form.form.draw is not None and not drawn(form.form.draw, code, matter.seed):
            continue
        if not matter.shelf.remedy(code).sized:
            return lines.goodwill(form, 0, 0, matter)
        amount = _bearable(form, matter, spent)
        if amount > 0:
            return lines.goodwill(form, amount, form.bonus.of(matter.money(amount)), matter)
    return None


def _bearable(form: ReadyForm, matter: Matter, spent: int) -> int:
    """The goodwill sum, or the part of it that fits with its bonus into what is left of the budget."""
    amount = matter.grant.amount.amount
    if matter.budget_left is None:
        return amount
    left = matter.budget_left - spent
    if amount + form.bonus.of(matter.money(amount)) <= left:
        return amount
    low, high = 0, amount
    while low < high:
        middle = (low + high + 1) // 2
        if middle + form.bonus.of(matter.money(middle)) <= left:
            low = middle
        else:
            high = middle - 1
    return low


def drawn(draw: Draw, remedy: str, seed: str) -> bool:
    """Whether this case wins the draw. The same seed and rule give the same answer, to us and to an auditor."""
    digest = hashlib.sha256(f"{draw.dated}\n{remedy}\n{seed}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % draw.one_in == 0


def _gestures(rule: OfferRule, matter: Matter) -> list[RemedyLine]:
    return [
        lines.gesture(ready, matter)
        for ready in matter.policy.gestures
        if (not ready.gesture.offers or rule.key in ready.gesture.offers)
        and (ready.gesture.must or matter.has(ready.gesture.remedy))
        and first_failure(ready.checks, matter.case) is None
    ]


def _offer(rule: OfferRule, parts: list[RemedyLine], settlement: Settlement, matter: Matter) -> Offer:
    shelf = matter.shelf
    faces = [
        (line.remedy, (line.amount.amount if line.amount else 0) + (line.bonus.amount if line.bonus else 0))
        for line in parts
    ]
    value = sum(face for code, face in faces if shelf.remedy(code).money_equivalent)
    return Offer(
        key=rule.key,
        label=rule.label,
        lines=tuple(parts),
        value=matter.money(value),
        cost=matter.money(shelf.cost(faces, matter.case.order_amount)),
        arrives_in_days=max((_days(line, shelf) for line in parts), default=0),
        consent=settlement.consent,
        restrictions=tuple(restriction for line in parts for restriction in restrictions(line)),
    )


def _days(line: RemedyLine, shelf: Shelf) -> int:
    """When what the customer was promised is with him; gestures beside it do not delay an offer."""
    if isinstance(line.terms, RefundTerms):
        return line.terms.due_in_days
    if isinstance(line.terms, TaskTerms):
        return line.terms.due_in_days if line.part is Part.owed else 0
    return shelf.remedy(line.remedy).arrives_in_days


def _gist(offer: Offer) -> object:
    """What an offer comes to, whatever it is called."""
    return tuple((line.remedy, line.part, line.amount, line.bonus) for line in offer.lines)


def _rank(offer: Offer, wants: str) -> tuple[bool, bool]:
    """Without consent before with it; then what the customer asked for. The policy's order decides the rest."""
    wanted = _WANTED.get(wants, frozenset())
    return offer.consent is not None, not any(line.remedy in wanted for line in offer.lines)
