"""Who sits at the desk: the session behind the cookie, the agent it belongs to, and how he reads the console."""

import re
from datetime import timedelta
from typing import Any, Literal

import msgspec
from litestar import Request
from litestar.datastructures import Cookie
from litestar.di import NamedDependency

from compensation.cases.queue import Counts, counts
from compensation.core.errors import Unauthenticated
from compensation.core.text import LANGUAGES
from compensation.db.answers import Who
from compensation.delivery.words import Say
from compensation.merchants.agent import Agent, agents
from compensation.merchants.credential import SESSION as SESSION_LASTS
from compensation.merchants.credential import session_holder
from compensation.merchants.merchant import Merchant, merchant
from compensation.web.asked import Door
from compensation.web.console.kept import GRACE, keep
from compensation.web.request import StrictRequest

# The prefix makes the browser itself refuse the cookie for other hosts, paths and unencrypted sites. A browser takes
# this machine's own address for a safe one, so the same cookies serve development.
SESSION, DOOR, TONGUE, KEYS = "__Host-session", "__Host-door", "__Host-tongue", "__Host-keys"
_KEPT = timedelta(days=365)
_LONGEST = 200


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """An agent at work. ``token`` is the secret that his forms are bound to; it is never shown."""

    who: Who
    agent: Agent
    merchant: Merchant
    counts: Counts
    token: str
    locale: str
    single_keys: bool
    """Whether one key alone may do something on a page; never more than to move about."""


AtDesk = NamedDependency[Desk]
"""``desk``: whoever is logged in. A handler that asks for it answers nobody else."""


async def desk(request: StrictRequest, door: Door) -> Desk:
    """The dependency ``desk``. Raises Unauthenticated ``login_needed``, also for an agent who works here no more."""
    token = request.cookies.get(SESSION, "")
    who = await session_holder(door.pool, token, door.clock()) if 0 < len(token) <= _LONGEST else None
    if who is None:
        raise _over(await keep(request, door, token))
    async with door.read(who.merchant_id) as tx:
        agent = (await agents(tx, [who.actor])).get(who.actor)
        if agent is None or agent.retired:
            raise _over()
        return Desk(
            who=who,
            agent=agent,
            merchant=await merchant(tx),
            counts=await counts(tx, who.actor, door.clock()),
            token=token,
            locale=tongue(request),
            single_keys=request.cookies.get(KEYS) != "off",
        )


def tongue(request: Request[Any, Any, Any]) -> str:
    """The language of the console: asked for by ``?lang=``, chosen before, or the browser's first that we speak."""
    preferred = re.findall(r"(?:^|,)\s*([a-z]{2})\b", request.headers.get("accept-language", "").lower())
    wanted = (request.query_params.get("lang", ""), request.cookies.get(TONGUE, ""), *preferred)
    return next((each for each in wanted if each in LANGUAGES), "en")


def words(request: Request[Any, Any, Any], locale: str) -> Say:
    """The words of the console in one language."""
    say: Say = request.app.state.post.writer.words.in_(locale)
    return say


def session_cookie(token: str) -> Cookie:
    # The cookie outlives the session, so that a form that was typed in it can still be told to be of it.
    return _cookie(SESSION, token, SESSION_LASTS + GRACE)


def door_cookie(word: str) -> Cookie:
    """What the login form is bound to while there is no session yet."""
    return _cookie(DOOR, word, timedelta(hours=1), samesite="strict")


def tongue_cookie(locale: str) -> Cookie:
    return _cookie(TONGUE, locale, _KEPT)


def keys_cookie(on: bool) -> Cookie:
    return _cookie(KEYS, "on" if on else "off", _KEPT)


def gone(name: str) -> Cookie:
    """The cookie that removes the one of this name."""
    return _cookie(name, "", timedelta(0))


def _cookie(key: str, value: str, age: timedelta, samesite: Literal["lax", "strict"] = "lax") -> Cookie:
    # Lax, so that a link to a case in a mail opens it; a form of another site carries no cookie at all.
    return Cookie(
        key=key,
        value=value,
        path="/",
        secure=True,
        httponly=True,
        samesite=samesite,
        max_age=int(age.total_seconds()),
    )


def _over(kept: str = "") -> Unauthenticated:
    return Unauthenticated("login_needed", "Your session is over. Log in again.", kept=kept)
