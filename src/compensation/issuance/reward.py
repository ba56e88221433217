"""What is issued: orders and their rewards, as rows, values and answers in one."""

from datetime import datetime
from typing import Any, Self

import msgspec
from asyncpg import Record

from compensation.core.money import Money
from compensation.core.states import OrderState, RewardState


class Reward(msgspec.Struct, kw_only=True):
    """One issued thing. Its code is never here: only the last four characters, to recognise it by.

    ``balance`` is what is left of stored value or points; None for a reward that is not spent in parts.
    """

    id: str
    order_id: str
    program_id: str
    case_id: str | None
    customer_id: str | None
    position: int
    kind: str
    remedy: str
    part: str
    state: RewardState
    principal: Money
    bonus: Money
    budget: Money
    """What it took from the program's budget."""
    terms: dict[str, Any]
    code_last4: str | None
    balance: Money | None = None
    expires_at: datetime | None
    due_at: datetime | None
    """By when a task is done, or money has arrived."""
    issued_at: datetime | None
    replaces: str | None = None
    """The reward whose code was lost or seen; this one carries its value on."""
    moved_to: str | None = None
    """Where the value of this one went: its successor, or the card it was merged into."""
    created_at: datetime
    updated_at: datetime

    @property
    def value(self) -> Money:
        return self.principal + self.bonus

    @classmethod
    def of(cls, row: Record) -> Self:
        """From a row of REWARD_COLUMNS."""
        asset, balance = row["asset"], row["balance"]
        columns = {name: value for name, value in row.items() if name in cls.__struct_fields__}
        columns |= {
            "state": RewardState(row["state"]),
            "principal": Money(row["principal"], asset),
            "bonus": Money(row["bonus"], asset),
            "budget": Money(row["budget"], row["currency"]),
            "balance": None if balance is None else Money(balance, asset),
        }
        return cls(**columns)


class Order(msgspec.Struct, kw_only=True):
    """A request to issue, and how far it is."""

    id: str
    program_id: str
    case_id: str | None
    customer_id: str | None
    state: OrderState
    reference: str | None
    created_by: str
    created_at: datetime
    updated_at: datetime
    rewards: list[Reward] = []
