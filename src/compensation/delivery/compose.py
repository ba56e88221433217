"""Facts in, letter out: the five moves of an apology in the customer's language. Pure: no clock, no database.

Every letter about a harm apologises and carries a personal note; what is missing refuses to compose instead of
leaving a gap.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

from compensation.core.money import Money
from compensation.core.text import clean, isolate, line
from compensation.delivery import frame
from compensation.delivery.choices import compared
from compensation.delivery.given import Given, completed, merged
from compensation.delivery.letter import Card, Letter, Promise, Right
from compensation.delivery.occasion import Edited, Occasion
from compensation.delivery.remedies import told
from compensation.delivery.tracking import Progress, track
from compensation.delivery.words import ReasonEntry, Say, Words, read_reasons, word
from compensation.engine.plan import Offer, Part, RemedyLine
from compensation.engine.taxonomy import DueKind
from compensation.engine.terms import Kind, RefundTerms, WordsTerms

PREVENTIONS = {
    "descriptions": word("So that it does not happen again, we are checking what our descriptions promise."),
    "quality": word("So that it does not happen again, we are checking our work more closely before it leaves us."),
    "training": word("So that it does not happen again, we are training the people who serve you."),
    "communication": word("So that it does not happen again, we are changing how and when we tell you what goes on."),
}
_RIGHTS = {
    DueKind.price: word("You can have the {amount} back in money, the way you paid it, with no fee, by {date}."),
    DueKind.reduction: word("You can have {amount} of the price back in money, with no fee, by {date}."),
    DueKind.duplicate: word("You can have the {amount} back in money, the way you paid it, with no fee, by {date}."),
    DueKind.costs: word("You can have your costs of {amount} paid back in money, with no fee, by {date}."),
    DueKind.promise: word("The {amount} we promised you are yours, whatever else you choose."),
}
_RIGHTS_IN_KIND = {
    DueKind.conformity: (
        word("You can have it repaired or replaced at no cost to you."),
        word("You can have it repaired or replaced at no cost to you, or have {amount} back in money."),
    ),
    DueKind.performance: (
        word("You can have the service done again at no cost to you."),
        word("You can have the service done again at no cost to you, or have {amount} of the price back."),
    ),
}
"""Without a sum that may be given instead, and with one."""
_BUTTONS = {
    Kind.gift_card: word("Open your gift card"),
    Kind.product_card: word("Open your gift card"),
    Kind.store_credit: word("Open your store credit"),
}


class Writer:
    """Composes letters from the words of every language. Made once, when the process starts."""

    def __init__(self, words: Words | None = None, reasons: Mapping[str, ReasonEntry] | None = None) -> None:
        self.words = words or Words()
        self.reasons = reasons or read_reasons()

    def offers(self, occasion: Occasion, made: Sequence[Offer], url: str, open_until: dt.date) -> Letter:
        """Asks the customer to choose. ``url`` opens the offer page; the offers stand until ``open_until``."""
        say = self.words.in_(occasion.locale)
        owed = occasion.owed
        wait = say("You need not hurry: the offers stay open until {date}.", date=open_until)
        if owed is not None:
            wait += " " + say("Without a choice, the {amount} we owe you stays yours in money.", amount=owed)
        elif occasion.dues:
            wait += " " + say("Without a choice, your right stays as it is.")
        ask = say("Choose how we put this right")
        choices, common = compared(say, made, occasion.settles, occasion.on, occasion.brand_name)
        get = [say("We looked at your case once more: these offers take the place of those before.")] * occasion.renewed
        get.append(say("You decide how we put this right. Nothing is chosen for you."))
        if common:
            get.append(say("Whatever you choose, this comes with it:") + " " + " ".join(common))
        return self._letter(
            say,
            occasion,
            [line for offer in made for line in offer.lines],
            kind="offers",
            get=tuple(get),
            right=_right(say, occasion, made),
            ask=ask,
            choices=choices,
            otherwise=wait,
            action=frame.action(say, occasion, ask, url),
            why=frame.why(occasion, url),
        )

    def remedy(self, occasion: Occasion, given: Sequence[Given], url: str) -> Letter:
        """Brings what was chosen. ``url`` opens the gift page, or the status page where there is nothing to open."""
        say = self.words.in_(occasion.locale)
        things = _things(say, occasion, given)
        if not things:
            return self.apology(occasion, [one.line for one in given])
        button = next((_BUTTONS[one.kind] for one in given if one.kind in _BUTTONS), word("See what you get"))
        free = all(one.line.part is not Part.owed for one in given) and occasion.reason_code is not None
        return self._letter(
            say,
            occasion,
            [one.line for one in given],
            kind="remedy",
            get=(say("This comes on top of your rights by law, which do not change."),) if free else (),
            cards=tuple(thing for thing in things if isinstance(thing, Card)),
            promises=tuple(thing for thing in things if isinstance(thing, Promise)),
            action=frame.action(say, occasion, say(button), url),
            why=frame.why(occasion, url),
        )

    def apology(self, occasion: Occasion, lines: Sequence[RemedyLine] = ()) -> Letter:
        """Words alone: nothing is given and nothing is asked."""
        return self._letter(self.words.in_(occasion.locale), occasion, lines, kind="apology")

    def dispute(self, occasion: Occasion, reason: str, url: str, *, more: bool) -> Letter:
        """Answers a customer who disagreed: why the decision stands, or, with ``more``, that a further case brings what
        is to be added. ``reason`` is in the words of whoever looked again; ``url`` opens the page of the case."""
        say = self.words.in_(occasion.locale)
        outcome = (
            word("What you have stays yours. What we add comes with a case of its own, and with its own letter.")
            if more
            else word("The decision stays as it is. What the law gives you does not change by it.")
        )
        return self._letter(
            say,
            occasion,
            (),
            kind="dispute",
            action=frame.action(say, occasion, say("See your case"), url),
            why=frame.why(occasion, url),
            said=self._looked_again(say, occasion, say(outcome), reason),
        )

    def status(self, occasion: Occasion, given: Sequence[Given], progress: Progress) -> Letter:
        """Where the case stands and what comes next, with a promised date for all that is still to come."""
        say = self.words.in_(occasion.locale)
        tracked = track(say, given, progress, occasion.case_number, occasion.brand)
        things = _things(say, occasion, given)
        return self._letter(
            say,
            occasion,
            [one.line for one in given],
            kind="status",
            badge=tracked.badge,
            get=tracked.answer,
            steps=tracked.steps,
            late=tracked.late,
            cards=tuple(thing for thing in things if isinstance(thing, Card)),
            promises=tuple(thing for thing in things if isinstance(thing, Promise)),
        )

    def _letter(self, say: Say, occasion: Occasion, lines: Sequence[RemedyLine], **more: Any) -> Letter:
        """The moves that all letters share. Raises Refused ``letter_incomplete`` naming what is missing."""
        brand = occasion.brand
        said = more.pop("said", None)
        if said is None:
            said = self._sorry(say, occasion, lines) if occasion.reason_code is not None else _glad(say, occasion)
        return Letter(
            locale=occasion.locale,
            brand=brand,
            on=occasion.on,
            subject=line(frame.subject(say, occasion, said["heading"])),
            ref=frame.reference(say, occasion, said.pop("reason")),
            greeting=frame.greeting(say, occasion),
            signatory=line(brand.said(brand.signatory, occasion.locale)),
            desk=say("Customer care, {brand}", **occasion.slots),
            foot=frame.foot(say, occasion),
            terms=frame.terms(occasion),
            **said,
            **more,
        )

    def _sorry(self, say: Say, occasion: Occasion, lines: Sequence[RemedyLine]) -> dict[str, Any]:
        """The harm, that it is ours, what we did, the personal note: the agent's words, else those of the reason."""
        edited, slots = occasion.own_words, occasion.slots
        entry = self.reasons.get(occasion.reason_code or "", self.reasons["other"])
        shipped = entry.in_(occasion.locale)
        thanks = word("Thank you for telling us. We would rather hear it than not know it.")
        if occasion.order_number:
            thanks = word("Thank you for telling us about order {order}. We would rather hear it than not know it.")

        def mine(own: str, default: str) -> str:
            return say.fill(clean(own).strip() or default, **slots)

        return {
            "heading": mine(edited.heading, shipped.heading_item if occasion.item else shipped.heading),
            "reason": line(clean(edited.reason)) or shipped.label,
            "ours": (*_paragraphs(mine(edited.ours, shipped.ours)), *_again(say, lines)),
            "done": _paragraphs(mine(edited.done, shipped.done)),
            "prevention": _prevention(say, edited, entry, lines, slots),
            "note": say.fill(clean(edited.note).strip(), **slots) or say(thanks, **slots),
            "preview": line(say("What happened, what we did, and what you get.")),
            "closing": say("With our apologies,"),
        }

    def _looked_again(self, say: Say, occasion: Occasion, outcome: str, reason: str) -> dict[str, Any]:
        """The same places where a second person answers: what he did, what came of it, and his own words for why."""
        entry = self.reasons.get(occasion.reason_code or "", self.reasons["other"])
        return {
            "heading": say("We looked at your case once more"),
            "reason": entry.in_(occasion.locale).label,
            "ours": (
                say(
                    "You told us that you disagree. Somebody who had no part in the decision has looked at everything."
                ),
                outcome,
                *_paragraphs(clean(reason)),
            ),
            "note": say("Thank you for telling us what you think. We would rather hear it than not know it."),
            "preview": line(say("What came of the second look at your case.")),
            "closing": say("With kind regards,"),
        }


