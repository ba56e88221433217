"""The statements of the customers' room. ``$1`` is always the merchant."""

_CUSTOMER = """
SELECT c.id, c.locale, c.country, c.tier, c.created_at, p.data_key, p.sealed
FROM customers AS c LEFT JOIN persons AS p ON p.merchant_id = $1 AND p.customer_id = c.id
"""

CUSTOMER = _CUSTOMER + "WHERE c.merchant_id = $1 AND c.id = $2"

# The rows are locked, in the order in which they are asked for: two reports about one customer are decided one after
# the other, each seeing what came before it. $3 to $5 are a list of hashes for each, written as PostgreSQL writes
# arrays: a customer known by his address alone carries that address in the place of a reference ($5), see ``add``.
MATCH = """
SELECT asked.place, found.* FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
  AS asked (id, reference, email, alone, place)
CROSS JOIN LATERAL (
  SELECT c.id, c.locale, c.country, c.tier, c.created_at, c.reference_hash, p.data_key, p.sealed
  FROM customers AS c LEFT JOIN persons AS p ON p.merchant_id = $1 AND p.customer_id = c.id
  WHERE c.merchant_id = $1 AND (
    c.id = asked.id OR c.reference_hash = ANY(asked.reference::bytea[])
    OR (c.email_hash = ANY(asked.email::bytea[])
        AND (asked.reference = '{}' OR c.reference_hash = ANY(asked.alone::bytea[]))))
  ORDER BY c.id = asked.id DESC NULLS LAST, c.reference_hash = ANY(asked.reference::bytea[]) DESC NULLS LAST, c.id
  LIMIT 1 FOR NO KEY UPDATE OF c
) AS found
"""

# Whoever does not come back was added by somebody else a moment ago: match again.
ADD = """
WITH given AS (
  SELECT * FROM unnest($3::text[], $4::bytea[], $5::bytea[], $6::text[], $7::text[], $8::text[], $9::bytea[],
                       $10::bytea[], $11::text[])
    AS c (id, reference_hash, email_hash, locale, country, tier, data_key, sealed, name_tokens)
), added AS (
  INSERT INTO customers (merchant_id, id, reference_hash, email_hash, locale, country, tier, created_at)
  SELECT $1, id, reference_hash, email_hash, locale, country, tier, $2 FROM given
  ON CONFLICT (merchant_id, reference_hash) WHERE reference_hash IS NOT NULL DO NOTHING
  RETURNING id
)
INSERT INTO persons (merchant_id, customer_id, data_key, sealed, name_tokens)
SELECT $1, id, data_key, sealed, name_tokens::bytea[] FROM added JOIN given USING (id)
RETURNING customer_id
"""

UPDATE = """
WITH customer AS (
  UPDATE customers SET reference_hash = $3, email_hash = $4, locale = $5, country = $6, tier = $7
  WHERE merchant_id = $1 AND id = $2
)
UPDATE persons SET sealed = $8, name_tokens = $9 WHERE merchant_id = $1 AND customer_id = $2
"""

# Deleting the person destroys the key; the hashes go too, so that nothing can tell any more who this was.
ERASE = """
WITH person AS (DELETE FROM persons WHERE merchant_id = $1 AND customer_id = $2),
  identities AS (DELETE FROM customer_identities WHERE merchant_id = $1 AND customer_id = $2),
  narratives AS (DELETE FROM case_narratives WHERE merchant_id = $1 AND customer_id = $2)
UPDATE customers SET reference_hash = NULL, email_hash = NULL WHERE merchant_id = $1 AND id = $2
"""

REMEMBER = """
INSERT INTO customer_identities (merchant_id, customer_id, kind, hash)
SELECT $1, customer_id, kind, hash FROM unnest($2::text[], $3::text[], $4::bytea[]) AS i (customer_id, kind, hash)
ON CONFLICT (merchant_id, customer_id, kind, hash) DO NOTHING
"""

# A refund that was promised is not issued yet; one that was issued is settled when the processor says so.
REFUND_UNDER_WAY = """
SELECT EXISTS (SELECT FROM rewards WHERE merchant_id = $1 AND customer_id = $2 AND kind = 'refund'
                 AND state IN ('pending', 'issued', 'needs_review'))
    OR EXISTS (SELECT FROM cases AS c
               JOIN offers AS o ON o.merchant_id = $1 AND o.case_id = c.id AND o.key = c.chosen
               WHERE c.merchant_id = $1 AND c.customer_id = $2 AND c.state IN ('accepted', 'issuing')
                 AND o.offer @? '$.lines[*] ? (@.terms.kind == "refund")')
"""

