"""Several cards in one act: one sale from many, two made into one, store credit moved to a card."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Response, Router, post
from litestar.params import JSONBody

from compensation.core.errors import NotFound
from compensation.redemption.correction import Correction
from compensation.redemption.merge import Merge, merge
from compensation.redemption.tender import Tender, Tendered, tender
from compensation.redemption.transfer import TransferCredit, transfer_credit
from compensation.web.answer import answered
from compensation.web.asked import Caller, Counted, Door, Key
from compensation.web.limits import GUESSES, Limits


@post("/tender", summary="Pay one sale from several cards", status_code=201)
async def pay(data: JSONBody[Tender], door: Door, who: Caller, key: Key, limits: Counted) -> Response[Tendered]:
    """All cards or none: what expires soonest is spent first, and `due` is what they did not cover. One code that
    cannot be used refuses the whole."""
    async with _guessing(limits, who.actor):
        return answered(await door.write(tender, who, data, key), 201, Tendered)


@post("/merge", summary="Make one card of two", status_code=200)
async def unite(data: JSONBody[Merge], door: Door, who: Caller, key: Key, limits: Counted) -> Response[Correction]:
    """All of `code` goes onto `into`, which is then good for as long as either was. The first code is dead."""
    async with _guessing(limits, who.actor):
        return answered(await door.write(merge, who, data, key), 200, Correction)


@post("/transfer", summary="Move store credit to a gift card", status_code=200)
async def shift(
    data: JSONBody[TransferCredit], door: Door, who: Caller, key: Key, limits: Counted
) -> Response[Correction]:
    """At par: no rate and no fee. Without an `amount` all of it."""
    async with _guessing(limits, who.actor):
        return answered(await door.write(transfer_credit, who, data, key), 200, Correction)


@asynccontextmanager
async def _guessing(limits: Limits, actor: str) -> AsyncIterator[None]:
    """Wrong codes are counted, and whoever sent too many waits."""
    limits.check(GUESSES, actor)
    try:
        yield
    except NotFound:
        await limits.count(GUESSES, actor)
        raise


router = Router("/gift-cards", route_handlers=[pay, unite, shift], tags=["Gift cards"])
