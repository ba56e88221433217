"""A receipt can be replayed by anyone to the same bytes, and tells what was changed in it."""

import random
from datetime import date
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from compensation.catalog.library import library
from compensation.core.money import Money
from compensation.engine.plan import History, Limits
from compensation.engine.policy import load_policy
from compensation.engine.receipt import Books, Versions, write_receipt
from compensation.engine.report import CostLine, Report
from compensation.engine.seal import Signed, sign, verify
from tests.engine.bench import Bench, matters, report, reports
from tests.engine.conftest import CATALOG

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key()


def written(
    bench: Bench,
    told: Report,
    limits: Limits = Limits(),  # noqa: B008 - frozen, so shared safely
    history: History = History(),  # noqa: B008 - frozen, so shared safely
) -> bytes:
    return write_receipt(bench.decide(told, limits, history), limits, history, bench.books)


@pytest.fixture
def signed(bench: Bench) -> bytes:
    told = report(
        "material.defective_product high",
        "emotional.loss_of_trust medium",
        country="BG",
        facts={"within_withdrawal_window": True},
        costs=[("repair", 1_250)],
        words="Моите собствени думи.",
    )
    return sign(written(bench, told), KEY)


@settings(max_examples=300, deadline=None)
@given(matter=matters())
def test_every_decision_replays_to_the_same_bytes(bench: Bench, matter: tuple[Report, Limits, History]) -> None:
    verdict = verify(sign(written(bench, *matter), KEY), bench.books, PUBLIC)
    assert verdict.valid, verdict


@settings(max_examples=300, deadline=None)
@given(told=reports(), shuffle=st.randoms(use_true_random=False))
def test_the_order_of_the_lines_does_not_matter(bench: Bench, told: Report, shuffle: random.Random) -> None:
    harms, lines = list(told.harms), list(told.cost_lines)
    shuffle.shuffle(harms)
    shuffle.shuffle(lines)
    other = msgspec.structs.replace(told, harms=tuple(harms), cost_lines=tuple(lines))
    assert written(bench, other) == written(bench, told)


def test_equal_lines_of_which_one_is_accepted_have_no_order_either(bench: Bench) -> None:
    told = report("financial.additional_costs high")
    no, yes = (
        CostLine(type="travel", amount=Money(900, "EUR"), accepted=accepted, reference="R-1")
        for accepted in (False, True)
    )
    one, other = (msgspec.structs.replace(told, cost_lines=lines) for lines in ((no, yes), (yes, no)))
    assert written(bench, one) == written(bench, other)


def test_the_customers_words_are_not_in_it(bench: Bench, signed: bytes) -> None:
    assert "думи" not in signed.decode()
    assert verify(signed, bench.books, PUBLIC).valid


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_every_changed_byte_is_noticed_and_its_place_named(bench: Bench, data: st.DataObject) -> None:
    whole = bytearray(sign(written(bench, report("material.delivery_delay high", country="US")), KEY))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    verdict = verify(bytes(whole), bench.books, PUBLIC)
    assert not verdict.valid
    assert verdict.changed


FIRST_FORM = sorted((Path(__file__).parent / "receipts").glob("*.json"))


@pytest.mark.parametrize("path", FIRST_FORM, ids=[path.stem for path in FIRST_FORM])
def test_a_receipt_of_the_first_form_keeps_verifying_by_the_packs_it_names(path: Path) -> None:
    """They were written before the packs were changed. They are decided again by those, and to the same bytes."""
    old = path.read_bytes()
    envelope = msgspec.json.decode(old)["receipt"]
    assert envelope["format"] == "compensation-receipt/1"
    named, on = msgspec.convert(envelope["versions"], Versions), date.fromisoformat(envelope["inputs"]["on"])
    books = library().books_named(named, on)
    assert verify(old, books, PUBLIC).valid
    # The policy has a later version now, and so have packs: by those of today it is told apart.
    assert verify(old, library().books("default", on), PUBLIC).other_books == ("law", "policy", "policy_name")


