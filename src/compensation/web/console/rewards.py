"""One issued thing and what can be put right about it: the second look, and the acts behind its buttons."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from compensation.cases.authority import is_himself
from compensation.core.dates import add_months
from compensation.core.errors import NotFound, Problem
from compensation.core.text import ltr
from compensation.db.unit import Doorway
from compensation.delivery.words import word
from compensation.issuance.reward import Reward
from compensation.redemption.extend import Extend, extend
from compensation.redemption.reissue import Reissue, ReissueReason, reissue
from compensation.redemption.resend import Resend, resend
from compensation.redemption.void import Void, VoidReason, void
from compensation.web.asked import Counted, Door
from compensation.web.console.case import tools
from compensation.web.console.session import AtDesk, Desk
from compensation.web.console.verdict import may_correct
from compensation.web.console.view import back_to, key_of, not_done, see, view
from compensation.web.console.work import Work, load
from compensation.web.form import form_of
from compensation.web.limits import REVEALS
from compensation.web.printed import print_card
from compensation.web.request import StrictRequest

REISSUE: dict[ReissueReason, str] = {
    "lost": word("The customer lost it"),
    "exposed": word("Somebody else may have seen it"),
    "faulty": word("It does not work"),
}
VOID: dict[VoidReason, str] = {
    "error": word("It was issued by mistake"),
    "duplicate": word("It was issued twice"),
    "request": word("The customer asked for it"),
    "misuse": word("It was misused"),
}
MONTHS = (1, 3, 6, 12)
"""By how many months an agent may prolong at once; more by the API."""


@get("/cases/{case_id:str}/rewards/{reward_id:str}")
async def reward_page(
    request: StrictRequest, case_id: FromPath[str], reward_id: FromPath[str], door: Door, desk: AtDesk
) -> Response[str]:
    """What each act will do. Nothing has happened yet."""
    work, reward = await _found(door, desk, case_id, reward_id)
    if not may_correct(reward):
        return back_to(case_id, "wrong_state")
    return _page(request, desk, work, reward)


@post("/cases/{case_id:str}/rewards/{reward_id:str}/{verb:str}", status_code=303)
async def put_right(
    request: StrictRequest,
    case_id: FromPath[str],
    reward_id: FromPath[str],
    verb: FromPath[str],
    door: Door,
    desk: AtDesk,
) -> Response[str]:
    """Do it. Without its reason or its date the page comes back."""
    typed = await form_of(request, desk.token)
    work, reward = await _found(door, desk, case_id, reward_id)
    try:
        done = await _done(door, desk, work, reward, verb, typed)
    except Problem as problem:
        return not_done(case_id, problem)
    if done is None:
        return _page(request, desk, work, reward, wrong=verb)
    return see(f"/console/cases/{case_id}?done={done}")


@post("/cases/{case_id:str}/rewards/{reward_id:str}/card", status_code=200)
async def print_reward(
    request: StrictRequest,
    case_id: FromPath[str],
    reward_id: FromPath[str],
    door: Door,
    desk: AtDesk,
    limits: Counted,
) -> Response[Any]:
    """The card as a page to print, for whoever may see what can be spent. It is written down like a reveal."""
    await form_of(request, desk.token)
    if not desk.agent.may_approve:
        return back_to(case_id, "may_not_see_codes")
    await limits.count(REVEALS, desk.who.actor)
    work, reward = await _found(door, desk, case_id, reward_id)
    async with door.read(desk.who.merchant_id) as tx:
        if await is_himself(tx, desk.who.actor, work.case.customer_id):
            return back_to(case_id, "own_case")
    try:
        return await print_card(door, desk.who, reward.id, request.app.state.post.writer.words, None)
    except Problem as problem:
        return not_done(case_id, problem)


async def _done(
    door: Doorway, desk: Desk, work: Work, reward: Reward, verb: str, typed: Mapping[str, str]
) -> str | None:
    """What was done, or None where the form lacks its answer. Raises what the act raises, NotFound for no verb."""
    key, reason, months = key_of(typed), typed.get("reason", ""), typed.get("months", "")
    if verb == "resend":
        await door.write(resend, desk.who, Resend(reward_id=reward.id), key)
        return "reward_resent"
    if verb == "reissue":
        if reason not in REISSUE:
            return None
        what = msgspec.convert({"reward_id": reward.id, "reason": reason}, Reissue)
        await door.write(reissue, desk.who, what, key)
        return "reward_reissued"
    if verb == "extend":
        if reward.expires_at is None or months not in map(str, MONTHS):
            return None
        until = add_months(max(reward.expires_at, work.now), int(months))
        await door.write(extend, desk.who, Extend(reward_id=reward.id, until=until), key)
        return "reward_extended"
    if verb == "void":
        if reason not in VOID:
            return None
        await door.write(void, desk.who, msgspec.convert({"reward_id": reward.id, "reason": reason}, Void), key)
        return "reward_voided"
    raise NotFound("not_found", "There is no such page.")


async def _found(door: Doorway, desk: Desk, case_id: str, reward_id: str) -> tuple[Work, Reward]:
    async with door.read(desk.who.merchant_id) as tx:
        work = await load(tx, desk.who, case_id, door.clock())
    reward = next((one for one in work.rewards if one.id == reward_id), None)
    if reward is None:
        raise NotFound("unknown_reward", "There is no such reward in this case.")
    return work, reward


def _page(request: StrictRequest, desk: Desk, work: Work, reward: Reward, *, wrong: str | None = None) -> Response[str]:
    labels, _ = tools(request, desk, work)
    say, ends = labels.say, reward.expires_at
    later = [add_months(max(ends, work.now), months).date() for months in MONTHS] if ends else []
    return view(
        request,
        desk,
        "reward.html",
        status=422 if wrong else 200,
        work=work,
        reward=reward,
        name=labels.remedy(reward.remedy),
        badge=labels.reward(reward.state, reward.kind),
        left=reward.balance or reward.value,
        last4=ltr(reward.code_last4) if reward.code_last4 else "",
        may=may_correct(reward),
        wrong=wrong,
        lost=[(code, say(text)) for code, text in REISSUE.items()],
        amiss=[(code, say(text)) for code, text in VOID.items()],
        until=[(str(months), say("Until {date}", date=date)) for months, date in zip(MONTHS, later, strict=False)],
        ends=say("Until {date}", date=ends.date()) if ends else "",
        act=f"/console/cases/{work.case.id}/rewards/{reward.id}",
        prints=desk.agent.may_approve and reward.state.spendable and bool(reward.code_last4),
        room="open",
    )
