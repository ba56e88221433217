"""What is done with a policy in the console: into the shadow and out of it, and after a second look published, retired,
or gone back to."""

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from compensation.catalog.publish import Move, publish, retire, roll_back, shadow, unshadow
from compensation.catalog.reading import acknowledge
from compensation.catalog.version import PolicyVersion
from compensation.core.errors import NotFound, Problem, TooMany, Unavailable
from compensation.delivery.words import word
from compensation.web.asked import Door
from compensation.web.console.policies import HERE, seen
from compensation.web.console.session import AtDesk, words
from compensation.web.console.view import key_of, see, view
from compensation.web.form import form_of
from compensation.web.request import StrictRequest

ACTS: dict[str, tuple[Callable[..., Any], str]] = {
    "shadow": (shadow, "policy_moved"),
    "unshadow": (unshadow, "policy_moved"),
    "publish": (publish, "policy_published"),
    "retire": (retire, "policy_retired"),
    "roll-back": (roll_back, "policy_published"),
    "acknowledge": (acknowledge, "policy_read"),
}
"""Each act with the word for what was done."""


class Look(msgspec.Struct, frozen=True):
    """What a second look says: the heading, what follows, and the button."""

    heading: str
    effect: str
    button: str


LOOKS = {
    "publish": Look(
        word("Publish {policy}"),
        word("It decides new cases from its first day on. Cases that are decided keep the policy they have."),
        word("Publish the policy"),
    ),
    "retire": Look(
        word("Take {policy} out of use"),
        word("It decides no new case. Where no other policy of yours is meant for one, the policy that ships decides."),
        word("Retire the policy"),
    ),
    "roll-back": Look(
        word("Go back to {policy}"),
        word("Its text is published anew, as the newest version, from today. Decided cases keep the policy they have."),
        word("Publish it anew"),
    ),
}


@get(["/policies/{policy_id:str}/publish", "/policies/{policy_id:str}/retire", "/policies/{policy_id:str}/roll-back"])
async def look_at_policy(request: StrictRequest, policy_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """What would change, before it does."""
    name = request.url.path.rpartition("/")[2]
    page = await seen(request, door, desk, policy_id)
    if name not in page.may:
        return see(f"{HERE}/{policy_id}?not={'self_approval' if desk.agent.may_approve else 'not_an_editor'}")
    say, look = words(request, desk.locale), LOOKS[name]
    return view(
        request, desk, "policy_look.html", page=page, act=f"{HERE}/{policy_id}/{name}", harm=name == "retire",
        heading=say(look.heading, policy=page.line.name), effect=say(look.effect), button=say(look.button),
        room="policies",
    )  # fmt: skip


@post(
    [
        "/policies/{policy_id:str}/shadow", "/policies/{policy_id:str}/unshadow", "/policies/{policy_id:str}/publish",
        "/policies/{policy_id:str}/retire", "/policies/{policy_id:str}/roll-back",
        "/policies/{policy_id:str}/acknowledge",
    ],
    status_code=303,
)  # fmt: skip
async def move_policy(request: StrictRequest, policy_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """Do it. The rules are those of the act itself; what it refuses is said on the policy's page."""
    typed = await form_of(request, desk.token)
    act, done = ACTS[request.url.path.rpartition("/")[2]]
    try:
        moved = await door.write(act, desk.who, Move(policy_id=policy_id), key_of(typed))
    except Problem as problem:
        if isinstance(problem, (NotFound, TooMany, Unavailable)):
            raise
        return see(f"{HERE}/{policy_id}?not={problem.code}")
    now = moved.read(PolicyVersion).id if act is not acknowledge else policy_id
    return see(f"{HERE}/{now}?done={done}")
