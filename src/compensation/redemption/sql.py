"""The statements of redemption. ``$1`` is always the merchant. A reward's row is locked before its lots, always."""

BY_CODE = """
SELECT id, kind, state, asset, code_hash, expires_at FROM rewards
WHERE merchant_id = $1 AND code_hash = ANY($2) ORDER BY id
"""
LOCK_BY_CODE = BY_CODE + "FOR NO KEY UPDATE"

LOCK_BY_ID = """
SELECT id, kind, state, asset, expires_at, moved_to FROM rewards WHERE merchant_id = $1 AND id = ANY($2)
ORDER BY id FOR NO KEY UPDATE
"""

CASH_OUT = "SELECT program_id, case_id, customer_id, terms FROM rewards WHERE merchant_id = $1 AND id = $2"

# Soonest expiring first; the principal before the bonus among equals, since "principal" sorts after "bonus".
LOTS = """
SELECT id, owner_id, balance FROM accounts
WHERE merchant_id = $1 AND owner_id = ANY($2) AND role = 'card'
ORDER BY owner_id, expires_at NULLS LAST, lot DESC
"""

SPEND = (
    """
INSERT INTO redemptions (merchant_id, id, reward_id, kind, of, amount, asset, balance, reference, actor, at)
SELECT $1, id, reward_id, kind, of, amount, asset, balance, reference, actor, $2
FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::bigint[], $10::text[],
            $11::text[]) AS u (id, reward_id, kind, of, amount, asset, balance, reference, actor)
""",
    """
UPDATE rewards AS r SET updated_at = $2,
  -- Nothing is left to spend, but what a hold keeps may come back.
  state = CASE WHEN s.state = 'redeemed' AND EXISTS (
    SELECT FROM holds AS h WHERE h.merchant_id = $1 AND h.reward_id = s.id AND h.state = 'held')
    THEN 'partly_redeemed' ELSE s.state END
FROM unnest($12::text[], $13::text[]) AS s (id, state)
WHERE r.merchant_id = $1 AND r.id = s.id
""",
)

USES = """
SELECT id, reward_id, kind, amount, asset FROM redemptions WHERE merchant_id = $1 AND (id = ANY($2) OR of = ANY($2))
"""
# What one use took from each lot, less what was given back to it since, in the order in which it was taken. A lot goes
# by the account it was issued on, wherever its value lay later: on another reward, or in a hold.
TAKEN = """
SELECT 'card:' || CASE WHEN split_part(name, '.', 2) = '' THEN reward_id ELSE 'rwd_' || split_part(name, '.', 2) END
    || ':' || split_part(account, ':', 3) || ':' || split_part(name, '.', 1) AS lot,
  sum(amount)::bigint AS amount
FROM (
  SELECT p.source AS account, split_part(p.source, ':', 4) AS name, u.reward_id, p.line, p.amount
  FROM redemptions AS u
  JOIN transfers AS t ON t.merchant_id = $1 AND t.subject_id = u.id AND t.kind IN ('redeem', 'capture')
  JOIN postings AS p ON p.merchant_id = $1 AND p.transfer_id = t.id
  WHERE u.merchant_id = $1 AND u.id = $2
  UNION ALL
  SELECT p.destination, split_part(p.destination, ':', 4), r.reward_id, NULL, -p.amount FROM redemptions AS r
  JOIN transfers AS t ON t.merchant_id = $1 AND t.subject_id = r.id AND t.kind = 'return'
  JOIN postings AS p ON p.merchant_id = $1 AND p.transfer_id = t.id
  WHERE r.merchant_id = $1 AND r.of = $2) AS moved
GROUP BY lot HAVING sum(amount) > 0 ORDER BY min(line)
"""
ORIGINS = "SELECT id, origin FROM accounts WHERE merchant_id = $1 AND id = ANY($2)"

HISTORY = """
SELECT id, reward_id, kind, of, amount, asset, balance, reference, actor, at FROM redemptions
WHERE merchant_id = $1 AND reward_id = $2 ORDER BY id
"""

