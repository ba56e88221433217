"""Laws of the simulated processor: it may fail, but never lies about money, and never runs where money is real."""

import asyncio
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compensation.core.errors import Invalid
from compensation.core.settings import Settings
from compensation.db.embedded.child import free_port
from compensation.partners.payment_simulator.api import KEY, Api, Request
from compensation.partners.payment_simulator.book import Book
from compensation.partners.payment_simulator.names import Habit, payment_named
from compensation.partners.payment_simulator.server import main

PAID = 1000
PAYMENT = f"pi_sim_{PAID}_usd_a"


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ABCDEF"), st.integers(1, 700), st.sampled_from(["", "failed", "succeeded", "forget"])
        ),
        max_size=25,
    )
)
def test_never_more_is_given_back_than_was_paid_and_never_twice_for_a_remembered_key(steps):
    """Whatever is asked, in whatever order, however often, and whatever the bank does meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        book = Book(Path(folder) / "book")
        api = Api(book)
        payment = payment_named(PAYMENT)
        assert payment is not None
        remembered: dict[str, tuple[int, bytes]] = {}
        for key, amount, then in steps:
            answer = api.answer(asking(key, amount))
            if key not in remembered:
                remembered[key] = (amount, answer.body)
            elif remembered[key][0] == amount:
                assert (answer.body, answer.replayed) == (remembered[key][1], True)
            else:
                assert answer.status == 400
            newest = next(iter(book.refunds(payment)), None)
            if then == "forget":
                book.forget_keys()
                remembered.clear()
            elif then and newest is not None and newest.status != "failed":
                book.settle(newest.id, then, None)
            assert sum(each.amount for each in book.refunds(payment) if each.status != "failed") <= PAID
        book.close()


def asking(key: str, amount: int) -> Request:
    form = {"payment_intent": PAYMENT, "amount": str(amount)}
    return Request("POST", "/v1/refunds", form, f"Bearer {KEY}", key)


def test_an_act_and_its_remembered_answer_are_one(tmp_path, monkeypatch):
    """A crash before the answer is kept leaves no refund that a repeat would double."""
    book = Book(tmp_path / "book")
    monkeypatch.setattr(book, "keep", lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
    with pytest.raises(RuntimeError, match="killed"):
        Api(book).answer(asking("A", 10))
    assert book.refunds(payment_named(PAYMENT)) == []
    book.close()


@pytest.mark.parametrize("habit", list(Habit))
def test_the_last_word_of_a_name_is_how_it_behaves(habit):
    for name in (f"pi_sim_5000_eur_{habit}", f"ch_sim_5000_eur_order7_{habit}"):
        payment = payment_named(name)
        assert payment is not None
        assert (payment.amount, payment.currency, payment.habit) == (5000, "eur", habit)


@pytest.mark.parametrize(
    "name", ["pi_3abc", "pi_sim_", "pi_sim_0_usd", "pi_sim_-5_usd", "pi_sim_5_USD", "pi_sim_5_usdx", "re_sim_5_usd", ""]
)
def test_other_names_are_no_payments(name):
    assert payment_named(name) is None


@pytest.mark.parametrize("name", ["pi_sim_5000_eur", "pi_sim_5000_eur_pending-order7", "pi_sim_5000_eur_x"])
def test_a_name_without_such_a_word_behaves_well(name):
    payment = payment_named(name)
    assert payment is not None
    assert payment.habit is Habit.prompt


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"payment_intent": PAYMENT, "amount": "ten"}, "parameter_invalid_integer"),
        ({"payment_intent": PAYMENT, "amount": "-1"}, "parameter_invalid_integer"),
        ({"payment_intent": PAYMENT, "amount": "1.5"}, "parameter_invalid_integer"),
        ({"payment_intent": PAYMENT, "ammount": "1"}, "parameter_unknown"),
        ({"payment_intent": PAYMENT, "metadata[a b]": "1"}, "parameter_unknown"),
        ({"payment_intent": PAYMENT, "currency": "eur"}, None),
        ({"payment_intent": "pi_3abc", "amount": "1"}, "resource_missing"),
        ({}, "resource_missing"),
    ],
)
async def test_a_malformed_request_is_refused_and_does_not_use_its_key_up(raw, form, code):
    wrong = await raw.post("/v1/refunds", data=form, headers={"Idempotency-Key": "A"})
    right = await raw.post("/v1/refunds", data={"payment_intent": PAYMENT}, headers={"Idempotency-Key": "A"})

    assert wrong.status_code in (400, 404)
    assert wrong.json()["error"].get("code") == code
    assert right.json()["amount"] == PAID


async def test_a_replay_says_so(raw):
    answers = [
        await raw.post("/v1/refunds", data={"payment_intent": PAYMENT}, headers={"Idempotency-Key": "A"})
        for _ in range(2)
    ]
    assert answers[0].content == answers[1].content
    assert "idempotent-replayed" not in answers[0].headers
    assert answers[1].headers["idempotent-replayed"] == "true"


async def test_while_a_key_is_being_worked_on_its_repeat_is_told_so(raw):
    """Whichever comes first is never answered and stays in flight until its client gives up."""
    lost, key = {"payment_intent": "pi_sim_1000_usd_lost-before"}, {"Idempotency-Key": "A"}
    both = [asyncio.create_task(raw.post("/v1/refunds", data=lost, headers=key)) for _ in range(2)]
    (told,), (waiting,) = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    await asyncio.wait([waiting])

    assert told.result().status_code == 409
    assert told.result().json()["error"]["code"] == "idempotency_key_in_use"


@pytest.mark.parametrize("path", ["/", "/v1/refunds/re_none", "/v1/nothing", "/v1/charges/ch_none", "/v1/events"])
async def test_what_is_not_there_is_not_found(raw, path):
    assert (await raw.get(path)).status_code == 404


async def test_a_refund_is_read_by_its_id(raw):
    made = (await raw.post("/v1/refunds", data={"charge": PAYMENT.replace("pi_", "ch_")})).json()
    assert (await raw.get(f"/v1/refunds/{made['id']}")).json() == made
    assert (await raw.get(f"/v1/charges/{made['charge']}")).json()["amount_refunded"] == PAID


@pytest.mark.parametrize(
    "wire",
    [
        b"nonsense\r\n\r\n",
        b"POST /v1/refunds HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n" + b"a" * 65_537,
        b"POST /v1/refunds HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n\xff\xfe",
    ],
)
async def test_what_is_not_http_or_too_long_gets_400(simulator, wire):
    reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(simulator.url).port)
    writer.write(wire)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_half_a_request_does_nothing(simulator, raw):
    body = b"payment_intent=" + PAYMENT.encode()
    head = b"POST /v1/refunds HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer simulator\r\nContent-Length: 99\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(simulator.url).port)
    writer.write(head + body)
    writer.write_eof()
    assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()
    await writer.wait_closed()
    assert (await raw.get("/v1/refunds", params={"payment_intent": PAYMENT})).json()["data"] == []


async def test_a_real_key_does_not_rest_here(simulator):
    async with httpx.AsyncClient(base_url=simulator.url, headers={"Authorization": "Bearer another"}) as client:
        assert (await client.get("/v1/refunds")).status_code == 401


def test_it_refuses_to_run_in_production(tmp_path):
    # The port is taken, so that it could not run on even if it did not refuse.
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Invalid, match="development only"):
            main(Settings(database_url="none", environment="production", data=tmp_path, payments_url=url))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["https://api.stripe.com", "http://0.0.0.0:8010", "http://127.0.0.1", "http://example"])
def test_it_listens_on_this_machine_only(tmp_path, url):
    with pytest.raises(Invalid, match="COMPENSATION_PAYMENTS_URL"):
        main(Settings(database_url="none", environment="development", data=tmp_path, payments_url=url))


async def test_it_runs_as_a_process_of_its_own_and_ends_when_asked(tmp_path):
    url = f"http://127.0.0.1:{free_port()}"
    environment = {
        **os.environ,
        "DATABASE_URL": "none",
        "COMPENSATION_ENVIRONMENT": "development",
        "COMPENSATION_PAYMENTS_URL": url,
        "COMPENSATION_DATA": str(tmp_path),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "compensation",
        "simulate-payments",
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == f"payment simulator: {url}\n".encode()
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {KEY}"}) as client:
        assert (await client.post("/v1/refunds", data={"payment_intent": PAYMENT})).status_code == 200
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
