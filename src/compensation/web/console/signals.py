"""Signals in neutral words for whoever serves the customer, and the buttons of whoever judges them."""

from litestar import Response, post
from litestar.params import FromPath

from compensation.cases.risk.review import Judge, Outcome, Rate, judge
from compensation.cases.risk.signals import Signal
from compensation.core.errors import Problem
from compensation.delivery.words import Say, word
from compensation.web.asked import Door
from compensation.web.console.session import AtDesk
from compensation.web.console.view import key_of, not_done, see
from compensation.web.console.work import Work
from compensation.web.form import form_of
from compensation.web.request import StrictRequest

_SAYS = {
    "frequency": word("Cases of this customer in {days} days: {saw}"),
    "spend_share": word("Goodwill came to {saw} % of what was bought in {days} days"),
    "linked_identities": word("Other customers who share an address, a number or a device: {saw}"),
    "evidence_reused": word("Files that somebody else gave in another case: {saw}"),
    "narrative_reused": word("{saw} % of the story was told in somebody else’s case too"),
    "agent_concentration": word("Grants to this customer in {days} days, all by one colleague: {saw}"),
    "issuer_redeems": word("Value used by the colleague who granted it: {saw} times"),
}
LABELS = {
    "any": word("All together"),
    "frequency": word("Many cases"),
    "spend_share": word("Much goodwill for what was bought"),
    "linked_identities": word("Shared addresses, numbers or devices"),
    "evidence_reused": word("Files given before"),
    "narrative_reused": word("A story told before"),
    "agent_concentration": word("One colleague for all"),
    "issuer_redeems": word("Granted and used by one person"),
}


def told(say: Say, signals: tuple[Signal, ...]) -> list[str]:
    """One sentence for each: what was counted, and nothing about what it might mean."""
    return [say(_SAYS[one.code], saw=str(one.saw), days=str(one.days)) for one in signals]


def to_judge(work: Work) -> bool:
    """Whether a second look at this case waits to be judged."""
    return any(one.outcome is None for one in work.reviews)


def measured(say: Say, found: list[Rate]) -> list[tuple[str, Rate]]:
    return [(say(LABELS[one.code]), one) for one in found]


@post("/cases/{case_id:str}/review", status_code=303)
async def say_outcome(request: StrictRequest, case_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """Nothing to it, or confirmed. The case itself stays where it is."""
    typed = await form_of(request, desk.token)
    outcome: Outcome = "confirmed" if typed.get("outcome") == "confirmed" else "cleared"
    try:
        await door.write(judge, desk.who, Judge(case_id=case_id, outcome=outcome), key_of(typed))
    except Problem as problem:
        return not_done(case_id, problem)
    return see(f"/console/cases/{case_id}?done=judged")
