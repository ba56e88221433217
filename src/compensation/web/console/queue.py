"""The queue: the agent's views of the cases, a search, and one page at a time."""

from datetime import datetime
from typing import Annotated, cast, get_args
from urllib.parse import urlencode

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from compensation.cases.case import Case
from compensation.cases.queue import Page, View, find, queue
from compensation.cases.said import Said, said
from compensation.catalog.reading import unread
from compensation.catalog.version import standing
from compensation.core.money import Money
from compensation.core.states import PolicyState
from compensation.delivery.letter import Badge
from compensation.delivery.words import word
from compensation.merchants.budget import low
from compensation.web.asked import Door
from compensation.web.console.budgets import warnings
from compensation.web.console.labels import Labels
from compensation.web.console.reviews import reviews
from compensation.web.console.session import AtDesk, Desk, words
from compensation.web.console.times import answer_due
from compensation.web.console.view import view
from compensation.web.request import StrictRequest

SHOWN = 25
_VIEWS = get_args(View)

VIEWS: dict[str, str] = {
    "open": word("Open"),
    "mine": word("Mine"),
    "needs_approval": word("Needs approval"),
    "to_inspect": word("Goods to inspect"),
    "disputed": word("Disagreements"),
    "unread": word("Bounced or unopened"),
    "issued": word("Issued"),
    "closed": word("Closed"),
}
NOTHING: dict[str, tuple[str, str]] = {
    "open": (word("No case is open"), word("A reported case appears here, the most urgent first.")),
    "mine": (word("No open case is yours"), word("A case is yours once you report it, choose in it or decide on it.")),
    "needs_approval": (
        word("No case needs approval"),
        word("Cases above an agent’s authority appear here, the one due soonest first."),
    ),
    "to_inspect": (
        word("No goods wait for an inspection"),
        word("A case appears here when its policy wants the goods inspected first."),
    ),
    "unread": (
        word("Every message has arrived"),
        word("A case appears here when its message bounced, or was not opened for a week."),
    ),
    "disputed": (
        word("No customer waits for an answer to his disagreement"),
        word("A case appears here when its customer disagrees, until somebody who had no part in it answers."),
    ),
    "issued": (word("No issued case is open"), word("Cases whose remedy is out, and that nobody has closed yet.")),
    "closed": (word("No case is closed yet"), word("Closed, rejected and called-off cases appear here.")),
}
_FOUND_NOTHING = (
    word("Nothing was found"),
    word("A case is found by its number, its order, the customer’s whole name or address, or the end of a code."),
)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One case of the queue. ``name`` is empty once the customer was erased; marked texts are for ``|marked``."""

    id: str
    number: str
    name: str
    words: str
    locale: str
    families: str
    harms: str
    owed: Money
    goodwill: Money
    badge: Badge
    due: str
    late: bool


class Tab(msgspec.Struct, frozen=True):
    view: str
    label: str
    count: int | None


@get(["/", "/cases"])
async def cases(
    request: StrictRequest,
    door: Door,
    desk: AtDesk,
    shown: Annotated[str, QueryParameter(name="view", max_length=20)] = "open",
    cursor: Annotated[str | None, QueryParameter(max_length=200)] = None,
    q: Annotated[str, QueryParameter(max_length=200)] = "",
) -> Response[str]:
    """A page of a view, or what a search found."""
    chosen = cast(View, shown if shown in _VIEWS else "open")
    now = door.clock()
    async with door.read(desk.who.merchant_id) as tx:
        found = await (find(tx, q) if q.strip() else queue(tx, chosen, desk.who.actor, now, cursor, SHOWN))
        heard = await said(tx, [case.id for case in found.items])
        few = await low(tx)
        new = await unread(tx, desk.agent.id, now.date())
        published = await standing(tx, PolicyState.published) if desk.agent.may_approve else {}
    labels = Labels(words(request, desk.locale), request.app.state.post.writer.reasons)
    rows = [_row(labels, case, heard.get(case.id), now) for case in found.items]
    nothing = _FOUND_NOTHING if q.strip() else NOTHING.get(chosen, NOTHING["open"])
    return view(
        request,
        desk,
        "queue.html",
        rows=rows,
        low=warnings(labels.say, few),
        unread=new,
        reviews=reviews(labels, published.values(), now.date()) if desk.agent.may_approve else [],
        tabs=_tabs(labels, desk),
        shown=None if q.strip() else chosen,
        q=q,
        total=None if q.strip() else getattr(desk.counts, chosen, None),
        nothing=tuple(labels.say(text) for text in nothing),
        more=_more(found, chosen),
        later=cursor is not None,
        room="needs_approval" if chosen == "needs_approval" else "open",
    )


def _row(labels: Labels, case: Case, heard: Said | None, now: datetime) -> Row:
    due, late = answer_due(labels.say, case, now)
    families = dict.fromkeys(labels.family(code) for code in case.harms)
    return Row(
        id=case.id,
        number=f"C-{case.number}",
        name=heard.person.name or heard.person.email or heard.person.reference if heard else "",
        words=heard.report.words if heard else "",
        locale=case.locale,
        families=labels.say(", ").join(families),
        harms=" · ".join(labels.harm(code) for code in case.harms),
        owed=case.owed,
        goodwill=case.goodwill,
        badge=labels.state(case.state, case.delivery),
        due=due,
        late=late,
    )


def _tabs(labels: Labels, desk: Desk) -> list[Tab]:
    counted = msgspec.structs.asdict(desk.counts)
    return [Tab(name, labels.say(label), counted.get(name)) for name, label in VIEWS.items()]


def _more(found: Page, chosen: str) -> str | None:
    return "/console?" + urlencode({"view": chosen, "cursor": found.next}) if found.next else None
