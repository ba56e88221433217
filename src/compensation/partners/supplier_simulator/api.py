"""The supplier's side of the protocol, over the simulator's book: a request in, an answer out, no network."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec

from compensation.catalog.library import library
from compensation.core.errors import Problem
from compensation.core.money import Money
from compensation.partners.stand_in import Heard, Said
from compensation.partners.supplier_orders import Asked
from compensation.partners.supplier_simulator.book import Book, Order
from compensation.partners.supplier_simulator.habits import Habit, habit_of

ADDRESS = "http://127.0.0.1:8020"
"""Where it listens, and where we look for it, unless COMPENSATION_SUPPLIER_SIMULATOR_URL says otherwise."""
KEY = "simulator"
"""The only API key it accepts, so that nobody's real key ever rests here."""
DEARER = 1_00
"""By how much a price changes, in minor units."""
_ENDS = {
    Habit.later: ("accepted", "issued"),
    Habit.later_refused: ("accepted", "refused"),
    Habit.never: ("accepted", "accepted"),
}


class Trouble(Exception):
    """A refusal as this protocol writes it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = said(status, {"error": {"code": code, "message": message}})


class Api:
    """Answers every request; it never raises and never waits."""

    def __init__(self, book: Book) -> None:
        self.book = book

    def answer(self, heard: Heard) -> Said:
        if heard.headers.get("authorization") != f"Bearer {KEY}":
            return Trouble(401, "wrong_key", f"The simulator accepts one API key only: {KEY!r}.").answer
        try:
            return self._act(heard)
        except Trouble as trouble:
            return trouble.answer

    def _act(self, heard: Heard) -> Said:
        match heard.method, heard.path.strip("/").split("/"):
            case "GET", ["v1", "products", code]:
                return said(200, self._quote(unquote(code), heard.query))
            case "POST", ["v1", "orders"]:
                return said(201, self._order(order_of(heard)))
            case "GET", ["v1", "orders", reference]:
                return said(200, self._found(unquote(reference)))
        raise Trouble(404, "unknown", f"There is no {heard.method} {heard.path} here.")

    def _quote(self, product: str, query: str) -> Mapping[str, Any]:
        asked = {name: values[-1] for name, values in parse_qs(query).items()}
        try:
            amount = Money(int(asked.get("amount", "")), asked.get("currency", ""))
        except (ValueError, Problem):
            raise Trouble(400, "invalid", "Name amount and currency.") from None
        habit = habit_of(amount.amount)
        cost = price(product, amount, DEARER if habit is Habit.dearer else 0)
        return {"in_stock": habit is not Habit.out_of_stock, "cost": cost}

    def _order(self, asked: Asked) -> Mapping[str, Any]:
        before = self.book.order(asked.reference)
        if before is not None:
            return shown(before)
        amount, habit = asked.amount, habit_of(asked.amount.amount)
        if habit in (Habit.out_of_stock, Habit.sold_out):
            raise Trouble(422, "out_of_stock", "The last one was sold just now.")
        dearer = DEARER if habit in (Habit.dearer, Habit.dearer_later) else 0
        cost = price(asked.product, amount, dearer)
        if cost > asked.most:
            raise Trouble(422, "price_changed", f"It costs {cost.amount} now.")
        if habit is Habit.overcharged:
            cost += Money(DEARER, cost.currency)
        face = amount.amount + 100 if habit is Habit.other_card else amount.amount
        first, last = _ENDS.get(habit, ("issued", "issued"))
        code = self._same_code(asked) if habit is Habit.same_code else ""
        made = self.book.add(
            asked.reference, asked.product, face, amount.currency, cost.amount, first, last, code
        )  # fmt: skip
        return shown(made)

    def _found(self, reference: str) -> Mapping[str, Any]:
        found = self.book.order(reference)
        if found is None:
            raise Trouble(404, "unknown_order", "No order bears this reference.")
        return shown(found)

    def _same_code(self, asked: Asked) -> str:
        alike = (one for one in self.book.orders() if habit_of(one.amount) is Habit.same_code)
        return next((one.code for one in alike), "")


def order_of(heard: Heard) -> Asked:
    try:
        return msgspec.json.decode(heard.body, type=Asked)
    except (msgspec.DecodeError, Problem):
        raise Trouble(400, "invalid", "This is no order.") from None


def price(product: str, amount: Money, more: int) -> Money:
    """What the catalogue states, and ``more``."""
    try:
        fee = library().products.named(product).terms(amount).fee
    except Problem:
        raise Trouble(422, "not_sold", "There is no such card.") from None
    habit = habit_of(amount.amount)
    less = 1 if habit is Habit.cheaper else 0
    return amount + Money(fee + more - less, amount.currency)


def shown(order: Order) -> Mapping[str, Any]:
    both = {
        "id": order.id,
        "reference": order.reference,
        "product": order.product,
        "amount": Money(order.amount, order.currency),
        "cost": Money(order.cost, order.currency),
        "status": order.status,
    }
    if order.status == "refused":
        both["reason"] = "out_of_stock"
    return both | ({"code": order.code, "expires_at": None} if order.status == "issued" else {})


def said(status: int, what: Mapping[str, Any]) -> Said:
    return Said(status, msgspec.json.encode(what))
