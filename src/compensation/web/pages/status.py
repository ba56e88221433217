"""Where a case stands: the page of a status link, and of an offers link once the choice is made."""

from datetime import datetime

from litestar import Response, get
from litestar.params import FromPath

from compensation.cases.case import Event, events
from compensation.cases.evidence.add import OPEN
from compensation.cases.papers import Before, stands_before
from compensation.core.states import CaseState
from compensation.db.pool import Tx
from compensation.delivery.facts import Facts, case_facts
from compensation.delivery.send import Post
from compensation.delivery.tracking import Progress
from compensation.web.asked import Counted, Door
from compensation.web.page import page
from compensation.web.pages.disputed import Disputed, disputed, told
from compensation.web.pages.link import opened, read_in, tongues
from compensation.web.request import StrictRequest
from compensation.web.upload import KINDS

_WAITING = (CaseState.offered, CaseState.needs_approval)
"""Once it is decided, nothing is asked for any more."""


@get("/t/{token:str}")
async def status(request: StrictRequest, token: FromPath[str], door: Door, limits: Counted) -> Response[str]:
    """The status page. It writes nothing, however often it is opened."""
    link = await opened(request, door, limits, "status", token)
    async with door.read(link.merchant_id) as tx:
        facts = await in_language(request, tx, link.subject_id, door.clock())
        history = await events(tx, link.subject_id)
        asked = await stands_before(tx, link.subject_id)
        assert facts.case is not None, "a status is that of a case"
        said = await disputed(tx, facts.case, history, door.clock())
    return status_page(request, facts, history, asked, said)


def status_page(
    request: StrictRequest, facts: Facts, history: list[Event], asked: Before, said: Disputed
) -> Response[str]:
    assert facts.case is not None, "a status is that of a case"
    when = {event.what: event.at for event in history}
    progress = Progress(
        state=facts.case.state,
        reported_at=facts.case.created_at,
        offered_at=when.get("offered"),
        chosen_at=when.get("approved", when.get("chosen")),
        issued_at=when.get("issued"),
        closed_at=when.get("closed"),
    )
    post: Post = request.app.state.post
    given = [one for one in facts.given if not one.cancelled]
    letter = post.writer.status(facts.occasion, given, progress)
    return page(
        request.app.state,
        "pages/status.html",
        locale=letter.locale,
        letter=letter,
        brand=letter.brand,
        tongues=tongues(request.url.path),
        csrf="",
        here=request.url.path if facts.case.state in OPEN else "",
        why=f"{request.url.path}/why",
        disputes=told(request.app.state.post.writer.words.in_(letter.locale), said.told),
        disagree=f"{request.url.path}/disagree" if said.may else "",
        goods_first=asked.goods and facts.case.state is CaseState.offered,
        missing=missing(request, asked, letter.locale) if facts.case.state in _WAITING else [],
    )


def missing(request: StrictRequest, asked: Before, locale: str) -> list[str]:
    """The papers that we still need, in the reader's language."""
    say = request.app.state.post.writer.words.in_(locale)
    return [say(KINDS[one.kind]) for one in asked.papers if not one.given]


async def in_language(request: StrictRequest, tx: Tx, case_id: str, at: datetime) -> Facts:
    """The facts of a case, to be told in the language that the reader asks for."""
    facts = await case_facts(tx, case_id, at)
    wanted = read_in(request, facts.occasion.locale)
    return facts if wanted == facts.occasion.locale else await case_facts(tx, case_id, at, wanted)
