"""Points into store credit, at the rate in force that day. Rates are dated and never change: sums can be checked."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from compensation.core.dates import add_months
from compensation.core.errors import Conflict, NotFound, Refused
from compensation.core.ids import new_id
from compensation.core.money import MAX_AMOUNT, Money, exponent
from compensation.core.states import RewardState
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.engine.terms import CreditTerms, Kind
from compensation.issuance.kinds import Draft
from compensation.issuance.put import Placed, put
from compensation.ledger.account import Role
from compensation.points import sql
from compensation.points.lots import lock_customer, lock_lots, settle_promises, taken_from
from compensation.points.spend import PointsUse, recorded, take

Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]


class NewRate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``points`` become ``credit`` from ``valid_from`` on, in one program or in all that have no rate of their own."""

    points: Annotated[int, Meta(ge=1, le=MAX_AMOUNT)]
    credit: Money
    program: str | None = None
    valid_from: datetime | None = None

    def __post_init__(self) -> None:
        if not 0 < self.credit.amount <= MAX_AMOUNT or len(self.credit.currency) != 3:
            raise ValueError(f"credit is 1 to {MAX_AMOUNT} minor units of a currency")
        if self.valid_from is not None and (self.valid_from.tzinfo is None or not 2000 <= self.valid_from.year < 2200):
            raise ValueError("valid_from is a moment with its zone")


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    points: int
    credit: Money
    program: str | None
    valid_from: datetime

    def worth(self, points: int) -> tuple[int, int]:
        """The credit in whole minor units, and the fewest points that make it: no point is taken for nothing."""
        credit = points * self.credit.amount // self.points
        return credit, -(-credit * self.points // self.credit.amount)


class Convert(msgspec.Struct, frozen=True, kw_only=True):
    customer_id: str
    points: int
    currency: str
    program: str | None = None
    valid_months: int = 60


class Converted(msgspec.Struct, kw_only=True):
    """``use.points`` became ``credit``, on the reward ``use.reward_id``. The rest stays points."""

    id: str
    credit: Money
    use: PointsUse


async def add_rate(tx: Tx, who: Who, what: NewRate, at: datetime) -> Rate:
    """Raises NotFound ``unknown_program``, Refused ``rate_in_the_past``, Conflict ``rate_exists``."""
    valid_from = what.valid_from or at
    if valid_from < at:
        raise Refused("rate_in_the_past", "A rate holds from now on or later: what was converted stays as it was.")
    if what.program is not None and await tx.value(sql.PROGRAM, what.program) is None:
        raise NotFound("unknown_program", "There is no such program; GET /v1/programs lists yours.")
    rate = Rate(id=new_id("rat"), points=what.points, credit=what.credit, program=what.program, valid_from=valid_from)
    row = (rate.id, rate.program, rate.credit.currency, rate.points, rate.credit.amount, valid_from, who.actor, at)
    if await tx.value(sql.ADD_RATE, *row) is None:
        raise Conflict("rate_exists", "There is a rate from this very moment on. Name another.")
    return rate


async def rates(tx: Tx) -> list[Rate]:
    """Every rate there ever was, and those to come."""
    return [_rate(row) for row in await tx.rows(sql.RATES)]


async def convert(tx: Tx, who: Who, what: Convert, at: datetime) -> Converted:
    """Turn points into a store credit of the customer.

    Raises NotFound ``unknown_customer`` or ``unknown_program``, Invalid ``unknown_currency``, Refused
    ``no_points_rate``, ``too_few_points`` or ``insufficient_points``.
    """
    exponent(what.currency)
    await lock_customer(tx, what.customer_id)
    program_id = await tx.value(sql.PROGRAM, what.program)
    if program_id is None:
        raise NotFound("unknown_program", "There is no such program; GET /v1/programs lists yours.")
    row = await tx.row(sql.RATE_AT, program_id, what.currency, at)
    if row is None:
        raise Refused("no_points_rate", "No rate for this currency is in force. Add one by POST /v1/points-rates.")
    rate = _rate(row)
    amount, used = rate.worth(what.points)
    if amount == 0:
        raise Refused("too_few_points", "So few points make no minor unit of this currency.")
    taken = taken_from(await lock_lots(tx, what.customer_id, at), used)
    credit = Money(amount, what.currency)
    reward_id = await _issue(tx, who, what, program_id, credit, at)
    use = PointsUse(
        id=new_id("ptu"),
        customer_id=what.customer_id,
        kind="convert",
        points=used,
        balance=0,
        reference="",
        rate_id=rate.id,
        reward_id=reward_id,
        actor=who.actor,
        at=at,
    )
    await take(tx, use, "points_converted", taken, await settle_promises(tx, taken, used=False))
    return Converted(id=use.id, credit=credit, use=await recorded(tx, use))


async def _issue(tx: Tx, who: Who, what: Convert, program_id: str, credit: Money, at: datetime) -> str:
    """The credit, as any other is issued. It takes nothing from a budget: points are paid for when they are given."""
    nothing = Money(0, credit.currency)
    draft = Draft(
        kind=Kind.store_credit,
        remedy="store_credit_bonus",
        part="promo",
        state=RewardState.issued,
        principal=credit,
        bonus=nothing,
        worth=credit,
        drawn=nothing,
        terms=msgspec.to_builtins(CreditTerms(valid_months=what.valid_months)),
        expires_at=add_months(at, what.valid_months),
    )
    order = Placed(
        id=new_id("ord"),
        program_id=program_id,
        actor=who.actor,
        drafts=[draft],
        purse=Role.budget,
        customer_id=what.customer_id,
    )
    (done,) = await put(tx, [order], at)
    return done.rewards[0].id


def _rate(row: Any) -> Rate:
    return Rate(
        id=row["id"],
        points=row["points"],
        credit=Money(row["amount"], row["currency"]),
        program=row["program_id"],
        valid_from=row["valid_from"],
    )
