"""What is known beside the customer's words: the order, the costs, the facts, each leading to where it counts."""

from collections.abc import Iterator
from urllib.parse import urlencode

import msgspec

from compensation.core.money import Money
from compensation.core.text import isolate, ltr, moment, money
from compensation.delivery.words import word
from compensation.engine.report import FACTS, CostLine, Order, Report
from compensation.web.console.labels import Labels
from compensation.web.console.work import Work
from compensation.web.upload import KINDS


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One card. ``title`` and ``notes`` are marked texts; ``href`` is where this is found again, or counted."""

    title: str
    notes: tuple[str, ...]
    href: str


def evidence(labels: Labels, report: Report) -> list[Evidence]:
    """Order first, then what the customer paid besides, then what was established, then what he asks for."""
    say = labels.say
    cards = [_order(labels, report.order)] if report.order else []
    cards += [_cost(labels, line) for line in report.cost_lines]
    cards += [
        Evidence(title=title, notes=(note,) if note else (say("Stated in the report"),), href="#why")
        for title, note in _facts(labels, report)
    ]
    if report.facts.wants or report.wanted_outcome:
        wish = labels.wish(report.facts.wants) if report.facts.wants else ""
        notes = tuple(isolate(text) for text in (report.wanted_outcome,) if text)
        cards.append(
            Evidence(title=say("Wants: {wish}", wish=wish) if wish else say("Wants"), notes=notes, href="#offers")
        )
    return cards


class FileCard(msgspec.Struct, frozen=True, kw_only=True):
    """One file: ``notes`` are marked texts; ``small`` is where its thumbnail is, empty where it has none."""

    href: str
    small: str
    title: str
    notes: tuple[str, ...]


def files(labels: Labels, work: Work) -> list[FileCard]:
    """What was handed in, oldest first."""
    say, cards = labels.say, []
    for piece in work.evidence:
        href = f"/console/cases/{piece.case_id}/evidence/{piece.id}"
        by = labels.actor(piece.given_by, work.people, work.case.customer_id)
        notes = [isolate(piece.name)] if piece.name else []
        notes.append(f"{say('by {who}', who=by)}{say(', ')}{moment(piece.at, say.locale)}")
        small = f"{href}/small" if piece.is_picture and work.heard else ""
        cards.append(FileCard(href=href, small=small, title=say(KINDS[piece.kind]), notes=tuple(notes)))
    return cards


def _order(labels: Labels, order: Order) -> Evidence:
    say = labels.say
    number = ltr(order.number)
    title = say("Order {order}, {item}", order=number, item=isolate(order.item)) if order.item else number
    notes = [say("{amount} paid", amount=order.amount)]
    if order.already_refunded:
        notes.append(say("{amount} given back already", amount=order.already_refunded))
    if order.payment:
        notes.append(say("Payment {payment}", payment=ltr(order.payment)))
    dates = (
        (order.ordered_on, word("Ordered {date}")),
        (order.promised_on, word("Promised for {date}")),
        (order.delivered_on, word("Delivered {date}")),
        (order.cancelled_on, word("Cancelled {date}")),
    )
    notes += [say(text, date=date) for date, text in dates if date]
    # Every case about this order: the first thing an agent looks for is whether it was paid before.
    return Evidence(title=title, notes=tuple(notes), href="/console?" + urlencode({"q": order.number}))


def _cost(labels: Labels, line: CostLine) -> Evidence:
    say = labels.say
    title = say("{cost}, {amount}", cost=labels.cost(line.type), amount=line.amount)
    verdict = say("Accepted") if line.accepted else say("Not accepted, so it is not counted")
    return Evidence(title=title, notes=(verdict, *((ltr(line.reference),) if line.reference else ())), href="#why")


def _facts(labels: Labels, report: Report) -> Iterator[tuple[str, str]]:
    """Each fact that is so, with a sum where it has one. That goods can be replaced is taken so, and not told."""
    facts = report.facts
    sums: dict[str, Money | None] = {
        "duplicate_charge": facts.duplicate_amount,
        "promised_credit": facts.promised_credit,
    }
    if facts.days_late is not None:
        yield labels.say.many("{n} day late", "{n} days late", facts.days_late), ""
    for name in sorted(FACTS):
        if not getattr(facts, name) or name == "replaceable":
            continue
        amount = sums.get(name)
        yield labels.fact(name), money(amount, labels.say.locale) if amount else ""
    if not facts.replaceable:
        yield labels.say("Cannot be replaced"), ""
