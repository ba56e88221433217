"""The offer page: the customer compares, chooses, and agrees where something owed is given up."""

from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from compensation.cases.agreement import text_of
from compensation.cases.case import events
from compensation.cases.choose import Choose, choose
from compensation.cases.consent import ConsentGiven, sentence
from compensation.cases.papers import Before, stands_before
from compensation.cases.promise import goodwill
from compensation.core.errors import Invalid, Refused
from compensation.core.states import CaseState
from compensation.core.text import clean, line
from compensation.db.answers import Who
from compensation.delivery.facts import Facts
from compensation.delivery.letter import Letter
from compensation.delivery.send import Post
from compensation.web.asked import Counted, Door
from compensation.web.form import form_of
from compensation.web.page import csrf_field, page
from compensation.web.pages.disputed import Disputed, disputed, told
from compensation.web.pages.link import opened, tongues
from compensation.web.pages.status import in_language, missing, status_page
from compensation.web.request import StrictRequest


@get("/o/{token:str}")
async def offers(request: StrictRequest, token: FromPath[str], door: Door, limits: Counted) -> Response[str]:
    """The offers of the case; once one is chosen, where the case stands."""
    link = await opened(request, door, limits, "offers", token)
    async with door.read(link.merchant_id) as tx:
        facts = await in_language(request, tx, link.subject_id, door.clock())
        history = await events(tx, link.subject_id)
        asked = await stands_before(tx, link.subject_id)
        assert facts.case is not None, "an offers link leads to a case"
        said = await disputed(tx, facts.case, history, door.clock())
    if facts.case.state is not CaseState.offered:
        return status_page(request, facts, history, asked, said)
    return _offer_page(request, _letter(request, facts, token), token, asked, said)


@post("/o/{token:str}", status_code=303)
async def choose_offer(request: StrictRequest, token: FromPath[str], door: Door, limits: Counted) -> Response[str]:
    """Choose. The form comes back when nothing was picked, or when the box of what was picked is not ticked."""
    link = await opened(request, door, limits, "offers", token)
    typed = await form_of(request, token)
    async with door.read(link.merchant_id) as tx:
        facts = await in_language(request, tx, link.subject_id, door.clock())
        asked = await stands_before(tx, link.subject_id)
        assert facts.case is not None, "an offers link leads to a case"
        said = await disputed(tx, facts.case, await events(tx, link.subject_id), door.clock())
    letter = _letter(request, facts, token)
    choice = next((one for one in letter.choices if one.key == typed.get("offer")), None)
    if choice is None:
        return _offer_page(request, letter, token, asked, said, wrong="none_chosen")
    if choice.consent is not None and typed.get("agree") != choice.key:
        return _offer_page(request, letter, token, asked, said, chosen=choice.key, wrong="consent_missing")
    signature = line(typed.get(f"signature-{choice.key}", "")) if choice.signed else ""
    if choice.signed and not signature:
        return _offer_page(request, letter, token, asked, said, chosen=choice.key, wrong="signature_missing")
    offer = next(one for one in facts.case.offers if one.key == choice.key)
    agreed = sentence(offer, facts.occasion.locale)
    consent = ConsentGiven(sentence=clean(agreed), signature=signature[:200]) if agreed else None
    without = typed.get("without") == "yes"
    what = Choose(case_id=facts.case.id, offer=choice.key, consent=consent, without_documents=without)
    try:
        await door.write(choose, Who(link.merchant_id, facts.case.customer_id), what)
    except Invalid as refusal:
        if refusal.code != "full_name_needed":
            raise
        return _offer_page(request, letter, token, asked, said, chosen=choice.key, wrong="signature_missing")
    except Refused as refusal:
        if refusal.code == "customer_cap_reached":
            left = _still_to_be_had(letter, facts, int(refusal.extra["left"]["amount"]))
            return _offer_page(request, left, token, asked, said, gone=choice.name, wrong=refusal.code)
        if refusal.code in ("documents_missing", "inspection_needed"):
            return _offer_page(request, letter, token, asked, said, chosen=choice.key, wrong=refusal.code)
        # Sent twice, or chosen by an agent meanwhile: the page says where the case stands now.
        if refusal.code != "wrong_state":
            raise
    back = request.url.path + (f"?lang={quote(lang)}" if (lang := request.query_params.get("lang")) else "")
    return Redirect(back, status_code=303)


def _letter(request: StrictRequest, facts: Facts, token: str) -> Letter:
    post: Post = request.app.state.post
    letter = post.compose("offers", facts, token)
    # What is signed is kept with the words above the name, so the page shows the whole of them.
    shown = tuple(
        msgspec.structs.replace(one, consent=text_of(one.consent, letter.locale)) if one.signed and one.consent else one
        for one in letter.choices
    )
    return msgspec.structs.replace(letter, choices=shown)


def _still_to_be_had(letter: Letter, facts: Facts, left: int) -> Letter:
    """The letter with the offers whose goodwill is within what is left for this customer."""
    assert facts.case is not None, "an offers link leads to a case"
    within = {one.key for one in facts.case.offers if goodwill(one).amount <= left}
    return msgspec.structs.replace(letter, choices=tuple(one for one in letter.choices if one.key in within))


def _offer_page(
    request: StrictRequest,
    letter: Letter,
    token: str,
    asked: Before,
    said: Disputed,
    *,
    chosen: str | None = None,
    gone: str = "",
    wrong: str | None = None,
) -> Response[str]:
    return page(
        request.app.state,
        "pages/offer.html",
        status=422 if wrong else 200,
        locale=letter.locale,
        letter=letter,
        brand=letter.brand,
        tongues=tongues(request.url.path),
        csrf=csrf_field(request.app.state.door.vault, token),
        chosen=chosen,
        wrong=wrong,
        gone=gone,
        here=request.url.path,
        goods_first=asked.goods,
        missing=missing(request, asked, letter.locale),
        disputes=told(request.app.state.post.writer.words.in_(letter.locale), said.told),
        disagree=f"{request.url.path}/disagree" if said.may else "",
    )
