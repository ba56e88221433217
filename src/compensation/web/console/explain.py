"""The engine's reasons as sentences, and the whole explanation of a decision in the order of force."""

import msgspec

from compensation.cases.case import CaseFile
from compensation.catalog.library import library
from compensation.core.errors import Invalid
from compensation.core.money import Money
from compensation.core.text import isolate, listed, ltr, money
from compensation.delivery.words import word
from compensation.engine.reason import Reason, Step, TraceLine
from compensation.web.console.labels import Labels, explanations

_TITLES = {
    Step.law: word("Law"),
    Step.facts: word("Facts"),
    Step.policy: word("Policy"),
    Step.limits: word("Limits"),
    Step.budget: word("Budget"),
    Step.proposed: word("First offer"),
}
_FIGURES = {
    Step.law: word("{amount} owed"),
    Step.facts: word("{amount} owed"),
    Step.policy: word("{amount} goodwill"),
    Step.limits: word("{amount} goodwill"),
    Step.budget: word("{amount} goodwill"),
    Step.proposed: word("{amount}"),
}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the explanation; all of it is marked text. ``figure`` is empty where the line is no sum."""

    title: str
    figure: str
    said: str
    sums: str = ""
    total: bool = False


class Explain:
    """Reasons of one case in the agent's language. Codes in them are shown by their labels."""

    def __init__(self, labels: Labels, case: CaseFile) -> None:
        self._labels = labels
        self._case = case
        self._offers = {offer.key: labels.wording(offer.label) for offer in case.offers}

    def __call__(self, reason: Reason) -> str:
        """The sentence, as marked text."""
        values = {name: self._value(name, value) for name, value in reason.params.items()}
        return explanations().say(reason, self._labels.say.locale, values)

    def trace(self) -> list[Told]:
        """Law, facts, policy, limits, budget, and what they came to: the choice, or the first offer until there is one.

        What each form adds to a sum is told apart, by ``bonuses``: most of it is about offers that nobody chose.
        """
        say, lines = self._labels.say, self._case.assessment.trace
        told = [self._told(line) for line in lines if line.step is not Step.proposed and not _is_bonus(line)]
        chosen = next((offer for offer in self._case.offers if offer.key == self._case.chosen), None)
        if chosen is None:
            return told + [self._told(line) for line in lines if line.step is Step.proposed]
        figure = say("{amount}", amount=chosen.value)
        return [*told, Told(title=say("Chosen"), figure=figure, said=self._offers[chosen.key], total=True)]

    def bonuses(self) -> list[Told]:
        """The arithmetic of every bonus that one of the offers carries."""
        return [self._told(line) for line in self._case.assessment.trace if _is_bonus(line)]

    def not_offered(self) -> list[tuple[str, str]]:
        """What was considered and not offered: the reason, and the alternatives that fell to it."""
        by_reason: dict[str, list[str]] = {}
        for refusal in self._case.assessment.refused:
            by_reason.setdefault(self(refusal.reason), []).append(self._offer(refusal.key))
        return [(reason, listed(names, self._labels.say.locale)) for reason, names in by_reason.items()]

    def _told(self, line: TraceLine) -> Told:
        say = self._labels.say
        figure = say(_FIGURES[line.step], amount=line.amount) if line.amount is not None else ""
        if not figure and line.step is Step.limits:
            figure = say("no change")
        title = say(_TITLES[line.step])
        if line.step is Step.policy:
            title = say("Policy {policy}", policy=ltr(self._case.assessment.policy))
        return Told(
            title=title,
            figure=figure,
            said=self(line.reason),
            sums=ltr(line.sums) if line.sums else "",
            total=line.step is Step.proposed,
        )

    def _offer(self, key: str) -> str:
        """The name of an offer, of this case or one that its policy knows; the key itself when it no longer does."""
        if key in self._offers:
            return self._offers[key]
        code, at = self._case.assessment.policy.partition("/")[0], self._case.created_at.date()
        try:
            known = library().books(code, at).policy.document.offer
        except Invalid:
            return isolate(key)
        return next((self._labels.wording(rule.label) for rule in known if rule.key == key), isolate(key))

    def _value(self, name: str, value: str | int | Money) -> str:
        labels = self._labels
        if isinstance(value, Money):
            return money(value, labels.say.locale)
        by_label = {
            "remedy": labels.remedy,
            "harm": labels.harm,
            "severity": labels.severity,
            "cost": labels.cost,
            "country": labels.country,
            "offer": self._offer,
            "citation": isolate,
        }.get(name)
        return by_label(str(value)) if by_label else ltr(str(value))


def _is_bonus(line: TraceLine) -> bool:
    return line.reason.code == "bonus.added"
