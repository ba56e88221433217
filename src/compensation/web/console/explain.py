"""The engine's reasons as sentences, and the whole explanation of a decision in the order of force."""

from collections.abc import Sequence

import msgspec

from compensation.cases.case import CaseFile
from compensation.core.money import Money
from compensation.core.text import isolate, ltr, money
from compensation.delivery.words import word
from compensation.engine.plan import Offer
from compensation.engine.reason import Reason, Step
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
    sums: str
    total: bool


class Explain:
    """Reasons of one case in the agent's language. Codes in them are shown by their labels."""

    def __init__(self, labels: Labels, offers: Sequence[Offer]) -> None:
        self._labels = labels
        self._offers = {offer.key: labels.wording(offer.label) for offer in offers}

    def __call__(self, reason: Reason) -> str:
        """The sentence, as marked text."""
        values = {name: self._value(name, value) for name, value in reason.params.items()}
        return explanations().say(reason, self._labels.say.locale, values)

    def trace(self, case: CaseFile) -> list[Told]:
        """Law, facts, policy, limits, budget, and what they came to."""
        say, told = self._labels.say, []
        for line in case.finding.trace:
            figure = say(_FIGURES[line.step], amount=line.amount) if line.amount is not None else ""
            title = say(_TITLES[line.step])
            if line.step is Step.policy:
                title = say("Policy {policy}", policy=ltr(case.finding.policy))
            told.append(
                Told(
                    title=title,
                    figure=figure or (say("no change") if line.step is Step.limits else ""),
                    said=self(line.reason),
                    sums=ltr(line.sums) if line.sums else "",
                    total=line.step is Step.proposed,
                )
            )
        return told

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
            "offer": lambda key: self._offers.get(key, isolate(key)),
            "citation": isolate,
        }.get(name)
        return by_label(str(value)) if by_label else ltr(str(value))
