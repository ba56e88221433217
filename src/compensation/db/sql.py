"""The statements of the doorway and of the outbox. ``$1`` is always the merchant."""

KNOWN_KEYS = "SELECT key, verb, fields, outcome, answer FROM idempotency_keys WHERE merchant_id = $1 AND key = ANY($2)"

# What every write leaves behind.
ANSWERS = (
    """
INSERT INTO idempotency_keys (merchant_id, key, verb, fields, outcome, answer, created_at)
SELECT $1, key, $2, fields, outcome, answer, $3
FROM unnest($4::text[], $5::jsonb[], $6::text[], $7::bytea[]) AS given (key, fields, outcome, answer)
""",
)
AUDIT = (
    """
INSERT INTO audit_log (merchant_id, at, actor, verb, subject_id, outcome)
SELECT $1, $3, actor, $2, subject_id, outcome
FROM unnest($4::text[], $5::text[], $6::text[]) AS done (actor, subject_id, outcome)
""",
)
OUTBOX = (
    """
INSERT INTO outbox (merchant_id, id, topic, subject_id, created_at, due_at)
SELECT $1, id, topic, subject_id, $2, coalesce(due_at, $2)
FROM unnest($3::text[], $4::text[], $5::text[], $6::timestamptz[]) AS told (id, topic, subject_id, due_at)
""",
)

CLAIM = """
UPDATE outbox SET due_at = $3, attempts = attempts + 1, fence = fence + 1
WHERE merchant_id = $1 AND id = (
  SELECT id FROM outbox
  WHERE merchant_id = $1 AND ended IS NULL AND due_at <= $2 AND ($4::text IS NULL OR id = $4)
  ORDER BY due_at FOR UPDATE SKIP LOCKED LIMIT 1)
RETURNING id, topic, subject_id, attempts, fence
"""

FINISH = """
UPDATE outbox SET ended = $4, ended_at = $5, last_error = $6
WHERE merchant_id = $1 AND id = $2 AND fence = $3 AND ended IS NULL
"""

POSTPONE = """
UPDATE outbox SET due_at = $4, last_error = $5
WHERE merchant_id = $1 AND id = $2 AND fence = $3 AND ended IS NULL
"""

NEXT_DUE = "SELECT min(due_at) FROM outbox WHERE merchant_id = $1 AND ended IS NULL"

MERCHANTS = "SELECT id FROM merchants ORDER BY id"
