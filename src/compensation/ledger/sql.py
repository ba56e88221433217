"""The statements of the ledger. ``$1`` is always the merchant."""

LOCK = "SELECT id, balance FROM accounts WHERE merchant_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE"

BALANCES = "SELECT id, balance FROM accounts WHERE merchant_id = $1 AND id = ANY($2)"

# What is taken must already be there, hence UPDATE; what is given may open an account, hence the upsert. An upsert
# cannot take: PostgreSQL checks no_overdraft on the row it would insert before it sees that one exists.
POST = """
WITH written AS (
  INSERT INTO transfers (merchant_id, id, kind, subject_id, reverses, actor, event_at, created_at)
  SELECT $1, id, kind, subject_id, reverses, actor, event_at, $2
  FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
    AS t (id, kind, subject_id, reverses, actor, event_at)
), lines AS (
  INSERT INTO postings (merchant_id, transfer_id, line, source, destination, amount)
  SELECT $1, transfer_id, line, source, destination, amount
  FROM unnest($9::text[], $10::smallint[], $11::text[], $12::text[], $13::bigint[])
    AS p (transfer_id, line, source, destination, amount)
), taken AS (
  UPDATE accounts AS a SET balance = a.balance + d.delta
  FROM unnest($14::text[], $15::bigint[]) AS d (id, delta)
  WHERE a.merchant_id = $1 AND a.id = d.id
  RETURNING a.id
), given AS (
  INSERT INTO accounts AS a (merchant_id, id, balance, origin, expires_at, opened_at)
  SELECT $1, id, delta, origin, expires_at, $2
  FROM unnest($16::text[], $17::bigint[], $18::text[], $19::timestamptz[]) AS d (id, delta, origin, expires_at)
  ON CONFLICT (merchant_id, id) DO UPDATE SET balance = a.balance + EXCLUDED.balance
)
SELECT count(*) FROM taken
"""
