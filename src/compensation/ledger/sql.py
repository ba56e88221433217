"""The statements of the ledger. ``$1`` is always the merchant."""

LOCK = "SELECT id, balance FROM accounts WHERE merchant_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE"

BALANCES = "SELECT id, balance FROM accounts WHERE merchant_id = $1 AND id = ANY($2)"

# What is taken must already be there, hence UPDATE; what is given may open an account, hence the upsert. An upsert
# cannot take: PostgreSQL checks no_overdraft on the row it would insert before it sees that one exists. What is taken
# from an account that was never opened is refused by source_was_opened. The balances come first: see ``db.gather``.
POST = (
    """
UPDATE accounts AS a SET balance = a.balance + d.delta
FROM unnest($14::text[], $15::bigint[]) AS d (id, delta)
WHERE a.merchant_id = $1 AND a.id = d.id
""",
    """
INSERT INTO accounts AS a (merchant_id, id, balance, origin, expires_at, opened_at)
SELECT $1, id, delta, origin, expires_at, $2
FROM unnest($16::text[], $17::bigint[], $18::text[], $19::timestamptz[]) AS d (id, delta, origin, expires_at)
ON CONFLICT (merchant_id, id) DO UPDATE SET balance = a.balance + EXCLUDED.balance
""",
    """
INSERT INTO postings (merchant_id, transfer_id, line, source, destination, amount)
SELECT $1, coalesce(transfer_id, ($11::text[])[1]), line, coalesce(source, ($12::text[])[1]), destination,
       coalesce(amount, ($13::bigint[])[1])
FROM unnest($9::smallint[], $10::text[], $11::text[], $12::text[], $13::bigint[])
  AS p (line, destination, transfer_id, source, amount)
""",
    """
INSERT INTO transfers (merchant_id, id, kind, subject_id, reverses, actor, event_at, created_at)
SELECT $1, id, kind, subject_id, reverses, actor, event_at, $2
FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
  AS t (id, kind, subject_id, reverses, actor, event_at)
""",
)

OWNED = """
SELECT id FROM accounts WHERE merchant_id = $1 AND owner_id = ANY($2) AND role = ANY($3) AND asset = $4 ORDER BY id
"""

# First what is there now, without a number; then the lines, newest first. Each account gives its newest lines by index,
# and what is left after a line is what is there now less all that is newer.
STATEMENT = """
WITH held AS (
  SELECT coalesce(sum(balance), 0) AS now FROM accounts WHERE merchant_id = $1 AND id = ANY($2)
), newer AS (
  SELECT (SELECT coalesce(sum(amount), 0) FROM postings
          WHERE merchant_id = $1 AND destination = ANY($2) AND source <> ALL($2) AND seq >= $3)
       - (SELECT coalesce(sum(amount), 0) FROM postings
          WHERE merchant_id = $1 AND source = ANY($2) AND destination <> ALL($2) AND seq >= $3) AS sum
), moved AS (
  SELECT m.seq, m.transfer_id, mine.id AS account, m.amount FROM unnest($2::text[]) AS mine (id)
  CROSS JOIN LATERAL (
    (SELECT seq, transfer_id, amount FROM postings
     WHERE merchant_id = $1 AND destination = mine.id AND source <> ALL($2) AND ($3::bigint IS NULL OR seq < $3)
     ORDER BY seq DESC LIMIT $4)
    UNION ALL
    (SELECT seq, transfer_id, -amount FROM postings
     WHERE merchant_id = $1 AND source = mine.id AND destination <> ALL($2) AND ($3::bigint IS NULL OR seq < $3)
     ORDER BY seq DESC LIMIT $4)) AS m
  ORDER BY m.seq DESC LIMIT $4
)
SELECT NULL::bigint AS seq, NULL AS transfer_id, NULL AS kind, NULL AS subject_id, NULL AS account,
       NULL::bigint AS amount, held.now::bigint AS balance, NULL::timestamptz AS event_at, NULL::timestamptz AS at
FROM held
UNION ALL
SELECT m.seq, m.transfer_id, t.kind, t.subject_id, m.account, m.amount,
       (held.now - newer.sum - coalesce(sum(m.amount) OVER later, 0))::bigint, t.event_at, t.created_at
FROM moved AS m CROSS JOIN held CROSS JOIN newer
JOIN transfers AS t ON t.merchant_id = $1 AND t.id = m.transfer_id
WINDOW later AS (ORDER BY m.seq DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
ORDER BY seq DESC NULLS FIRST
"""

