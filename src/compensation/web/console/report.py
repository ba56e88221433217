"""The form "Report a case": shown empty, shown again with what was typed and what is wrong, and reported."""

from collections.abc import Mapping

import msgspec
from litestar import Response, get, post

from compensation.cases.case import CaseFile
from compensation.cases.report import report
from compensation.catalog.library import library
from compensation.core.errors import NotFound, Problem, TooMany, Unavailable
from compensation.core.text import LANGUAGES, NATIVE, language
from compensation.merchants.merchant import Program, programs
from compensation.web.asked import Door
from compensation.web.console.labels import CHANNELS, TIERS, Labels, countries
from compensation.web.console.reported import COST_LINES, MOST_COST_LINES, TICKS, refuse, report_of, rows
from compensation.web.console.session import AtDesk, Desk, words
from compensation.web.console.typed import Typed
from compensation.web.console.view import key_of, see, view
from compensation.web.form import form_of
from compensation.web.request import StrictRequest

_EMPTY = {"fact.replaceable": "yes", "tier": TIERS[0]}
"""What stands in a form nobody has touched: goods can be replaced until somebody finds out that they cannot."""


class Choice(msgspec.Struct, frozen=True):
    """An option of a select, or a box to tick."""

    code: str
    label: str


class Lists(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be picked in the form, in the agent's language."""

    families: tuple[tuple[str, tuple[Choice, ...]], ...]
    severities: tuple[Choice, ...]
    reasons: tuple[Choice, ...]
    ticks: tuple[Choice, ...]
    wishes: tuple[Choice, ...]
    costs: tuple[Choice, ...]
    countries: tuple[Choice, ...]
    tongues: tuple[Choice, ...]
    tiers: tuple[Choice, ...]
    channels: tuple[Choice, ...]
    programs: tuple[Choice, ...]
    currencies: tuple[str, ...]


@get("/cases/new")
async def empty(request: StrictRequest, door: Door, desk: AtDesk) -> Response[str]:
    """The empty form."""
    async with door.read(desk.who.merchant_id) as tx:
        known = await programs(tx)
    return _form(request, desk, Typed(_EMPTY, words(request, desk.locale)), known)


@post("/cases/new", status_code=303)
async def send(request: StrictRequest, door: Door, desk: AtDesk) -> Response[str]:
    """Report it. Everything that is wrong is told at once, and what was typed stays."""
    fields = await form_of(request, desk.token)
    typed = Typed(fields, words(request, desk.locale))
    async with door.read(desk.who.merchant_id) as tx:
        known = await programs(tx)
    if "more" in fields:
        more = {**fields, "rows": str(min(rows(typed) + COST_LINES, MOST_COST_LINES))}
        return _form(request, desk, Typed(more, typed.say), known)
    what = report_of(typed, request.app.state.post.writer.reasons, frozenset(one.id for one in known))
    if what is None:
        return _form(request, desk, typed, known)
    try:
        opened = (await door.write_together(report, desk.who, what, key_of(fields))).read(CaseFile)
    except (NotFound, TooMany, Unavailable):
        raise
    except Problem as problem:
        if not refuse(typed, problem):
            raise
        return _form(request, desk, typed, known)
    return see(f"/console/cases/{opened.id}?done=reported")


def _form(request: StrictRequest, desk: Desk, typed: Typed, known: list[Program]) -> Response[str]:
    labels = Labels(typed.say, request.app.state.post.writer.reasons)
    return view(
        request,
        desk,
        "report.html",
        status=422 if typed.wrong else 200,
        typed=typed.fields,
        wrong=typed.wrong,
        heading=_attention(typed),
        lists=_lists(labels, request.app.state.post.writer.reasons, known),
        rows=range(rows(typed)),
        row_count=rows(typed),
        more=rows(typed) < MOST_COST_LINES,
        room="new",
    )


def _attention(typed: Typed) -> str:
    n = len(typed.wrong)
    return typed.say.many("{n} thing needs your attention", "{n} things need your attention", n) if n else ""


def _lists(labels: Labels, reasons: Mapping[str, object], known: list[Program]) -> Lists:
    book = library().taxonomy.book
    budgets = [budget.currency for program in known for budget in program.budgets]
    return Lists(
        families=tuple(
            (
                labels.wording(family.label),
                tuple(
                    Choice(kind.code, labels.wording(kind.label)) for kind in book.harm if kind.family == family.code
                ),
            )
            for family in book.family
        ),
        severities=tuple(Choice(one.code, labels.wording(one.label)) for one in book.severity),
        reasons=tuple(Choice(code, labels.reason(code)) for code in reasons),
        ticks=tuple(Choice(code, labels.fact(code)) for code in TICKS),
        wishes=tuple(Choice(one.code, labels.wording(one.label)) for one in book.wish),
        costs=tuple(Choice(one.code, labels.wording(one.label)) for one in book.cost),
        countries=tuple(Choice(code, name) for code, name in countries(language(labels.say.locale))),
        tongues=tuple(Choice(tag, NATIVE[tag]) for tag in LANGUAGES),
        tiers=tuple(Choice(code, labels.tier(code)) for code in TIERS),
        channels=tuple(Choice(code, labels.channel(code)) for code in CHANNELS),
        programs=tuple(Choice(one.id, one.name) for one in known),
        currencies=tuple(dict.fromkeys(budgets)),
    )
