-- Cards $2 to $3 of merchant $1, as the act of issuing leaves them: order, reward, transfer, two postings, the card's
-- account, the kept answer and the audit row. $4 is the program, $5 the face value. Every hundredth minute a few of them.
WITH n AS MATERIALIZED (
  SELECT i, lpad(i::text, 26, '0') AS id, timestamptz '2024-01-01' + i * interval '5 seconds' AS at
  FROM generate_series($2::bigint, $3::bigint) AS i
), o AS (
  INSERT INTO orders (merchant_id, id, program_id, state, created_by, created_at, updated_at)
  SELECT $1, 'ord_' || id, $4, 'issued', 'key_bench', at, at FROM n
), r AS (
  INSERT INTO rewards (merchant_id, id, order_id, program_id, position, kind, remedy, part, state, currency, asset,
                       principal, bonus, budget, terms, code_sealed, code_hash, code_last4, partner_ref, expires_at,
                       issued_at, created_at, updated_at)
  SELECT $1, 'rwd_' || id, 'ord_' || id, $4, 0, 'gift_card', 'digital_gift_card', 'goodwill', 'issued', 'EUR', 'EUR',
         $5, 0, $5, '{"kind":"card","valid_months":60}', sha256(id::bytea) || '\x0000000000000000000000000000000000000000',
         sha256(id::bytea), upper(right(id, 4)), 'rwd_' || id, at + interval '5 years', at, at, at FROM n
), t AS (
  INSERT INTO transfers (merchant_id, id, kind, subject_id, actor, event_at, created_at)
  SELECT $1, 'trf_' || id, 'issue', 'rwd_' || id, 'key_bench', at, at FROM n
), a AS (
  INSERT INTO accounts (merchant_id, id, balance, origin, expires_at, opened_at)
  SELECT $1, 'card:rwd_' || id || ':EUR:principal', $5, 'goodwill', at + interval '5 years', at FROM n
), p AS (
  INSERT INTO postings (merchant_id, transfer_id, line, source, destination, amount)
  SELECT $1, 'trf_' || id, line, source, destination, $5 FROM n CROSS JOIN LATERAL (VALUES
    (0, 'budget:' || $4 || ':EUR', 'spent:' || $4 || ':EUR'),
    (1, 'expense.goodwill:' || $1 || ':EUR', 'card:rwd_' || id || ':EUR:principal')) AS l (line, source, destination)
), k AS (
  INSERT INTO idempotency_keys (merchant_id, key, verb, fields, outcome, answer, created_at)
  SELECT $1, 'grown-' || id, 'issuance.issue', '{}', 'done', repeat(id, 8)::bytea, at FROM n
)
INSERT INTO audit_log (merchant_id, at, actor, verb, subject_id, outcome)
SELECT $1, at, 'key_bench', 'issuance.issue', 'ord_' || id, 'done' FROM n
