"""Calling addresses that strangers chose: nothing behind our walls is ever connected to, however it is written."""

import asyncio
import socket
import ssl
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from compensation.core.errors import Invalid
from compensation.notices.address import check_url, is_loopback, is_public
from compensation.notices.receiver import Failure
from compensation.partners.webhooks import WebhookCaller
from tests.notices.receiver import Receiver

PRIVATE = {
    "127.0.0.1": "this machine",
    "127.8.8.8": "this machine, less usual",
    "0.0.0.0": "this machine on Linux",
    "10.0.0.1": "private",
    "172.16.0.1": "private",
    "192.168.1.1": "private",
    "100.64.0.1": "a carrier's own",
    "169.254.169.254": "the cloud's metadata",
    "100.100.100.200": "another cloud's metadata",
    "192.0.0.192": "a third cloud's metadata",
    "168.63.129.16": "a fourth cloud's host",
    "198.18.0.1": "benchmarks",
    "203.0.113.7": "documentation",
    "224.0.0.1": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "everybody",
    "::1": "this machine",
    "::": "this machine",
    "::ffff:10.0.0.1": "private, mapped",
    "::ffff:127.0.0.1": "this machine, mapped",
    "::ffff:7f00:1": "this machine, mapped, in hex",
    "::7f00:1": "this machine, in the oldest way",
    "64:ff9b::7f00:1": "this machine behind a translator",
    "64:ff9b:1::a00:1": "private behind a translator",
    "2002:7f00:1::": "this machine in a tunnel",
    "2001:0:1::1": "a tunnel",
    "fe80::1": "the link",
    "fc00::1": "private",
    "fec0::1": "private, long ago",
    "ff02::1": "multicast",
}
ODD = (
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://0x7f000001/",
    "https://2130706433/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://localhost/",
    "https://localhost./",
)
"""Ways of writing private addresses that the system's own resolver understands."""


class Dialled:
    """Every address that a socket of this process was connected to."""

    def __init__(self) -> None:
        self.watching = False
        self.seen: list[Any] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.watching and event == "socket.connect":
            self.seen.append(arguments[1])


_dialled = Dialled()
sys.addaudithook(_dialled)


@pytest.fixture
def dialled() -> Iterator[list[Any]]:
    """What Python itself says of the connections that are made: not what we believe."""
    _dialled.seen, _dialled.watching = [], True
    yield _dialled.seen
    _dialled.watching = False


def names(*answers: list[str]) -> Any:
    """A resolver that gives one answer after another, and fails when it is asked more often."""
    left = iter(answers)

    async def resolve(host: str, port: int) -> list[str]:
        return next(left)

    return resolve


async def call(url: str, **how: Any) -> tuple[int | None, Failure | None]:
    caller = WebhookCaller(**{"development": False, "deadline": 5, **how})
    answer = await caller.post(url, {"content-type": "application/json"}, b"{}")
    await caller.close()
    return answer.status, answer.error


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_means_a_private_address_is_never_connected_to(address: str, dialled: list[Any]) -> None:
    for answer in ([address], ["93.184.216.34", address], [address, "2606:4700::1"]):
        assert await call("https://shop.example/hooks", resolve=names(answer)) == (None, Failure.address_refused)
    assert dialled == []


@pytest.mark.parametrize("url", ODD)
async def test_no_notation_gets_around_the_check(url: str, dialled: list[Any]) -> None:
    """By the system's own resolver, which knows more notations than we do."""
    status, error = await call(url)
    assert status is None
    assert error in (Failure.address_refused, Failure.host_unknown)
    assert dialled == []


async def test_the_watch_on_connections_sees_one(dialled: list[Any], receiver: Receiver) -> None:
    """The control: were it blind, the tests above would pass for nothing."""
    assert await call(receiver.url, development=True) == (204, None)
    assert dialled == [("127.0.0.1", receiver.port)]


async def test_development_may_call_this_machine_and_still_nothing_else_within(dialled: list[Any]) -> None:
    for address in PRIVATE:
        if not is_loopback(address):
            refused = await call("http://shop.example/", development=True, resolve=names([address]))
            assert refused == (None, Failure.address_refused)
    assert dialled == []


async def test_production_never_speaks_http(receiver: Receiver, dialled: list[Any]) -> None:
    for url in (receiver.url, "http://shop.example/", "ftp://shop.example/", "file:///etc/passwd", "//x", "", "https:"):
        status, error = await call(url, resolve=names(["93.184.216.34"]))
        assert status is None
        assert error in (Failure.address_refused, Failure.host_unknown)
    assert dialled == []
    assert receiver.told == []


async def test_a_name_is_looked_up_once_so_that_it_cannot_turn_private_in_between(
    receiver: Receiver, dialled: list[Any]
) -> None:
    rebinding = names(["127.0.0.1"], ["10.0.0.1"])
    url = f"http://shop.example:{receiver.port}/hooks?x=1"
    assert await call(url, development=True, resolve=rebinding) == (204, None)
    assert dialled == [("127.0.0.1", receiver.port)]
    (message,) = receiver.told
    assert message.path == "/hooks?x=1"
    assert message.headers["host"] == f"shop.example:{receiver.port}"
    assert await call(url, development=True, resolve=rebinding) == (None, Failure.address_refused)
    assert len(dialled) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_and_is_not_followed(status: int, receiver: Receiver, dialled: list[Any]) -> None:
    async with Receiver() as inside:
        receiver.answer = lambda message: (
            f"HTTP/1.1 {status} Elsewhere\r\nlocation: {inside.url}\r\ncontent-length: 0\r\n\r\n".encode()
        )
        assert await call(receiver.url, development=True) == (status, Failure.status)
        assert inside.told == []
    assert dialled == [("127.0.0.1", receiver.port)]


