"""Authority at one desk: what each colleague may grant, limits over time, who stands in for whom, and overrides."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from compensation.cases.override import Deviation, deviations
from compensation.cases.risk.review import Rate, rates
from compensation.core.errors import Forbidden, NotFound, Problem, TooMany, Unavailable
from compensation.core.money import Money
from compensation.core.text import day, isolate
from compensation.delivery.words import Say, word
from compensation.merchants.agent import Agent, staff
from compensation.merchants.authority import (
    SETTERS,
    EndLimit,
    Limit,
    NewLimit,
    SetAuthority,
    end_limit,
    limits,
    set_authority,
    set_limit,
)
from compensation.merchants.delegation import (
    Delegation,
    EndDelegation,
    NewDelegation,
    delegate,
    delegations,
    end_delegation,
)
from compensation.merchants.merchant import Program, programs
from compensation.web.asked import Door
from compensation.web.console.labels import Labels
from compensation.web.console.session import AtDesk, Desk, words
from compensation.web.console.signals import measured
from compensation.web.console.typed import Typed
from compensation.web.console.view import key_of, see, view
from compensation.web.form import form_of
from compensation.web.request import StrictRequest

HERE = "/console/authority"
_REPORTED = dt.timedelta(days=30)
_LONGEST = 92
_DONE = frozenset(("authority_set", "limit_set", "limit_ended", "lent", "loan_ended"))
_KINDS = {
    "role": word("Each {subject}"),
    "team": word("Team {subject}, together"),
    "agent": word("Colleague {subject}"),
    "program": word("Program {subject}, whoever grants"),
    "customer": word("Each customer, whoever grants"),
}
_CHOOSE = word("Choose one of the list")


class Office(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows, read in one transaction."""

    staff: list[Agent]
    limits: list[Limit]
    loans: list[Delegation]
    programs: list[Program]
    deviations: list[Deviation]
    rates: list[Rate]


@get("/authority")
async def office(request: StrictRequest, door: Door, desk: AtDesk) -> Response[str]:
    """For whoever may approve; what they may change besides depends on the role."""
    return _page(request, desk, await _read(door, desk))


@post("/authority/agents", status_code=303)
async def change_agent(request: StrictRequest, door: Door, desk: AtDesk) -> Response[str]:
    """One colleague's authority in one currency, and his team."""
    typed, say = Typed(await form_of(request, desk.token), words(request, desk.locale)), words(request, desk.locale)
    found = await _read(door, desk)
    chosen = _pick(typed, "agent", {one.id: one for one in found.staff}, say)
    currency = typed.currency("agent_currency")
    most = _sum(typed, "agent_most", currency)
    team = typed.text("team", most=80)
    if typed.wrong or chosen is None:
        return _page(request, desk, found, typed)
    granted = None if currency is None or most is None else {**chosen.authority, currency: most}
    what = SetAuthority(agent_id=chosen.id, authority=granted, team=team)
    return await _do(door, desk, set_authority, what, typed, "authority_set")


@post("/authority/limits", status_code=303)
async def add_limit(request: StrictRequest, door: Door, desk: AtDesk) -> Response[str]:
    typed, say = Typed(await form_of(request, desk.token), words(request, desk.locale)), words(request, desk.locale)
    found = await _read(door, desk)
    whom = _pick(typed, "whom", _subjects(found, Labels(say, {})), say)
    currency = typed.currency("limit_currency")
    most = _sum(typed, "limit_most", currency)
    days = typed.number("days", 366)
    for field, value in (("limit_currency", currency), ("limit_most", most), ("days", days or None)):
        if value is None:
            typed.fault(field, say("This is needed"))
    if typed.wrong or whom is None or currency is None or most is None or days is None:
        return _page(request, desk, found, typed)
    kind, _, subject = typed.fields["whom"].partition(":")
    asked = {"kind": kind, "subject": subject, "currency": currency, "most": most, "period_days": days}
    return await _do(door, desk, set_limit, msgspec.convert(asked, NewLimit), typed, "limit_set")


@post("/authority/limits/{limit_id:str}/end", status_code=303)
async def drop_limit(request: StrictRequest, limit_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    typed = Typed(await form_of(request, desk.token), words(request, desk.locale))
    return await _do(door, desk, end_limit, EndLimit(limit_id), typed, "limit_ended")


@post("/authority/delegations", status_code=303)
async def lend(request: StrictRequest, door: Door, desk: AtDesk) -> Response[str]:
    """To the end of a day, in UTC."""
    typed, say = Typed(await form_of(request, desk.token), words(request, desk.locale)), words(request, desk.locale)
    found = await _read(door, desk)
    lender = _pick(typed, "lender", {one.id: one for one in _lenders(desk, found)}, say)
    other = _pick(typed, "other", {one.id: one for one in found.staff}, say)
    last = typed.date("until")
    today = door.clock().date()
    if last is None or not today <= last < today + dt.timedelta(days=_LONGEST):
        typed.fault("until", say("Write a day within the next {most} days", most=_LONGEST))
    if typed.wrong or lender is None or other is None or last is None:
        return _page(request, desk, found, typed)
    ends = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), dt.UTC)
    what = NewDelegation(from_agent=lender.id, to_agent=other.id, ends_at=ends)
    return await _do(door, desk, delegate, what, typed, "lent")


