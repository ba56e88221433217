"""Webhooks out: the only code that calls addresses which strangers chose, and therefore the one that trusts none.

A name is resolved once, every address it has is checked, and the connection goes to a checked address and nowhere else:
what a second look-up would say does not matter. The certificate is still checked against the name. No redirect is
followed, no proxy is asked, and of the answer only the status is read.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import httpx

from compensation.notices.address import is_loopback, is_public
from compensation.notices.receiver import Answer, Failure

DEADLINE = 10.0
"""Seconds for everything: the name, the connection, the request and the first line of the answer."""
CONNECT = 4.0
"""Seconds for one connection, so that within the deadline there is time for a second address."""
ADDRESSES = 4
"""How many addresses of one name are tried."""
_PORTS = {"https": 443, "http": 80}
_USER_AGENT = "compensation-webhooks/1"

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""From a host and a port to IP addresses. Raises OSError when there are none."""


class WebhookCaller:
    """The Receivers of one process. In ``development`` http and this very machine may be called too."""

    def __init__(
        self,
        *,
        development: bool,
        deadline: float = DEADLINE,
        resolve: Resolve | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._development = development
        self._deadline = deadline
        self._trust = trust or httpx.create_ssl_context()
        # Slow name servers may hold these threads, but not the ones that everybody else resolves names with.
        self._threads = ThreadPoolExecutor(max_workers=16, thread_name_prefix="webhook-names")
        self._resolve = resolve or self._ask_the_system

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """See Receivers."""
        try:
            async with asyncio.timeout(self._deadline):
                return await self._post(httpx.URL(url), headers, body)
        except (TimeoutError, httpx.TimeoutException):
            return Answer(None, Failure.timeout)
        except httpx.InvalidURL:
            return Answer(None, Failure.address_refused)
        except httpx.ConnectError as error:
            return Answer(None, Failure.tls if _is_of_tls(error) else Failure.unreachable)
        except httpx.TransportError:
            return Answer(None, Failure.bad_answer)

    async def _post(self, url: httpx.URL, headers: Mapping[str, str], body: bytes) -> Answer:
        schemes = ("https", "http") if self._development else ("https",)
        if url.scheme not in schemes or not url.host:
            return Answer(None, Failure.address_refused)
        try:
            addresses = await self._resolve(url.host, url.port or _PORTS[url.scheme])
        except (OSError, UnicodeError):
            return Answer(None, Failure.host_unknown)
        if not addresses:
            return Answer(None, Failure.host_unknown)
        # One bad address spoils the name: whoever mixes them wants us to pick the wrong one some day.
        if not all(self._may_call(address) for address in addresses):
            return Answer(None, Failure.address_refused)
        *others, last = addresses[:ADDRESSES]
        for address in others:
            try:
                return await self._send(url, address, headers, body)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # nothing was sent yet
        return await self._send(url, last, headers, body)

    async def _send(self, url: httpx.URL, address: str, headers: Mapping[str, str], body: bytes) -> Answer:
        pinned = url.copy_with(host=address)
        headers = {**headers, "host": url.netloc.decode("ascii"), "user-agent": _USER_AGENT}
        # A client for each call: connections are pooled by address, and one address may be many merchants' host.
        async with (
            httpx.AsyncClient(
                verify=self._trust, trust_env=False, timeout=httpx.Timeout(self._deadline, connect=CONNECT)
            ) as client,
            client.stream(
                "POST", pinned, headers=headers, content=body, extensions={"sni_hostname": url.host}
            ) as response,
        ):
            return Answer(response.status_code, None if response.is_success else Failure.status)

    def _may_call(self, address: str) -> bool:
        return is_public(address) or (self._development and is_loopback(address))

    async def _ask_the_system(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return [str(address[0]) for *_, address in found]


def _is_of_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
