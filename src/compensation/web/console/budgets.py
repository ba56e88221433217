"""The budgets of the programs: what is spent, promised and left, as a bar and in figures, and the rule for the end."""

from fractions import Fraction

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from compensation.core.errors import NotFound, Problem, TooMany, Unavailable
from compensation.core.money import Money
from compensation.delivery.words import Say
from compensation.merchants.authority import SETTERS
from compensation.merchants.budget import Low, SetBudgetRule, low, set_budget_rule
from compensation.merchants.merchant import Program, programs
from compensation.web.asked import Door
from compensation.web.console.session import AtDesk, words
from compensation.web.console.view import key_of, see, view
from compensation.web.form import form_of
from compensation.web.request import StrictRequest

HERE = "/console/budgets"


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One budget. The widths are SVG attributes: spent is solid, promised hatched, what is left is bare."""

    available: Money
    reserved: Money
    spent: Money
    spent_width: str
    reserved_width: str


@get("/budgets")
async def budgets(request: StrictRequest, door: Door, desk: AtDesk) -> Response[str]:
    """Everybody may see what is left to promise; who sets authority says what follows when nothing is."""
    async with door.read(desk.who.merchant_id) as tx:
        found, few = await programs(tx), await low(tx)
    say = words(request, desk.locale)
    return view(
        request,
        desk,
        "budgets.html",
        happened=("rule_set",),
        programs=[(one, bars(one)) for one in found],
        low=warnings(say, few),
        sets=desk.agent.role in SETTERS,
        room="budgets",
    )


@post("/budgets/{program_id:str}", status_code=303)
async def change_rule(request: StrictRequest, program_id: FromPath[str], door: Door, desk: AtDesk) -> Response[str]:
    """Stop, or a second person."""
    typed = await form_of(request, desk.token)
    what = SetBudgetRule(program_id=program_id, on_empty="escalate" if typed.get("rule") == "escalate" else "stop")
    try:
        await door.write(set_budget_rule, desk.who, what, key_of(typed))
    except Problem as problem:
        if isinstance(problem, (NotFound, TooMany, Unavailable)):
            raise
        return see(f"{HERE}?not={problem.code}")
    return see(f"{HERE}?done=rule_set")


def warnings(say: Say, few: list[Low]) -> list[str]:
    """What is said of each budget that runs low, as marked text."""
    return [
        say("{program}: nothing is left of {size}.", program=one.program, size=one.size)
        if one.available.amount <= 0
        else say(
            "{program}: {available} of {size} is left; more than {percent} % is promised or spent.",
            program=one.program,
            available=one.available,
            size=one.size,
            percent=str(one.percent),
        )
        for one in few
    ]


def bars(program: Program) -> list[Bar]:
    """One bar for each currency the program was ever given."""
    return [
        Bar(
            available=Money(one.available, one.currency),
            reserved=Money(one.reserved, one.currency),
            spent=Money(one.spent, one.currency),
            spent_width=_width(one.spent, one.available + one.reserved + one.spent),
            reserved_width=_width(one.reserved, one.available + one.reserved + one.spent),
        )
        for one in program.budgets
    ]


def _width(part: int, whole: int) -> str:
    """Hundredths of a per cent, in whole numbers: money is never a float, nor is a part of it."""
    share = int(Fraction(part, whole) * 10_000) if whole else 0
    return f"{share // 100}.{share % 100:02}%"
