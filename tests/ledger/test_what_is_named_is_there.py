"""What a row names is there and stays: asked of a whole statement at once, and of the owner too."""

import asyncpg
import pytest

from compensation.core.money import Money
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from tests.conftest import make_merchant
from tests.shop import buy_card, make_program

# Each copies rows that are sound, the last of them spoilt in one column; the statement is refused with all its rows.
SPOILT = {
    "transfer_is_written": """
        INSERT INTO postings SELECT merchant_id, transfer_id, line + 100, source, destination, amount FROM postings
        UNION ALL (SELECT merchant_id, 'trf_x', 1, source, destination, amount FROM postings LIMIT 1)""",
    "source_was_opened": """
        INSERT INTO postings SELECT merchant_id, transfer_id, line + 100, source, destination, amount FROM postings
        UNION ALL (SELECT merchant_id, transfer_id, 200, 'card:rwd_x:EUR:principal', destination, amount FROM postings
                   LIMIT 1)""",
    "destination_was_opened": """
        INSERT INTO postings SELECT merchant_id, transfer_id, line + 100, source, destination, amount FROM postings
        UNION ALL (SELECT merchant_id, transfer_id, 200, source, 'card:rwd_x:EUR:principal', amount FROM postings
                   LIMIT 1)""",
    "order_is_placed": """
        INSERT INTO rewards (merchant_id, id, order_id, program_id, position, kind, remedy, part, state, currency,
                             asset, principal, bonus, created_at, updated_at)
        SELECT merchant_id, 'rwd_' || given, CASE given WHEN 2 THEN 'ord_x' ELSE order_id END, program_id, given,
               kind, remedy, part, 'pending', currency, asset, 1, 0, now(), now()
        FROM rewards, generate_series(1, 2) AS given""",
    "program_is_there": """
        INSERT INTO orders (merchant_id, id, program_id, state, created_by, created_at, updated_at)
        SELECT merchant_id, 'ord_' || given, CASE given WHEN 2 THEN 'prg_x' ELSE program_id END, 'issued', '', now(),
               now() FROM orders, generate_series(1, 2) AS given""",
    "merchant_is_there": """
        INSERT INTO accounts (merchant_id, id, balance, opened_at) VALUES ('mer_x', 'sales:x:EUR', 0, now())""",
}
ANOTHERS = """
    INSERT INTO {table} SELECT (jsonb_populate_record(one, '{{"merchant_id": "{other}", "id": "x"}}')).*
    FROM {table} AS one LIMIT 1"""
KEPT = (
    "UPDATE accounts SET id = replace(id, 'card', 'held') WHERE role = 'card'",
    "UPDATE orders SET id = 'ord_x'",
    "UPDATE orders SET program_id = 'prg_x'",
    "UPDATE rewards SET order_id = 'ord_x'",
    "UPDATE links SET merchant_id = 'mer_x'",
    "UPDATE programs SET id = 'prg_x'",
    "UPDATE merchants SET id = id || 'x'",
    "DELETE FROM accounts WHERE role = 'card'",
    "DELETE FROM orders",
    "DELETE FROM programs",
    "DELETE FROM merchants",
    "TRUNCATE accounts CASCADE",
    "TRUNCATE orders CASCADE",
    "TRUNCATE programs CASCADE",
    "TRUNCATE merchants CASCADE",
)


async def test_a_statement_whose_last_row_names_nothing_writes_none_and_what_is_named_stays(
    owner: asyncpg.Connection, door: Doorway, merchant: Who
) -> None:
    await make_program(owner, door, merchant, Money(100_00, "EUR"))
    await buy_card(door, merchant, Money(20_00, "EUR"))
    await owner.execute(
        """INSERT INTO links (merchant_id, id, kind, subject_id, token_hash, key_version, expires_at, created_at)
           SELECT merchant_id, 'lnk_1', 'gift', id, '', 1, now(), now() FROM orders"""
    )
    counted = "SELECT " + ", ".join(
        f"(SELECT count(*) FROM {table})" for table in ("postings", "rewards", "orders", "accounts", "links")
    )
    before = await owner.fetchrow(counted)
    for constraint, statement in SPOILT.items():
        with pytest.raises(asyncpg.ForeignKeyViolationError) as refused:
            await owner.execute(statement)
        assert refused.value.constraint_name == constraint
    # What one merchant has, another has not.
    other = await make_merchant(owner)
    for table, whose in (("links", "mer_x"), ("orders", other.merchant_id)):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await owner.execute(ANOTHERS.format(table=table, other=whose))
    for statement in KEPT:
        # A foreign key that still points there may speak first.
        with pytest.raises((asyncpg.RestrictViolationError, asyncpg.ForeignKeyViolationError)):
            await owner.execute(statement)
    assert await owner.fetchrow(counted) == before
