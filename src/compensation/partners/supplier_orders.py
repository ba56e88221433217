"""Cards of other brands by HTTP, from whoever speaks this small protocol: our simulator, or a bridge to a supplier.

    GET  /v1/products/{code}?amount=1000&currency=EUR   → {in_stock, cost}; 404 for what is not sold
    POST /v1/orders {reference, product, amount, most}  → {id, reference, product, amount, cost, status, …}
    GET  /v1/orders/{reference}                         → the same; 404 when no order bears the reference

``status`` is ``issued``, with ``code`` and perhaps ``expires_at``, ``accepted``, or ``refused`` with ``reason``. An
order that is refused at once is answered 422 with ``error.code``, a word of NotSupplied. A reference is ordered once:
asked for again, its order is answered as it stands. One call is made once; whoever asks looks an order up before he
orders again.
"""

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import quote as quoted

import httpx
import msgspec
from msgspec import Meta

from compensation.core.errors import Problem, Unavailable
from compensation.core.money import Money
from compensation.core.text import line
from compensation.issuance.supplier import Accepted, Declined, Found, NotSupplied, Ordered, Quote, Supplied, Unknown

DEADLINE = 12.0
"""Seconds one call may take. Looking up, asking the price and ordering fit together in one piece of work."""
RETRY_AFTER = 30
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_TURNED_AWAY = (401, 403, 429)
"""Statuses that say for certain that nothing was done."""

T = TypeVar("T")


class Asked(msgspec.Struct, frozen=True):
    """What is sent to order one card."""

    reference: Annotated[str, Meta(min_length=1, max_length=255)]
    product: str
    amount: Money
    most: Money


class Answered(msgspec.Struct, frozen=True):
    """An order as the supplier tells it. What it has besides is not read."""

    id: Annotated[str, Meta(pattern="^[\x21-\x7e]{1,120}$")]
    reference: str
    product: str
    amount: Money
    cost: Money
    status: Literal["issued", "accepted", "refused"]
    reason: str = ""
    code: Annotated[str, Meta(pattern="^[\x21-\x7e]{4,120}$")] | None = None
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None

    def __post_init__(self) -> None:
        if (self.status == "issued") != (self.code is not None):
            raise ValueError("a card that is issued has a code, and no other")


class _Error(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


class _Refusal(msgspec.Struct, frozen=True):
    error: _Error


class SupplierOrders:
    """The SupplierPort of one account with one supplier."""

    def __init__(self, url: str, key: str, deadline: float = DEADLINE) -> None:
        self._deadline = deadline
        self._client = httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=deadline, trust_env=False
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def quote(self, product: str, amount: Money) -> Quote | None:
        """See SupplierPort."""
        asked = {"amount": amount.amount, "currency": amount.currency}
        answer = await self._look(f"/v1/products/{quoted(product, safe='')}", asked)
        if answer.status_code in (404, 422):
            return None
        return self._usable(answer, Quote)

    async def order(self, reference: str, product: str, amount: Money, most: Money) -> Ordered:
        """See SupplierPort."""
        body = msgspec.json.encode(Asked(reference, product, amount, most))
        try:
            async with asyncio.timeout(self._deadline):
                answer = await self._client.post(
                    "/v1/orders", content=body, headers={"Content-Type": "application/json"}
                )
        except _NEVER_LEFT as error:
            raise _away() from error
        except (TimeoutError, httpx.TransportError) as error:
            return Unknown(f"The supplier gave no answer: {type(error).__name__}.")
        if answer.status_code in _TURNED_AWAY:
            raise _away(answer.status_code)
        if answer.status_code == 422:
            return _declined(answer.content)
        made = _decoded(answer, Answered) if answer.is_success else None
        if made is None or made.reference != reference:
            return Unknown(f"The supplier gave no usable answer ({answer.status_code}).")
        return _as_found(made)

    async def find_order(self, reference: str) -> Found | None:
        """See SupplierPort."""
        answer = await self._look(f"/v1/orders/{quoted(reference, safe='')}", {})
        if answer.status_code == 404:
            return None
        found = self._usable(answer, Answered)
        if found.reference != reference:
            raise _away()
        return _as_found(found)

    async def _look(self, path: str, params: dict[str, Any]) -> httpx.Response:
        try:
            async with asyncio.timeout(self._deadline):
                return await self._client.get(path, params=params)
        except (TimeoutError, httpx.TransportError) as error:
            raise _away() from error

    def _usable(self, answer: httpx.Response, kind: type[T]) -> T:
        read = _decoded(answer, kind) if answer.is_success else None
        if read is None:
            raise _away(answer.status_code)
        return read


def _decoded(answer: httpx.Response, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except (msgspec.DecodeError, Problem):
        return None


def _as_found(order: Answered) -> Found:
    if order.status == "accepted":
        return Accepted(order.id, order.product, order.amount)
    if order.code is None:
        return Declined(_reason(order.reason))
    return Supplied(order.id, order.product, order.amount, order.cost, order.code, order.expires_at)


def _declined(body: bytes) -> Declined | Unknown:
    try:
        error = msgspec.json.decode(body, type=_Refusal).error
    except msgspec.DecodeError:
        return Unknown("The supplier refused in words that we cannot read.")
    return Declined(_reason(error.code), line(error.message)[:300])


def _reason(code: str) -> NotSupplied:
    return NotSupplied(code) if code in set(NotSupplied) else NotSupplied.other


def _away(status: int | None = None) -> Unavailable:
    why = "does not accept our key" if status in (401, 403) else "gives no answer that we can use now"
    return Unavailable(
        "supplier_unavailable", f"The supplier {why}. This call bought nothing.", retry_after=RETRY_AFTER
    )
