"""The statements of imports. ``$1`` is always the merchant."""

ADD_IMPORT = """
INSERT INTO imports (merchant_id, id, state, name, format, digest, lines, flaws, totals, created_by, created_at,
                     updated_at)
VALUES ($1, $2, 'checking', $3, $4, $5, 0, 0, '[]', $6, $7, $7)
"""
CHECKED = """
UPDATE imports SET state = $3, lines = $4, flaws = $5, totals = $6,
                   ended_at = CASE WHEN $3 = 'refused' THEN $7::timestamptz END
WHERE merchant_id = $1 AND id = $2
"""

# A line whose key is taken is left out; TAKEN then tells by which. COPY would be faster by little, and is refused on
# tables with row-level security.
ADD_LINES = """
INSERT INTO import_lines (merchant_id, import_id, number, key, kind, amount, bonus, currency, points, valid_months,
                          program_id, customer_id, reference, order_id)
SELECT $1, $2, number, key, kind, amount, bonus, currency, points, valid_months, program_id, customer_id, reference,
       order_id
FROM unnest($3::integer[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[], $9::bigint[],
            $10::smallint[], $11::text[], $12::text[], $13::text[], $14::text[])
  AS l (number, key, kind, amount, bonus, currency, points, valid_months, program_id, customer_id, reference, order_id)
ON CONFLICT (merchant_id, key) DO NOTHING
"""
TAKEN = "SELECT key, import_id, number FROM import_lines WHERE merchant_id = $1 AND key = ANY($2)"
DROP_LINES = "DELETE FROM import_lines WHERE merchant_id = $1 AND import_id = $2"

ADD_FLAWS = """
INSERT INTO import_flaws (merchant_id, import_id, number, line, field, code, given)
SELECT $1, $2, number, line, field, code, given
FROM unnest($3::integer[], $4::integer[], $5::text[], $6::text[], $7::text[]) AS f (number, line, field, code, given)
"""

# Chunks are cut in the order of the file.
ADD_CHUNKS = """
INSERT INTO import_chunks (merchant_id, import_id, number, first_line, last_line, lines)
SELECT $1, $2, chunk + 1, min(number), max(number), count(*)
FROM (SELECT number, (row_number() OVER (ORDER BY number) - 1) / $3::integer AS chunk
      FROM import_lines WHERE merchant_id = $1 AND import_id = $2) AS cut
GROUP BY chunk
"""

TOTALS = """
SELECT program_id, kind, currency, count(*)::integer AS lines, sum(amount)::bigint AS amount,
       sum(bonus)::bigint AS bonus, sum(points)::bigint AS points
FROM import_lines WHERE merchant_id = $1 AND import_id = $2 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""

_IMPORT = """
SELECT i.id, i.state, i.name, i.format, i.digest, i.lines, i.flaws, i.totals, i.created_by, i.created_at,
       i.approved_by, i.approved_at, i.ended_at, i.updated_at,
       (SELECT coalesce(sum(c.lines), 0)::integer FROM import_chunks AS c
        WHERE c.merchant_id = $1 AND c.import_id = i.id AND c.issued_at IS NOT NULL) AS issued
FROM imports AS i
"""
IMPORT = _IMPORT + "WHERE i.merchant_id = $1 AND i.id = $2"
IMPORTS = _IMPORT + "WHERE i.merchant_id = $1 AND ($2::text IS NULL OR i.id < $2) ORDER BY i.id DESC LIMIT $3"
LOCK_IMPORT = "SELECT id FROM imports WHERE merchant_id = $1 AND id = $2 FOR NO KEY UPDATE"
FLAWS = """
SELECT number, line, field, code, given FROM import_flaws
WHERE merchant_id = $1 AND import_id = $2 AND number > $3 ORDER BY number LIMIT $4
"""

ALONE = """
SELECT totals FROM imports
WHERE merchant_id = $1 AND approved_by = $2 AND alone AND approved_at > $3 AND state <> 'cancelled'
"""
HAS_OWN_LINE = """
SELECT EXISTS (
  SELECT FROM import_lines AS l JOIN customers AS c ON c.merchant_id = $1 AND c.id = l.customer_id
  WHERE l.merchant_id = $1 AND l.import_id = $2 AND $3 && ARRAY[c.email_hash, c.reference_hash])
"""
APPROVE = """
UPDATE imports SET state = 'approved', approved_by = $3, alone = $4, approved_at = $5, updated_at = $5
WHERE merchant_id = $1 AND id = $2
"""
MOVE = """
UPDATE imports SET state = $3, updated_at = $4,
                   ended_at = CASE WHEN $3 IN ('issued', 'cancelled') THEN $4::timestamptz END
WHERE merchant_id = $1 AND id = $2
"""
RESERVED = """
SELECT t.id, p.source, p.destination, p.amount FROM transfers AS t
JOIN postings AS p ON p.merchant_id = $1 AND p.transfer_id = t.id
WHERE t.merchant_id = $1 AND t.subject_id = $2 AND t.kind = 'reserve'
"""

CHUNKS = "SELECT number FROM import_chunks WHERE merchant_id = $1 AND import_id = $2 ORDER BY number"
LEFT_OVER = """
SELECT EXISTS (SELECT FROM import_chunks WHERE merchant_id = $1 AND import_id = $2 AND issued_at IS NULL)
"""
DATE_CHUNK = """
UPDATE import_chunks SET issued_at = $4
WHERE merchant_id = $1 AND import_id = $2 AND number = $3 AND issued_at IS NULL
RETURNING first_line, last_line, lines
"""
LINES = """
SELECT number, order_id, program_id, customer_id, kind, currency, amount, bonus, points, valid_months, reference
FROM import_lines WHERE merchant_id = $1 AND import_id = $2 AND number BETWEEN $3 AND $4 ORDER BY number
"""

# One reward a line; what has not been issued yet has none. A page is cut first, then each of its lines is looked up,
# so that no plan reads a whole table for every page.
RESULT = """
SELECT l.number, l.key, l.reference, l.program_id, l.customer_id, l.kind, l.amount, l.bonus, l.points, l.currency,
       l.order_id, r.id AS reward_id, r.state, r.code_last4, r.code_sealed, r.expires_at, k.id AS link_id,
       k.key_version
FROM (SELECT * FROM import_lines WHERE merchant_id = $1 AND import_id = $2 AND number > $3
      ORDER BY number LIMIT $4) AS l
LEFT JOIN LATERAL (SELECT * FROM rewards WHERE merchant_id = $1 AND order_id = l.order_id AND position = 0
                   LIMIT 1) AS r ON true
LEFT JOIN LATERAL (SELECT * FROM links WHERE merchant_id = $1 AND kind = 'gift' AND subject_id = l.order_id
                   AND revoked_at IS NULL LIMIT 1) AS k ON true
ORDER BY l.number
"""

ROUTE = "SELECT route FROM merchants WHERE id = $1"
