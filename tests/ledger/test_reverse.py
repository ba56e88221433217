"""Laws of undoing: once, exactly, never below zero, and only what is nothing but an entry."""

import asyncio

import asyncpg
import pytest

from compensation.core.errors import NotFound, Problem, Refused
from compensation.core.money import Money
from compensation.db.answers import Who, Written
from compensation.db.audit import audit
from compensation.db.unit import Doorway
from compensation.ledger.reverse import Reverse, Reversed, reverse
from tests.conftest import make_merchant
from tests.shop import Fund, Funded, buy_card, fund, make_program

LAW = "a reversal is the exact opposite of what it undoes"


async def _funded(owner: asyncpg.Connection, door: Doorway, who: Who) -> str:
    program = await make_program(owner, door, who, Money(100_00, "EUR"))
    return (await door.write(fund, who, Fund(program, Money(900_00, "EUR")))).read(Funded).id


async def _budget(owner: asyncpg.Connection) -> int:
    return int(await owner.fetchval("SELECT balance FROM accounts WHERE role = 'budget'"))


async def test_of_thirty_who_undo_the_same_entry_one_does(
    owner: asyncpg.Connection, door: Doorway, merchant: Who
) -> None:
    transfer = await _funded(owner, door, merchant)
    outcomes = await asyncio.gather(
        *(door.write(reverse, merchant, Reverse(transfer)) for _ in range(30)), return_exceptions=True
    )
    done = [each.read(Reversed) for each in outcomes if isinstance(each, Written)]
    assert [one.reverses for one in done] == [transfer]
    assert {each.code for each in outcomes if isinstance(each, Problem)} == {"already_reversed"}
    assert await _budget(owner) == 100_00
    assert await audit(owner) == {}
    with pytest.raises(Refused, match="reversal"):
        await door.write(reverse, merchant, Reverse(done[0].id))


async def test_what_was_spent_since_cannot_be_taken_back(
    owner: asyncpg.Connection, door: Doorway, merchant: Who
) -> None:
    transfer = await _funded(owner, door, merchant)
    await buy_card(door, merchant, Money(500_00, "EUR"))
    with pytest.raises(Refused) as caught:
        await door.write(reverse, merchant, Reverse(transfer))
    assert caught.value.code == "insufficient_balance"
    assert await _budget(owner) == 500_00


async def test_what_belongs_to_a_reward_or_to_somebody_else_is_not_undone_here(
    owner: asyncpg.Connection, door: Doorway, merchant: Who
) -> None:
    transfer = await _funded(owner, door, merchant)
    await buy_card(door, merchant, Money(5_00, "EUR"))
    issued = await owner.fetchval("SELECT id FROM transfers WHERE kind = 'issue'")
    with pytest.raises(Refused, match="issue"):
        await door.write(reverse, merchant, Reverse(issued))
    with pytest.raises(NotFound):
        await door.write(reverse, await make_merchant(owner), Reverse(transfer))


async def test_the_table_itself_takes_no_second_reversal_and_the_audit_finds_a_false_one(
    owner: asyncpg.Connection, door: Doorway, merchant: Who
) -> None:
    transfer = await _funded(owner, door, merchant)
    await door.write(reverse, merchant, Reverse(transfer))
    forged = (
        "INSERT INTO transfers SELECT merchant_id, 'trf_forged', kind, subject_id, reverses, actor, event_at,"
        " created_at FROM transfers WHERE kind = 'reversal'"
    )
    with pytest.raises(asyncpg.UniqueViolationError):
        await owner.execute(forged)
    await owner.execute("ALTER TABLE postings DISABLE TRIGGER USER; UPDATE postings SET amount = amount - 1 WHERE"
                        f" transfer_id = '{transfer}'")  # fmt: skip
    assert LAW in await audit(owner)
