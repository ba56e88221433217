"""Calendar arithmetic that money depends on, in UTC."""

import calendar
from datetime import datetime


def add_months(moment: datetime, months: int) -> datetime:
    """The same day and hour so many months later; the last day of the month where there is no such day."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def valid_until(moment: datetime, months: int | None) -> datetime | None:
    """When what is given now ceases to be valid; None for what never does."""
    return None if months is None else add_months(moment, months)
