"""The part of Stripe's API that we use, over the simulator's book: a request in, an answer out, no network."""

import re
import secrets
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from compensation.partners.payment_simulator.book import Book, Kept, Refund
from compensation.partners.payment_simulator.names import Habit, Payment, payment_named

ADDRESS = "http://127.0.0.1:8010"
"""Where it listens, and where we look for it, unless COMPENSATION_PAYMENTS_URL says otherwise."""
KEY = "simulator"
"""The only API key it accepts, so that nobody's real key ever rests here."""

T = TypeVar("T")

_AMOUNT = re.compile("[1-9][0-9]{0,11}")
_MARK = re.compile(r"metadata\[([A-Za-z0-9_-]{1,40})\]")
_REFUND_PARAMETERS = {"amount", "charge", "payment_intent", "currency", "reason"}
_ENDS = {
    Habit.pending: ("pending", "succeeded", None),
    Habit.pending_fails: ("pending", "failed", "expired_or_canceled_card"),
    Habit.bounces: ("succeeded", "failed", "lost_or_stolen_card"),
}


class Request(msgspec.Struct, frozen=True):
    """A request whose form, or query, is decoded. ``key`` is the idempotency key or empty."""

    method: str
    path: str
    form: dict[str, str]
    authorization: str = ""
    key: str = ""

    @property
    def body(self) -> str:
        """All that must be the same when the key is the same."""
        return msgspec.json.encode([self.method, self.path, sorted(self.form.items())]).decode()

    @property
    def payment(self) -> Payment | None:
        """The payment it is about, where a parameter names one."""
        return payment_named(self.form.get("payment_intent") or self.form.get("charge") or "")


class Answer(msgspec.Struct, frozen=True):
    status: int
    body: bytes
    replayed: bool = False


class Trouble(Exception):
    """An error as Stripe writes it. ``begun``: it arose after the checks, so it stays the answer for its key."""

    def __init__(self, status: int, message: str, *, code: str = "", param: str = "", begun: bool = False) -> None:
        super().__init__(message)
        kinds = {402: "card_error", 500: "api_error"}
        kind = "idempotency_error" if code == "idempotency" else kinds.get(status, "invalid_request_error")
        said = {"type": kind, "message": message, "code": code, "param": param}
        self.answer = Answer(status, _json({"error": {name: value for name, value in said.items() if value}}))
        self.begun = begun


