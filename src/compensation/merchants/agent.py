"""The people who work for a merchant, and how much each may grant without asking."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from compensation.core.errors import NotFound
from compensation.core.ids import new_id
from compensation.core.money import Money
from compensation.core.text import line
from compensation.db.answers import Who
from compensation.db.pool import Tx
from compensation.merchants import sql
from compensation.merchants.merchant import Added

Role = Literal["agent", "lead", "finance", "admin"]
APPROVERS: frozenset[str] = frozenset({"lead", "finance", "admin"})
"""The roles that may decide on what somebody else proposed."""

BOOKKEEPERS: frozenset[str] = frozenset({"finance", "admin"})
"""The roles that may read the ledger at the console."""


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """A member of staff. ``authority`` is the largest value, in minor units by currency, granted without asking."""

    id: str
    name: str
    role: Role
    authority: dict[str, int]
    team: str = ""
    """Whom he works with; a limit may count a team's grants together."""
    retired: bool = False

    def may_grant(self, value: Money) -> bool:
        """A currency that is not listed is one in which this agent may grant nothing."""
        return not self.retired and value.amount <= self.authority.get(value.currency, 0)

    @property
    def may_approve(self) -> bool:
        return not self.retired and self.role in APPROVERS

    @property
    def may_see_books(self) -> bool:
        return not self.retired and self.role in BOOKKEEPERS


class NewAgent(msgspec.Struct, frozen=True, kw_only=True):
    """``password`` is the scrypt text of ``core.vault.hash_password``: the word itself never gets this far."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    email: str
    password: str
    role: Role
    authority: dict[str, int] = {}
    team: Annotated[str, Meta(max_length=80)] = ""


class PersonOfAgent(msgspec.Struct, frozen=True):
    name: str
    email: str


async def add_agent(tx: Tx, who: Who, what: NewAgent, at: datetime) -> Added:
    """Take somebody on. His e-mail address opens the door once over all merchants: one address, one desk."""
    agent_id = new_id("agt")
    person = PersonOfAgent(line(what.name), address(what.email))
    sealed = tx.vault.seal(tx.merchant_id, agent_id, msgspec.json.encode(person))
    own = prints_of(tx, person)
    await tx.run(sql.ADD_AGENT, agent_id, sealed, what.password, what.role, what.authority, at, line(what.team), own)
    login = tx.vault.fingerprint("login", person.email)
    await tx.run(sql.ADD_CREDENTIAL, login, "login", agent_id, "", None, at)
    return Added(agent_id)


async def agents(tx: Tx, agent_ids: Iterable[str]) -> dict[str, Agent]:
    """The agents among these actors, by id; whoever is not an agent is left out."""
    rows = await tx.rows(sql.AGENTS, sorted({one for one in agent_ids if one.startswith("agt_")}))
    return {row["id"]: _read(tx, row) for row in rows}


async def staff(tx: Tx) -> list[Agent]:
    """Everybody who works for the merchant now, in the order in which they came."""
    return [_read(tx, row) for row in await tx.rows(sql.STAFF)]


async def own_hashes(tx: Tx, agent_id: str) -> list[bytes]:
    """The keyed hashes, under every key we hold, of the addresses by which this agent would be a customer himself."""
    row = await tx.row(sql.OWN_HASHES, agent_id)
    return [] if row is None else sorted({*row["own_hashes"], *prints_of(tx, person_of(tx, row))})


async def agent(tx: Tx, agent_id: str) -> Agent:
    """Raises NotFound ``unknown_agent``."""
    found = (await agents(tx, [agent_id])).get(agent_id)
    if found is None:
        raise NotFound("unknown_agent", "There is no such agent.")
    return found


def _read(tx: Tx, row: Any) -> Agent:
    return Agent(
        id=row["id"],
        name=person_of(tx, row).name,
        role=row["role"],
        authority=row["authority"],
        team=row["team"],
        retired=row["retired_at"] is not None,
    )


def person_of(tx: Tx, row: Any) -> PersonOfAgent:
    return msgspec.json.decode(tx.vault.open(tx.merchant_id, row["id"], row["person"]), type=PersonOfAgent)


def prints_of(tx: Tx, person: PersonOfAgent) -> list[bytes]:
    """As a customer's are made: by his address, and by the address in the place of a reference."""
    purposes = ("email", "customer.email")
    return [one for purpose in purposes for one in tx.vault.fingerprints(purpose, person.email)]


def address(email: str) -> str:
    """An e-mail address as it is compared: without spaces around it, in lower case."""
    return line(email).casefold()


def is_agent(who: Who) -> bool:
    return who.actor.startswith("agt_")
