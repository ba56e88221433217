"""The statements of points. ``$1`` is always the merchant. Locked in this order: customer, rewards, earnings."""

LOCK_CUSTOMER = "SELECT id FROM customers WHERE merchant_id = $1 AND id = $2 FOR NO KEY UPDATE"

LOCK_REWARDS = """
SELECT id FROM rewards
WHERE merchant_id = $1 AND customer_id = $2 AND kind = 'points' AND state IN ('issued', 'partly_redeemed')
  AND (expires_at IS NULL OR expires_at > $3)
ORDER BY id FOR NO KEY UPDATE
"""
LOCK_EARNINGS = """
SELECT id FROM earnings WHERE merchant_id = $1 AND customer_id = $2 AND state = 'released' AND expires_at > $3
ORDER BY id FOR NO KEY UPDATE
"""
LOTS = """
SELECT id, owner_id, balance, origin FROM accounts
WHERE merchant_id = $1 AND owner_id = ANY($2) AND role = 'points' AND balance > 0
ORDER BY expires_at NULLS LAST, owner_id
"""
PROMISES = """
SELECT id, owner_id, balance FROM accounts WHERE merchant_id = $1 AND owner_id = ANY($2) AND role = 'promise'
"""
MOVE_REWARDS = """
UPDATE rewards AS r SET state = s.state, updated_at = $2
FROM unnest($3::text[], $4::text[]) AS s (id, state) WHERE r.merchant_id = $1 AND r.id = s.id
"""

HELD = """
SELECT a.owner_id AS id, a.role, a.balance AS points, a.origin, coalesce(r.issued_at, e.created_at) AS issued_at,
       a.expires_at, e.release_at, e.reference
FROM accounts AS a
LEFT JOIN rewards AS r ON r.merchant_id = $1 AND r.id = a.owner_id
LEFT JOIN earnings AS e ON e.merchant_id = $1 AND e.id = a.owner_id
WHERE a.merchant_id = $1 AND a.role IN ('points', 'points_pending') AND a.balance > 0
  AND (a.expires_at IS NULL OR a.expires_at > $3) AND a.owner_id IN (
    SELECT id FROM rewards WHERE merchant_id = $1 AND customer_id = $2 AND kind = 'points'
      AND state IN ('issued', 'partly_redeemed')
    UNION ALL SELECT id FROM earnings WHERE merchant_id = $1 AND customer_id = $2 AND state <> 'expired')
ORDER BY a.role, a.expires_at NULLS LAST, a.owner_id
"""
OWED = """
SELECT coalesce(sum(shortfall), 0)::bigint FROM points_uses WHERE merchant_id = $1 AND customer_id = $2
"""
ACCOUNTS = """
SELECT a.id FROM accounts AS a WHERE a.merchant_id = $1 AND a.role = 'points' AND a.owner_id IN (
  SELECT id FROM rewards WHERE merchant_id = $1 AND customer_id = $2 AND kind = 'points'
  UNION ALL SELECT id FROM earnings WHERE merchant_id = $1 AND customer_id = $2)
ORDER BY a.id
"""

EARN = """
INSERT INTO earnings (merchant_id, id, customer_id, reference, points, state, release_at, expires_at, created_by,
                      created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
ON CONFLICT (merchant_id, reference) DO NOTHING RETURNING id
"""
_EARNING = """
SELECT id, customer_id, reference, points, taken_back, state, release_at, expires_at, created_at FROM earnings
"""
LOCK_EARNING = _EARNING + "WHERE merchant_id = $1 AND customer_id = $2 AND reference = $3 FOR NO KEY UPDATE"
DUE = (
    _EARNING
    + """
WHERE merchant_id = $1 AND state = 'pending' AND release_at <= $2 AND expires_at > $2
ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
"""
)
OVERDUE = (
    _EARNING
    + """
WHERE merchant_id = $1 AND state <> 'expired' AND expires_at <= $2 ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
"""
)
LEFT = """
SELECT id, owner_id, balance FROM accounts
WHERE merchant_id = $1 AND owner_id = ANY($2) AND role IN ('points', 'points_pending') AND balance > 0 ORDER BY id
"""
MOVE = "UPDATE earnings SET state = $3, updated_at = $4 WHERE merchant_id = $1 AND id = ANY($2)"
TAKE_BACK = "UPDATE earnings SET taken_back = taken_back + $3, updated_at = $4 WHERE merchant_id = $1 AND id = $2"

USE = """
INSERT INTO points_uses (merchant_id, id, customer_id, kind, points, shortfall, balance, earning_id, rate_id, reward_id,
                         reference, actor, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""

ADD_RATE = """
INSERT INTO points_rates (merchant_id, id, program_id, currency, points, amount, valid_from, created_by, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT ON CONSTRAINT one_rate_a_moment DO NOTHING RETURNING id
"""
_RATE = "SELECT id, program_id, currency, points, amount, valid_from FROM points_rates "
RATES = _RATE + "WHERE merchant_id = $1 ORDER BY currency, program_id NULLS FIRST, valid_from"
# The program's own rate goes before the merchant's; of either, the newest that is in force.
RATE_AT = (
    _RATE
    + """
WHERE merchant_id = $1 AND currency = $3 AND valid_from <= $4 AND (program_id IS NULL OR program_id = $2)
ORDER BY program_id NULLS LAST, valid_from DESC LIMIT 1
"""
)
PROGRAM = """
SELECT id FROM programs WHERE merchant_id = $1 AND CASE WHEN $2::text IS NULL THEN is_default ELSE id = $2 END
"""
