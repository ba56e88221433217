"""Stories of money given back: the real Stripe library against a processor that may fail in every known way."""

import asyncio
import contextlib
import socket
from pathlib import Path

import httpx
import pytest
import stripe

from compensation.core.errors import Unavailable
from compensation.core.money import Money
from compensation.db.embedded.child import free_port
from compensation.issuance.payment import Declined, DeclineReason, Failed, Pending, Succeeded, Unknown
from compensation.partners.payment_simulator.api import KEY
from compensation.partners.payment_simulator.book import SETTLING, Book
from compensation.partners.payment_simulator.names import payment_named
from compensation.partners.payment_simulator.server import FILE, PaymentSimulator
from compensation.partners.stripe_refunds import MARK, StripeRefunds

WHOLE = Money(22000, "USD")


async def test_money_goes_back_and_the_refund_bears_our_reference(payments, refunds_of):
    answer = await payments.refund("rwd_1", "pi_sim_22000_usd_a", WHOLE)

    assert isinstance(answer, Succeeded)
    assert answer.amount == WHOLE
    (refund,) = await refunds_of("pi_sim_22000_usd_a")
    assert (refund["id"], refund["amount"], refund["metadata"]) == (answer.partner_id, 22000, {MARK: "rwd_1"})
    assert await payments.find_refund("rwd_1", "pi_sim_22000_usd_a") == answer


async def test_the_same_reference_gives_back_once(payments, refunds_of):
    answers = [await payments.refund("rwd_1", "pi_sim_22000_usd_a", Money(500, "USD")) for _ in range(3)]

    assert len(set(answers)) == 1
    assert len(await refunds_of("pi_sim_22000_usd_a")) == 1


async def test_attempts_at_once_give_back_once(payments, refunds_of):
    asked = (payments.refund("rwd_1", "pi_sim_22000_usd_slow", Money(500, "USD")) for _ in range(8))
    answers = await asyncio.gather(*asked)

    assert {type(answer) for answer in answers} <= {Succeeded, Unknown}
    assert Succeeded in {type(answer) for answer in answers}
    assert len(await refunds_of("pi_sim_22000_usd_slow")) == 1


async def test_a_reference_used_for_another_amount_is_unknown_and_look_up_tells_the_amount(payments, refunds_of):
    await payments.refund("rwd_1", "pi_sim_22000_usd_a", Money(500, "USD"))
    answer = await payments.refund("rwd_1", "pi_sim_22000_usd_a", Money(700, "USD"))

    assert isinstance(answer, Unknown)
    found = await payments.find_refund("rwd_1", "pi_sim_22000_usd_a")
    assert found is not None
    assert found.amount == Money(500, "USD")
    assert len(await refunds_of("pi_sim_22000_usd_a")) == 1


async def test_parts_may_be_given_back_until_nothing_is_left(payments):
    part, rest = Money(15000, "USD"), Money(7000, "USD")
    first = await payments.refund("rwd_1", "pi_sim_22000_usd_a", part)
    again = await payments.refund("rwd_2", "pi_sim_22000_usd_a", part)
    last = await payments.refund("rwd_3", "pi_sim_22000_usd_a", rest)
    after = await payments.refund("rwd_4", "pi_sim_22000_usd_a", Money(1, "USD"))

    assert isinstance(first, Succeeded)
    assert isinstance(again, Declined)
    assert again.reason is DeclineReason.too_much
    assert isinstance(last, Succeeded)
    assert isinstance(after, Declined)
    assert after.reason is DeclineReason.already_refunded


@pytest.mark.parametrize(
    ("payment", "amount", "reason"),
    [
        ("pi_sim_22000_eur_a", WHOLE, DeclineReason.wrong_currency),
        ("pi_nobody_paid_this", WHOLE, DeclineReason.unknown_payment),
        ("ch_nobody_paid_this", WHOLE, DeclineReason.unknown_payment),
        ("", WHOLE, DeclineReason.unknown_payment),
        ("../v1/refunds", WHOLE, DeclineReason.unknown_payment),
        ("pi_sim_22000_usd_disputed", WHOLE, DeclineReason.disputed),
        ("pi_sim_22000_usd_declined", WHOLE, DeclineReason.other),
        ("pi_sim_26955_kwd_a", Money(26955, "KWD"), DeclineReason.not_payable),
        ("pi_sim_22000_usd_a", Money(0, "USD"), DeclineReason.not_payable),
        ("pi_sim_22000_usd_a", Money(-5, "USD"), DeclineReason.not_payable),
        ("pi_sim_22000_usd_a", Money(5, "POINTS"), DeclineReason.not_payable),
    ],
)
async def test_what_cannot_be_given_back_is_declined_with_its_reason_and_nothing_moves(
    payments, payment, amount, reason
):
    answer = await payments.refund("rwd_1", payment, amount)

    assert isinstance(answer, Declined)
    assert answer.reason is reason
    assert answer.detail
    assert await payments.find_refund("rwd_1", payment) is None


