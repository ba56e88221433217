"""The statements of the catalogue. ``$1`` is always the merchant."""

_VERSION = """
SELECT id, code, version, family, state, hash, valid_from, valid_until, note, anew_of, written_by, written_at,
  published_by, published_at, retired_by, retired_at
"""
VERSION = f"{_VERSION} FROM policies WHERE merchant_id = $1 AND id = $2"
WITH_TEXT = f"{_VERSION}, text FROM policies WHERE merchant_id = $1 AND id = $2"
LOCK = f"{WITH_TEXT} FOR NO KEY UPDATE"
VERSIONS = f"""
{_VERSION} FROM policies
WHERE merchant_id = $1 AND ($2::text IS NULL OR code = $2) AND ($3::text IS NULL OR state = $3)
  AND ($4::text IS NULL OR id < $4)
ORDER BY id DESC LIMIT $5
"""
BEFORE = f"""
{_VERSION}, text FROM policies
WHERE merchant_id = $1 AND code = $2 AND version < $3 ORDER BY version DESC LIMIT 1
"""
TEXTS = "SELECT hash, text FROM policies WHERE merchant_id = $1 AND hash = ANY($2)"
# What was ever published stays readable, by whoever holds a letter that names it.
EVER_PUBLISHED = f"""
{_VERSION}, text FROM policies
WHERE merchant_id = $1 AND code = $2 AND version = $3 AND published_at IS NOT NULL
"""
# Of one code the version that became valid last stands, the higher one where two begin on the same day.
IN_FORCE = f"""
{_VERSION}, text FROM policies
WHERE merchant_id = $1 AND code = $2 AND state = 'published' AND valid_from <= $3
  AND (valid_until IS NULL OR $3 <= valid_until)
ORDER BY valid_from DESC, version DESC LIMIT 1
"""
ROUTE = "SELECT route FROM merchants WHERE id = $1"
STANDING = "SELECT id, hash FROM policies WHERE merchant_id = $1 AND state = $2 ORDER BY id"

# Versions of one code are numbered one after the other: whoever comes second waits for the first.
NUMBERING = "SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))"
LAST = "SELECT coalesce(max(version), 0) FROM policies WHERE merchant_id = $1 AND code = $2"
ADD = """
INSERT INTO policies (merchant_id, id, code, version, family, state, text, hash, valid_from, valid_until, note, anew_of,
                      written_by, written_at, published_by, published_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
"""
# The state in WHERE is the guard: a move from another state than the one that was seen touches no row.
MOVE = """
UPDATE policies SET state = $4,
  published_by = CASE WHEN $4 = 'published' THEN $5 ELSE published_by END,
  published_at = CASE WHEN $4 = 'published' THEN $6::timestamptz ELSE published_at END,
  retired_by = CASE WHEN $4 = 'retired' THEN $5 ELSE retired_by END,
  retired_at = CASE WHEN $4 = 'retired' THEN $6::timestamptz ELSE retired_at END
WHERE merchant_id = $1 AND id = $2 AND state = $3
"""

READ = """
INSERT INTO policy_readings (merchant_id, policy_id, agent_id, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
READ_AT = "SELECT at FROM policy_readings WHERE merchant_id = $1 AND policy_id = $2 AND agent_id = $3"
READ_BY = "SELECT agent_id, at FROM policy_readings WHERE merchant_id = $1 AND policy_id = $2"
UNREAD = """
SELECT id, code, version, family, state, hash, valid_from, valid_until, note, anew_of, written_by, written_at,
  published_by, published_at, retired_by, retired_at
FROM policies AS p
WHERE merchant_id = $1 AND state = 'published' AND (valid_until IS NULL OR $3 <= valid_until)
  AND version = (SELECT max(q.version) FROM policies AS q
                 WHERE q.merchant_id = $1 AND q.code = p.code AND q.state = 'published')
  AND NOT EXISTS (SELECT FROM policy_readings AS r WHERE r.merchant_id = $1 AND r.policy_id = p.id AND r.agent_id = $2)
ORDER BY id
"""