KEYS = "SELECT customer_id, data_key, sealed FROM persons WHERE merchant_id = $1 AND customer_id = ANY($2)"

BY_EMAIL = "SELECT id FROM customers WHERE merchant_id = $1 AND email_hash = ANY($2) ORDER BY id DESC LIMIT $3"
BY_NAME = """
SELECT customer_id AS id FROM persons WHERE merchant_id = $1 AND name_tokens @> $2 ORDER BY customer_id DESC LIMIT $3
"""

WALLET = """
SELECT r.id, r.kind, r.state, r.asset, r.terms, r.code_last4, r.issued_at, r.expires_at,
       coalesce(sum(a.balance), 0)::bigint AS balance
FROM rewards AS r
LEFT JOIN accounts AS a ON a.merchant_id = $1 AND a.owner_id = r.id AND a.role IN ('card', 'points')
WHERE r.merchant_id = $1 AND r.customer_id = $2 AND r.state IN ('issued', 'partly_redeemed')
  AND r.kind = ANY($3) AND (r.expires_at IS NULL OR r.expires_at > $4)
GROUP BY r.merchant_id, r.id ORDER BY r.expires_at NULLS LAST, r.id
"""

# The lots of a customer's store credit, also of what is spent or expired: their history is his.
CREDIT = """
SELECT a.id FROM rewards AS r
JOIN accounts AS a ON a.merchant_id = $1 AND a.owner_id = r.id AND a.role = 'card' AND a.asset = $3
WHERE r.merchant_id = $1 AND r.customer_id = $2 AND r.kind = 'store_credit' ORDER BY a.id
"""

# Every tier that was ever granted, also what has run out: a later grant may have extended it.
GRANTS = """
SELECT id, customer_id, terms, issued_at, expires_at FROM rewards
WHERE merchant_id = $1 AND customer_id = ANY($2) AND kind = 'tier' AND state <> 'voided' AND issued_at IS NOT NULL
ORDER BY id
"""

EARNED = """
SELECT coalesce(sum(a.balance) FILTER (WHERE a.role = 'points'), 0)::bigint AS points,
       coalesce(sum(a.balance) FILTER (WHERE a.role = 'points_pending'), 0)::bigint AS pending
FROM earnings AS e JOIN accounts AS a ON a.merchant_id = $1 AND a.owner_id = e.id
WHERE e.merchant_id = $1 AND e.customer_id = $2 AND e.state <> 'expired' AND e.expires_at > $3
"""

LOTS = """
SELECT owner_id, lot, balance, asset, origin, opened_at, expires_at FROM accounts
WHERE merchant_id = $1 AND owner_id = ANY($2) AND role IN ('card', 'points') AND balance > 0
ORDER BY owner_id, expires_at NULLS LAST, lot DESC
"""

NAMED = "SELECT id, reference_hash FROM customers WHERE merchant_id = $1 AND (id = ANY($2) OR reference_hash = ANY($3))"

PERSONS_PAGE = """
SELECT max(customer_id) FROM (
  SELECT customer_id FROM persons WHERE merchant_id = $1 AND customer_id > $2 ORDER BY customer_id LIMIT $3) AS page
"""
# The customer's row is the one that every report about him locks.
STALE_PERSONS = """
SELECT c.id, p.data_key, p.sealed, c.reference_hash, c.email_hash
FROM customers AS c JOIN persons AS p ON p.merchant_id = $1 AND p.customer_id = c.id
WHERE c.merchant_id = $1 AND c.id > $2 AND c.id <= $3 AND get_byte(p.data_key, 0) <> $4
ORDER BY c.id FOR NO KEY UPDATE OF c, p SKIP LOCKED
"""
PERSONS_LEFT = """
SELECT count(*) FROM persons
WHERE merchant_id = $1 AND customer_id > $2 AND customer_id <= $3 AND get_byte(data_key, 0) <> $4
"""
RESEAL_PERSON = """
WITH person AS (
  UPDATE persons SET data_key = $3, name_tokens = $4 WHERE merchant_id = $1 AND customer_id = $2
)
UPDATE customers SET reference_hash = $5, email_hash = $6 WHERE merchant_id = $1 AND id = $2
"""
