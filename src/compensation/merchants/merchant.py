"""A merchant, the programs his cases run under, and the budgets of those programs."""

import secrets
from datetime import datetime
from typing import Annotated, Literal

import asyncpg
import msgspec
from msgspec import Meta

from compensation.core.errors import Invalid, NotFound
from compensation.core.ids import new_id
from compensation.core.money import MAX_AMOUNT, POINTS, Money
from compensation.core.text import line
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.ledger import Posting, Transfer, account, post
from compensation.merchants import sql
from compensation.merchants.brand import Brand, checked

_ROUTE_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
Mode = Literal["live", "test"]
OnEmpty = Literal["stop", "escalate"]


class Merchant(msgspec.Struct, frozen=True):
    """The tenant. ``route`` is the four characters that begin his codes and links; ``test`` moves no real money."""

    id: str
    route: str
    name: str
    mode: Mode


class Budget(msgspec.Struct, frozen=True):
    """What a program has in one currency, in minor units. All three together are what it was given."""

    currency: str
    available: int
    reserved: int
    spent: int


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A budget, a policy and a brand. ``policy`` names the policy of the catalogue that its cases are decided by."""

    id: str
    name: str
    brand_id: str
    policy: str
    is_default: bool
    void_days: int = 14
    """For how many days after it was issued a reward that nobody used may be cancelled."""
    on_empty: OnEmpty = "stop"
    """What becomes of a choice that the budget does not cover: ``stop`` or ``escalate``."""
    budgets: tuple[Budget, ...] = ()


class NewProgram(msgspec.Struct, frozen=True):
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    brand_id: str
    policy: str


class VoidWindow(msgspec.Struct, frozen=True):
    program_id: str
    days: int


class Funding(msgspec.Struct, frozen=True):
    program_id: str
    amount: Money


class Added(msgspec.Struct, frozen=True):
    """The answer of an act that sets something up: what it is called from now on, and nothing personal."""

    id: str


async def create_merchant(
    owner: asyncpg.Connection, name: str, mode: Mode, at: datetime, route: str | None = None
) -> Merchant:
    """A new tenant, made by the owner of the schema: the application itself cannot make one."""
    chosen = route or "".join(secrets.choice(_ROUTE_LETTERS) for _ in range(4))
    merchant = Merchant(new_id("mer"), chosen, line(name), mode)
    await owner.execute(sql.CREATE_MERCHANT, merchant.id, merchant.route, merchant.name, merchant.mode, at)
    return merchant


async def merchant_by_route(connection: asyncpg.Connection, route: str) -> Merchant | None:
    """Whose codes and links begin with these four characters."""
    row = await connection.fetchrow(sql.MERCHANT_BY_ROUTE, route)
    return None if row is None else Merchant(**row)


async def merchant(tx: Tx) -> Merchant:
    """The tenant this transaction is for."""
    row = await tx.row(sql.MERCHANT)
    if row is None:
        raise NotFound("unknown_merchant", "There is no such merchant.")
    return Merchant(**row)


async def add_brand(tx: Tx, who: Who, what: Brand, at: datetime) -> Added:
    """Store a face once its words and colours are checked. ``what.id`` and ``merchant_id`` are given here."""
    brand = msgspec.structs.replace(checked(what), id=new_id("brd"), merchant_id=tx.merchant_id)
    await tx.run(sql.ADD_BRAND, brand.id, brand, at)
    return Added(brand.id)


async def brand(tx: Tx, brand_id: str) -> Brand:
    """Raises NotFound ``unknown_brand``."""
    face = await tx.value(sql.BRAND, brand_id)
    if face is None:
        raise NotFound("unknown_brand", "There is no such brand.")
    return msgspec.convert(face, Brand)


async def add_program(tx: Tx, who: Who, what: NewProgram, at: datetime) -> Added:
    """A merchant's first program is the one his cases run under when they name none."""
    await brand(tx, what.brand_id)
    program_id = new_id("prg")
    await tx.run(sql.ADD_PROGRAM, program_id, line(what.name), what.brand_id, what.policy, at)
    return Added(program_id)


async def program(tx: Tx, program_id: str | None = None) -> Program:
    """The program, or the merchant's default one. Raises NotFound ``unknown_program``."""
    row = await tx.row(sql.PROGRAM, program_id)
    if row is None:
        raise NotFound("unknown_program", "There is no such program; GET /v1/programs lists yours.")
    return Program(**row)


async def programs(tx: Tx) -> list[Program]:
    """Every program of the merchant, with its budgets."""
    found = [Program(**row) for row in await tx.rows(sql.PROGRAMS)]
    budgets: dict[str, list[Budget]] = {one.id: [] for one in found}
    for row in await tx.rows(sql.BUDGETS, list(budgets)):
        figures = [int(row[name] or 0) for name in ("available", "reserved", "spent")]
        budgets[row["program_id"]].append(Budget(row["currency"], *figures))
    return [msgspec.structs.replace(one, budgets=tuple(budgets[one.id])) for one in found]


async def set_void_window(tx: Tx, who: Who, what: VoidWindow, at: datetime) -> Added:
    """For how many days rewards of this program may be cancelled, those already issued too. Raises NotFound."""
    if not await tx.run(sql.SET_VOID_DAYS, what.program_id, what.days):
        raise NotFound("unknown_program", "There is no such program; GET /v1/programs lists yours.")
    return Added(what.program_id)


async def fund(tx: Tx, who: Who, what: Funding, at: datetime) -> Added:
    """Give a program money to promise as goodwill. Raises Invalid ``invalid_amount``, NotFound."""
    currency, amount = what.amount.currency, what.amount.amount
    if currency == POINTS or not 0 < amount <= MAX_AMOUNT:
        raise Invalid("invalid_amount", f"A budget takes between 1 and {MAX_AMOUNT} minor units of a currency.")
    funded = await program(tx, what.program_id)
    source = account("funding", tx.merchant_id, currency)
    transfer = Transfer(
        kind="fund",
        subject_id=funded.id,
        actor=who.actor,
        event_at=at,
        postings=[Posting(source, account("budget", funded.id, currency), amount)],
    )
    await post(tx, [transfer], at)
    await tx.run(sql.BEGIN_PERIOD, funded.id, currency, transfer.id, at)
    return Added(transfer.id)
