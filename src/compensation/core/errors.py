"""What a person may be told when we do not do what they asked.

    Problem                 every refusal that is not a bug
    ├── Invalid             the request itself is wrong                      400
    ├── Unauthenticated     we do not know who asks                          401
    ├── Forbidden           we know who asks, and he may not                 403
    ├── NotFound            there is no such thing, or it is not his         404
    ├── Conflict            the request fights the present state             409
    ├── Refused             well formed, but a rule says no                  422
    ├── TooMany             slow down; carries ``retry_after`` seconds       429
    └── Unavailable         try again later; carries ``retry_after``         503

A problem carries a stable ``code`` (snake_case, part of the API), a ``detail`` that says what to do, and
``extra`` facts for a machine. Rooms raise these beside the rule they guard; only ``web`` knows HTTP.
"""

from typing import Any, ClassVar


class Problem(Exception):
    """A refusal with a stable code. Never carries a secret: ``detail`` and ``extra`` go to the caller."""

    kind: ClassVar[str] = "problem"
    transient: ClassVar[bool] = False

    def __init__(self, code: str, detail: str, **extra: Any) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.extra = extra
        self.replayed = False
        """Whether this answer was kept with its idempotency key and is given again."""


class Invalid(Problem):
    """The request itself is wrong; sending it again will not help."""

    kind = "invalid"


class Unauthenticated(Problem):
    kind = "unauthenticated"


class Forbidden(Problem):
    kind = "forbidden"


class NotFound(Problem):
    """Unknown and foreign ids get the same answer, so that an id tells a stranger nothing."""

    kind = "not_found"


class Conflict(Problem):
    kind = "conflict"


class Refused(Problem):
    """The request is well formed and a business rule says no: law, policy, budget, balance, authority."""

    kind = "refused"


class TooMany(Problem):
    kind = "too_many"
    transient = True


class Unavailable(Problem):
    """Nothing was decided; the same request with the same key is safe to send again."""

    kind = "unavailable"
    transient = True


class InFlight(Conflict):
    """The same key is being worked on right now; this answer must not be kept."""

    transient = True


KINDS: dict[str, type[Problem]] = {
    kind.kind: kind for kind in (Invalid, Unauthenticated, Forbidden, NotFound, Conflict, Refused, TooMany, Unavailable)
}
