"""Where a case stands, as its customer reads it: the answer first, then what happened and what is promised by when."""

import datetime as dt
from collections.abc import Sequence

import msgspec

from compensation.core.states import CaseState
from compensation.core.text import ltr, moment
from compensation.delivery.given import Given
from compensation.delivery.letter import Badge, Step
from compensation.delivery.promises import name
from compensation.delivery.words import Say, word
from compensation.engine.terms import Kind
from compensation.merchants.brand import Brand


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """What has happened to a case, and when, in the merchant's own time zone."""

    state: CaseState
    reported_at: dt.datetime
    offered_at: dt.datetime | None = None
    chosen_at: dt.datetime | None = None
    issued_at: dt.datetime | None = None
    closed_at: dt.datetime | None = None


class Tracked(msgspec.Struct, frozen=True, kw_only=True):
    """``answer`` is a heading and the sentences under it; ``late`` likewise, empty when nothing is to come."""

    badge: Badge
    answer: tuple[str, ...]
    steps: tuple[Step, ...]
    late: tuple[str, ...]


_LOOKING = (CaseState.reported, CaseState.assessed)
_PREPARING = (CaseState.needs_approval, CaseState.accepted, CaseState.issuing)
_ENDED = (CaseState.rejected, CaseState.cancelled)


def track(say: Say, given: Sequence[Given], progress: Progress, number: str | None, brand: Brand) -> Tracked:
    """The status page in words."""
    owing = sorted((each for each in given if each.due_on and not each.done), key=lambda one: one.due_on or dt.date.max)
    badge, answer = _answer(say, progress.state, owing)
    return Tracked(
        badge=badge, answer=answer, steps=_steps(say, given, progress), late=_late(say, owing, number, brand)
    )


def _answer(say: Say, state: CaseState, owing: Sequence[Given]) -> tuple[Badge, tuple[str, ...]]:
    if state in _LOOKING:
        said = (
            say("We are looking at what happened"),
            say("You need do nothing. We write to you as soon as we know more."),
        )
        return Badge("moving", say("Being looked at")), said
    if state is CaseState.offered:
        said = say("Your choice is open"), say("The letter we sent you has the button that opens it.")
        return Badge("warn", say("Waiting for your choice")), said
    if state in _PREPARING:
        said = say("We are preparing what you get"), say("You need do nothing. We write to you as soon as it is ready.")
        return Badge("moving", say("Being prepared")), said
    if state in _ENDED:
        return Badge("", say("Closed")), (say("This case is closed"), say("Your rights by law do not change."))
    if not owing:
        return Badge("good", say("Done")), (say("Everything we promised is done"), say("You need do nothing."))
    first = owing[0]
    if first.kind is Kind.refund:
        said = (
            say("{amount} is on its way to you", amount=first.total),
            say("It reaches you by {date}. You need do nothing.", date=first.due_on),
        )
        return Badge("moving", say("On its way")), said
    said = say("We are working on it"), say("It is done by {date}. You need do nothing.", date=first.due_on)
    return Badge("moving", say("In progress")), said


def _steps(say: Say, given: Sequence[Given], progress: Progress) -> tuple[Step, ...]:
    happened = [
        (word("You told us"), progress.reported_at),
        (word("We made you an offer"), progress.offered_at),
        (word("The choice was made"), progress.chosen_at),
        (word("We sent what you get"), progress.issued_at),
    ]
    steps = [
        Step(label=say(label), state="done", at=moment(at, say.locale), stamp=at.isoformat(timespec="minutes"))
        for label, at in happened
        if at is not None
    ]
    steps += [Step(label=_arrival(say, each), state="done") for each in given if each.due_on and each.done]
    ahead = [
        Step(
            label=_arrival(say, each),
            state="next",
            stamp=each.due_on.isoformat(),
            promised=say("Promised by {date}", date=each.due_on),
        )
        for each in given
        if each.due_on and not each.done
    ]
    unfinished = ahead or progress.state not in (CaseState.issued, CaseState.closed, *_ENDED)
    if unfinished and steps:
        steps[-1] = msgspec.structs.replace(steps[-1], state="now")
    return (*steps, *ahead)


def _arrival(say: Say, given: Given) -> str:
    return say("The money is with you") if given.kind is Kind.refund else name(say, given)


def _late(say: Say, owing: Sequence[Given], number: str | None, brand: Brand) -> tuple[str, ...]:
    """What to do when a promised day passes: one step, and nothing to explain again."""
    if not owing or owing[0].due_on is None:
        return ()
    phone = brand.said(brand.phone, say.locale)
    heading = say("If it has not arrived by {date}", date=owing[0].due_on)
    write = say("You do not need to explain it again. Write to {email}.", email=ltr(brand.sender))
    call = say("You can also call {phone}.", phone=ltr(phone)) if phone else ""
    case = say("The number of your case is {case}.", case=ltr(number)) if number else ""
    return heading, " ".join(part for part in (write, call, case) if part)
