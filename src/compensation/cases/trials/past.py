"""A decided case as its receipt remembers it: what it was decided from, by what, and what it came to, in figures."""

import zlib

import msgspec

from compensation.core.money import Money
from compensation.engine.outcome import UNBOUNDED, Given, Outcome
from compensation.engine.receipt import Inputs, Versions


class _Offer(msgspec.Struct, frozen=True):
    key: str
    value: Money
    cost: Money


class _Code(msgspec.Struct, frozen=True):
    code: str


class _Line(msgspec.Struct, frozen=True):
    reason: _Code


class _Decision(msgspec.Struct, frozen=True):
    goodwill: Money
    offers: tuple[_Offer, ...]
    review: tuple[_Code, ...]
    trace: tuple[_Line, ...]


class Past(msgspec.Struct, frozen=True):
    """As much of a receipt as it takes to decide the case again, and to compare."""

    inputs: Inputs
    versions: Versions
    decision: _Decision

    @property
    def outcome(self) -> Outcome:
        """What the case came to when it was decided."""
        decided = self.decision
        codes = [line.reason.code for line in decided.trace]
        return Outcome(
            goodwill=decided.goodwill.amount,
            offers=tuple(Given(one.key, one.value.amount, one.cost.amount) for one in decided.offers),
            reviewed=bool(decided.review),
            limits=tuple(code for code in codes if code.startswith("limit.") and code != UNBOUNDED),
        )


class _Envelope(msgspec.Struct, frozen=True):
    receipt: Past


_decoder = msgspec.json.Decoder(_Envelope)


def past(document: bytes) -> Past:
    """From a receipt as ``cases.sign`` packed it."""
    return _decoder.decode(zlib.decompress(document)).receipt
