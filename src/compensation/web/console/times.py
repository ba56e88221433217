"""Moments as an agent reads them: today and tomorrow by name, everything else by its date. Times are in UTC."""

import datetime as dt

from compensation.cases.case import Case
from compensation.core.states import CaseState
from compensation.core.text import day, ltr
from compensation.delivery.words import Say

_WAITING = (CaseState.reported, CaseState.assessed, CaseState.offered, CaseState.needs_approval)


def when(say: Say, at: dt.datetime, now: dt.datetime) -> str:
    """``Today, 16:00``, ``Tomorrow, 09:00``, ``24 November``; the year too, where it is another one. Marked text."""
    days = (at.date() - now.date()).days
    time = ltr(f"{at:%H:%M}")
    if days == 0:
        return say("Today, {time}", time=time)
    if days == 1:
        return say("Tomorrow, {time}", time=time)
    if days == -1:
        return say("Yesterday, {time}", time=time)
    return day(at.date(), say.locale, year=at.year != now.year)


def answer_due(say: Say, case: Case, now: dt.datetime) -> tuple[str, bool]:
    """By when somebody must decide, and whether that has passed. Once it is decided there is nothing to be late for."""
    due = case.answer_due
    if case.state not in _WAITING and not case.disputed:
        return say("Answered"), False
    if due < now:
        return say("Was due: {when}", when=when(say, due, now)), True
    return when(say, due, now), False
