"""What every code of a case is called in the agent's language: harms, states, remedies, countries, and who acted."""

from collections.abc import Iterable, Mapping
from functools import cache

import msgspec
from babel import Locale, UnknownLocaleError

from compensation.catalog.library import FOLDER, library
from compensation.core.states import CaseState, DeliveryState, RewardState
from compensation.core.text import isolate, language
from compensation.delivery.letter import Badge
from compensation.delivery.words import ReasonEntry, Say, word
from compensation.engine.document import decode
from compensation.engine.explanation import ExplanationBook, Explanations
from compensation.engine.harm import Wording
from compensation.engine.taxonomy import CostKind, HarmKind, Named
from compensation.merchants.agent import Agent

_CASES: dict[str, Badge] = {
    CaseState.reported: Badge("", word("Reported")),
    CaseState.assessed: Badge("", word("Assessed")),
    CaseState.offered: Badge("moving", word("Offered")),
    CaseState.needs_approval: Badge("warn", word("Needs approval")),
    CaseState.accepted: Badge("moving", word("Accepted")),
    CaseState.issuing: Badge("moving", word("Issuing")),
    CaseState.issued: Badge("good", word("Issued")),
    CaseState.closed: Badge("good", word("Closed")),
    CaseState.rejected: Badge("", word("Rejected")),
    CaseState.cancelled: Badge("", word("Called off")),
}
_REWARDS: dict[str, Badge] = {
    RewardState.pending: Badge("moving", word("On its way")),
    RewardState.issued: Badge("good", word("Issued")),
    RewardState.needs_review: Badge("warn", word("Needs a person")),
    RewardState.refused: Badge("bad", word("Refused")),
    RewardState.partly_redeemed: Badge("moving", word("Used in part")),
    RewardState.redeemed: Badge("good", word("Used")),
    RewardState.expired: Badge("", word("Expired")),
    RewardState.voided: Badge("", word("Cancelled")),
}
_DELIVERIES: dict[str, Badge] = {
    DeliveryState.queued: Badge("moving", word("Message on its way")),
    DeliveryState.sent: Badge("moving", word("Message sent")),
    DeliveryState.delivered: Badge("good", word("Message delivered")),
    DeliveryState.opened: Badge("good", word("Message opened")),
    DeliveryState.bounced: Badge("bad", word("Message bounced")),
    DeliveryState.failed: Badge("bad", word("Delivery failed")),
}
_CHANNELS = {
    "phone": word("Telephone"),
    "email": word("E-mail"),
    "chat": word("Chat"),
    "self_service": word("Claim page"),
    "api": word("The shop’s system"),
    "import": word("Import"),
}
_TIERS = {
    "standard": word("Standard"),
    "silver": word("Silver"),
    "gold": word("Gold"),
    "platinum": word("Platinum"),
    "premium": word("Premium"),
}
_ROLES = {
    "agent": word("Agent"),
    "lead": word("Lead"),
    "finance": word("Finance"),
    "admin": word("Administrator"),
}
TIERS, CHANNELS = tuple(_TIERS), ("phone", "email", "chat")
"""What a person may pick when he reports a case: a channel names how the customer came, so not a machine's."""


class Labels:
    """The labels of one language. A code that the catalogue no longer has is shown as it is."""

    def __init__(self, say: Say, reasons: Mapping[str, ReasonEntry]) -> None:
        self.say = say
        self._reasons = reasons

    def harm(self, code: str) -> str:
        return self._named(code, library().taxonomy.book.harm)

    def family(self, code: str) -> str:
        return self._named(code.partition(".")[0], library().taxonomy.book.family)

    def severity(self, code: str) -> str:
        return self._named(code, library().taxonomy.book.severity)

    def fact(self, code: str) -> str:
        return self._named(code, (*library().taxonomy.book.fact, *library().inspection.fact))

    def wish(self, code: str) -> str:
        return self._named(code, library().taxonomy.book.wish)

    def cost(self, code: str) -> str:
        return self._named(code, library().taxonomy.book.cost)

    def remedy(self, code: str) -> str:
        known = library().shelf.known(code)
        return self.wording(known.label) if known else isolate(code)

    def reason(self, code: str) -> str:
        known = self._reasons.get(code)
        return known.in_(self.say.locale).label if known else isolate(code)

    def wording(self, wording: Wording) -> str:
        return wording.in_(language(self.say.locale))

    def country(self, code: str) -> str:
        return str(_babel(self.say.locale).territories.get(code, code))

    def tongue(self, tag: str) -> str:
        """The name of a language, whatever region the tag names."""
        try:
            found = Locale.parse(tag.partition("-")[0]).get_language_name(language(self.say.locale))
        except (UnknownLocaleError, ValueError):
            found = None
        name = found or tag
        return name[:1].upper() + name[1:]

    def channel(self, code: str) -> str:
        return self._said(code, _CHANNELS)

    def tier(self, code: str) -> str:
        return self._said(code, _TIERS)

    def role(self, code: str) -> str:
        return self._said(code, _ROLES)

    def state(self, state: str, delivery: str | None = None) -> Badge:
        """The badge of a case; what was issued and did not arrive is shown as that."""
        if state == CaseState.issued and delivery in (DeliveryState.bounced, DeliveryState.failed):
            return self._badge(_DELIVERIES[delivery])
        return self._badge(_CASES[state])

    def reward(self, state: str, kind: str) -> Badge:
        """A task or a refund is not used: it is done, or the money has arrived."""
        if state == RewardState.redeemed and kind in ("task", "refund"):
            return Badge("good", self.say(word("Done")) if kind == "task" else self.say(word("Paid back")))
        if state == RewardState.issued and kind == "task":
            return Badge("moving", self.say("To do"))
        return self._badge(_REWARDS[state])

    def delivery(self, state: str) -> Badge:
        return self._badge(_DELIVERIES[state])

    def actor(self, actor: str, people: Mapping[str, Agent], customer: str) -> str:
        """Who it was, as marked text: a colleague by name, the customer, the shop's own system, or we ourselves."""
        if actor in people:
            return isolate(people[actor].name)
        if actor.startswith("agt_"):
            return self.say("a former colleague")
        if actor == customer or actor.startswith("cus_"):
            return self.say("the customer")
        return self.say("the shop’s system") if actor.startswith(("key_", "api_key")) else self.say("the system")

    def _named(self, code: str, book: Iterable[Named | HarmKind | CostKind]) -> str:
        label = next((one.label for one in book if one.code == code), None)
        return self.wording(label) if label else isolate(code)

    def _said(self, code: str, table: Mapping[str, str]) -> str:
        return self.say(table[code]) if code in table else isolate(code)

    def _badge(self, badge: Badge) -> Badge:
        return msgspec.structs.replace(badge, label=self.say(badge.label))


@cache
def explanations() -> Explanations:
    """The sentences for the engine's reasons."""
    path = FOLDER / "explanations.toml"
    return Explanations(decode(path.read_bytes(), ExplanationBook, path.name))


@cache
def countries(locale: str) -> tuple[tuple[str, str], ...]:
    """Every country by its name in this language: code and name."""
    named = _babel(locale).territories
    known = [(code, name) for code, name in named.items() if code.isalpha() and len(code) == 2 and code not in _NOT]
    return tuple(sorted(known, key=lambda pair: pair[1].casefold()))


_NOT = frozenset(("EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"))
"""Codes that CLDR names and that are no country."""


def _babel(locale: str) -> Locale:
    return Locale(language(locale))
