"""The house rules of a policy: how soon money is back, for how long a request is expected, and what is not given."""

import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from compensation.engine.harm import Wording
from compensation.engine.report import Code, Country, Report

WindowDays = Annotated[int, Meta(ge=1, le=3650)]
MonthDay = Annotated[str, Meta(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\Z")]


class Season(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of every year with a window of its own, by the day of purchase; it may run over New Year."""

    name: Wording
    first: MonthDay
    last: MonthDay
    request_window_days: WindowDays

    def holds(self, on: datetime.date) -> bool:
        day = f"{on:%m-%d}"
        if self.first <= self.last:
            return self.first <= day <= self.last
        return day >= self.first or day <= self.last


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A window of its own for some categories, for some countries, or for some categories in some countries."""

    categories: tuple[Code, ...] = ()
    countries: tuple[Country, ...] = ()
    request_window_days: WindowDays

    def __post_init__(self) -> None:
        if not self.categories and not self.countries:
            raise ValueError("Name the categories or the countries that this window is for.")

    def fits(self, report: Report) -> bool:
        category = report.order.category if report.order else None
        return (not self.categories or category in self.categories) and (
            not self.countries or report.country in self.countries
        )


class HouseRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a customer can read beforehand. None of it touches what a statute gives."""

    processing_days: Annotated[int, Meta(ge=1, le=60)]
    request_window_days: WindowDays | None = None
    """For how long after delivery a request is expected. A later one is looked at by a person, never refused here."""
    window: tuple[Window, ...] | UnsetType = UNSET
    """Windows in place of the ordinary one and of the seasons: the first that fits a report is its own."""
    season: tuple[Season, ...] = ()
    methods_off: tuple[Code, ...] = ()
    """Remedies that are not given, unless they pay a sum owed."""

    def window_days(self, report: Report) -> int | None:
        """The window of a report: the first that is its own, else that of its season, else the ordinary one."""
        for window in self.window or ():
            if window.fits(report):
                return window.request_window_days
        bought = report.order.ordered_on if report.order else None
        if bought is not None:
            for season in self.season:
                if season.holds(bought):
                    return season.request_window_days
        return self.request_window_days
