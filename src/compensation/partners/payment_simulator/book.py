"""What the simulated processor remembers: its refunds and its idempotency keys, in one SQLite file."""

import secrets

import msgspec

from compensation.partners.memory import Memory
from compensation.partners.payment_simulator.names import Payment

SETTLING = 5.0
"""Seconds until a refund takes the state it ends in."""

_REFUND = (
    "SELECT id, payment, amount, metadata, created, CASE WHEN settles <= ? THEN last_status ELSE status END,"
    " failure_reason FROM refunds"
)


class Refund(msgspec.Struct, frozen=True):
    """A refund as it stands now. ``payment`` is the payment's name, ``amount`` in Stripe's units."""

    id: str
    payment: str
    amount: int
    metadata: dict[str, str]
    created: float
    status: str
    failure_reason: str | None


class Kept(msgspec.Struct, frozen=True):
    """What was asked under a key, and the answer it was given."""

    body: str
    status: int
    answer: bytes


class Book(Memory):
    SCHEMA = """
    CREATE TABLE IF NOT EXISTS refunds (
      number INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      payment TEXT NOT NULL,
      amount INTEGER NOT NULL CHECK (amount > 0),
      metadata TEXT NOT NULL,
      created REAL NOT NULL,
      status TEXT NOT NULL,
      settles REAL NOT NULL, -- when it takes its last status
      last_status TEXT NOT NULL,
      failure_reason TEXT
    );
    CREATE INDEX IF NOT EXISTS refunds_payment ON refunds (payment);
    CREATE TABLE IF NOT EXISTS keys (
      key TEXT PRIMARY KEY,
      body TEXT NOT NULL,
      status INTEGER NOT NULL,
      answer BLOB NOT NULL
    );
    """

    def __enter__(self) -> None:
        """Begin a whole: what is written inside is there completely or, after an error or a kill, not at all."""
        self._file.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._file.execute("COMMIT" if kind is None else "ROLLBACK")

    def add(
        self, payment: Payment, amount: int, metadata: dict[str, str], first: str, last: str, failure: str | None
    ) -> Refund:
        """Write a refund down that is ``first`` now and ``last`` once it has settled."""
        now = self._clock()
        refund = Refund(f"re_sim_{secrets.token_hex(10)}", payment.name, amount, metadata, now, first, failure)
        self._file.execute(
            "INSERT INTO refunds (id, payment, amount, metadata, created, status, settles, last_status, failure_reason)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (refund.id, payment.name, amount, _json(metadata), now, first, now + SETTLING, last, failure),
        )
        return refund

    def refunds(self, payment: Payment | None) -> list[Refund]:
        """The refunds of one payment, or of all, the newest first."""
        where, values = (" WHERE payment = ?", (payment.name,)) if payment else ("", ())
        rows = self._file.execute(f"{_REFUND}{where} ORDER BY number DESC", (self._clock(), *values))
        return [_refund(row) for row in rows]

    def refund(self, refund_id: str) -> Refund | None:
        row = self._file.execute(f"{_REFUND} WHERE id = ?", (self._clock(), refund_id)).fetchone()
        return None if row is None else _refund(row)

    def settle(self, refund_id: str, status: str, failure: str | None) -> Refund | None:
        """Give a refund its last state now."""
        self._file.execute(
            "UPDATE refunds SET settles = 0, last_status = ?, failure_reason = ? WHERE id = ?",
            (status, failure, refund_id),
        )
        return self.refund(refund_id)

    def kept(self, key: str) -> Kept | None:
        row = self._file.execute("SELECT body, status, answer FROM keys WHERE key = ?", (key,)).fetchone()
        return None if row is None else Kept(*row)

    def keep(self, key: str, kept: Kept) -> None:
        self._file.execute("INSERT INTO keys VALUES (?, ?, ?, ?)", (key, kept.body, kept.status, kept.answer))

    def forget_keys(self) -> None:
        self._file.execute("DELETE FROM keys")


def _refund(row: tuple[str, str, int, str, float, str, str | None]) -> Refund:
    refund_id, payment, amount, metadata, created, status, failure = row
    marks = msgspec.json.decode(metadata, type=dict[str, str])
    return Refund(refund_id, payment, amount, marks, created, status, failure if status == "failed" else None)


def _json(metadata: dict[str, str]) -> str:
    return msgspec.json.encode(metadata).decode()