def test_a_receipt_names_the_packs_that_speak_of_its_country_and_no_others(bench: Bench) -> None:
    body = msgspec.json.decode(written(bench, report("material.delivery_delay high", country="BG")))
    assert sorted(body["versions"]["law"]) == ["bg", "eu", "general"]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (b'"number":"SN-1"', b'"number":"SN-2"', "inputs.report.order"),
        (b'"country":"BG","currency":null', b'"country":"DE","currency":null', "inputs.report.country"),
        (b'"seed":"case"', b'"seed":"cast"', "inputs.seed"),
        (b'"goodwill":{"amount":', b'"goodwill":{"amount":9', "decision.goodwill.amount"),
    ],
)
def test_a_changed_field_is_named(bench: Bench, signed: bytes, old: bytes, new: bytes, named: str) -> None:
    forged = _in_receipt(signed, old, new)
    verdict = verify(forged, bench.books, PUBLIC)
    assert not verdict.valid
    assert named in verdict.changed


def test_a_changed_sum_is_not_what_the_replay_gives(bench: Bench, signed: bytes) -> None:
    forged = _in_receipt(signed, b'"goodwill":{"amount":', b'"goodwill":{"amount":9')
    verdict = verify(forged, bench.books, PUBLIC)
    assert (verdict.signed, verdict.replayed) == (True, False)


def test_a_receipt_that_names_another_key_is_not_signed_by_this_one(bench: Bench, signed: bytes) -> None:
    envelope = msgspec.structs.replace(msgspec.json.decode(signed, type=Signed), key="0" * 32)
    assert not verify(msgspec.json.encode(envelope, order="sorted"), bench.books, PUBLIC).signed


def test_a_forger_who_makes_the_digests_anew_lacks_the_key(bench: Bench, signed: bytes) -> None:
    receipt = bytes(msgspec.json.decode(signed, type=Signed).receipt)
    forged = sign(receipt.replace(b'"SN-1"', b'"SN-2"'), Ed25519PrivateKey.from_private_bytes(bytes(32)))
    verdict = verify(forged, bench.books, PUBLIC)
    assert not verdict.signed
    assert not verdict.valid


def test_another_policy_is_told_apart(books: Books, bench: Bench, signed: bytes) -> None:
    text = (CATALOG / "policies/default.toml").read_text().replace("percent = 10 }", "percent = 12 }", 1)
    other = load_policy(text, "other.toml", books.taxonomy, books.shelf)
    verdict = verify(signed, msgspec.structs.replace(books, policy=other), PUBLIC)
    assert verdict.signed
    assert verdict.other_books == ("policy",)
    assert not verdict.valid


def test_what_a_merchant_did_not_have_is_replayed_too(books: Books, bench: Bench) -> None:
    shelf = books.shelf.without_also(frozenset({"loyalty_points"}))
    poor = Bench(msgspec.structs.replace(books, shelf=shelf), bench.today)
    told = report("material.delivery_delay high", facts={"keeps_goods": True})
    assert verify(sign(written(poor, told), KEY), books, PUBLIC).valid


@pytest.mark.parametrize(
    "nonsense",
    [b"", b"{}", b"null", b"[" * 100_000, b"\xff\xfe", b'{"receipt":{},"digests":{},"key":"","signature":""}'],
)
def test_nonsense_is_no_receipt(bench: Bench, nonsense: bytes) -> None:
    assert not verify(nonsense, bench.books, PUBLIC).valid


def _in_receipt(signed: bytes, old: bytes, new: bytes) -> bytes:
    """Change the receipt and leave the digests and the signature as they were."""
    envelope = msgspec.json.decode(signed, type=Signed)
    receipt = bytes(envelope.receipt)
    assert old in receipt
    changed = msgspec.structs.replace(envelope, receipt=msgspec.Raw(receipt.replace(old, new, 1)))
    return msgspec.json.encode(changed, order="sorted")
