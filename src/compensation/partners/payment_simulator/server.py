"""The simulated processor on a port of this machine: it answers, or for some payments fails to, as their names say."""

import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

from compensation.core.settings import Settings
from compensation.partners.payment_simulator.api import ADDRESS, Answer, Api, Request, Trouble
from compensation.partners.payment_simulator.book import Book
from compensation.partners.payment_simulator.names import Habit
from compensation.partners.stand_in import Client, Heard, Said, StandIn, hung_up, own_port, serve

FILE = "payments.sqlite"
"""The book's name inside ``Settings.data``."""
SLOW = 3.0
"""Seconds a slow answer takes."""
_UNREADABLE = Trouble(400, "The request is too long, broken off, or not a form.").answer


class PaymentSimulator(StandIn):
    """The server with its book at ``path``."""

    def __init__(self, path: Path, port: int = 0, clock: Callable[[], float] = time.time, slow: float = SLOW) -> None:
        super().__init__(port)
        self._path = path
        self._clock = clock
        self._slow = slow
        self._in_flight: set[str] = set()

    def remember(self) -> Book:
        self._book = Book(self._path, self._clock)
        self._api = Api(self._book)
        return self._book

    async def answer(self, heard: Heard | None, client: Client) -> Said | None:
        request = _request(heard)
        answer = await self._one_at_a_time(request, client) if request else _UNREADABLE
        if answer is None:
            return None
        headers = (("idempotent-replayed", "true"),) if answer.replayed else ()
        return Said(answer.status, answer.body, headers)

    async def _one_at_a_time(self, request: Request, client: Client) -> Answer | None:
        if request.key in self._in_flight:
            same = "A request with this idempotency key is being worked on."
            return Trouble(409, same, code="idempotency_key_in_use").answer
        if not request.key:
            return await self._answer(request, client)
        self._in_flight.add(request.key)
        try:
            return await self._answer(request, client)
        finally:
            self._in_flight.discard(request.key)

    async def _answer(self, request: Request, client: Client) -> Answer | None:
        """The answer, or None when the client was kept waiting until it hung up."""
        payment = request.payment if (request.method, request.path) == ("POST", "/v1/refunds") else None
        habit = payment.habit if payment else Habit.prompt
        if habit is Habit.slow:
            await hung_up(client, self._slow)
        unwell = habit in (Habit.busy, Habit.lost_before, Habit.lost_after) and self._book.first_time(request.key)
        if unwell and habit is Habit.busy:
            return Trouble(429, "Too many requests.", code="rate_limit").answer
        answer = self._api.answer(request) if not (unwell and habit is Habit.lost_before) else None
        if unwell:
            await hung_up(client)
            return None
        return answer


def main(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM, at ``settings.payments_url`` or ADDRESS.

    Raises Invalid in production, and for an address that is not on this machine.
    """
    port = own_port(settings, settings.payments_url, ADDRESS, "COMPENSATION_PAYMENTS_URL")
    return serve(PaymentSimulator(settings.data / FILE, port), "payment simulator")


def _request(heard: Heard | None) -> Request | None:
    """None for what is no form in UTF-8."""
    if heard is None:
        return None
    try:
        form = parse_qsl(heard.body.decode() or heard.query, errors="strict", max_num_fields=200)
    except ValueError:
        return None
    key, authorization = heard.headers.get("idempotency-key", ""), heard.headers.get("authorization", "")
    return Request(heard.method, heard.path, dict(form), authorization, key)