# The balances of now less what was written down later.
TRIAL_BALANCE = """
WITH later AS (
  SELECT account, sum(amount) AS amount FROM moves WHERE merchant_id = $1 AND created_at > $2 GROUP BY account
), stood AS (
  SELECT a.role, a.asset, a.balance - coalesce(l.amount, 0) AS balance
  FROM accounts AS a LEFT JOIN later AS l ON l.account = a.id WHERE a.merchant_id = $1
)
SELECT role, asset, count(*) AS accounts,
       coalesce(-sum(balance) FILTER (WHERE balance < 0), 0)::bigint AS debit,
       coalesce(sum(balance) FILTER (WHERE balance > 0), 0)::bigint AS credit
FROM stood WHERE balance <> 0 GROUP BY role, asset ORDER BY asset, role
"""

JOURNAL = """
SELECT t.id AS transfer_id, p.line, t.kind, t.subject_id, t.reverses, t.actor, p.source AS debit,
       p.destination AS credit, p.amount, split_part(p.source, ':', 3) AS asset, t.event_at, t.created_at AS at
FROM (
  SELECT * FROM transfers
  WHERE merchant_id = $1 AND (created_at, id) > ($2, $3) AND created_at < $4
  ORDER BY created_at, id LIMIT $5) AS t
JOIN postings AS p ON p.merchant_id = $1 AND p.transfer_id = t.id
ORDER BY t.created_at, t.id, p.line
"""

TRANSFER = "SELECT id, kind, subject_id FROM transfers WHERE merchant_id = $1 AND id = $2"
POSTINGS = "SELECT source, destination, amount FROM postings WHERE merchant_id = $1 AND transfer_id = $2 ORDER BY line"
REVERSED = "SELECT id FROM transfers WHERE merchant_id = $1 AND reverses = $2 AND kind = 'reversal'"

# The same of stored value only, seen three ways.
LIABILITY = """
WITH later AS (
  SELECT account, sum(amount) AS amount FROM moves WHERE merchant_id = $1 AND created_at > $2 GROUP BY account
), stood AS (
  SELECT a.asset, a.balance - coalesce(l.amount, 0) AS balance, coalesce(a.origin, 'held') AS origin,
    CASE WHEN a.opened_at > $2 - interval '30 days' THEN 'month'
         WHEN a.opened_at > $2 - interval '90 days' THEN 'quarter'
         WHEN a.opened_at > $2 - interval '365 days' THEN 'year' ELSE 'older' END AS age,
    CASE WHEN a.expires_at IS NULL THEN 'never' WHEN a.expires_at <= $2 THEN 'overdue'
         WHEN a.expires_at <= $2 + interval '30 days' THEN 'month'
         WHEN a.expires_at <= $2 + interval '90 days' THEN 'quarter'
         WHEN a.expires_at <= $2 + interval '365 days' THEN 'year' ELSE 'later' END AS falls
  FROM accounts AS a LEFT JOIN later AS l ON l.account = a.id WHERE a.merchant_id = $1 AND a.role = ANY($3)
)
SELECT asset, coalesce(origin, age, falls) AS name, sum(balance)::bigint AS amount, count(*) AS lots,
  CASE WHEN origin IS NOT NULL THEN 'origin' WHEN age IS NOT NULL THEN 'age' ELSE 'falls' END AS view
FROM stood WHERE balance <> 0 GROUP BY GROUPING SETS ((asset, origin), (asset, age), (asset, falls))
"""

MOVED = """
SELECT asset, month,
  (coalesce(sum(amount) FILTER (WHERE into_role = ANY($4)), 0)
   - coalesce(sum(amount) FILTER (WHERE from_role = ANY($4)), 0))::bigint AS owed,
  (coalesce(sum(amount) FILTER (WHERE into_role = $5), 0)
   - coalesce(sum(amount) FILTER (WHERE from_role = $5), 0))::bigint AS broken
FROM (
  SELECT split_part(p.source, ':', 3) AS asset, date_trunc('month', t.created_at AT TIME ZONE 'UTC')::date AS month,
    split_part(p.source, ':', 1) AS from_role, split_part(p.destination, ':', 1) AS into_role, p.amount
  FROM transfers AS t JOIN postings AS p ON p.merchant_id = $1 AND p.transfer_id = t.id
  WHERE t.merchant_id = $1 AND t.created_at >= $2::date::timestamp AT TIME ZONE 'UTC' AND t.created_at <= $3) AS moved
WHERE from_role = ANY($4) OR into_role = ANY($4) OR $5 IN (from_role, into_role)
GROUP BY asset, month
"""

# An id begins with its role, so this is a span of the key; ';' is what follows ':' in it.
ACCOUNTS = """
SELECT id, asset, balance, origin, expires_at, opened_at FROM accounts
WHERE merchant_id = $1 AND id > greatest($4, $2 || ':') AND id < $2 || ';' AND asset = $3 ORDER BY id LIMIT $5
"""
ACCOUNT = "SELECT id, asset, balance, origin, expires_at, opened_at FROM accounts WHERE merchant_id = $1 AND id = $2"
