"""What a customer reads of his own disagreement: what he wrote, who looks at it by when, and what came of it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from compensation.cases.case import Case, Event
from compensation.cases.dispute.disagree import contestable
from compensation.cases.dispute.dispute import Outcome, Spoken, disputes, spoken
from compensation.core.errors import Refused
from compensation.db.pool import Tx
from compensation.delivery.words import Say, word

_CAME = {
    (Outcome.upheld, False): word(
        "On {date} somebody who had no part in the decision looked at everything again. The decision stays as it is, "
        "and this is why:"
    ),
    (Outcome.decided_anew, False): word(
        "On {date} somebody who had no part in the decision looked at everything again and decided anew. This is why:"
    ),
    (Outcome.decided_anew, True): word(
        "On {date} somebody who had no part in the decision looked at everything again. What you have stays yours; "
        "what we add comes with a case of its own, and with its own letter. This is why:"
    ),
}


class Disputed(msgspec.Struct, frozen=True):
    """The disputes of a case, and by when its customer is answered who disagrees now; None where he cannot."""

    told: Sequence[Spoken]
    due_at: datetime | None

    @property
    def may(self) -> bool:
        return self.due_at is not None


class Told(msgspec.Struct, frozen=True):
    """One dispute as it is read: his own words, a marked sentence on where it stands, and the answer's words."""

    words: tuple[str, ...]
    stands: str
    answer: tuple[str, ...]


async def disputed(tx: Tx, case: Case, history: Sequence[Event], at: datetime) -> Disputed:
    try:
        due_at = (await contestable(tx, case.id, case.state, at)).due_at
    except Refused:
        due_at = None
    return Disputed(spoken(await disputes(tx, case.id), history), due_at)


def told(say: Say, found: Sequence[Spoken]) -> list[Told]:
    """The latest first: that is the one he waits for."""
    shown = []
    for one in reversed(found):
        dispute = one.dispute
        if dispute.outcome is None or dispute.answered_at is None:
            stands = say(
                "On {date} you told us that you disagree. Somebody who had no part in the decision looks at everything "
                "again, and answers you in writing by {due}.",
                date=dispute.opened_at.date(),
                due=dispute.due_at.date(),
            )
        else:
            came = _CAME[dispute.outcome, dispute.further_case is not None]
            stands = say(came, date=dispute.answered_at.date())
        shown.append(Told(_paragraphs(one.words), stands, _paragraphs(one.answer)))
    return shown


def _paragraphs(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").splitlines() if part.strip())
