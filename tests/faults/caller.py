"""A merchant's system that never gives up and never takes a new key: it knows what it was promised, and asks again.

In the control it is ``naive`` for some paths: there it asks again under a new key, as if redemption knew of none.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec

from tests.faults.house import PATIENCE, House


class Kept(msgspec.Struct, frozen=True):
    """A request and the answer that was acknowledged, byte for byte."""

    path: str
    body: Any
    status: int
    answer: bytes

    @property
    def verb(self) -> str:
        """``/v1/rewards/rwd_…/void`` as ``void``: what was asked, without whom it was asked of."""
        told = re.sub(r"/[a-z]+_[0-9a-z]{26}", "", self.path).removeprefix("/v1/")
        return re.sub("^(gift-cards|rewards|customers)/", "", told)


class Caller:
    """Sends the same request with the same key until it gets an answer that will stay; remembers every such answer."""

    def __init__(self, house: House, api_key: str, name: str = "serve", patience: float = PATIENCE) -> None:
        self.house, self.name = house, name
        self.patience = patience
        """Seconds without a lasting answer after which the house has failed."""
        self.naive: frozenset[str] = frozenset()
        """Paths that are asked again under a new key."""
        self.in_flight = 0
        """How many requests wait for their answer now."""
        self.kept: dict[str, Kept] = {}
        self.refused = 0
        """How many answers were a 503."""
        self.longest = 0.0
        """Seconds the slowest answer of any kind took."""
        self._client = httpx.AsyncClient(
            base_url=house.base_of(name),
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=30,
            limits=httpx.Limits(max_connections=300),
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def post(self, path: str, body: Any, key: str) -> httpx.Response:
        """The lasting answer. A process that has died is started again; a bug (a 500) is not asked twice.

        ``body`` is a file when it is bytes, else JSON.
        """
        sent = {"content": body} if isinstance(body, bytes) else {"json": body}
        headers = {"Idempotency-Key": key} | ({"Content-Type": "text/csv"} if isinstance(body, bytes) else {})
        answer = await self._until_it_lasts("POST", path, headers=headers, **sent)
        # Where it was naive, the key that was answered is another one than it began with.
        self.kept[headers["Idempotency-Key"]] = Kept(path, body, answer.status_code, answer.content)
        return answer

    async def reveal(self, reward_id: str) -> str:
        """The code of a reward. It takes no key, because the answer is kept nowhere."""
        return str((await self._until_it_lasts("POST", f"/v1/rewards/{reward_id}/reveal")).json()["code"])

    async def get(self, path: str) -> Any:
        """What stands there now; asked until somebody answers."""
        answer = await self._until_it_lasts("GET", path)
        answer.raise_for_status()
        return answer.json()

    async def once(self, method: str, path: str, **more: Any) -> httpx.Response:
        """The first answer, whatever it is. Raises httpx.TransportError when the process dies over it."""
        began = time.monotonic()
        self.in_flight += 1
        try:
            answer = await self._client.request(method, path, **more)
        finally:
            self.in_flight -= 1
            self.longest = max(self.longest, time.monotonic() - began)
        self.refused += answer.status_code == 503
        return answer

    async def ask_all_again(self) -> None:
        """Every promise stands: the same request with the same key gets the same bytes, marked as a replay."""
        for key, kept in list(self.kept.items()):
            again = await self.post(kept.path, kept.body, key)
            assert (again.status_code, again.content) == (kept.status, kept.answer), key
            assert again.headers.get("idempotency-replayed") == "true", key

    async def _until_it_lasts(self, method: str, path: str, **more: Any) -> httpx.Response:
        async with asyncio.timeout(self.patience):
            while True:
                try:
                    answer = await self.once(method, path, **more)
                except httpx.TransportError:
                    if path in self.naive:
                        more["headers"]["Idempotency-Key"] += "+"
                    if not await self.house.revive():
                        await asyncio.sleep(0.02)
                    continue
                assert answer.status_code != 500, answer.text
                if answer.status_code != 503 and "retry-after" not in answer.headers:
                    return answer
                await asyncio.sleep(0.1)


@asynccontextmanager
async def calling(house: House, api_key: str, name: str = "serve", patience: float = PATIENCE) -> AsyncIterator[Caller]:
    caller = Caller(house, api_key, name, patience)
    try:
        yield caller
    finally:
        await caller.close()