CODE = """
SELECT r.id, r.kind, r.state, r.code_sealed, r.order_id, r.expires_at FROM rewards AS r
WHERE r.merchant_id = $1 AND r.id = $2 AND r.code_sealed IS NOT NULL AND r.state NOT IN ('needs_review', 'refused')
"""

OVERDUE = """
SELECT id, expires_at FROM rewards
WHERE merchant_id = $1 AND state IN ('issued', 'partly_redeemed') AND expires_at <= $2
  AND NOT EXISTS (SELECT FROM holds AS h WHERE h.merchant_id = $1 AND h.reward_id = rewards.id AND h.state = 'held')
ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
"""
HELD = "SELECT DISTINCT reward_id FROM holds WHERE merchant_id = $1 AND reward_id = ANY($2) AND state = 'held'"
LEFT = """
SELECT id, owner_id, balance FROM accounts
WHERE merchant_id = $1 AND owner_id = ANY($2) AND role IN ('card', 'points', 'promise') AND balance > 0 ORDER BY id
"""
EXPIRE = "UPDATE rewards SET state = $3, updated_at = $4 WHERE merchant_id = $1 AND id = ANY($2)"

CUSTOMER = "SELECT id FROM customers WHERE merchant_id = $1 AND id = $2"

LOCK_CREDIT = """
SELECT id FROM rewards
WHERE merchant_id = $1 AND customer_id = $2 AND kind = 'store_credit' AND asset = $3
  AND state IN ('issued', 'partly_redeemed') AND (expires_at IS NULL OR expires_at > $4)
ORDER BY id FOR NO KEY UPDATE
"""
# As LOTS, but over several rewards: the date comes before the reward.
LOTS_TOGETHER = """
SELECT id, owner_id, balance FROM accounts
WHERE merchant_id = $1 AND owner_id = ANY($2) AND role = 'card' AND balance > 0
ORDER BY expires_at NULLS LAST, owner_id, lot DESC
"""

NEW_HOLD = """
INSERT INTO holds (merchant_id, id, reward_id, state, amount, asset, reference, actor, expires_at,
                   created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
"""
_HOLD = """
SELECT h.id, h.reward_id, h.state, h.amount, h.asset, h.redemption_id, h.reference, h.actor, h.expires_at, h.created_at,
       r.amount AS captured
FROM holds AS h LEFT JOIN redemptions AS r ON r.merchant_id = $1 AND r.id = h.redemption_id
"""
HOLD = _HOLD + "WHERE h.merchant_id = $1 AND h.id = $2"
HOLDS_STILL_OPEN = _HOLD + "WHERE h.merchant_id = $1 AND h.id = ANY($2) AND h.state = 'held' ORDER BY h.id"
HOLDS_DUE = """
SELECT id, reward_id FROM holds WHERE merchant_id = $1 AND state = 'held' AND expires_at <= $2
ORDER BY expires_at LIMIT $3
"""
END_HOLD = """
UPDATE holds SET state = $3, redemption_id = $4, updated_at = $5 WHERE merchant_id = $1 AND id = $2 AND state = 'held'
"""
EXPIRE_HOLDS = "UPDATE holds SET state = 'expired', updated_at = $3 WHERE merchant_id = $1 AND id = ANY($2)"
# All lots of a card are good for as long as the card, so their names alone give the order of LOTS.
LOTS_OF_HOLD = """
SELECT id, balance FROM accounts WHERE merchant_id = $1 AND owner_id = $2 AND role = 'held' ORDER BY lot DESC
"""

