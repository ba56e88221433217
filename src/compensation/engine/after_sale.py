"""What a policy promises after the sale, asked of one report: its window, its warranty, and whether goods come back."""

import calendar
import datetime

from msgspec import UNSET

from compensation.engine.policy_document import PolicyDocument
from compensation.engine.report import Report

DEFECT = "material.defective_product"


def past_window(document: PolicyDocument, report: Report, on: datetime.date) -> tuple[int, int] | None:
    """The days since the goods came, or were ordered, and the window they are past; None within it or without one."""
    order = report.order
    since = (order.delivered_on or order.ordered_on) if order else None
    window = document.house.window_days(report)
    if since is None or window is None or (on - since).days <= window:
        return None
    return (on - since).days, window


def under_warranty(document: PolicyDocument, report: Report, on: datetime.date) -> tuple[bool, int] | None:
    """Whether faulty goods are still under the merchant's warranty, and its months; None where that is no question."""
    bought = report.order.ordered_on if report.order else None
    if document.public is UNSET or document.public.warranty_months is UNSET or bought is None:
        return None
    if all(harm.type != DEFECT for harm in report.harms):
        return None
    months = document.public.warranty_months
    return on <= _months_later(bought, months), months


def kept_by_customer(document: PolicyDocument, report: Report) -> bool:
    """Whether the goods are such as the policy never takes back."""
    order = report.order
    if order is None or document.public is UNSET or document.public.returns is UNSET:
        return False
    return any(one.names(order.category, order.sku) for one in document.public.returns.not_returned)


def _months_later(day: datetime.date, months: int) -> datetime.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, calendar.monthrange(year, month + 1)[1]))
