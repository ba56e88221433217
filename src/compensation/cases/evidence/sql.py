"""The statements of evidence. ``$1`` is always the merchant."""

# Whose case it is, where it stands, and the key that seals what he sends; the key is NULL once he was erased.
OWNER = """
SELECT c.customer_id, c.state, p.data_key,
  (SELECT count(*) FROM evidence AS e WHERE e.merchant_id = $1 AND e.case_id = c.id) AS pieces
FROM cases AS c LEFT JOIN persons AS p ON p.merchant_id = $1 AND p.customer_id = c.customer_id
WHERE c.merchant_id = $1 AND c.id = $2
"""

_PIECE = "SELECT id, case_id, customer_id, kind, media_type, size, given_by, at, content_hash, name FROM evidence "
PIECES = _PIECE + "WHERE merchant_id = $1 AND case_id = $2 ORDER BY number"
PIECE = _PIECE + "WHERE merchant_id = $1 AND case_id = $2 AND id = $3"
SAME = _PIECE + "WHERE merchant_id = $1 AND case_id = $2 AND content_hash = ANY($3)"
COUNT = "SELECT count(*) FROM evidence WHERE merchant_id = $1 AND case_id = $2"

ADD = """
WITH told AS (
  INSERT INTO case_events (merchant_id, case_id, id, what, actor, note, at)
  VALUES ($1, $3, $13, 'evidence_added', $12, $2, $14)
)
INSERT INTO evidence (merchant_id, id, case_id, customer_id, number, kind, media_type, size, content_hash, look, name,
                      given_by, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $14)
"""

# Of the files that the store names, those that are somebody's: their row stands and their customer was not erased.
WANTED = """
SELECT e.id FROM evidence AS e JOIN persons AS p ON p.merchant_id = $1 AND p.customer_id = e.customer_id
WHERE e.merchant_id = $1 AND e.id = ANY($2)
"""

# For the audit, which sees every merchant: the files that must be in the store. Erased customers' need not be.
ALL = """
SELECT e.merchant_id, e.customer_id, e.id, e.content_hash, e.media_type FROM evidence AS e
JOIN persons AS p ON p.merchant_id = e.merchant_id AND p.customer_id = e.customer_id
ORDER BY e.merchant_id, e.customer_id, e.id
"""
