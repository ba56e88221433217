"""Disputes as the desk reads them: what the customer wrote, by when he is answered, and what came of it."""

import msgspec

from compensation.cases.dispute.dispute import Outcome, Spoken
from compensation.core.text import moment
from compensation.delivery.words import word
from compensation.web.console.labels import Labels
from compensation.web.console.work import Work


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute as the desk reads it; marked texts, and the words of both as they were written."""

    heading: str
    words: tuple[str, ...]
    stands: str
    answer: tuple[str, ...]
    open: bool


def seen(labels: Labels, work: Work) -> list[Seen]:
    """The disputes of the case, the latest first."""
    return [_seen(labels, work, one) for one in reversed(work.disputes)]


def _seen(labels: Labels, work: Work, one: Spoken) -> Seen:
    say, dispute = labels.say, one.dispute
    if dispute.outcome is None or dispute.answered_at is None or dispute.answered_by is None:
        stands = say("To be answered by {when}", when=moment(dispute.due_at, say.locale))
    else:
        came = word("The decision stands") if dispute.outcome is Outcome.upheld else word("Decided anew")
        stands = say(
            "{what}: {when} by {who}",
            what=say(came),
            when=moment(dispute.answered_at, say.locale),
            who=labels.actor(dispute.answered_by, work.people, work.case.customer_id),
        )
    return Seen(
        heading=moment(dispute.opened_at, say.locale),
        words=tuple((one.words or "").splitlines()),
        stands=stands,
        answer=tuple((one.answer or "").splitlines()),
        open=dispute.outcome is None,
    )
