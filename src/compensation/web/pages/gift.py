"""The gift page: what one gets. Opening it shows no code; only the answer to an explicit act does."""

from datetime import datetime

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from compensation.core.errors import NotFound
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.db.unit import Doorway
from compensation.delivery.coded import coded
from compensation.delivery.facts import Facts, order_facts
from compensation.delivery.letter import Card, Held, Promise
from compensation.delivery.links import Opened
from compensation.delivery.print import paper
from compensation.delivery.send import Post
from compensation.delivery.words import Say
from compensation.issuance.reward import Reward
from compensation.issuance.scan import bars, picture, qr
from compensation.redemption.cash_out import CashOutReward, cash_out, payable
from compensation.redemption.reveal import Code, reveal
from compensation.web.asked import Counted, Door
from compensation.web.form import form_of
from compensation.web.limits import REVEALS, Limits
from compensation.web.page import csrf_field, page
from compensation.web.pages.link import opened, read_in, tongues
from compensation.web.printed import printed
from compensation.web.request import StrictRequest


@get("/g/{token:str}")
async def gift(request: StrictRequest, token: FromPath[str], door: Door, limits: Counted) -> Response[str]:
    """The rewards of an order, their codes hidden. It writes nothing, however often and by whatever it is opened."""
    link = await opened(request, door, limits, "gift", token)
    async with door.read(link.merchant_id) as tx:
        facts = await _facts(request, tx, link, door.clock())
    return _gift_page(request, facts, token, _held(request, facts, token))


@post("/g/{token:str}/reveal/{reward_id:str}", status_code=200)
async def reveal_code(
    request: StrictRequest, token: FromPath[str], reward_id: FromPath[str], door: Door, limits: Counted
) -> Response[str]:
    """Show one code. It is written down who looked; it may be done again, so many times an hour."""
    facts, held, code = await _revealed(request, door, limits, token, reward_id)
    say = _words(request, facts)
    shown = [_shown(say, one, code.code, token) if one.reward_id == reward_id else one for one in held]
    return _gift_page(request, facts, token, shown)


def _shown(say: Say, one: Held, code: str, token: str) -> Held:
    """Another brand's code is shown as it is; how that brand's tills read it we do not know."""
    if one.elsewhere:
        return msgspec.structs.replace(one, code=code)
    address = f"/g/{token}/reveal/{one.reward_id}"
    return msgspec.structs.replace(
        one,
        code=code,
        qr=qr(code, say("QR code of your code")),
        bars=bars(code, say("Barcode of your code")),
        picture=f"{address}/picture?lang={say.locale}",
        print=f"{address}/card?lang={say.locale}",
    )


@post("/g/{token:str}/reveal/{reward_id:str}/picture", status_code=200)
async def download_code(
    request: StrictRequest, token: FromPath[str], reward_id: FromPath[str], door: Door, limits: Counted
) -> Response[bytes]:
    """The code as a picture to keep, scan or print: a reveal like any other."""
    facts, held, code = await _revealed(request, door, limits, token, reward_id)
    _ours(held, reward_id)
    drawn = picture(code.code, _words(request, facts)("QR code of your code"))
    headers = {"content-disposition": f'attachment; filename="code-{code.code[-4:]}.svg"'}
    return Response(drawn.encode(), media_type="image/svg+xml", headers=headers)


@post("/g/{token:str}/reveal/{reward_id:str}/card", status_code=200)
async def download_card(
    request: StrictRequest, token: FromPath[str], reward_id: FromPath[str], door: Door, limits: Counted
) -> Response[bytes]:
    """The card as a page to print: a reveal like any other."""
    facts, held, code = await _revealed(request, door, limits, token, reward_id)
    one = _ours(held, reward_id)
    if one.card is None:
        raise NotFound("link_not_usable", "There is no such card behind this link.")
    face, left = facts.occasion.brand, one.balance or one.card.total
    return await printed(paper(_words(request, facts), face, one.card, left, code.groups), face, facts.occasion.locale)