def _glad(say: Say, occasion: Occasion) -> dict[str, Any]:
    """The same places in a letter about a reward that no harm earned."""
    heading = say("You have a reward from {brand}", **occasion.slots)
    note = say.fill(clean(occasion.own_words.note).strip(), **occasion.slots)
    return {
        "heading": heading,
        "reason": "",
        "ours": (),
        "note": note or say("We hope that you enjoy it."),
        "preview": line(heading),
        "closing": say("With kind regards,"),
    }


def _things(say: Say, occasion: Occasion, given: Sequence[Given]) -> list[Card | Promise]:
    """What one gets, each thing once, words left out."""
    every = merged(completed(given, occasion.on))
    return [thing for one in every if (thing := told(say, one, occasion.brand_name)) is not None]


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r"\n+", text) if part.strip())


_BEFORE = (
    "",
    word("We have apologised to you before, and you had every reason to expect better since."),
    word("You have had our apologies twice already, and they did not keep this from you. That weighs on us."),
)
"""By how many apologies came before; after those the number itself makes each one another."""


def _again(say: Say, lines: Sequence[RemedyLine]) -> tuple[str, ...]:
    """Whoever heard an apology before is told that we know it, and never in the words that he has read already."""
    earlier = max((each.terms.earlier for each in lines if isinstance(each.terms, WordsTerms)), default=0)
    if earlier < len(_BEFORE):
        return (say(_BEFORE[earlier]),) if earlier else ()
    return (
        say(
            "This is apology number {n} from us. We no longer ask you to believe our words: judge us by what we do.",
            n=earlier + 1,
        ),
    )