class Api:
    """Answers every request; it never raises and never waits."""

    def __init__(self, book: Book) -> None:
        self.book = book

    def answer(self, request: Request) -> Answer:
        """Do what is asked, once for each idempotency key."""
        if request.authorization != f"Bearer {KEY}":
            return Trouble(401, f"The simulator accepts one API key only: {KEY!r}.").answer
        try:
            if request.method == "POST" and request.key:
                return self._once(request)
            return Answer(200, _json(self._act(request)))
        except Trouble as trouble:
            return trouble.answer

    def _once(self, request: Request) -> Answer:
        # The effect and its answer are written together, or a crash between them would let the key act twice.
        with self.book:
            kept = self.book.kept(request.key)
            if kept is None:
                return self._first(request)
        if kept.body != request.body:
            raise Trouble(400, "This idempotency key was used with other parameters before.", code="idempotency")
        return Answer(kept.status, kept.answer, replayed=True)

    def _first(self, request: Request) -> Answer:
        try:
            answer = Answer(200, _json(self._act(request)))
        except Trouble as trouble:
            if not trouble.begun:
                return trouble.answer
            answer = trouble.answer
        self.book.keep(request.key, Kept(request.body, answer.status, answer.body))
        return answer

    def _act(self, request: Request) -> Mapping[str, Any]:
        match request.method, request.path.strip("/").split("/"):
            case "POST", ["v1", "payment_intents" | "charges" as kind]:
                return self._paid(kind, _new_payment(request.form))
            case "GET", ["v1", "payment_intents" | "charges" as kind, payment_id]:
                return self._paid(kind, _known(payment_named(payment_id), payment_id))
            case "POST", ["v1", "refunds"]:
                return self._refund(request)
            case "GET", ["v1", "refunds"]:
                return self._list(request)
            case "GET", ["v1", "refunds", refund_id]:
                return _refund(_known(self.book.refund(refund_id), refund_id))
            case "POST", ["simulator", "refunds", refund_id]:
                status, reason = request.form.get("status", ""), request.form.get("failure_reason")
                if status not in ("succeeded", "failed"):
                    raise Trouble(400, "Say status=succeeded or status=failed.", param="status")
                return _refund(_known(self.book.settle(refund_id, status, reason), refund_id))
            case "POST", ["simulator", "forget-keys"]:
                self.book.forget_keys()
                return {"forgotten": True}
        raise Trouble(404, f"There is no {request.method} {request.path} here.")

    def _refund(self, request: Request) -> Mapping[str, Any]:
        form = request.form
        metadata = {match[1]: value for name, value in form.items() if (match := _MARK.fullmatch(name))}
        for name in form.keys() - _REFUND_PARAMETERS:
            if not _MARK.fullmatch(name):
                raise Trouble(400, f"There is no parameter {name}.", code="parameter_unknown", param=name)
        payment = _known(request.payment, form.get("payment_intent") or form.get("charge") or "")
        if form.get("currency", payment.currency) != payment.currency:
            raise Trouble(400, f"The payment was made in {payment.currency}.", param="currency")
        left = payment.amount - self._given_back(payment)
        if left == 0:
            raise Trouble(400, "All of it was refunded before.", code="charge_already_refunded", begun=True)
        amount = _amount(form.get("amount", str(left)))
        if amount > left:
            raise Trouble(400, f"{amount} is more than the {left} that are left.", param="amount", begun=True)
        match payment.habit:
            case Habit.error:
                raise Trouble(500, "Something went wrong here.", begun=True)
            case Habit.declined:
                raise Trouble(402, "The bank does not take it.", code="card_declined", begun=True)
            case Habit.disputed:
                raise Trouble(400, "The payment is disputed.", code="charge_disputed", begun=True)
        ends = _ENDS.get(payment.habit, ("succeeded", "succeeded", None))
        return _refund(self.book.add(payment, amount, metadata, *ends))

    def _list(self, request: Request) -> Mapping[str, Any]:
        named = request.form.get("payment_intent") or request.form.get("charge")
        refunds = self.book.refunds(_known(request.payment, named) if named else None)
        after = request.form.get("starting_after")
        if after is not None:
            ids = [refund.id for refund in refunds]
            refunds = refunds[_known(ids.index(after) + 1 if after in ids else None, after) :]
        limit = min(_amount(request.form.get("limit", "10"), "limit"), 100)
        data = [_refund(refund) for refund in refunds[:limit]]
        return {"object": "list", "url": "/v1/refunds", "has_more": len(refunds) > limit, "data": data}

    def _paid(self, kind: str, payment: Payment) -> Mapping[str, Any]:
        both = {"amount": payment.amount, "currency": payment.currency, "status": "succeeded", "livemode": False}
        if kind == "payment_intents":
            return both | {
                "id": payment.intent,
                "object": "payment_intent",
                "amount_received": payment.amount,
                "latest_charge": payment.charge,
            }
        return both | {
            "id": payment.charge,
            "object": "charge",
            "amount_refunded": self._given_back(payment),
            "payment_intent": payment.intent,
        }

    def _given_back(self, payment: Payment) -> int:
        return sum(refund.amount for refund in self.book.refunds(payment) if refund.status != "failed")


def _new_payment(form: Mapping[str, str]) -> Payment:
    """To pay is to find a name that nobody has used."""
    name = f"pi_sim_{_amount(form.get('amount', ''))}_{form.get('currency', '')}_{secrets.token_hex(8)}"
    payment = payment_named(name)
    if payment is None:
        raise Trouble(400, "Say the currency in three small letters.", param="currency")
    return payment


def _refund(refund: Refund) -> Mapping[str, Any]:
    payment = _known(payment_named(f"pi_{refund.payment}"), refund.payment)
    return {
        "id": refund.id,
        "object": "refund",
        "amount": refund.amount,
        "currency": payment.currency,
        "payment_intent": payment.intent,
        "charge": payment.charge,
        "metadata": refund.metadata,
        "status": refund.status,
        "failure_reason": refund.failure_reason,
        "created": int(refund.created),
    }


def _amount(text: str, param: str = "amount") -> int:
    if not _AMOUNT.fullmatch(text):
        raise Trouble(400, f"{text!r} is not a positive integer.", code="parameter_invalid_integer", param=param)
    return int(text)


def _known(found: T | None, name: str) -> T:
    if found is None:
        raise Trouble(404, f"There is no {name!r}.", code="resource_missing")
    return found


def _json(body: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(body)
