"""The statements of issuance. ``$1`` is always the merchant."""

OWING = """
SELECT id FROM cases WHERE merchant_id = $1 AND id = ANY($2) AND state IN ('assessed', 'offered', 'needs_approval')
  AND (owed > 0 OR EXISTS (SELECT FROM offers AS o WHERE o.merchant_id = $1 AND o.case_id = cases.id
                           AND jsonb_path_exists(o.offer, '$.lines[*] ? (@.part == "owed")')))
"""

ROUTE = "SELECT route FROM merchants WHERE id = $1"

# What most rows of a batch have in common stands behind what is their own, and is sent once where all have it.
PUT = (
    """
INSERT INTO orders (merchant_id, id, case_id, customer_id, reference, program_id, state, created_by,
                    created_at, updated_at)
SELECT $1, id, case_id, customer_id, reference, coalesce(program_id, ($7::text[])[1]),
       coalesce(state, ($8::text[])[1]), coalesce(created_by, ($9::text[])[1]), $2, $2
FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
  AS o (id, case_id, customer_id, reference, program_id, state, created_by)
""",
    """
INSERT INTO rewards (merchant_id, id, order_id, case_id, customer_id, code_sealed, code_hash, code_last4,
                     expires_at, due_at, program_id, position, kind, remedy, part, state, currency, asset, principal,
                     bonus, budget, terms, partner_ref, issued_at, created_at, updated_at)
SELECT $1, id, order_id, case_id, customer_id, code_sealed, code_hash, code_last4, expires_at, due_at,
       coalesce(program_id, ($19::text[])[1]), coalesce(position, ($20::smallint[])[1]),
       coalesce(kind, ($21::text[])[1]), coalesce(remedy, ($22::text[])[1]), coalesce(part, ($23::text[])[1]),
       coalesce(state, ($24::text[])[1]), coalesce(currency, ($25::text[])[1]), coalesce(asset, ($26::text[])[1]),
       coalesce(principal, ($27::bigint[])[1]), coalesce(bonus, ($28::bigint[])[1]),
       coalesce(budget, ($29::bigint[])[1]), coalesce(terms, ($30::text[])[1])::jsonb, id,
       CASE WHEN coalesce(state, ($24::text[])[1]) = 'issued' THEN $2::timestamptz END, $2, $2
FROM unnest($10::text[], $11::text[], $12::text[], $13::text[], $14::bytea[], $15::bytea[], $16::text[],
            $17::timestamptz[], $18::timestamptz[], $19::text[], $20::smallint[], $21::text[], $22::text[], $23::text[],
            $24::text[], $25::text[], $26::text[], $27::bigint[], $28::bigint[], $29::bigint[], $30::text[])
  AS r (id, order_id, case_id, customer_id, code_sealed, code_hash, code_last4, expires_at, due_at,
        program_id, position, kind, remedy, part, state, currency, asset, principal, bonus, budget, terms)
""",
)

_REWARD = """
SELECT r.id, r.order_id, r.program_id, r.case_id, r.customer_id, r.position, r.kind, r.remedy, r.part, r.state,
       r.currency, r.asset, r.principal, r.bonus, r.budget, r.terms, r.code_last4, r.expires_at, r.due_at,
       r.issued_at, r.replaces, r.moved_to, r.created_at, r.updated_at,
       (SELECT sum(a.balance)::bigint FROM accounts AS a
        WHERE a.merchant_id = $1 AND a.owner_id = r.id AND a.role IN ('card', 'points')) AS balance
FROM rewards AS r
"""
REWARD = _REWARD + "WHERE r.merchant_id = $1 AND r.id = $2"
REWARDS_OF_ORDER = _REWARD + "WHERE r.merchant_id = $1 AND r.order_id = $2 ORDER BY r.position"
REWARDS_OF_CASE = _REWARD + "WHERE r.merchant_id = $1 AND r.case_id = $2 ORDER BY r.created_at, r.position"
REWARDS_PAGE = (
    _REWARD
    + """
WHERE r.merchant_id = $1 AND ($2::text IS NULL OR r.id < $2) AND ($3::text IS NULL OR r.state = $3)
  AND ($4::text IS NULL OR r.kind = $4) AND ($5::text IS NULL OR r.customer_id = $5)
ORDER BY r.id DESC LIMIT $6
"""
)

