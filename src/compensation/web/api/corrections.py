"""What is done to a reward besides using it: void, reissue, extend, resend, clawback; and the record of all that."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from compensation.core.errors import NotFound
from compensation.core.money import Money
from compensation.issuance.read import reward
from compensation.redemption.clawback import Clawback, ClawbackReason, clawback
from compensation.redemption.correction import Correction, corrections_of
from compensation.redemption.extend import Extend, extend
from compensation.redemption.reissue import Reissue, ReissueReason, reissue
from compensation.redemption.resend import Resend, Resent, resend
from compensation.redemption.void import Void, VoidReason, void
from compensation.web.answer import answered
from compensation.web.asked import Caller, Door, Key


class VoidFor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: VoidReason


class ReissueFor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: ReissueReason


class GoodUntil(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    until: Annotated[datetime, Meta(tz=True)]


class TakeBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    amount: Money
    reason: ClawbackReason


class CorrectionList(msgspec.Struct):
    items: list[Correction]


@post("/{reward_id:str}/void", summary="Cancel a reward that nobody has used", status_code=200)
async def cancel(
    reward_id: FromPath[str], data: JSONBody[VoidFor], door: Door, who: Caller, key: Key
) -> Response[Correction]:
    """For `void_days` of its program after it was issued. Its goodwill goes back to the budget it came from."""
    what = Void(reward_id=reward_id, reason=data.reason)
    return answered(await door.write(void, who, what, key), 200, Correction)


@post("/{reward_id:str}/reissue", summary="Replace a reward whose code was lost or seen", status_code=201)
async def replace(
    reward_id: FromPath[str], data: JSONBody[ReissueFor], door: Door, who: Caller, key: Key
) -> Response[Correction]:
    """The old code and the old gift link are dead; `to_reward_id` is the new reward with what was left. The recipient
    gets a letter with a new link."""
    what = Reissue(reward_id=reward_id, reason=data.reason)
    return answered(await door.write(reissue, who, what, key), 201, Correction)


@post("/{reward_id:str}/extend", summary="Make a reward good for longer", status_code=200)
async def prolong(
    reward_id: FromPath[str], data: JSONBody[GoodUntil], door: Door, who: Caller, key: Key
) -> Response[Correction]:
    """Only ever later, at most ten years from now. What had expired is good again, with all its value."""
    what = Extend(reward_id=reward_id, until=data.until)
    return answered(await door.write(extend, who, what, key), 200, Correction)


@post("/{reward_id:str}/clawback", summary="Take back what was credited by error or fraud", status_code=200)
async def take(
    reward_id: FromPath[str], data: JSONBody[TakeBack], door: Door, who: Caller, key: Key
) -> Response[Correction]:
    """What is there and no more: `amount` was taken, `shortfall` was not there. No balance goes below zero."""
    what = Clawback(reward_id=reward_id, amount=data.amount, reason=data.reason)
    return answered(await door.write(clawback, who, what, key), 200, Correction)


@post("/{reward_id:str}/resend", summary="Send the letter of a reward again", status_code=202)
async def tell(reward_id: FromPath[str], door: Door, who: Caller, key: Key) -> Response[Resent]:
    """The same things by the same link, in a new letter to the customer of its order."""
    return answered(await door.write(resend, who, Resend(reward_id=reward_id), key), 202, Resent)


@get("/{reward_id:str}/corrections", summary="What was done to a reward besides using it")
async def index(reward_id: FromPath[str], door: Door, who: Caller) -> CorrectionList:
    """Oldest first, with what brought value from another reward."""
    async with door.read(who.merchant_id) as tx:
        if await reward(tx, reward_id) is None:
            raise NotFound("unknown_reward", "There is no such reward.")
        return CorrectionList(await corrections_of(tx, reward_id))


router = Router("/rewards", route_handlers=[cancel, replace, prolong, take, tell, index], tags=["Rewards"])
