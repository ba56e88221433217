"""What happened to a case, what it waits for now, and what is still to come."""

from collections.abc import Sequence

import msgspec

from compensation.cases.case import Event
from compensation.core.states import CaseState
from compensation.core.text import moment
from compensation.delivery.letter import Step
from compensation.delivery.words import word
from compensation.web.console.labels import Labels
from compensation.web.console.times import when
from compensation.web.console.work import Work

_WHAT = {
    "reported": word("Reported"),
    "assessed": word("Assessed"),
    "inspected": word("The goods were inspected"),
    "reassessed": word("Assessed anew"),
    "offered": word("Offers made"),
    "chosen": word("Chosen"),
    "proposed": word("Proposed"),
    "approved": word("Approved"),
    "sent_back": word("Sent back"),
    "rejected": word("Rejected"),
    "cancelled": word("Called off"),
    "issuing": word("Issuing began"),
    "issued": word("Issued"),
    "closed": word("Closed"),
    "disputed": word("The customer disagreed"),
    "dispute_answered": word("His disagreement was answered"),
    "words_edited": word("The words were edited"),
    "evidence_added": word("A file was added"),
    "task_done": word("Task done"),
    "refund_done": word("Money paid back by hand"),
    "refund_pending": word("The refund is with the bank"),
    "refund_issued": word("The refund is with the bank"),
    "refund_redeemed": word("The refund has arrived"),
    "refund_needs_review": word("The refund needs a person"),
    "refund_refused": word("The refund was refused"),
    "reward_voided": word("A reward was cancelled"),
    "reward_reissued": word("A reward was replaced"),
    "reward_extended": word("A reward is good for longer"),
    "reward_clawed_back": word("Value was taken back"),
    "reward_merged": word("A card was merged into another"),
    "reward_transferred": word("Store credit was moved to a card"),
    "reward_resent": word("The letter was sent again"),
}
_NOW = {
    CaseState.offered: word("Waiting for a choice"),
    CaseState.needs_approval: word("Waiting for a second person"),
    CaseState.accepted: word("About to be issued"),
    CaseState.issuing: word("Being issued"),
}
_NEXT = {
    CaseState.offered: (word("Issue and tell"),),
    CaseState.needs_approval: (word("Issue and tell"),),
}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A step, who made it, and what he said for a reason."""

    step: Step
    by: str = ""
    said: str = ""


def history(labels: Labels, work: Work) -> list[Entry]:
    """The timeline, the present step marked."""
    say, state = labels.say, work.case.state
    told = [_entry(labels, work, event) for event in _plain(work.events)]
    if state in _NOW:
        due = say("Answer due: {when}", when=when(say, work.case.answer_due, work.now))
        waits = state in (CaseState.offered, CaseState.needs_approval)
        now = Step(label=say(_NOW[state]), state="now", promised=due if waits else "")
        told.append(Entry(step=now))
    elif told:
        last = told[-1]
        told[-1] = msgspec.structs.replace(last, step=msgspec.structs.replace(last.step, state="now"))
    return told + [Entry(step=Step(label=say(text), state="next")) for text in _NEXT.get(state, ())]


def _plain(events: Sequence[Event]) -> list[Event]:
    """In the order of the way: what was written in one moment has no order of its own. Offers that were made at once
    are the step that waits now, so they are not told twice.
    """
    way = list(_WHAT)
    first = events[0].at if events else None
    told = [event for event in events if event.what != "offered" or event.at != first]
    return sorted(told, key=lambda event: (event.at, way.index(event.what) if event.what in way else len(way)))


def _entry(labels: Labels, work: Work, event: Event) -> Entry:
    say = labels.say
    text = _WHAT.get(event.what)
    label = say(text) if text else event.what.replace("_", " ")
    stamp = event.at.isoformat(timespec="minutes")
    step = Step(label=label, state="done", at=moment(event.at, say.locale), stamp=stamp)
    return Entry(step=step, by=_by(labels, work, event), said=event.said or "")


def _by(labels: Labels, work: Work, event: Event) -> str:
    """By whom: for what a person did, and for what the policy or we did ourselves."""
    if event.what == "assessed":
        return labels.say("by the policy")
    if event.actor.startswith("system"):
        return ""
    return labels.say("by {who}", who=labels.actor(event.actor, work.people, work.case.customer_id))