@pytest.mark.parametrize("currency", ["jpy", "usd", "kwd"])
async def test_each_currency_goes_back_in_its_own_decimals(payments, refunds_of, currency):
    amount = Money(5120, currency.upper())
    answer = await payments.refund("rwd_1", f"pi_sim_5120_{currency}_a", amount)

    assert isinstance(answer, Succeeded)
    (refund,) = await refunds_of(f"pi_sim_5120_{currency}_a")
    assert refund["amount"] == 5120
    assert await payments.find_refund("rwd_1", f"pi_sim_5120_{currency}_a") == answer


async def test_a_payment_may_be_named_by_its_charge(payments):
    answer = await payments.refund("rwd_1", "ch_sim_22000_usd_a", WHOLE)

    assert isinstance(answer, Succeeded)
    assert await payments.find_refund("rwd_1", "ch_sim_22000_usd_a") == answer
    assert await payments.find_refund("rwd_1", "pi_sim_22000_usd_a") == answer


async def test_no_answer_and_nothing_done_then_the_same_reference_succeeds_once(impatient, refunds_of):
    first = await impatient.refund("rwd_1", "pi_sim_22000_usd_lost-before", WHOLE)
    assert isinstance(first, Unknown)
    assert await impatient.find_refund("rwd_1", "pi_sim_22000_usd_lost-before") is None

    second = await impatient.refund("rwd_1", "pi_sim_22000_usd_lost-before", WHOLE)
    assert isinstance(second, Succeeded)
    assert len(await refunds_of("pi_sim_22000_usd_lost-before")) == 1


async def test_no_answer_but_it_was_done_then_look_up_tells_the_truth(impatient, refunds_of):
    first = await impatient.refund("rwd_1", "pi_sim_22000_usd_lost-after", WHOLE)
    assert isinstance(first, Unknown)

    found = await impatient.find_refund("rwd_1", "pi_sim_22000_usd_lost-after")
    assert isinstance(found, Succeeded)
    assert found.amount == WHOLE
    assert await impatient.refund("rwd_1", "pi_sim_22000_usd_lost-after", WHOLE) == found
    assert len(await refunds_of("pi_sim_22000_usd_lost-after")) == 1


async def test_look_up_finds_what_the_processor_no_longer_knows_by_key(payments, raw, refunds_of):
    """The control shows why one must look first: a forgotten key gives back a second time."""
    part = Money(500, "USD")
    answer = await payments.refund("rwd_1", "pi_sim_22000_usd_a", part)
    await raw.post("/simulator/forget-keys")

    assert await payments.find_refund("rwd_1", "pi_sim_22000_usd_a") == answer
    assert len(await refunds_of("pi_sim_22000_usd_a")) == 1
    await payments.refund("rwd_1", "pi_sim_22000_usd_a", part)
    assert len(await refunds_of("pi_sim_22000_usd_a")) == 2


async def test_too_many_requests_is_nothing_done_and_later_it_works(payments):
    with pytest.raises(Unavailable) as caught:
        await payments.refund("rwd_1", "pi_sim_22000_usd_busy", WHOLE)
    assert caught.value.extra["retry_after"] > 0
    assert await payments.find_refund("rwd_1", "pi_sim_22000_usd_busy") is None

    assert isinstance(await payments.refund("rwd_1", "pi_sim_22000_usd_busy", WHOLE), Succeeded)


async def test_a_server_error_is_unknown_however_often_it_is_repeated(payments):
    for _ in range(2):
        assert isinstance(await payments.refund("rwd_1", "pi_sim_22000_usd_error", WHOLE), Unknown)
    assert await payments.find_refund("rwd_1", "pi_sim_22000_usd_error") is None


async def test_a_pending_refund_succeeds_later(payments, clock):
    answer = await payments.refund("rwd_1", "pi_sim_22000_usd_pending", WHOLE)
    assert isinstance(answer, Pending)
    assert await payments.find_refund("rwd_1", "pi_sim_22000_usd_pending") == answer

    clock.now += SETTLING
    found = await payments.find_refund("rwd_1", "pi_sim_22000_usd_pending")
    assert found == Succeeded(answer.partner_id, WHOLE)


async def test_a_pending_refund_fails_later_and_the_money_can_be_given_back_by_another(payments, clock):
    answer = await payments.refund("rwd_1", "pi_sim_22000_usd_pending-fails", WHOLE)
    assert isinstance(answer, Pending)

    clock.now += SETTLING
    found = await payments.find_refund("rwd_1", "pi_sim_22000_usd_pending-fails")
    assert found == Failed(answer.partner_id, WHOLE, "expired_or_canceled_card")
    assert isinstance(await payments.refund("rwd_2", "pi_sim_22000_usd_pending-fails", WHOLE), Pending)


