"""Laws of who asks: behind our own proxies it is who called the first of them, and nobody can write himself another."""

from ipaddress import ip_address, ip_network

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar

from compensation.core.errors import Invalid
from compensation.core.settings import Settings
from compensation.merchants.demo import Demo
from compensation.web.address import networks, origin
from compensation.web.app import create_app
from compensation.web.limits import GUESSES

OURS = networks("10.0.0.0/8, fd00::/8")
PROXIES = st.lists(st.sampled_from(["10.0.0.1", "10.9.9.9", "fd00::1", "::ffff:10.0.0.7"]), min_size=1, max_size=4)
STRANGERS = st.ip_addresses().filter(lambda one: not any(one in each for each in OURS) and not _mapped(one))
LIES = st.lists(st.one_of(st.text(max_size=20), st.ip_addresses().map(str)), max_size=5)


def _mapped(one: object) -> bool:
    return getattr(one, "ipv4_mapped", None) is not None


@given(STRANGERS, PROXIES, LIES)
def test_whatever_a_caller_writes_he_is_counted_as_himself(caller: object, proxies: list[str], lies: list[str]) -> None:
    # Each proxy adds whom it was called by; the last of them calls us.
    hops = [*lies, str(caller), *proxies[:-1]]
    assert origin(proxies[-1], hops, OURS) == caller
    # Somebody who calls us himself is believed nothing.
    assert origin(str(caller), hops, OURS) == caller
    assert origin(proxies[-1], hops, ()) == origin(proxies[-1], [], ())


def test_what_is_no_address_ends_at_the_proxy_that_handed_it_on() -> None:
    assert origin("10.0.0.1", ["1.2.3.4", "nonsense", "10.0.0.2"], OURS) == ip_address("10.0.0.2")
    assert origin("", ["1.2.3.4"], OURS) is None
    assert origin("10.0.0.1", ["1.2.3.4"] * 100_000, OURS) == ip_address("1.2.3.4")


@pytest.mark.parametrize("text", ["10.0.0.1/8", "proxy.example", "10.0.0.0/8;::1"])
def test_what_cannot_be_read_is_said_at_the_start(text: str, settings: Settings) -> None:
    with pytest.raises(Invalid, match="COMPENSATION_TRUSTED_PROXIES"):
        create_app(msgspec.structs.replace(settings, trusted_proxies=text))
    assert networks("") == ()
    assert networks(" 10.0.0.1 ,") == (ip_network("10.0.0.1/32"),)


async def _guesses(app: Litestar, trusted: str, demo: Demo, callers: int, times: int) -> list[int]:
    """Wrong codes through one proxy from so many callers, by turns."""
    app.state.settings = msgspec.structs.replace(app.state.settings, trusted_proxies=trusted)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("10.0.0.1", 5))
    answers = []
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        for number in range(times):
            headers = {"x-forwarded-for": f"{number}.2.3.4, 192.0.2.{number % callers}"}
            answers.append((await client.get(f"/g/{'0' * 30}", headers=headers)).status_code)
    return answers


async def test_behind_a_trusted_proxy_each_caller_has_a_limit_of_his_own(app: Litestar, demo: Demo) -> None:
    assert set(await _guesses(app, "10.0.0.0/8", demo, 2, 2 * GUESSES.times)) == {404}
    assert set(await _guesses(app, "10.0.0.0/8", demo, 2, 2)) == {429}


async def test_a_proxy_that_is_not_ours_is_one_caller(app: Litestar, demo: Demo) -> None:
    answers = await _guesses(app, "172.16.0.0/12", demo, 100, GUESSES.times + 1)
    assert answers == [404] * GUESSES.times + [429]


async def test_wrong_codes_are_counted_by_key_and_by_address(app: Litestar, demo: Demo) -> None:
    """An address that has guessed too often is stopped whichever key it uses."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("192.0.2.9", 5))
    headers = {"authorization": f"Bearer {demo.api_key}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=headers) as client:
        for _ in range(GUESSES.times):
            await client.get(f"/g/{'0' * 30}")
        for path in ("lookup", "redeem", "hold"):
            body = {"code": "no such code"} | ({} if path == "lookup" else {"amount": {"amount": 1, "currency": "EUR"}})
            answer = await client.post(f"/v1/gift-cards/{path}", json=body, headers={"idempotency-key": path})
            assert answer.status_code == 429, path
    elsewhere = httpx.ASGITransport(app, raise_app_exceptions=False, client=("192.0.2.10", 5))
    async with httpx.AsyncClient(transport=elsewhere, base_url="http://127.0.0.1:8000", headers=headers) as client:
        answer = await client.post("/v1/gift-cards/lookup", json={"code": "no such code"})
    assert answer.status_code == 404