ROUTE = "SELECT route FROM merchants WHERE id = $1"
LOCK_REWARD = """
SELECT id, order_id, program_id, case_id, customer_id, kind, part, state, currency, asset, principal, bonus, budget,
       code_sealed, expires_at, issued_at
FROM rewards WHERE merchant_id = $1 AND id = $2 FOR NO KEY UPDATE
"""
LOCK_ORDER = "SELECT id FROM orders WHERE merchant_id = $1 AND id = $2 FOR NO KEY UPDATE"
MOVE_REWARD = "UPDATE rewards SET state = $3, updated_at = $4 WHERE merchant_id = $1 AND id = $2"
MOVE_REWARD_ON = """
UPDATE rewards SET state = 'voided', moved_to = $3, updated_at = $4 WHERE merchant_id = $1 AND id = $2
"""
IS_HELD = "SELECT EXISTS (SELECT FROM holds WHERE merchant_id = $1 AND reward_id = $2 AND state = 'held')"
# Of a reward and of all that it replaces.
IS_USED = """
WITH RECURSIVE line AS (
  SELECT id, replaces FROM rewards WHERE merchant_id = $1 AND id = $2
  UNION ALL SELECT r.id, r.replaces FROM rewards AS r JOIN line ON r.id = line.replaces WHERE r.merchant_id = $1)
SELECT coalesce(sum(CASE kind WHEN 'redeem' THEN amount ELSE -amount END), 0) > 0 FROM redemptions
WHERE merchant_id = $1 AND reward_id IN (SELECT id FROM line)
"""
VOID_DAYS = "SELECT void_days FROM programs WHERE merchant_id = $1 AND id = $2"
PROGRAMS_OF = "SELECT id, program_id FROM rewards WHERE merchant_id = $1 AND id = ANY($2)"
LOTS_LEFT = """
SELECT id, role, asset, balance, origin, expires_at FROM accounts
WHERE merchant_id = $1 AND owner_id = $2 AND role IN ('card', 'points', 'promise') AND balance > 0
ORDER BY role, expires_at NULLS LAST, lot DESC
"""
SUCCESSOR = """
INSERT INTO rewards (merchant_id, id, order_id, program_id, case_id, customer_id, position, kind, remedy, part, state,
                     currency, asset, principal, bonus, budget, terms, code_sealed, code_hash, code_last4,
                     partner_ref, replaces, expires_at, due_at, issued_at, created_at, updated_at)
SELECT $1, $3, order_id, program_id, case_id, customer_id,
       (SELECT max(p.position) + 1 FROM rewards AS p WHERE p.merchant_id = $1 AND p.order_id = r.order_id),
       kind, remedy, part, 'issued', currency, asset, $4, $5, budget, terms, $6, $7, $8,
       $3, r.id, expires_at, due_at, issued_at, $9, $9
FROM rewards AS r WHERE r.merchant_id = $1 AND r.id = $2
"""
EXTEND_REWARD = "UPDATE rewards SET expires_at = $3, updated_at = $4 WHERE merchant_id = $1 AND id = $2"
EXTEND_LOTS = """
UPDATE accounts SET expires_at = $3 WHERE merchant_id = $1 AND owner_id = $2 AND role IN ('card', 'points')
"""
# The last expiry of a reward that was not reversed, line by line.
EXPIRY = """
SELECT p.transfer_id, p.source, p.destination, p.amount FROM transfers AS t
JOIN postings AS p ON p.merchant_id = $1 AND p.transfer_id = t.id
WHERE t.merchant_id = $1 AND t.subject_id = $2 AND t.kind = 'expire'
  AND NOT EXISTS (SELECT FROM transfers AS u WHERE u.merchant_id = $1 AND u.reverses = t.id)
ORDER BY p.line
"""

NEW_CORRECTION = """
INSERT INTO corrections (merchant_id, id, kind, reward_id, to_reward_id, amount, shortfall, asset, valid_before,
                         valid_until, reason, actor, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
CORRECTIONS = """
SELECT id, kind, reward_id, to_reward_id, amount, shortfall, asset, valid_before, valid_until, reason, actor, at
FROM corrections WHERE merchant_id = $1 AND (reward_id = $2 OR to_reward_id = $2) ORDER BY id
"""
CASE_EVENT = """
INSERT INTO case_events (merchant_id, case_id, id, what, actor, note, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

NEW_TENDER = """
INSERT INTO tenders (merchant_id, id, amount, due, asset, redemptions, reference, actor, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