ORDER = """
SELECT id, program_id, case_id, customer_id, state, reference, created_by, created_at, updated_at
FROM orders WHERE merchant_id = $1 AND id = $2
"""
LOCK_ORDER = ORDER + "FOR NO KEY UPDATE"

LOCK_CASE = """
SELECT c.id, c.state, c.program_id, c.customer_id, c.chosen, o.offer
FROM cases AS c
LEFT JOIN offers AS o ON o.merchant_id = $1 AND o.case_id = c.id AND o.key = c.chosen
WHERE c.merchant_id = $1 AND c.id = $2
FOR NO KEY UPDATE OF c
"""
MOVE_CASE = "UPDATE cases SET state = $3, updated_at = $4 WHERE merchant_id = $1 AND id = $2"
CASE_EVENT = """
INSERT INTO case_events (merchant_id, case_id, id, what, actor, note, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

STATES_OF_ORDER = "SELECT state FROM rewards WHERE merchant_id = $1 AND order_id = $2"
MOVE_ORDER = "UPDATE orders SET state = $3, updated_at = $4 WHERE merchant_id = $1 AND id = $2"

LOCK_REWARD = """
SELECT id, order_id, case_id, customer_id, kind, state, currency, principal, bonus, partner_ref, partner_id, code_sealed
FROM rewards WHERE merchant_id = $1 AND id = $2 FOR NO KEY UPDATE
"""
MOVE_REWARD = """
UPDATE rewards SET state = $3, updated_at = $4, partner_id = coalesce($5, partner_id),
                   issued_at = CASE WHEN $3 IN ('issued', 'redeemed') THEN coalesce(issued_at, $4) ELSE issued_at END
WHERE merchant_id = $1 AND id = $2
"""

PRODUCT = """
SELECT id, state, currency, principal, budget, terms, partner_ref, partner_id, created_at
FROM rewards WHERE merchant_id = $1 AND id = $2 AND kind = 'product_card'
"""
LOCK_PRODUCT = """
SELECT id, order_id, program_id, case_id, state, currency, budget, terms, partner_id, code_sealed, created_at
FROM rewards WHERE merchant_id = $1 AND id = $2 AND kind = 'product_card' FOR NO KEY UPDATE
"""
# A code, or a supplier's order, that another reward has already.
SUPPLIED_BEFORE = """
SELECT EXISTS (SELECT FROM rewards WHERE merchant_id = $1 AND id <> $2 AND (code_hash = ANY($3)
  OR (kind = 'product_card' AND partner_id = $4 AND terms ->> 'supplier' = $5)))
"""
KEEP_CODE = """
UPDATE rewards SET code_sealed = $3, code_hash = $4, code_last4 = $5, expires_at = $6, partner_id = $7
WHERE merchant_id = $1 AND id = $2
"""
KEEP_SUPPLIERS_ORDER = "UPDATE rewards SET partner_id = $3 WHERE merchant_id = $1 AND id = $2"

REFUND = """
SELECT id, state, currency, principal, bonus, partner_ref, created_at, case_id
FROM rewards WHERE merchant_id = $1 AND id = $2 AND kind = 'refund'
"""

SEALED_CODE = "SELECT id, kind, state, code_sealed FROM rewards WHERE merchant_id = $1 AND id = $2"

CUSTOMERS = "SELECT id FROM customers WHERE merchant_id = $1 AND id = ANY($2)"

ORDERS_OF_CASE = "SELECT id FROM orders WHERE merchant_id = $1 AND case_id = $2 ORDER BY id DESC"

CODES_PAGE = """
SELECT max(id) FROM (SELECT id FROM rewards WHERE merchant_id = $1 AND id > $2 ORDER BY id LIMIT $3) AS page
"""
# The first byte of what is sealed is the version of the key.
_STALE = """
FROM rewards WHERE merchant_id = $1 AND id > $2 AND id <= $3 AND get_byte(code_sealed, 0) <> $4
"""
STALE_CODES = "SELECT id, code_sealed" + _STALE + "ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"
CODES_LEFT = "SELECT count(*)" + _STALE
RESEAL_CODES = """
UPDATE rewards AS r SET code_sealed = s.sealed, code_hash = s.hash
FROM unnest($2::text[], $3::bytea[], $4::bytea[]) AS s (id, sealed, hash) WHERE r.merchant_id = $1 AND r.id = s.id
"""
