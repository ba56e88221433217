"""What the simulated supplier remembers: its orders, each under the reference it was asked by, in one SQLite file."""

import secrets

import msgspec

from compensation.partners.memory import Memory

SETTLING = 5.0
"""Seconds until an accepted order takes the state it ends in."""
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

_ORDER = (
    "SELECT id, reference, product, amount, currency, cost, CASE WHEN settles <= ? THEN last_status ELSE status END,"
    " code FROM orders"
)


class Order(msgspec.Struct, frozen=True):
    """An order as it stands now; sums in minor units."""

    id: str
    reference: str
    product: str
    amount: int
    currency: str
    cost: int
    status: str
    code: str


class Book(Memory):
    SCHEMA = """
    CREATE TABLE IF NOT EXISTS orders (
      number INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      reference TEXT NOT NULL UNIQUE,
      product TEXT NOT NULL,
      amount INTEGER NOT NULL CHECK (amount > 0),
      currency TEXT NOT NULL,
      cost INTEGER NOT NULL CHECK (cost > 0),
      status TEXT NOT NULL CHECK (status IN ('issued', 'accepted', 'refused')),
      settles REAL NOT NULL, -- when it takes its last status
      last_status TEXT NOT NULL CHECK (last_status IN ('issued', 'accepted', 'refused')),
      code TEXT NOT NULL
    );
    """

    def add(
        self, reference: str, product: str, amount: int, currency: str, cost: int, first: str, last: str, code: str = ""
    ) -> Order:
        """Write an order down that is ``first`` now and ``last`` once it has settled. A reference is ordered once:
        asked again, the order stands as it was."""
        self._file.execute(
            "INSERT OR IGNORE INTO orders (id, reference, product, amount, currency, cost, status, settles,"
            " last_status, code) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                f"sup_{secrets.token_hex(10)}", reference, product, amount, currency, cost, first,
                self._clock() + SETTLING, last, code or new_code(),
            ),
        )  # fmt: skip
        found = self.order(reference)
        assert found is not None, "it was written just now, or before"
        return found

    def order(self, reference: str) -> Order | None:
        row = self._file.execute(f"{_ORDER} WHERE reference = ?", (self._clock(), reference)).fetchone()
        return None if row is None else Order(*row)

    def orders(self) -> list[Order]:
        """All of them, the oldest first."""
        return [Order(*row) for row in self._file.execute(f"{_ORDER} ORDER BY number", (self._clock(),))]


def new_code() -> str:
    """Sixteen characters in groups, as a brand's code may look; it opens nothing."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(16))
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))
