"""The goods of a case as the desk reads them: by which checklist they are looked at, and what was found so far."""

import msgspec

from compensation.cases.inspection.inspect import INSPECTED_IN
from compensation.cases.inspection.inspection import Inspection
from compensation.catalog.library import library
from compensation.core.text import moment
from compensation.engine.checklist import Checklist
from compensation.engine.harm import Wording
from compensation.web.console.labels import Labels
from compensation.web.console.work import Work


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One inspection as it is read: marked texts."""

    heading: str
    rows: tuple[tuple[str, str], ...]


def checklist_of(work: Work) -> Checklist | None:
    """The checklist for the goods of a case; None where nothing can be inspected now."""
    if work.heard is None or work.heard.report.order is None or work.case.state not in INSPECTED_IN:
        return None
    return library().inspection.of(work.heard.report.order.category)


def seen(labels: Labels, work: Work) -> list[Seen]:
    """What was found so far, the latest first."""
    return [_seen(labels, work, one) for one in reversed(work.inspections)]


def _seen(labels: Labels, work: Work, one: Inspection) -> Seen:
    say, book, comma = labels.say, library().inspection, labels.say(", ")
    names: dict[str, Wording] = {}
    for checklist in (book.of(None), book.of(one.category)):
        names |= {point.code: point.label for point in (*checklist.items, *checklist.accessories)}
    said = {code: labels.wording(label) for code, label in names.items()}
    grade = next(labels.wording(each.label) for each in book.grade if each.code is one.grade)
    faults = [said.get(item.code, item.code) for item in one.items if not item.well]
    use = next(labels.wording(each.label) for each in book.disposition if each.code == one.disposition)
    by = labels.actor(one.inspected_by, work.people, work.case.customer_id)
    return Seen(
        heading=say("{when} by {who}", when=moment(one.at, say.locale), who=by),
        rows=(
            (say("Grade"), say("{grade}, {meaning}", grade=one.grade.value, meaning=grade)),
            (say("Accepted by the policy"), say("yes") if one.acceptable else say("no")),
            (say("Not well"), comma.join(faults) or say("nothing")),
            (say("Missing"), comma.join(said.get(code, code) for code in one.missing) or say("nothing")),
            (say("What becomes of the goods"), use),
            (say("Files"), str(len(one.evidence))),
        ),
    )
