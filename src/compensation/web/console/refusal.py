"""What an agent reads when a page cannot be shown; and where he goes when his session is over."""

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get
from litestar.params import FromPath

from compensation.core.errors import NotFound
from compensation.delivery.words import word
from compensation.web.console.login import login_page
from compensation.web.console.session import tongue, words
from compensation.web.console.view import see
from compensation.web.page import page
from compensation.web.problems import headers_of, problem_of, status_of

_SAID = {
    400: (word("This address cannot be read"), word("Go back to the queue and open the page from there.")),
    403: (
        word("This form has run out"),
        word(
            "Nothing was changed. Open the page again, so that you see it as it is now, and send the form from there."
        ),
    ),
    404: (
        word("There is nothing here"),
        word("The case is not one of this shop’s, or there is no such page. Look for it in the queue."),
    ),
    413: (word("The form is too large"), word("Nothing was changed. Shorten the texts and send it again.")),
    429: (word("Please wait a little"), word("There were too many attempts. Open the page again in a few minutes.")),
    500: (word("This is a fault of ours"), word("Nothing you can see was changed. Reference: {reference}.")),
}
_CANNOT = (word("This cannot be done"), word("Nothing was changed. Go back and see where the case stands."))
_AWAY = (word("We cannot answer just now"), word("Nothing was changed. Try again in a moment."))


@get(["/{rest:path}", "/cases/{case_id:str}/{rest:path}"])
async def nowhere(rest: FromPath[str]) -> None:
    """Every other address under /console: not there, in words rather than as a problem document."""
    raise NotFound("not_found", "There is no such page.")


def refused(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The exception handler of the console: any error as a page in the agent's language."""
    problem = problem_of(error, request)
    status, locale = status_of(problem), tongue(request)
    if status == 401 and problem.extra.get("kept"):
        return login_page(request, kept=problem.extra["kept"], status=401)
    if status == 401:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return see("/console/login?" + urlencode({"next": path}) if request.method == "GET" else "/console/login")
    say = words(request, locale)
    heading, text = _SAID.get(status, _AWAY if status >= 500 else _CANNOT)
    answer = page(
        request.app.state,
        "console/refusal.html",
        status=status,
        locale=locale,
        heading=say(heading),
        text=say(text, reference=str(problem.extra.get("reference", ""))) if status == 500 else say(text),
        tongues=(),
    )
    answer.headers.update({name: value for name, value in headers_of(problem).items() if name != "WWW-Authenticate"})
    return answer
