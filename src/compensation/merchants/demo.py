"""The demo merchant that ``up`` begins with: a brand, a program with its budgets, three desks and a test API key."""

import asyncio
import os
import tomllib
from pathlib import Path

import asyncpg
import msgspec

from compensation.core.money import Money
from compensation.core.settings import Settings
from compensation.core.vault import Vault, digest, hash_password
from compensation.db.answers import Who
from compensation.db.pool import open_pool
from compensation.db.unit import Doorway
from compensation.merchants.agent import NewAgent, Role, add_agent
from compensation.merchants.brand import Brand
from compensation.merchants.credential import (
    NewKey,
    Password,
    add_api_key,
    key_holder,
    login_holder,
    new_api_key,
    random_word,
    set_password,
)
from compensation.merchants.merchant import (
    Added,
    Funding,
    Merchant,
    NewProgram,
    add_brand,
    add_program,
    create_merchant,
    fund,
    merchant_by_route,
    programs,
)

ROUTE = "dem0"
FILE = "demo.toml"
POLICY = "default"

BRAND = Brand(
    id="",
    merchant_id="",
    name={"en": "Souq Nour", "ar": "سوق نور", "bg": "Souq Nour"},
    legal_line={
        "en": "Souq Nour Ltd, 14 Harbour Street, Dublin",
        "ar": "شركة سوق نور، شارع سالم المبارك، السالمية، الكويت",
        "bg": "Сук Нур ЕООД, ул. „Шишман“ 8, София",
    },
    signatory={"en": "Mira Stoyanova", "ar": "هدى المطيري", "bg": "Ивайло Димитров"},
    site="souqnour.example",
    sender="care@souqnour.example",
    phone={"en": "+353 1 555 0142", "ar": "+965 2220 5501", "bg": "+359 2 555 0142"},
    hours={"en": "every day, 9:00 to 20:00", "ar": "كل يوم، من 9:00 إلى 20:00", "bg": "всеки ден от 9:00 до 20:00 ч."},
    colour="#5b2a6e",
)

# Currency; what the program is given; what the agent, and the lead, may grant without asking. In major units.
PURSES = (
    ("EUR", "5000", "200", "2000"),
    ("USD", "5000", "200", "2000"),
    ("GBP", "4500", "180", "1800"),
    ("CAD", "7000", "280", "2800"),
    ("AUD", "7500", "300", "3000"),
    ("SAR", "20000", "800", "8000"),
    ("AED", "20000", "800", "8000"),
    ("QAR", "20000", "800", "8000"),
    ("KWD", "1500", "60", "600"),
    ("JOD", "3500", "140", "1400"),
    ("EGP", "250000", "10000", "100000"),
)
STAFF: tuple[tuple[str, str, Role], ...] = (
    ("Mira Stoyanova", "mira@souqnour.example", "agent"),
    ("Omar Aziz", "omar@souqnour.example", "lead"),
    ("Petya Marinova", "petya@souqnour.example", "finance"),
)


class Desk(msgspec.Struct, frozen=True):
    """A console login of the demo, in the clear: it exists in a test merchant on this machine only."""

    name: str
    email: str
    password: str
    role: str


class Demo(msgspec.Struct, frozen=True):
    """What ``demo.toml`` keeps, readable by its owner only, so that a second ``up`` can say it again."""

    merchant: str
    program: str
    api_key: str
    desks: tuple[Desk, ...]


def main(settings: Settings) -> int:
    """The command. Makes what is missing, prints the logins and the key, and changes nothing when all is there."""

    async def run() -> Demo:
        owner = await asyncpg.connect(settings.owner_url, timeout=10)
        pool = await open_pool(settings, size=2)
        try:
            return await seed(Doorway(pool, Vault.parse(settings.keys)), owner, settings.data / FILE)
        finally:
            await pool.close()
            await owner.close()

    demo = asyncio.run(run())
    for desk in demo.desks:
        print(f"console login ({desk.role}): {desk.email} / {desk.password}")
    print(f"test API key: {demo.api_key}")
    return 0


async def seed(door: Doorway, owner: asyncpg.Connection, file: Path) -> Demo:
    """Bring the demo merchant about, or back. What ``file`` remembers of it stays as it is."""
    merchant = await merchant_by_route(owner, ROUTE)
    if merchant is None:
        merchant = await create_merchant(owner, "Souq Nour", "test", door.clock(), ROUTE)
    known = _read(file, merchant)
    who = Who(merchant.id, "system")
    demo = Demo(
        merchant=merchant.id,
        program=await _program(door, who),
        api_key=await _api_key(door, who, merchant, known),
        desks=tuple([await _desk(door, who, known, *person) for person in STAFF]),
    )
    if demo != known:
        _write(file, demo)
    return demo


async def _program(door: Doorway, who: Who) -> str:
    """The program with a budget in every currency. Its steps are keyed, so one that was cut short is taken up again."""
    async with door.read(who.merchant_id) as tx:
        found = next((one for one in await programs(tx) if one.is_default), None)
    if found is None:
        brand = (await door.write(add_brand, who, BRAND, "demo.brand")).read(Added)
        new = NewProgram("Care", brand.id, POLICY)
        program_id = (await door.write(add_program, who, new, "demo.program")).read(Added).id
    else:
        program_id = found.id
    funded = {budget.currency for budget in found.budgets} if found else set()
    for currency, given, _, _ in PURSES:
        if currency not in funded:
            await door.write(fund, who, Funding(program_id, Money.parse(given, currency)), f"demo.fund.{currency}")
    return program_id


async def _api_key(door: Doorway, who: Who, merchant: Merchant, known: Demo | None) -> str:
    if known is not None and await key_holder(door.pool, known.api_key, door.clock()) is not None:
        return known.api_key
    key = new_api_key(merchant)
    await door.write(add_api_key, who, NewKey(digest(key), "demo"))
    return key


async def _desk(door: Doorway, who: Who, known: Demo | None, name: str, email: str, role: Role) -> Desk:
    """A login that works: the one remembered, or a new password for the agent, or a new agent."""
    holder = await login_holder(door, email)
    remembered = next((desk for desk in known.desks if desk.email == email), None) if known else None
    if holder is not None and remembered is not None:
        return remembered
    password = "-".join(random_word(5) for _ in range(3))
    stored = await asyncio.to_thread(hash_password, password)
    if holder is not None:
        await door.write(set_password, who, Password(holder.actor, stored))
    else:
        granted = {currency: agent if role == "agent" else lead for currency, _, agent, lead in PURSES}
        authority = {currency: Money.parse(most, currency).amount for currency, most in granted.items()}
        new = NewAgent(name=name, email=email, password=stored, role=role, authority=authority)
        await door.write(add_agent, who, new)
    return Desk(name, email, password, role)


def _read(file: Path, merchant: Merchant) -> Demo | None:
    """What was remembered of this very merchant; a file left over from another database counts for nothing."""
    try:
        demo = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Demo)
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError):
        return None  # It was cut short while it was written: the logins are made anew.
    return demo if demo.merchant == merchant.id else None


def _write(file: Path, demo: Demo) -> None:
    lines = [f'{name} = "{getattr(demo, name)}"' for name in ("merchant", "program", "api_key")]
    for desk in demo.desks:
        lines += ["", "[[desks]]", *(f'{name} = "{getattr(desk, name)}"' for name in desk.__struct_fields__)]
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write("\n".join([*lines, ""]))
    fresh.replace(file)
