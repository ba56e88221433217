"""The command that checks a receipt away from any server: what it says, and with which exit status."""

import base64
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compensation.__main__ import main
from compensation.engine.seal import sign
from tests.engine.bench import Bench, report
from tests.engine.test_receipt import KEY, written

GOOD = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
OTHER = base64.b64encode(Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()).decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("receipts")


@pytest.fixture(scope="module")
def signed(bench: Bench) -> bytes:
    """A receipt as GET /v1/cases/{id}/receipt gives it."""
    told = report("material.defective_product high", country="BG", facts={"within_withdrawal_window": True})
    return sign(written(bench, told), KEY)


def checked(folder: Path, receipt: bytes, key: str = GOOD) -> Result:
    file = folder / "receipt.json"
    file.write_bytes(receipt)
    return CliRunner().invoke(main, ["verify-receipt", str(file), "--key", key])


def test_a_receipt_as_it_came_is_good(folder: Path, signed: bytes) -> None:
    done = checked(folder, signed)
    assert done.exit_code == 0
    assert done.output.splitlines() == ["its digests are signed by this key", "decided again to the same bytes"]


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_flipped_byte_fails_and_says_where(folder: Path, signed: bytes, data: st.DataObject) -> None:
    whole = bytearray(signed)
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    done = checked(folder, bytes(whole))
    assert done.exit_code == 1
    assert "changed: " in done.output or "This is not a receipt." in done.output


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (b'"country":"BG","currency":null', b'"country":"DE","currency":null', "changed: inputs.report.country"),
        (b'"goodwill":{"amount":', b'"goodwill":{"amount":9', "changed: decision.goodwill.amount"),
        (b'"seed":"case"', b'"seed":"cast"', "changed: inputs.seed"),
        (b'"signature":"', b'"signature":"A', "changed: signature"),
    ],
)
def test_the_part_that_was_changed_is_named(folder: Path, signed: bytes, old: bytes, new: bytes, named: str) -> None:
    assert old in signed
    done = checked(folder, signed.replace(old, new, 1))
    assert done.exit_code == 1
    assert named in done.output.splitlines()


def test_another_key_did_not_sign_it(folder: Path, signed: bytes) -> None:
    done = checked(folder, signed, OTHER)
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "its digests are NOT signed by this key",
        "decided again to the same bytes",
        "changed: signature",
    ]


@pytest.mark.parametrize("key", ["", "rubbish", base64.b64encode(b"short").decode()])
def test_what_is_no_key_is_said_so(folder: Path, signed: bytes, key: str) -> None:
    done = checked(folder, signed, key)
    assert done.exit_code == 1
    assert "base64 of 32 bytes" in done.output
