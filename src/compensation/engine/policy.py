"""A policy ready to decide by: compiled once, checked against the harms and remedies that exist."""

import msgspec
from msgspec import UNSET

from compensation.core.money import Money, exponent
from compensation.engine.condition import Check
from compensation.engine.document import decode, fingerprint, refusal
from compensation.engine.names import unknown_names
from compensation.engine.policy_document import (
    Amounts,
    Bonus,
    Form,
    Gesture,
    Goodwill,
    OfferRule,
    Paper,
    PolicyDocument,
)
from compensation.engine.policy_flaws import flaws
from compensation.engine.reason import Tried
from compensation.engine.remedy import Shelf
from compensation.engine.sums import ratio, share
from compensation.engine.taxonomy import Taxonomy


class ReadyBonus(msgspec.Struct, frozen=True):
    """A bonus rule in whole numbers."""

    percent: str
    parts: int
    whole: int
    fixed: dict[str, int]
    at_most: dict[str, int]

    def of(self, principal: int, currency: str) -> int:
        """What is added to a principal, both in minor units."""
        added = share(principal, self.parts, self.whole) + self.fixed.get(currency, 0)
        return min(added, self.at_most.get(currency, added))


class ReadyForm(msgspec.Struct, frozen=True):
    form: Form
    checks: tuple[Check, ...]
    bonus: ReadyBonus


class ReadyGoodwill(msgspec.Struct, frozen=True):
    rule: Goodwill
    checks: tuple[Check, ...]
    flat: dict[str, tuple[int, ...]]


class ReadyGesture(msgspec.Struct, frozen=True):
    gesture: Gesture
    checks: tuple[Check, ...]


class ReadyPaper(msgspec.Struct, frozen=True):
    rule: Paper
    checks: tuple[Check, ...]


class ReadyOffer(msgspec.Struct, frozen=True):
    """``made`` and ``missed`` are what a receipt says of it once its condition holds, of every case alike."""

    rule: OfferRule
    checks: tuple[Check, ...]
    made: Tried
    missed: Tried


class Policy:
    """Immutable after it is made. Raises ``Flaw`` where the document names what does not exist."""

    def __init__(self, document: PolicyDocument, taxonomy: Taxonomy, shelf: Shelf) -> None:
        for path, reason in flaws(document, taxonomy, shelf):
            raise Flaw(path, reason)
        self.document = document
        self.name = f"{document.code}/{document.version}"
        self.hash = fingerprint(document)
        goodwill = tuple(_ready_goodwill(rule) for rule in document.goodwill)
        # A rule that names other harms is not tried for this one: it would fill every receipt and say nothing.
        self._goodwill = {
            kind.code: tuple(r for r in goodwill if not r.rule.when.harms or kind.code in r.rule.when.harms)
            for kind in taxonomy.book.harm
        }
        self.forms = {
            form.remedy: ReadyForm(form, form.when.ready(), _ready_bonus(form.bonus)) for form in document.form
        }
        self.gestures = tuple(ReadyGesture(gesture, gesture.when.ready()) for gesture in document.gesture)
        papers = () if document.document is UNSET else document.document
        self.papers = tuple(ReadyPaper(rule, rule.when.ready()) for rule in papers)
        goods = document.inspection
        before = UNSET if goods is UNSET else goods.before_issue
        self.inspect_first = None if before is UNSET else before.ready()
        self.offers = tuple(_ready_offer(rule) for rule in document.offer)
        self.in_kind_days = {way.remedy: way.due_in_days for way in document.in_kind}
        self.takes_back = frozenset(way.remedy for way in document.in_kind if way.takes_back)
        self.off = frozenset(document.house.methods_off)
        caps = document.caps
        self.case_caps, self.harm_caps, self.customer_caps = _minor(caps.case), _minor(caps.harm), _minor(caps.customer)
        own = {} if caps.harms is UNSET else caps.harms
        self._caps_of_harms = {harm: _minor(amounts) for harm, amounts in own.items()}
        self.gestures_at_most = None if caps.gestures is UNSET else caps.gestures

    def goodwill(self, harm: str) -> tuple[ReadyGoodwill, ...]:
        """The goodwill rules that may speak of this harm."""
        return self._goodwill[harm]

    def harm_cap(self, harm: str, currency: str) -> int | None:
        """The most that this harm may earn, in minor units: its own cap, else the one for any harm."""
        return self._caps_of_harms.get(harm, self.harm_caps).get(currency)

    def points(self, face: Money) -> int:
        """The points for a sum, rounded up."""
        per_unit = self.document.points.per_unit_in.get(face.currency, self.document.points.per_unit)
        unit: int = 10 ** exponent(face.currency)
        return -(-face.amount * per_unit // unit)


class Flaw(ValueError):
    """What is wrong in a policy, and the path of the field that says it."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason


def load_policy(
    text: str | bytes, name: str, taxonomy: Taxonomy, shelf: Shelf, reasons: frozenset[str] | None = None
) -> Policy:
    """Read, check and compile a policy. Raises Invalid ``bad_document`` with the line and the reason.

    ``reasons`` are the reason codes that exist; without them they are not looked at.
    """
    document = decode(text, PolicyDocument, name)
    for path, reason in unknown_names(document, taxonomy, shelf, reasons):
        raise refusal(text, name, path, reason)
    try:
        return Policy(document, taxonomy, shelf)
    except Flaw as flaw:
        raise refusal(text, name, flaw.path, flaw.reason) from None


def _ready_offer(rule: OfferRule) -> ReadyOffer:
    name = f"offer.{rule.key}"
    return ReadyOffer(rule, rule.when.ready(), Tried(rule=name, passed=True), Tried(rule=name, passed=False))


def _ready_goodwill(rule: Goodwill) -> ReadyGoodwill:
    flat = {
        currency: tuple(Money.parse(str(step), currency).amount for step in steps)
        for currency, steps in rule.flat.items()
    }
    return ReadyGoodwill(rule, rule.when.ready(), flat)


def _ready_bonus(bonus: Bonus) -> ReadyBonus:
    parts, whole = ratio(bonus.percent)
    return ReadyBonus(f"{bonus.percent:f}", parts, whole, _minor(bonus.fixed), _minor(bonus.at_most))


def _minor(amounts: Amounts) -> dict[str, int]:
    return {currency: Money.parse(str(value), currency).amount for currency, value in amounts.items()}