@post("/authority/delegations/{delegation_id:str}/end", status_code=303)
async def take_back(request: StrictRequest, delegation_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    typed = Typed(await form_of(request, desk.token), words(request, desk.locale))
    return await _do(door, desk, end_delegation, EndDelegation(delegation_id), typed, "loan_ended")


async def _do(door: Door, desk: Desk, act: Any, what: Any, typed: Typed, done: str) -> Response[str]:
    try:
        await door.write(act, desk.who, what, key_of(typed.fields))
    except Problem as problem:
        if isinstance(problem, (NotFound, TooMany, Unavailable)):
            raise
        return see(f"{HERE}?not={problem.code}")
    return see(f"{HERE}?done={done}")


async def _read(door: Door, desk: Desk) -> Office:
    if not desk.agent.may_approve:
        raise Forbidden("not_an_approver", "This page is for whoever may approve.")
    now = door.clock()
    async with door.read(desk.who.merchant_id) as tx:
        return Office(
            staff=await staff(tx),
            limits=await limits(tx),
            loans=await delegations(tx, now),
            programs=await programs(tx),
            rates=await rates(tx, now - _REPORTED),
            deviations=await deviations(tx, now - _REPORTED, now + dt.timedelta(seconds=1)),
        )


def _page(request: StrictRequest, desk: Desk, found: Office, typed: Typed | None = None) -> Response[str]:
    labels = Labels(words(request, desk.locale), {})
    say, names = labels.say, {one.id: isolate(one.name) for one in found.staff}
    gone = say("a former colleague")
    return view(
        request,
        desk,
        "authority.html",
        status=422 if typed else 200,
        happened=_DONE,
        colleagues=[
            (one, labels.role(one.role), [Money(most, currency) for currency, most in sorted(one.authority.items())])
            for one in found.staff
        ],
        limits=[
            (one, _whom(say, labels, one.kind, one.subject, names, found), Money(one.most, one.currency))
            for one in found.limits
        ],
        loans=[
            (one, names.get(one.from_agent, gone), names.get(one.to_agent, gone), day(one.ends_at, desk.locale))
            for one in found.loans
        ],
        deviations=[(one, names.get(one.agent_id, gone)) for one in found.deviations],
        rates=measured(say, found.rates),
        subjects=_subjects(found, labels),
        lenders=_lenders(desk, found),
        sets=desk.agent.role in SETTERS,
        typed=typed.fields if typed else {},
        wrong=typed.wrong if typed else {},
        room="authority",
    )


def _lenders(desk: Desk, found: Office) -> list[Agent]:
    """Whose authority this desk may lend: one's own, or everybody's for whoever sets authority."""
    able = [one for one in found.staff if one.may_approve]
    return able if desk.agent.role in SETTERS else [one for one in able if one.id == desk.agent.id]


def _subjects(found: Office, labels: Labels) -> dict[str, str]:
    """What a limit may be set for, as marked text by ``kind:subject``."""
    names = {one.id: isolate(one.name) for one in found.staff}
    kinds = [("role", role) for role in ("agent", "lead", "finance", "admin")]
    kinds += [("team", team) for team in sorted({one.team for one in found.staff if one.team})]
    kinds += [("agent", one.id) for one in found.staff] + [("program", one.id) for one in found.programs]
    kinds.append(("customer", ""))
    return {f"{kind}:{subject}": _whom(labels.say, labels, kind, subject, names, found) for kind, subject in kinds}


def _whom(say: Say, labels: Labels, kind: str, subject: str, names: Mapping[str, str], found: Office) -> str:
    if kind == "customer":
        return say(_KINDS[kind])
    known = {one.id: isolate(one.name) for one in found.programs} | dict(names)
    return say(_KINDS[kind], subject=labels.role(subject) if kind == "role" else known.get(subject, isolate(subject)))


def _pick(typed: Typed, field: str, among: Mapping[str, Any], say: Say) -> Any:
    found = among.get(typed.fields.get(field, ""))
    if found is None:
        typed.fault(field, say(_CHOOSE))
    return found


def _sum(typed: Typed, field: str, currency: str | None) -> int | None:
    """Minor units from 0: nothing at all is an authority too."""
    if typed.fields.get(field, "").strip() in ("0", "٠"):
        return 0
    found = typed.amount(field, currency)
    return None if found is None else found.amount
