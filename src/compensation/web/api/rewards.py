"""Rewards: what was issued, where it stands, and the acts on one of them."""

from typing import Annotated, Literal

import msgspec
from litestar import Response, Router, get, post
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody, Parameter, QueryParameter

from compensation.core.errors import NotFound
from compensation.delivery.links import address, link_of
from compensation.issuance.read import reward, rewards
from compensation.issuance.reward import Reward
from compensation.issuance.settle import Settle, Settlement, settle
from compensation.issuance.task import Done, mark_done
from compensation.ledger.account import Role
from compensation.ledger.statement import Statement, accounts_of, statement
from compensation.redemption.reveal import reveal
from compensation.web.answer import answered
from compensation.web.asked import Caller, Cursor, Door, Key, Size, Told
from compensation.web.printed import PDF, print_card
from compensation.web.request import StrictRequest

Tongue = Annotated[Literal["en", "ar", "bg"] | None, QueryParameter(description="The customer's own by default.")]


class Page(msgspec.Struct):
    """``next`` is the cursor of the page after this one; null on the last."""

    items: list[Reward]
    next: str | None


class Secret(msgspec.Struct):
    """What the recipient needs. Do not log it; anyone who has the code can spend it."""

    code: str
    groups: list[str]
    link: str | None


@get("/", summary="Rewards, newest first")
async def index(
    door: Door,
    who: Caller,
    cursor: Annotated[str | None, Parameter(max_length=64)] = None,
    status: Annotated[str | None, Parameter(max_length=20)] = None,
    kind: Annotated[str | None, Parameter(max_length=20)] = None,
    customer_id: Annotated[str | None, Parameter(max_length=64)] = None,
    limit: Size = 50,
) -> Page:
    async with door.read(who.merchant_id) as tx:
        found = await rewards(tx, before=cursor, state=status, kind=kind, customer_id=customer_id, limit=limit + 1)
    return Page(found[:limit], found[limit - 1].id if len(found) > limit else None)


@get("/{reward_id:str}", summary="One reward")
async def read(reward_id: FromPath[str], door: Door, who: Caller) -> Reward:
    async with door.read(who.merchant_id) as tx:
        found = await reward(tx, reward_id)
    if found is None:
        raise NotFound("unknown_reward", "There is no such reward.")
    return found


@get("/{reward_id:str}/statement", summary="What came onto a reward and what went, with the balance after each")
async def read_statement(
    reward_id: FromPath[str],
    door: Door,
    who: Caller,
    cursor: Cursor = None,
    limit: Size = 50,
) -> Statement:
    """Newest first. Principal and bonus are accounts of their own; the balance is of both together."""
    async with door.read(who.merchant_id) as tx:
        found = await reward(tx, reward_id)
        if found is None:
            raise NotFound("unknown_reward", "There is no such reward.")
        asset = found.principal.currency
        accounts = await accounts_of(tx, [reward_id], (Role.card, Role.points), asset)
        return await statement(tx, accounts, asset, before=cursor, limit=limit)


@post("/{reward_id:str}/reveal", summary="Show the code and the gift link", status_code=200)
async def show(reward_id: FromPath[str], door: Door, who: Caller, settings: Told) -> Secret:
    """Who looked, and when, is written down. The answer is never kept; ask again when you need it again."""
    code = await reveal(door, who, reward_id)
    async with door.read(who.merchant_id) as tx:
        found = await reward(tx, reward_id)
        token = None if found is None else await link_of(tx, "gift", found.order_id)
    return Secret(code.code, code.groups, address(settings.base_url, "gift", token) if token else None)


@post(
    "/{reward_id:str}/card",
    summary="The card as a page to print",
    status_code=200,
    responses={200: ResponseSpec(bytes, generate_examples=False, media_type=PDF, description="One page, A5")},
)
async def print_one(
    reward_id: FromPath[str],
    request: StrictRequest,
    door: Door,
    who: Caller,
    locale: Tongue = None,
) -> Response[bytes]:
    """A PDF with the code in letters, as a QR code and as a barcode, in the brand's colours. It is written down like a
    reveal and never kept."""
    return await print_card(door, who, reward_id, request.app.state.post.writer.words, locale)


@post("/{reward_id:str}/done", summary="Mark a task as done", status_code=200)
async def done(reward_id: FromPath[str], door: Door, who: Caller, key: Key) -> Response[Reward]:
    """For what you do yourself: a repair, a replacement, or money that a person paid back by hand."""
    return answered(await door.write(mark_done, who, Done(reward_id), key), 200, Reward)


@post("/{reward_id:str}/settle", summary="Settle a card of another brand that needs review", status_code=200)
async def settle_card(
    reward_id: FromPath[str], data: JSONBody[Settlement], door: Door, who: Caller, key: Key
) -> Response[Reward]:
    """Once you have asked the supplier. `issued` owes him what was stated and shows the code on the gift page;
    `refused` brings the value back to the budget."""
    return answered(await door.write(settle, who, Settle(reward_id, data), key), 200, Reward)


router = Router(
    "/rewards", route_handlers=[index, read, read_statement, show, print_one, done, settle_card], tags=["Rewards"]
)