def _prevention(
    say: Say, edited: Edited, entry: ReasonEntry, lines: Sequence[RemedyLine], slots: dict[str, Any]
) -> str:
    own = clean(edited.prevention).strip()
    if not own and not any(each.remedy == "prevention_note" for each in lines):
        return ""
    key = own or entry.prevention
    return say(PREVENTIONS[key]) if key in PREVENTIONS else say.fill(own, **slots)


def _right(say: Say, occasion: Occasion, made: Sequence[Offer]) -> Right | None:
    """What the law, or our own word, gives without any choice, with the last day an offer names for the money.

    Where a rule puts repair first no offer pays the price back, and then this sentence does not promise it.
    """
    if not occasion.dues:
        return None
    paid = [line for offer in made for line in offer.lines if isinstance(line.terms, RefundTerms)]
    payable = {source for line in paid for source in line.settles}
    days = [line.terms.due_in_days for line in paid if isinstance(line.terms, RefundTerms)]
    by = occasion.on + dt.timedelta(days=max(days)) if days else None
    sums: dict[DueKind, Money | None] = {}
    for due in occasion.dues:
        before = sums.get(due.kind)
        amount = due.amount if not due.kind.in_kind or due.source in payable else None
        sums[due.kind] = before + amount if before and amount else amount or before
    texts = [
        say(_RIGHTS_IN_KIND[kind][amount is not None] if kind.in_kind else _RIGHTS[kind], amount=amount, date=by)
        for kind, amount in sums.items()
    ]
    if len(made) > 1:
        texts.append(say("Anything else is a choice you are free to make or leave."))
    return Right(" ".join(texts), "; ".join(isolate(each) for each in occasion.citations))