async def test_no_proxy_of_the_environment_is_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Receiver() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert await call(receiver.url, development=True) == (204, None)
        assert proxy.told == []


async def test_the_second_address_of_a_name_is_tried_when_nobody_listens_at_the_first(receiver: Receiver) -> None:
    url = f"http://shop.example:{receiver.port}/hooks"
    assert await call(url, development=True, resolve=names(["127.0.0.2", "127.0.0.1"])) == (204, None)


async def test_each_way_of_not_taking_a_notice_has_its_word(receiver: Receiver) -> None:
    async with Receiver() as gone:
        url = gone.url
    assert await call(url, development=True) == (None, Failure.unreachable)
    for said, expected in (
        (500, (500, Failure.status)),
        (410, (410, Failure.status)),
        (200, (200, None)),
        (b"SSH-2.0-nobody\r\n", (None, Failure.bad_answer)),
        (b"", (None, Failure.bad_answer)),
        (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 100_000, (None, Failure.bad_answer)),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n" + b"x" * 100_000, (200, None)),
    ):
        receiver.answer = lambda message, said=said: said
        assert await call(receiver.url, development=True) == expected

    async def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    assert await call("https://shop.example/", resolve=unknown) == (None, Failure.host_unknown)
    assert await call("https://shop.example/", resolve=names([])) == (None, Failure.host_unknown)
    assert await call(f"https://{'a' * 70}.example/") == (None, Failure.host_unknown)


async def test_a_receiver_that_never_answers_costs_the_deadline_and_no_more(receiver: Receiver) -> None:
    receiver.open.clear()

    async def never(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    async with asyncio.timeout(10):
        assert await call(receiver.url, development=True, deadline=0.2) == (None, Failure.timeout)
        assert await call("https://shop.example/", deadline=0.05, resolve=never) == (None, Failure.timeout)


async def test_the_certificate_is_checked_against_the_name_though_the_connection_goes_to_a_number(
    tmp_path: Path,
) -> None:
    server, client = _certificate("shop.example", tmp_path)
    async with Receiver(server) as receiver:
        how = {"development": True, "resolve": names(["127.0.0.1"], ["127.0.0.1"]), "trust": client}
        assert await call(f"https://shop.example:{receiver.port}/", **how) == (204, None)
        assert await call(f"https://other.example:{receiver.port}/", **how) == (None, Failure.tls)
        stranger = {"development": True, "resolve": names(["127.0.0.1"])}
        assert await call(f"https://shop.example:{receiver.port}/", **stranger) == (None, Failure.tls)
        assert len(receiver.told) == 1


# -- said early, when an endpoint is added -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/", "ftp://shop.example/", "shop.example", "https://", "https:///x", "https://user@shop.example/",
        "https://user:word@shop.example/", "https://shop.example/#x", "https://shop.example:0/", "https://shop.example:x/",
        "https://shop.example:99999/", "https://shop.example\\@10.0.0.1/", "https://shop .example/", "https://bücher.example/",
        "https://shop.example/\n", "https://[::1/", "https://[fe80::1%25eth0]/", "https://2130706433/", "https://0x7f000001/",
        "https://127.1/", "https://0177.0.0.1/", "https://a..b/", "https://-a.example/", "https://x/" + "a" * 2000,
        *(f"https://[{a}]/" if ":" in a else f"https://{a}/" for a in PRIVATE),
    ],
)  # fmt: skip
def test_an_address_that_can_never_be_called_is_refused_at_once(url: str) -> None:
    with pytest.raises(Invalid, match="invalid_webhook_url"):
        check_url(url, development=False)


@pytest.mark.parametrize(
    "url",
    ["https://shop.example", "https://hooks.shop.example:8443/a/b?c=d%20e", "https://93.184.216.34/", "https://xn--bcher-kva.example/",
     "https://[2606:4700::1]/", "https://1.shop.example./"],
)  # fmt: skip
def test_an_ordinary_address_is_taken(url: str) -> None:
    check_url(url, development=False)


def test_development_takes_this_machine() -> None:
    for url in ("http://127.0.0.1:9000/", "http://localhost:9000/", "http://[::1]/"):
        check_url(url, development=True)
    with pytest.raises(Invalid):
        check_url("http://10.0.0.1/", development=True)


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_what_python_calls_private_is_never_public(address: Any) -> None:
    """And a mapped address is what it maps to."""
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_private
        assert not address.is_multicast
    if address.version == 4:
        assert is_public(f"::ffff:{address}") == is_public(str(address))
        assert not is_public(str(ip_address(b"\x00" * 12 + address.packed)))


def _certificate(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server that shows a certificate for ``name``, and a client that trusts it and nobody else."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cadata=made.public_bytes(Encoding.PEM).decode())
