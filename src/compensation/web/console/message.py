"""The message of a case as its customer will read it: composed by delivery itself, shown, and as a mail."""

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from compensation.core.errors import NotFound, Refused
from compensation.core.states import CaseState
from compensation.core.text import money
from compensation.delivery.letter import Letter
from compensation.delivery.links import address
from compensation.delivery.render import mail
from compensation.delivery.send import Post
from compensation.engine.plan import Offer
from compensation.web.asked import Door
from compensation.web.console.offers import foresee
from compensation.web.console.session import AtDesk
from compensation.web.console.work import Work, load
from compensation.web.page import HTML
from compensation.web.request import StrictRequest

_OUT = (CaseState.issued, CaseState.closed)
_NO_LINK = "…"
"""The link is made when the message is: a preview opens nothing."""
MAIL_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
"""A mail styles itself inline, as mails must, and may do nothing else."""


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """``letter`` is None where there is nobody to write to any more, or where the letter lacks ``lack``."""

    offer: Offer | None
    letter: Letter | None
    lack: str = ""

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The letter from its greeting to its note, as marked text."""
        it = self.letter
        if it is None:
            return ()
        cards = (f"{card.name}: {money(card.total, it.locale)} · {card.valid} · {card.fees}" for card in it.cards)
        promises = (f"{one.name}. {one.said}" for one in it.promises)
        apology = f"{it.heading}. {' '.join(it.ours)}"
        return (it.greeting, apology, *it.done, *it.get, *cards, *promises, *filter(None, (it.prevention, it.note)))


def preview(post: Post, work: Work, key: str | None = None) -> Preview:
    """The letter that brings an offer: of what was issued with its real dates, else of ``key``, the choice, or the
    first offer as if it were issued today.
    """
    offer = work.offer(key) or work.chosen or next(iter(work.case.offers), None)
    if work.facts is None or offer is None:
        return Preview(offer=offer, letter=None)
    issued = work.case.state in _OUT and offer == work.chosen
    given = work.facts.given if issued else foresee(work, offer)
    try:
        url = address(post.base_url, "gift", _NO_LINK)
        return Preview(offer=offer, letter=post.writer.remedy(work.facts.occasion, given, url))
    except Refused as refusal:
        return Preview(offer=offer, letter=None, lack=str(refusal.extra.get("field", "")))


@get("/cases/{case_id:str}/message.txt")
async def as_text(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """The text twin of the mail."""
    written = mail(request.app.state.templates, await _letter(request, case_id, door, desk))
    return Response(written.text, media_type="text/plain; charset=utf-8")


@get("/cases/{case_id:str}/message")
async def as_mail(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """The mail itself, in a sandbox: it can be looked at, and that is all."""
    written = mail(request.app.state.templates, await _letter(request, case_id, door, desk))
    return Response(written.html, media_type=HTML, headers={"content-security-policy": MAIL_POLICY})


async def _letter(request: StrictRequest, case_id: str, door: Door, desk: AtDesk) -> Letter:
    async with door.read(desk.who.merchant_id) as tx:
        work = await load(tx, desk.who, case_id, door.clock())
    shown = preview(request.app.state.post, work, request.query_params.get("offer"))
    if shown.letter is None:
        raise NotFound("unknown_case", "There is no message in this case.")
    return shown.letter
