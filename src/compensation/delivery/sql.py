"""The statements of delivery. ``$1`` is always the merchant, but for BY_ROUTE, which finds him."""

BY_ROUTE = "SELECT id FROM merchants WHERE route = $1"
ROUTE = "SELECT route FROM merchants WHERE id = $1"

LIVE_LINK = """
SELECT id, key_version FROM links WHERE merchant_id = $1 AND kind = $2 AND subject_id = $3 AND revoked_at IS NULL
"""
NEW_LINK = """
INSERT INTO links (merchant_id, id, kind, subject_id, token_hash, key_version, expires_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
NEW_LINKS = """
INSERT INTO links (merchant_id, id, kind, subject_id, token_hash, key_version, expires_at, created_at)
SELECT $1, id, $2, subject_id, token_hash, $3, $4, $5
FROM unnest($6::text[], $7::text[], $8::bytea[]) AS l (id, subject_id, token_hash)
"""
REVOKE_LINK = """
UPDATE links SET revoked_at = $4 WHERE merchant_id = $1 AND kind = $2 AND subject_id = $3 AND revoked_at IS NULL
"""
OPEN_LINK = """
SELECT id, kind, subject_id FROM links
WHERE merchant_id = $1 AND kind = $2 AND token_hash = $3 AND revoked_at IS NULL AND expires_at > $4
"""

NEW_DELIVERY = """
INSERT INTO deliveries (merchant_id, id, letter, case_id, order_id, customer_id, channel, locale, state,
                        created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, 'email', $7, 'queued', $8, $8)
"""
DELIVERY = """
SELECT id, letter, case_id, order_id, customer_id, channel, locale, state, attempts, created_at, sent_at
FROM deliveries WHERE merchant_id = $1 AND id = $2
"""
MOVE_DELIVERY = """
UPDATE deliveries SET state = $3, subject = $4, message = coalesce($5, message), last_error = $6,
                      attempts = attempts + 1, updated_at = $7,
                      sent_at = CASE WHEN $3 = 'sent' THEN coalesce(sent_at, $7) ELSE sent_at END
WHERE merchant_id = $1 AND id = $2 AND state <> $3
"""
DELIVERIES_OF_CASE = """
SELECT id, letter, channel, locale, state, subject, last_error, created_at, sent_at FROM deliveries
WHERE merchant_id = $1 AND case_id = $2 ORDER BY created_at, id
"""

MESSAGES_OF_CASE = """
SELECT id, letter, channel, locale, state, subject, message, created_at, sent_at FROM deliveries
WHERE merchant_id = $1 AND case_id = $2 ORDER BY created_at, id
"""

KEEP_WORDS = """
WITH told AS (
  INSERT INTO case_events (merchant_id, case_id, id, what, actor, note, at)
  VALUES ($1, $3, $7, 'words_edited', $5, $2, $6)
)
INSERT INTO letter_words (merchant_id, id, case_id, words, written_by, at) VALUES ($1, $2, $3, $4, $5, $6)
"""
WORDS = "SELECT id, words FROM letter_words WHERE merchant_id = $1 AND case_id = $2 ORDER BY id DESC LIMIT 1"

RENEWED = "SELECT EXISTS (SELECT FROM case_events WHERE merchant_id = $1 AND case_id = $2 AND what = 'reassessed')"

CASE_SUBJECT = "SELECT id AS case_id, customer_id, locale FROM cases WHERE merchant_id = $1 AND id = $2"
ORDER_SUBJECT = """
SELECT o.case_id, o.customer_id, coalesce(c.locale, k.locale) AS locale FROM orders AS o
LEFT JOIN cases AS c ON c.merchant_id = $1 AND c.id = o.case_id
LEFT JOIN customers AS k ON k.merchant_id = $1 AND k.id = o.customer_id
WHERE o.merchant_id = $1 AND o.id = $2
"""

LINKS_BY_KEY = """
SELECT key_version AS version, count(*) AS links, max(expires_at) AS until FROM links
WHERE merchant_id = $1 AND revoked_at IS NULL AND expires_at > $2 GROUP BY key_version ORDER BY key_version
"""
