"""Laws of translation: amounts are exact or refused, and no error of Stripe's library is without a meaning."""

import httpx
import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st
from iso4217 import Currency

from compensation.core.errors import Unavailable
from compensation.core.money import Money
from compensation.issuance.payment import Declined, DeclineReason, Failed, Pending, Succeeded, Unknown
from compensation.partners.stripe_amounts import from_stripe, to_stripe
from compensation.partners.stripe_answers import error_as_answer, refund_as_found

CODES = sorted(c.code for c in Currency if c.exponent is not None)
THREE = ["BHD", "JOD", "KWD", "OMR", "TND"]


@given(st.sampled_from(CODES), st.integers(1, 10**12))
def test_an_amount_comes_back_from_stripe_as_it_went_or_never_goes(currency, amount):
    units = to_stripe(Money(amount, currency))
    assert units is None or from_stripe(units, currency.lower()) == Money(amount, currency)


@given(st.sampled_from(THREE), st.integers(1, 10**9))
def test_of_three_decimals_the_last_must_be_nought_and_nothing_is_rounded(currency, amount):
    assert to_stripe(Money(amount, currency)) == (amount if amount % 10 == 0 else None)


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        (1000, "USD", 1000),
        (500, "JPY", 500),
        (5, "ISK", 500),  # without decimals for people, with two noughts for Stripe
        (500, "MGA", 5),  # two decimals for ISO, none for Stripe
        (550, "MGA", None),
        (5, "UGX", None),  # Stripe's page says two things of it
        (1045, "HUF", 1045),
        (26950, "KWD", 26950),
        (26955, "KWD", None),
    ],
)
def test_stripe_writes_some_currencies_unlike_iso(amount, currency, units):
    assert to_stripe(Money(amount, currency)) == units


def test_an_amount_iso_cannot_write_is_not_read():
    assert from_stripe(550, "isk") is None
    assert from_stripe(500, "ugx") is None
    assert from_stripe(500, "not a currency") is None


MOVED_NOTHING_NOW = {stripe.RateLimitError, stripe.AuthenticationError, stripe.PermissionError}
REFUSED = {stripe.InvalidRequestError, stripe.CardError}


def every_error() -> list[type[stripe.StripeError]]:
    found, todo = [], [stripe.StripeError]
    while todo:
        kind = todo.pop()
        found.append(kind)
        todo += kind.__subclasses__()
    return [kind for kind in found if kind.__module__.startswith("stripe")]


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_error_has_a_meaning_and_what_is_not_surely_nothing_is_unknown(kind):
    error = kind.__new__(kind)
    stripe.StripeError.__init__(error, "Something was said.")
    if kind in MOVED_NOTHING_NOW:
        with pytest.raises(Unavailable):
            error_as_answer(error)
    elif kind in REFUSED:
        assert error_as_answer(error) == Declined(DeclineReason.other, "Something was said.")
    else:
        assert isinstance(error_as_answer(error), Unknown)


@pytest.mark.parametrize(
    ("cause", "sure"),
    [
        (httpx.ConnectError("refused"), True),
        (httpx.ConnectTimeout("too late"), True),
        (httpx.PoolTimeout("too many"), True),
        (httpx.ReadTimeout("silence"), False),
        (httpx.WriteError("broken"), False),
        (httpx.ReadError("reset"), False),
        (httpx.RemoteProtocolError("half an answer"), False),
    ],
)
def test_only_a_call_that_never_left_us_did_surely_nothing(cause, sure):
    error = stripe.APIConnectionError("No.")
    error.__cause__ = cause
    if sure:
        with pytest.raises(Unavailable):
            error_as_answer(error)
    else:
        assert isinstance(error_as_answer(error), Unknown)


@pytest.mark.parametrize(
    ("code", "param", "reason"),
    [
        ("charge_already_refunded", None, DeclineReason.already_refunded),
        ("charge_disputed", None, DeclineReason.disputed),
        ("amount_too_large", "amount", DeclineReason.too_much),
        (None, "amount", DeclineReason.too_much),
        ("invalid_charge_amount", "amount", DeclineReason.not_payable),
        ("balance_insufficient", None, DeclineReason.no_funds),
        ("resource_missing", "payment_intent", DeclineReason.unknown_payment),
        ("something_new", None, DeclineReason.other),
    ],
)
def test_a_refusal_keeps_its_reason(code, param, reason):
    error = stripe.InvalidRequestError("No.", param, code)
    assert error_as_answer(error) == Declined(reason, "No.")


def test_words_of_the_processor_arrive_as_one_plain_line():
    error = stripe.InvalidRequestError("First\r\nBcc: \u202eeverybody" + "x" * 999, None)
    answer = error_as_answer(error)
    assert isinstance(answer, Declined)
    assert answer.detail.startswith("First Bcc: everybody")
    assert len(answer.detail) == 300


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("succeeded", Succeeded),
        ("pending", Pending),
        ("requires_action", Pending),
        (None, Pending),
        ("a_state_of_tomorrow", Pending),
        ("failed", Failed),
        ("canceled", Failed),
    ],
)
def test_every_state_of_a_refund_is_an_end_only_where_we_know_that_it_is(status, kind):
    values = {"id": "re_1", "object": "refund", "status": status}
    refund = stripe.Refund.construct_from(values, "key")
    assert type(refund_as_found(refund, Money(1, "USD"))) is kind


def test_a_failed_refund_says_why():
    values = {"id": "re_1", "object": "refund", "status": "failed", "failure_reason": "declined"}
    found = refund_as_found(stripe.Refund.construct_from(values, "key"), Money(1, "USD"))
    assert found == Failed("re_1", Money(1, "USD"), "declined")