async def test_a_refund_may_fail_after_it_was_called_a_success(payments, clock):
    answer = await payments.refund("rwd_1", "pi_sim_22000_usd_bounces", WHOLE)
    assert isinstance(answer, Succeeded)

    clock.now += SETTLING
    found = await payments.find_refund("rwd_1", "pi_sim_22000_usd_bounces")
    assert found == Failed(answer.partner_id, WHOLE, "lost_or_stolen_card")


async def test_somebody_may_settle_a_refund_by_hand(payments, raw):
    answer = await payments.refund("rwd_1", "pi_sim_22000_usd_pending", WHOLE)
    assert isinstance(answer, Pending)
    body = {"status": "failed", "failure_reason": "declined"}
    await raw.post(f"/simulator/refunds/{answer.partner_id}", data=body)

    found = await payments.find_refund("rwd_1", "pi_sim_22000_usd_pending")
    assert found == Failed(answer.partner_id, WHOLE, "declined")


async def test_a_restart_of_the_processor_forgets_nothing(tmp_path: Path):
    async def attempt():
        async with PaymentSimulator(tmp_path / FILE) as simulator, port_to(simulator.url) as payments:
            return await payments.refund("rwd_1", "pi_sim_22000_usd_a", Money(500, "USD"))

    assert await attempt() == await attempt()


async def test_look_up_reads_every_page(payments, simulator, tmp_path):
    payment = payment_named("pi_sim_22000_usd_a")
    assert payment is not None
    book = Book(tmp_path / FILE)
    with book:
        for number in range(250):
            book.add(payment, 1, {MARK: f"rwd_{number}"}, "succeeded", "succeeded", None)
    book.close()

    for number in (0, 149, 249):
        assert isinstance(await payments.find_refund(f"rwd_{number}", "pi_sim_22000_usd_a"), Succeeded)
    assert await payments.find_refund("rwd_250", "pi_sim_22000_usd_a") is None


async def test_a_processor_out_of_reach_did_nothing():
    async with port_to(f"http://127.0.0.1:{free_port()}") as payments:
        with pytest.raises(Unavailable):
            await payments.refund("rwd_1", "pi_sim_22000_usd_a", WHOLE)
        with pytest.raises(Unavailable):
            await payments.find_refund("rwd_1", "pi_sim_22000_usd_a")


@pytest.mark.parametrize(
    "payment", ["", "order-17", "pi_", "re_123", "pi_1/../../v1/refunds", "pi_1?a=b", "pi_1\n", "ch_ü"]
)
async def test_what_cannot_be_an_id_of_stripe_is_not_even_asked_for(payment):
    """Nobody listens there, so any call would be Unavailable."""
    async with port_to(f"http://127.0.0.1:{free_port()}") as payments:
        answer = await payments.refund("rwd_1", payment, WHOLE)
        assert isinstance(answer, Declined)
        assert answer.reason is DeclineReason.unknown_payment
        assert await payments.find_refund("rwd_1", payment) is None


async def test_a_processor_that_never_answers_a_look_up_says_nothing():
    # Connections are taken by the kernel and answered by nobody.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with port_to(f"http://127.0.0.1:{silent.getsockname()[1]}", deadline=0.1) as payments:
            with pytest.raises(Unavailable):
                await payments.find_refund("rwd_1", "pi_sim_22000_usd_a")
            with pytest.raises(Unavailable):
                await payments.refund("rwd_1", "pi_sim_22000_usd_a", WHOLE)


async def test_a_wrong_key_moves_nothing_and_is_not_repeated_in_the_problem(simulator):
    async with port_to(simulator.url, key="not-the-key") as payments:
        with pytest.raises(Unavailable) as caught:
            await payments.refund("rwd_1", "pi_sim_22000_usd_a", WHOLE)
    assert "does not accept our key" in caught.value.detail
    assert "not-the-key" not in caught.value.detail


def test_the_library_reports_nothing_about_us():
    """It would keep an id in the home directory and send it, with our platform, at every call."""
    assert stripe.enable_telemetry is False


async def test_a_created_payment_exists_by_its_name(raw: httpx.AsyncClient, payments):
    made = (await raw.post("/v1/payment_intents", data={"amount": "900", "currency": "eur"})).json()

    assert made["status"] == "succeeded"
    assert (await raw.get(f"/v1/charges/{made['latest_charge']}")).json()["payment_intent"] == made["id"]
    assert isinstance(await payments.refund("rwd_1", made["id"], Money(900, "EUR")), Succeeded)


@contextlib.asynccontextmanager
async def port_to(url: str, deadline: float = 5.0, key: str = KEY):
    port = StripeRefunds(key, url, deadline)
    yield port
    await port.close()
