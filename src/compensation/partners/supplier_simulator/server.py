"""The simulated supplier on a port of this machine: it answers, or for some values fails to, as they say."""

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from compensation.core.settings import Settings
from compensation.partners.stand_in import Client, Heard, Said, StandIn, hung_up, own_port, serve
from compensation.partners.supplier_simulator.api import ADDRESS, KEY, Api, Trouble, order_of
from compensation.partners.supplier_simulator.book import Book
from compensation.partners.supplier_simulator.habits import LOST, UNWELL, Habit, habit_of

FILE = "supplier.sqlite"
"""The book's name inside ``Settings.data``."""
SLOW = 3.0
"""Seconds a slow answer takes."""
_UNREADABLE = Trouble(400, "invalid", "The request is too long or broken off.").answer


class SupplierSimulator(StandIn):
    """The server with its book at ``path``."""

    def __init__(self, path: Path, port: int = 0, clock: Callable[[], float] = time.time, slow: float = SLOW) -> None:
        super().__init__(port)
        self._path = path
        self._clock = clock
        self._slow = slow

    def remember(self) -> Book:
        self._book = Book(self._path, self._clock)
        self._api = Api(self._book)
        return self._book

    async def answer(self, heard: Heard | None, client: Client) -> Said | None:
        """The answer, or None when the client was kept waiting until it hung up."""
        if heard is None:
            return _UNREADABLE
        habit, unwell = self._habit(heard)
        if habit is Habit.slow:
            await hung_up(client, self._slow)
        if unwell and habit is Habit.busy:
            return Trouble(429, "busy", "Too many requests.").answer
        if unwell and habit is Habit.error:
            return Trouble(500, "error", "Something went wrong here.").answer
        answer = self._api.answer(heard) if not (unwell and habit is Habit.lost_before) else _UNREADABLE
        if unwell and habit in LOST:
            await hung_up(client)
            return None
        if unwell:
            return msgspec.structs.replace(answer, body=answer.body[: len(answer.body) // 2])
        return answer

    def _habit(self, heard: Heard) -> tuple[Habit, bool]:
        """How it behaves for this request, and whether it fails now. Only orders with the right key ever do."""
        right = heard.headers.get("authorization") == f"Bearer {KEY}"
        if (heard.method, heard.path, right) != ("POST", "/v1/orders", True):
            return Habit.prompt, False
        try:
            asked = order_of(heard)
        except Trouble:
            return Habit.prompt, False
        habit = habit_of(asked.amount.amount)
        return habit, habit in UNWELL and self._book.first_time(asked.reference)


def main(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM, at ``settings.supplier_simulator_url`` or ADDRESS.

    Raises Invalid in production, and for an address that is not on this machine.
    """
    port = own_port(settings, settings.supplier_simulator_url, ADDRESS, "COMPENSATION_SUPPLIER_SIMULATOR_URL")
    return serve(SupplierSimulator(settings.data / FILE, port), "supplier simulator")
