"""Coming in and going home: the login form, the desk's own settings, and logging out."""

import re
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect

from compensation.core.errors import TooMany, Unauthenticated
from compensation.core.money import Money
from compensation.core.text import LANGUAGES, line
from compensation.core.vault import Vault, digest
from compensation.delivery.letter import Tongue
from compensation.delivery.words import word
from compensation.merchants.agent import address
from compensation.merchants.credential import LoggedIn, NewSession, close_session, log_in, random_word
from compensation.web.address import address_of
from compensation.web.asked import Counted, Door
from compensation.web.console.kept import MOST, Kept, put_back
from compensation.web.console.labels import Labels
from compensation.web.console.session import (
    DOOR,
    SESSION,
    AtDesk,
    door_cookie,
    gone,
    keys_cookie,
    session_cookie,
    tongue,
    tongue_cookie,
    words,
)
from compensation.web.console.view import see, view
from compensation.web.form import form_of
from compensation.web.limits import LOGINS
from compensation.web.page import csrf_field, page
from compensation.web.problems import headers_of
from compensation.web.request import StrictRequest

Next = Annotated[str, QueryParameter(name="next", max_length=500)]
_OURS = re.compile(r"(?!.*\.\.)/console(?:/[A-Za-z0-9_./-]*)?(?:\?[A-Za-z0-9_=&%.+-]*)?")
_LONGEST = 320

WRONG = word("The e-mail address or the password is wrong")
WAIT = word("There were too many wrong passwords. Wait ten minutes, then try again.")


@get("/login")
async def login_form(request: StrictRequest, next_page: Next = "") -> Response[str]:
    """The form. It is bound to a cookie of its own, so that no other site can log somebody in."""
    return login_page(request, next_page)


@post("/login", status_code=303)
async def login(request: StrictRequest, door: Door, limits: Counted) -> Response[str]:
    """Open a session. An unknown address and a wrong password get one answer, and both are counted."""
    # A kept form is longer than what was typed, for it is sealed and written in letters.
    typed = await form_of(request, request.cookies.get(DOOR, ""), longest=2 * MOST)
    sealed, after = typed.get("kept", ""), typed.get("next", "")
    email, password = typed.get("email", "")[:_LONGEST], typed.get("password", "")
    subjects = (f"email {address(email)}", f"from {address_of(request)}")
    try:
        for subject in subjects:
            limits.check(LOGINS, subject)
        try:
            session = await log_in(door, email, password)
        except Unauthenticated:
            for subject in subjects:
                await limits.count(LOGINS, subject)
            return login_page(request, after, email, WRONG, 401, sealed)
    except TooMany as wait:
        answer = login_page(request, after, email, WAIT, 429, sealed)
        answer.headers.update(headers_of(wait))
        return answer
    kept = put_back(door.vault, session.who, sealed) if sealed else None
    inside = _resumed(request, session, kept) if kept else see(_own(after))
    for cookie in (session_cookie(session.token), gone(DOOR)):
        inside.set_cookie(cookie)
    return inside


@post("/logout", status_code=303)
async def logout(request: StrictRequest, door: Door, desk: AtDesk) -> Redirect:
    """End the session, here and wherever else its cookie may have got to."""
    await form_of(request, desk.token)
    await door.write(close_session, desk.who, NewSession(digest(desk.token)))
    outside = see("/console/login")
    outside.set_cookie(gone(SESSION))
    return outside


@get("/you")
async def you(request: StrictRequest, desk: AtDesk) -> Response[str]:
    """Who is logged in, what he may grant, the language and the keys."""
    labels = Labels(words(request, desk.locale), {})
    return view(
        request,
        desk,
        "you.html",
        tongues=_tongues("/console/you"),
        role=labels.role(desk.agent.role),
        may=[Money(amount, currency) for currency, amount in sorted(desk.agent.authority.items())],
        room="you",
    )


@post("/you", status_code=303)
async def change_keys(request: StrictRequest, desk: AtDesk) -> Redirect:
    """Switch single keys on or off, for this browser."""
    typed = await form_of(request, desk.token)
    answer = see("/console/you?done=keys")
    answer.set_cookie(keys_cookie(typed.get("keys") == "on"))
    return answer


def login_page(
    request: Request[Any, Any, Any],
    next_page: str = "",
    email: str = "",
    wrong: str | None = None,
    status: int = 200,
    kept: str = "",
) -> Response[str]:
    """``kept`` is a form that was typed in a session that has ended, sealed."""
    locale, secret = tongue(request), request.cookies.get(DOOR) or random_word(26)
    answer = page(
        request.app.state,
        "console/login.html",
        status=status,
        locale=locale,
        csrf=csrf_field(request.app.state.door.vault, secret),
        next_page=_own(next_page),
        email=line(email),
        wrong=words(request, locale)(wrong) if wrong else None,
        kept=kept,
        tongues=() if kept else _tongues("/console/login"),
    )
    answer.set_cookie(door_cookie(secret))
    if request.query_params.get("lang") in LANGUAGES:
        answer.set_cookie(tongue_cookie(locale))
    return answer


def _resumed(request: StrictRequest, session: LoggedIn, kept: Kept) -> Response[str]:
    """Nothing is sent by itself: the agent sees that his form is still there, and sends it."""
    vault: Vault = request.app.state.door.vault
    return page(
        request.app.state,
        "console/resumed.html",
        locale=tongue(request),
        csrf=csrf_field(vault, session.token),
        path=_own(kept.path),
        fields=kept.fields,
        tongues=(),
    )


def _own(path: str) -> str:
    """Where to go afterwards: a page of the console and nothing else."""
    return path if _OURS.fullmatch(path) else "/console"


def _tongues(path: str) -> tuple[Tongue, ...]:
    return tuple(Tongue(tag, f"{path}?lang={tag}") for tag in LANGUAGES)