def _ours(held: list[Held], reward_id: str) -> Held:
    """The reward, unless its card is another brand's: we cannot draw what that brand's tills read."""
    one = next(each for each in held if each.reward_id == reward_id)
    if one.elsewhere:
        raise NotFound("link_not_usable", "There is no such card behind this link.")
    return one


async def _revealed(
    request: StrictRequest, door: Doorway, limits: Limits, token: str, reward_id: str
) -> tuple[Facts, list[Held], Code]:
    """A code behind this link, once its form is ours and it was not asked too often; who looks is written down."""
    link = await opened(request, door, limits, "gift", token)
    await form_of(request, token)
    await limits.count(REVEALS, link.id)
    async with door.read(link.merchant_id) as tx:
        facts = await _facts(request, tx, link, door.clock())
    held = _held(request, facts, token)
    if not any(one.reward_id == reward_id and one.reveal for one in held):
        raise NotFound("link_not_usable", "There is no such code behind this link.")
    return facts, held, await reveal(door, Who(link.merchant_id, link.id), reward_id)


def _words(request: StrictRequest, facts: Facts) -> Say:
    post: Post = request.app.state.post
    return post.writer.words.in_(facts.occasion.locale)


@post("/g/{token:str}/cash-out/{reward_id:str}", status_code=303)
async def pay_out(
    request: StrictRequest, token: FromPath[str], reward_id: FromPath[str], door: Door, limits: Counted
) -> Redirect:
    """Pay out what is left on one card, where the law says so. Asked again, there is nothing left to pay."""
    link = await opened(request, door, limits, "gift", token)
    await form_of(request, token)
    async with door.read(link.merchant_id) as tx:
        facts = await _facts(request, tx, link, door.clock())
    if any(one.reward_id == reward_id and one.cash_out for one in _held(request, facts, token)):
        await door.write(cash_out, Who(link.merchant_id, link.id), CashOutReward(reward_id=reward_id))
    return Redirect(f"/g/{token}?lang={request.query_params.get('lang', '')[:2]}", status_code=303)


async def _facts(request: StrictRequest, tx: Tx, link: Opened, at: datetime) -> Facts:
    facts = await order_facts(tx, link.subject_id, at)
    wanted = read_in(request, facts.occasion.locale)
    return facts if wanted == facts.occasion.locale else await order_facts(tx, link.subject_id, at, wanted)


def _held(request: StrictRequest, facts: Facts, token: str) -> list[Held]:
    say = _words(request, facts)
    return [_one(say, reward, thing, token) for reward, thing in coded(say, facts)]


def _one(say: Say, reward: Reward, thing: Card | Promise, token: str) -> Held:
    address = f"/g/{token}/reveal/{reward.id}?lang={say.locale}"
    return Held(
        reward_id=reward.id,
        card=thing if isinstance(thing, Card) else None,
        name=thing.name,
        state=reward.state,
        last4=reward.code_last4 or "",
        balance=reward.balance,
        reveal=address if reward.state.spendable else "",
        cash_out=f"/g/{token}/cash-out/{reward.id}?lang={say.locale}"
        if reward.state.spendable and payable(reward.terms, reward.balance)
        else "",
    )


def _gift_page(request: StrictRequest, facts: Facts, token: str, held: list[Held]) -> Response[str]:
    post: Post = request.app.state.post
    letter = post.compose("remedy", facts, token)
    return page(
        request.app.state,
        "pages/gift.html" if letter.kind == "remedy" else "pages/letter.html",
        locale=letter.locale,
        letter=letter,
        brand=letter.brand,
        tongues=tongues(f"/g/{token}"),
        csrf=csrf_field(request.app.state.door.vault, token),
        held=held,
        why=f"/g/{token}/why" if facts.case else "",
    )
