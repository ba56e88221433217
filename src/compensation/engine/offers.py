"""Offers: the settlement of what is owed, one form of goodwill and the gestures, valued, costed and put in order."""

import hashlib

import msgspec

from compensation.engine import lines
from compensation.engine.condition import first_failure
from compensation.engine.matter import Matter
from compensation.engine.plan import Consent, Offer, Refusal, RemedyLine
from compensation.engine.policy import ReadyForm, ReadyOffer
from compensation.engine.policy_document import IN_MONEY, Draw, Gesture, OfferRule
from compensation.engine.reason import Reason, Tried
from compensation.engine.remedy import Shelf
from compensation.engine.report import Wants
from compensation.engine.restrictions import restrictions
from compensation.engine.settle import Settlement, settle
from compensation.engine.terms import RefundTerms, TaskTerms

_DUE = (RefundTerms, TaskTerms)
"""Terms that say themselves when the thing is done."""
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
    table = _Table(matter)
    offers: list[Offer] = []
    refused: list[Refusal] = []
    for ready in matter.policy.offers:
        if ready.rule.fallback and offers:
            continue
        made = table.make(ready, tried)
        if isinstance(made, Refusal):
            refused.append(made)
        elif made is not None:
            offers.append(made)
    return _in_order(offers, refused, matter), tuple(refused)


def _in_order(offers: list[Offer], refused: list[Refusal], matter: Matter) -> tuple[Offer, ...]:
    """The offers that have a place, by the order of force; the others are refused.

    The policy's order says which offers are worth a place. The first by the order of force always has one.
    """
    wanted = _WANTED.get(matter.case.wants, frozenset())
    ranked = sorted(offers, key=lambda offer: _rank(offer, wanted))
    most = matter.policy.document.offers_at_most
    if len(offers) <= most:
        return tuple(ranked)
    first = ranked[0]
    kept = {first.key, *[offer.key for offer in offers if offer is not first][: most - 1]}
    refused += [
        Refusal(key=offer.key, reason=Reason("refused.enough", {"most": most}))
        for offer in offers
        if offer.key not in kept
    ]
    return tuple(offer for offer in ranked if offer.key in kept)


class _Table:
    """What all offers of one case share, worked out once: the forms that fit it and the gestures that go with it."""

    def __init__(self, matter: Matter) -> None:
        self.matter = matter
        self.forms = {
            code: ready
            for code, ready in matter.policy.forms.items()
            if code in matter.here
            and first_failure(ready.checks, matter.case) is None
            and (ready.form.draw is None or drawn(ready.form.draw, code, matter.seed))
        }
        gestures = [
            (ready.gesture, _Part.of(lines.gesture(ready, matter), matter.shelf))
            for ready in matter.policy.gestures
            if (ready.gesture.must or ready.gesture.remedy in matter.here)
            and first_failure(ready.checks, matter.case) is None
        ]
        keys = {key for gesture, _ in gestures for key in gesture.offers}
        self.everywhere = _Gestures(gestures, None)
        self.gestures = {key: _Gestures(gestures, key) for key in keys}
        self.given: dict[tuple[str, int], _Part] = {}
        self.bearable: dict[tuple[str, int], int] = {}
        self.settled: dict[tuple[str | None, str, str, bool], _Settled | None] = {}
        self.made: set[tuple[tuple[str, int], ...]] = set()

    def make(self, ready: ReadyOffer, tried: list[Tried]) -> Offer | Refusal | None:
        rule, matter = ready.rule, self.matter
        failure = first_failure(ready.checks, matter.case)
        if failure is not None:
            tried.append(Tried(rule=ready.made.rule, passed=False, failed=failure[0], saw=failure[1]))
            return None
        settled = self._settled(rule)
        if not isinstance(settled, _Settled):
            tried.append(ready.missed)
            return settled
        tried.append(ready.made)
        left = matter.budget_left
        if left is not None and settled.bonus > left:
            return Refusal(key=rule.key, reason=Reason("refused.budget", {"left": matter.money(left)}))
        given = self._goodwill(rule, settled.bonus)
        if not _is_what_it_says(rule, settled, given):
            return None
        parts = [*settled.parts, given] if given else settled.parts
        gist = tuple([part.face for part in parts])
        if gist in self.made:
            # Two rules may come to the same bundle, for example when no goodwill is left: it is offered once.
            return None
        self.made.add(gist)
        return self._offer(rule, parts, gist, settled.consent)

    def _settled(self, rule: OfferRule) -> "_Settled | Refusal | None":
        """Offers that meet what is owed in the same way share what that comes to. A refusal names its own offer."""
        way = rule.in_kind, rule.owed, rule.money, rule.fallback
        if way in self.settled:
            return self.settled[way]
        made = settle(rule, self.matter)
        if isinstance(made, Refusal):
            return made
        known = self.settled[way] = None if made is None else _Settled.of(made, self.matter.shelf)
        return known

    def _goodwill(self, rule: OfferRule, spent: int) -> "_Part | None":
        """The first form that fits the case, with as much of the sum as the budget bears with its bonus."""
        for code in rule.goodwill:
            form = self.forms.get(code)
            if form is None:
                continue
            sized = self.matter.shelf.remedy(code).sized
            amount = self._bearable(form, spent) if sized else 0
            if amount or not sized:
                return self._given(form, amount)
        return None

    def _bearable(self, form: ReadyForm, spent: int) -> int:
        asked = form.form.remedy, spent
        if asked not in self.bearable:
            self.bearable[asked] = _bearable(form, self.matter, spent)
        return self.bearable[asked]

    def _given(self, form: ReadyForm, amount: int) -> "_Part":
        """Offers that give the same goodwill in the same form share one line."""
        same = form.form.remedy, amount
        known = self.given.get(same)
        if known is None:
            bonus = form.bonus.of(amount, self.matter.currency) if amount else 0
            line = lines.goodwill(form, amount, bonus, self.matter)
            known = self.given[same] = _Part.of(line, self.matter.shelf)
        return known

    def _offer(
        self, rule: OfferRule, parts: "list[_Part]", faces: tuple[tuple[str, int], ...], consent: Consent | None
    ) -> Offer:
        """What was settled and given, with the gestures that go with this offer."""
        matter = self.matter
        gestures = self.gestures.get(rule.key, self.everywhere)
        told = [restriction for part in parts for restriction in part.restrictions]
        return Offer(
            key=rule.key,
            label=rule.label,
            lines=(*[part.line for part in parts], *gestures.lines),
            value=matter.money(sum([part.value for part in parts])),
            cost=matter.money(matter.shelf.cost([*faces, *gestures.faces], matter.case.order_amount)),
            arrives_in_days=max([part.days for part in parts], default=0),
            in_kind=matter.in_kind.amount if rule.in_kind is not None and matter.in_kind is not None else None,
            consent=consent,
            restrictions=(*told, *gestures.restrictions),
        )


