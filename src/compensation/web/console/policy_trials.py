"""A simulation in the console: begun, followed, called off, and told in words, a picture and the figures beside it."""

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from compensation.cases.trials.simulation import Cancel, NewSimulation, Simulation, cancel, simulate, simulation
from compensation.cases.trials.tally import Example, Sums
from compensation.catalog.version import policy_text
from compensation.core.errors import NotFound, Problem, TooMany, Unavailable
from compensation.core.money import Money
from compensation.core.states import SimulationState
from compensation.core.text import money
from compensation.delivery.words import word
from compensation.engine.reason import Reason
from compensation.web.asked import Door
from compensation.web.console.labels import Labels, explanations
from compensation.web.console.policies import HERE
from compensation.web.console.session import AtDesk, words
from compensation.web.console.view import key_of, see, view
from compensation.web.form import form_of
from compensation.web.request import StrictRequest

WIDE, LABELS, ROW = 560, 190, 46
"""The picture: its width, the room for labels, and the height of a pair of bars."""
_DIMENSIONS = {"harm": word("By harm"), "country": word("By country"), "tier": word("By tier")}
_STATES = {
    SimulationState.running: word("Still running: {seen} of {total} cases."),
    SimulationState.done: word("All {total} cases were tried."),
    SimulationState.cancelled: word("Called off after {seen} of {total} cases."),
    SimulationState.failed: word("It broke down after {seen} of {total} cases. Begin it anew."),
}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One group of cases in one currency."""

    label: str
    sums: Sums
    before: Money
    after: Money


class Bars(msgspec.Struct, frozen=True, kw_only=True):
    """One pair of bars; lengths and places in the units of the picture."""

    row: Row
    y: int
    before: int
    after: int
    was: str
    is_: str
    """The two sums as plain text: a picture holds no markup of a page."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A simulation as a page shows it."""

    found: Simulation
    said: str
    totals: list[Row]
    bars: list[Bars]
    height: int
    tables: list[tuple[str, list[Row]]]
    limits: list[tuple[str, int, int]]
    examples: list[tuple[str, list[tuple[Example, Money, Money]]]]


@post("/policies/{policy_id:str}/simulate", status_code=303)
async def begin_trial(request: StrictRequest, policy_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """Try it on past cases, or on the samples."""
    typed = await form_of(request, desk.token)
    what = NewSimulation(policy_id=policy_id, over="samples" if typed.get("over") == "samples" else "past")
    try:
        begun = (await door.write(simulate, desk.who, what, key_of(typed))).read(Simulation)
    except Problem as problem:
        if isinstance(problem, (NotFound, TooMany, Unavailable)):
            raise
        return see(f"{HERE}/{policy_id}?not={problem.code}")
    return see(f"{HERE}/{policy_id}/trials/{begun.id}")


@get("/policies/{policy_id:str}/trials/{trial_id:str}")
async def trial(
    request: StrictRequest, policy_id: FromPath[str], trial_id: FromPath[str], door: Door, desk: AtDesk
) -> Response[str]:
    """How far it is, and what it found so far."""
    async with door.read(desk.who.merchant_id) as tx:
        found, version = await simulation(tx, policy_id, trial_id), await policy_text(tx, policy_id)
    labels = Labels(words(request, desk.locale), request.app.state.post.writer.reasons)
    offers = {rule.key: labels.wording(rule.label) for rule in version.policy.document.offer}
    return view(
        request, desk, "policy_trial.html", shown=shown(labels, found), offers=offers, trial=found,
        happened=("trial_cancelled",), room="policies",
    )  # fmt: skip


@post("/policies/{policy_id:str}/trials/{trial_id:str}/cancel", status_code=303)
async def stop_trial(
    request: StrictRequest, policy_id: FromPath[str], trial_id: FromPath[str], door: Door, desk: AtDesk
) -> Response[str]:
    """What was counted until now stands."""
    typed = await form_of(request, desk.token)
    here = f"{HERE}/{policy_id}/trials/{trial_id}"
    try:
        await door.write(cancel, desk.who, Cancel(policy_id=policy_id, simulation_id=trial_id), key_of(typed))
    except Problem as problem:
        if isinstance(problem, (NotFound, TooMany, Unavailable)):
            raise
        return see(f"{here}?not={problem.code}")
    return see(f"{here}?done=trial_cancelled")


def shown(labels: Labels, found: Simulation) -> Shown:
    """The picture is of the harms in the currency of most cases; the tables tell every currency."""
    say, tally = labels.say, found.tally
    grouped = {dimension: _rows(labels, found, dimension) for dimension in ("all", *_DIMENSIONS)}
    main = grouped["all"][0].before.currency if grouped["all"] else ""
    harms = [row for row in grouped["harm"] if row.before.currency == main]
    most = max((max(row.before.amount, row.after.amount) for row in harms), default=0) or 1
    room = WIDE - LABELS - 110
    bars = [
        Bars(
            row=row,
            y=8 + ROW * at,
            before=row.before.amount * room // most,
            after=row.after.amount * room // most,
            was=money(row.before, say.locale),
            is_=money(row.after, say.locale),
        )
        for at, row in enumerate(harms)
    ]
    told = [
        (say("Customers who gain most"), tally.gains),
        (say("Customers who lose most"), tally.losses),
        (say("Cases in which another offer stands first"), tally.flips),
    ]
    return Shown(
        found=found,
        said=say(_STATES[found.state], seen=str(found.seen), total=str(found.total)),
        totals=grouped["all"],
        bars=bars,
        height=ROW * len(bars) + 34,
        tables=[(say(_DIMENSIONS[name]), grouped[name]) for name in _DIMENSIONS if grouped[name]],
        limits=[(_limit(labels, code), cut.before, cut.after) for code, cut in sorted(tally.limits.items())],
        examples=[(title, [_example(one) for one in examples]) for title, examples in told if examples],
    )


def _rows(labels: Labels, found: Simulation, dimension: str) -> list[Row]:
    rows = []
    names = {"harm": labels.harm, "country": labels.country, "tier": labels.tier}
    for name, sums in found.tally.groups.items():
        kind, value, currency = name.split(":")
        if kind == dimension:
            label = names[kind](value) if kind in names else labels.say("All cases")
            before, after = Money(sums.cost_before, currency), Money(sums.cost_after, currency)
            rows.append(Row(label=label, sums=sums, before=before, after=after))
    return sorted(rows, key=lambda row: (-row.sums.cases, row.label, row.before.currency))


def _limit(labels: Labels, code: str) -> str:
    """What a bound is called in a list: the sentence of the explanation needs a sum, so it has a short name here."""
    names = {
        "limit.harm": labels.say("Limit for one harm"),
        "limit.order": labels.say("Limit by the order"),
        "limit.case": labels.say("Limit for one case"),
        "limit.customer": labels.say("Limit for one customer"),
        "limit.gestures": labels.say("Limit of gestures"),
        "limit.authority": labels.say("Limit of authority"),
        "limit.budget": labels.say("Budget"),
    }
    return names.get(code) or explanations().say(Reason(code), labels.say.locale, {})


def _example(one: Example) -> tuple[Example, Money, Money]:
    return one, Money(one.value_before, one.currency), Money(one.value_after, one.currency)
