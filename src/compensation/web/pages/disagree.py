"""The form by which a customer says that he disagrees, behind the link of his offers or of his case's status."""

from datetime import datetime
from urllib.parse import quote

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.response import Redirect

from compensation.cases.case import events
from compensation.cases.dispute.disagree import Disagree, disagree
from compensation.cases.evidence.add import OPEN
from compensation.core.errors import Refused
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.delivery.facts import Facts
from compensation.delivery.links import Opened
from compensation.web.asked import Counted, Door
from compensation.web.form import form_of
from compensation.web.page import csrf_field, page
from compensation.web.pages.disputed import Disputed, disputed
from compensation.web.pages.link import of_case, opened, tongues
from compensation.web.pages.status import in_language
from compensation.web.request import StrictRequest
from compensation.web.written import MOST, too_long, written

_PATHS = ["/o/{token:str}/disagree", "/t/{token:str}/disagree"]


@get(_PATHS)
async def disagree_form(request: StrictRequest, token: FromPath[str], door: Door, limits: Counted) -> Response[str]:
    """The empty form; the page of the case where nothing can be disagreed with now. Opening it writes nothing."""
    link = await opened(request, door, limits, of_case(request), token)
    facts, found = await _read(request, door, link)
    return _page(request, door, facts, token, "", found.due_at) if found.due_at else _back(request)


@post(_PATHS, status_code=303)
async def send_disagreement(request: StrictRequest, token: FromPath[str], door: Door, limits: Counted) -> Response[str]:
    """Keep what he wrote. The form comes back where it is empty or too long, with every word of it."""
    link = await opened(request, door, limits, of_case(request), token)
    typed = written(await form_of(request, token), "words")
    facts, found = await _read(request, door, link)
    assert facts.case is not None, "an offers or status link leads to a case"
    if found.due_at is not None and (not typed or len(typed) > MOST):
        return _page(request, door, facts, token, typed, found.due_at, wrong=True)
    if found.due_at is None:
        return _back(request)
    try:
        await door.write(
            disagree, Who(link.merchant_id, facts.case.customer_id), Disagree(case_id=facts.case.id, words=typed)
        )
    except Refused as refusal:
        # Sent twice, or moved meanwhile: the page of the case says where it stands.
        if refusal.code not in ("dispute_open", "already_answered", "dispute_too_late", "wrong_state"):
            raise
    return _back(request)


async def _read(request: StrictRequest, door: Doorway, link: Opened) -> tuple[Facts, Disputed]:
    async with door.read(link.merchant_id) as tx:
        facts = await in_language(request, tx, link.subject_id, door.clock())
        assert facts.case is not None, "an offers or status link leads to a case"
        return facts, await disputed(tx, facts.case, await events(tx, facts.case.id), door.clock())


def _back(request: StrictRequest) -> Redirect:
    lang = request.query_params.get("lang")
    back = request.url.path.removesuffix("/disagree") + (f"?lang={quote(lang)}" if lang else "")
    return Redirect(back, status_code=303)


def _page(
    request: StrictRequest,
    door: Doorway,
    facts: Facts,
    token: str,
    typed: str,
    due_at: datetime,
    *,
    wrong: bool = False,
) -> Response[str]:
    assert facts.case is not None, "an offers or status link leads to a case"
    state: State = request.app.state
    say = state.post.writer.words.in_(facts.occasion.locale)
    lacks = too_long(say, typed) if typed else say("Write what you disagree with")
    here = request.url.path.removesuffix("/disagree")
    return page(
        state,
        "pages/disagree.html",
        status=422 if wrong else 200,
        locale=facts.occasion.locale,
        brand=facts.occasion.brand,
        tongues=tongues(request.url.path),
        csrf=csrf_field(door.vault, token),
        case_number=facts.occasion.case_number,
        due=say("{date}", date=due_at.date()),
        typed=typed,
        wrong=lacks if wrong else None,
        files=f"{here}/evidence?lang={say.locale[:2]}" if facts.case.state in OPEN else "",
        back=f"{here}?lang={say.locale[:2]}",
    )