class _Part(msgspec.Struct, frozen=True, gc=False):
    """A line with what every offer that carries it says of it, worked out once; ``value`` is the customer's."""

    line: RemedyLine
    face: tuple[str, int]
    value: int
    days: int
    restrictions: tuple[Reason, ...]

    @classmethod
    def of(cls, line: RemedyLine, shelf: Shelf) -> "_Part":
        face, remedy = _face(line), shelf.remedy(line.remedy)
        value = face if remedy.money_equivalent else 0
        # When what the customer was promised is with him. Gestures beside it do not delay an offer.
        days = line.terms.due_in_days if isinstance(line.terms, _DUE) else remedy.arrives_in_days
        return cls(line, (line.remedy, face), value, days, restrictions(line))


class _Settled(msgspec.Struct, frozen=True, gc=False):
    """One way of meeting what is owed. ``bonus`` is what was added to it, in minor units."""

    parts: list[_Part]
    bonus: int
    consent: Consent | None

    @classmethod
    def of(cls, made: Settlement, shelf: Shelf) -> "_Settled":
        return cls([_Part.of(line, shelf) for line in made.lines], made.bonus, made.consent)


class _Gestures:
    """The gestures of one offer: each remedy once, by the policy's first rule for it."""

    def __init__(self, gestures: "list[tuple[Gesture, _Part]]", key: str | None) -> None:
        given: dict[str, _Part] = {}
        for gesture, part in gestures:
            if not gesture.offers or key in gesture.offers:
                given.setdefault(gesture.remedy, part)
        self.lines = tuple([part.line for part in given.values()])
        self.faces = [part.face for part in given.values()]
        self.restrictions = tuple([restriction for part in given.values() for restriction in part.restrictions])


def _is_what_it_says(rule: OfferRule, settled: _Settled, given: _Part | None) -> bool:
    """Whether the bundle has what sets this offer apart; without it, it would be another offer under a wrong name."""
    if given is None and rule.only_with_goodwill:
        return False
    if rule.money != IN_MONEY:
        return rule.money in [part.line.remedy for part in ([*settled.parts, given] if given else settled.parts)]
    return given is not None or not rule.goodwill or rule.in_kind is not None or rule.owed == "money"


def _bearable(form: ReadyForm, matter: Matter, spent: int) -> int:
    """The goodwill sum, or the part of it that fits with its bonus into what is left of the budget."""
    amount = matter.grant.amount.amount
    if matter.budget_left is None:
        return amount
    left = matter.budget_left - spent
    if amount + form.bonus.of(amount, matter.currency) <= left:
        return amount
    low, high = 0, amount
    while low < high:
        middle = (low + high + 1) // 2
        if middle + form.bonus.of(middle, matter.currency) <= left:
            low = middle
        else:
            high = middle - 1
    return low


def drawn(draw: Draw, remedy: str, seed: str) -> bool:
    """Whether this case wins the draw. The same seed and rule give the same answer, to us and to an auditor."""
    digest = hashlib.sha256(f"{draw.dated}\n{remedy}\n{seed}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % draw.one_in == 0


def _face(line: RemedyLine) -> int:
    if line.amount is None:
        return 0
    return line.amount.amount + line.bonus.amount if line.bonus is not None else line.amount.amount


def _rank(offer: Offer, wanted: frozenset[str]) -> tuple[bool, bool]:
    """Without consent before with it; then what the customer asked for. The policy's order decides the rest."""
    return offer.consent is not None, not wanted or wanted.isdisjoint([line.remedy for line in offer.lines])
