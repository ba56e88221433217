"""What a customer reads when a page cannot be shown: one answer for every link that does not open."""

from typing import Any

from litestar import Request, Response

from compensation.core.errors import NotFound
from compensation.core.vault import Unreadable
from compensation.delivery.words import word
from compensation.web.page import page
from compensation.web.pages.link import asked_for
from compensation.web.problems import headers_of, problem_of, status_of

_SAID = {
    429: (
        word("Please wait a little"),
        word("There were too many attempts from here. Open the page again in a few minutes; nothing is lost."),
    ),
    403: (
        word("This form has run out"),
        word("Nothing was changed. Open the link in our letter once more and send the form from there."),
    ),
    422: (
        word("This cannot be done here"),
        word("Nothing was changed. Write to us or call us; what we promised you stays yours."),
    ),
}
_AWAY = (
    word("We cannot answer just now"),
    word("Nothing was changed. Open the page again in a few minutes; what we promised you stays yours."),
)


def refused(request: Request[Any, Any, Any], error: Exception) -> Response[str]:
    """The exception handler of the customers' pages: any error in the reader's language, without its cause."""
    # A customer who was forgotten has no letters any more, and his links open nothing.
    problem = NotFound("link_not_usable", "") if isinstance(error, Unreadable) else problem_of(error, request)
    status, locale = status_of(problem), asked_for(request)
    if status in (400, 404, 405):
        answer = page(
            request.app.state, "pages/problem.html", status=404, locale=locale, brand=None, tongues=(), csrf=""
        )
    else:
        say = request.app.state.post.writer.words.in_(locale)
        heading, text = _SAID.get(status, _AWAY)
        answer = page(
            request.app.state,
            "console/wait.html",
            status=status,
            locale=locale,
            heading=say(heading),
            texts=(say(text),),
        )
    answer.headers.update(headers_of(problem))
    return answer
