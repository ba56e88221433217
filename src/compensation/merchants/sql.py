"""The statements of the merchants' room. ``$1`` is the merchant wherever a tenant is known; CREDENTIAL finds him."""

# Run as the owner of the schema: the application may read merchants, not make them.
CREATE_MERCHANT = "INSERT INTO merchants (id, route, name, mode, created_at) VALUES ($1, $2, $3, $4, $5)"
MERCHANT_BY_ROUTE = "SELECT id, route, name, mode FROM merchants WHERE route = $1"

MERCHANT = "SELECT id, route, name, mode FROM merchants WHERE id = $1"

ADD_BRAND = "INSERT INTO brands (merchant_id, id, face, created_at) VALUES ($1, $2, $3, $4)"
BRAND = "SELECT face FROM brands WHERE merchant_id = $1 AND id = $2"

BRAND_OF_POLICY = """
SELECT brand_id FROM programs WHERE merchant_id = $1 ORDER BY policy = $2 DESC, is_default DESC, id LIMIT 1
"""

ADD_PROGRAM = """
INSERT INTO programs (merchant_id, id, name, brand_id, policy, is_default, created_at)
SELECT $1, $2, $3, $4, $5, NOT EXISTS (SELECT FROM programs WHERE merchant_id = $1), $6
"""
PROGRAM = """
SELECT id, name, brand_id, policy, is_default, void_days, on_empty FROM programs
WHERE merchant_id = $1 AND CASE WHEN $2::text IS NULL THEN is_default ELSE id = $2 END
"""
PROGRAMS = """
SELECT id, name, brand_id, policy, is_default, void_days, on_empty FROM programs WHERE merchant_id = $1 ORDER BY id
"""
SET_VOID_DAYS = "UPDATE programs SET void_days = $3 WHERE merchant_id = $1 AND id = $2"
BUDGETS = """
SELECT owner_id AS program_id, asset AS currency,
  sum(balance) FILTER (WHERE role = 'budget') AS available,
  sum(balance) FILTER (WHERE role = 'reserved') AS reserved,
  sum(balance) FILTER (WHERE role = 'spent') AS spent
FROM accounts
WHERE merchant_id = $1 AND owner_id = ANY($2) AND role IN ('budget', 'reserved', 'spent')
GROUP BY owner_id, asset ORDER BY owner_id, asset
"""
SET_ON_EMPTY = "UPDATE programs SET on_empty = $3 WHERE merchant_id = $1 AND id = $2"
BEGIN_PERIOD = """
INSERT INTO budget_periods (merchant_id, program_id, currency, period, size, alerted, started_at)
SELECT $1, $2, $3, $4, balance, 0, $5 FROM accounts
WHERE merchant_id = $1 AND id = 'budget:' || $2 || ':' || $3 AND balance > 0
ON CONFLICT (merchant_id, program_id, currency)
DO UPDATE SET period = EXCLUDED.period, size = EXCLUDED.size, alerted = 0, started_at = EXCLUDED.started_at
"""
# Locked in the order of their ids, each before its period, and read when they are locked: nobody begins a period or
# tells of it without the lock of the budget. LIMIT keeps each a look-up by its key, and a part of its own.
LOCK_BUDGETS = """
SELECT p.id AS program_id, p.is_default, q.currency, coalesce(a.balance, 0) AS available, w.size, w.alerted
FROM (
  SELECT DISTINCT u.currency, coalesce(
    u.program_id, (SELECT id FROM programs WHERE merchant_id = $1 AND is_default)) AS program_id
  FROM unnest($2::text[], $3::text[]) AS u (program_id, currency) ORDER BY program_id, currency) AS q
CROSS JOIN LATERAL (
  SELECT id, is_default FROM programs WHERE merchant_id = $1 AND id = q.program_id LIMIT 1) AS p
LEFT JOIN LATERAL (
  SELECT balance, owner_id, asset FROM accounts
  WHERE merchant_id = $1 AND id = 'budget:' || p.id || ':' || q.currency LIMIT 1 FOR NO KEY UPDATE) AS a ON true
LEFT JOIN LATERAL (
  SELECT size, alerted FROM budget_periods
  WHERE merchant_id = $1 AND program_id = a.owner_id AND currency = a.asset LIMIT 1 FOR NO KEY UPDATE) AS w ON true
"""
# Each period's row is touched only when a threshold is passed, so that whoever grants waits for nobody here.
PASSED = """
UPDATE budget_periods AS p SET alerted = r.reached
FROM (
  SELECT b.program_id, b.currency, b.alerted AS before, a.balance AS available,
    CASE WHEN a.balance <= 0 THEN 100 WHEN a.balance * 5 <= b.size THEN 80 WHEN a.balance * 2 <= b.size THEN 50 ELSE 0
    END AS reached
  FROM budget_periods AS b
  -- One look-up for each; joined, all of the merchant's accounts would be read to find these few. LIMIT keeps it so.
  CROSS JOIN LATERAL (
    SELECT balance FROM accounts WHERE merchant_id = $1 AND id = 'budget:' || b.program_id || ':' || b.currency
    LIMIT 1) AS a
  WHERE b.merchant_id = $1 AND b.program_id = ANY($2)) AS r
WHERE p.merchant_id = $1 AND p.program_id = r.program_id AND p.currency = r.currency AND p.alerted < r.reached
RETURNING p.program_id, p.currency, p.period, p.size, r.before, r.reached, r.available
"""
ADD_ALERT = """
INSERT INTO budget_alerts (merchant_id, id, program_id, currency, period, percent, size, available, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_ALERT = "SELECT id, program_id, currency, percent, size, available, at FROM budget_alerts "
ALERT = _ALERT + "WHERE merchant_id = $1 AND id = $2"
ALERTS = _ALERT + "WHERE merchant_id = $1 AND program_id = $2 ORDER BY id DESC LIMIT 100"
LOW = """
SELECT b.program_id, g.name AS program, b.currency, b.alerted, b.size, a.balance AS available
FROM budget_periods AS b
JOIN programs AS g ON g.merchant_id = $1 AND g.id = b.program_id
JOIN accounts AS a ON a.merchant_id = $1 AND a.id = 'budget:' || b.program_id || ':' || b.currency
WHERE b.merchant_id = $1 AND b.alerted > 0
ORDER BY b.alerted DESC, a.balance::numeric / b.size, b.program_id, b.currency
"""

ADD_AGENT = """
INSERT INTO agents (merchant_id, id, person, password, role, authority, created_at, team, own_hashes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
AGENTS = """
SELECT id, person, role, authority, team, retired_at FROM agents WHERE merchant_id = $1 AND id = ANY($2)
"""
STAFF = """
SELECT id, person, role, authority, team, retired_at FROM agents
WHERE merchant_id = $1 AND retired_at IS NULL ORDER BY id
"""
OWN_HASHES = "SELECT id, person, own_hashes FROM agents WHERE merchant_id = $1 AND id = $2"
SET_AUTHORITY = """
UPDATE agents SET authority = coalesce($3, authority), team = coalesce($4, team)
WHERE merchant_id = $1 AND id = $2 AND retired_at IS NULL
"""

_LIMIT = """
SELECT id, kind, subject, program_id, currency, most, period_days, set_by, created_at, ended_at FROM authority_limits
"""
LIMIT = _LIMIT + "WHERE merchant_id = $1 AND id = $2"
LIMITS = _LIMIT + "WHERE merchant_id = $1 AND ended_at IS NULL ORDER BY id"
END_LIMIT = """
UPDATE authority_limits SET ended_at = $4, ended_by = $3 WHERE merchant_id = $1 AND id = $2 AND ended_at IS NULL
"""
# A limit for the same thing takes the place of the one before, in one moment.
REPLACE_LIMIT = """
UPDATE authority_limits SET ended_at = $3, ended_by = $2
WHERE merchant_id = $1 AND ended_at IS NULL AND kind = $4 AND subject = $5
  AND coalesce(program_id, '') = coalesce($6, '') AND currency = $7 AND period_days = $8
"""
ADD_LIMIT = """
INSERT INTO authority_limits (merchant_id, id, set_by, created_at, kind, subject, program_id, currency, period_days,
                              most)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""

_DELEGATION = """
SELECT id, from_agent, to_agent, starts_at, ends_at, made_by, created_at, ended_at FROM delegations
"""
DELEGATION = _DELEGATION + "WHERE merchant_id = $1 AND id = $2"
DELEGATIONS = _DELEGATION + "WHERE merchant_id = $1 AND ended_at IS NULL AND ends_at > $2 ORDER BY id"
# Whom an agent stands in for at a moment.
DELEGATORS = """
SELECT DISTINCT from_agent FROM delegations
WHERE merchant_id = $1 AND to_agent = $2 AND starts_at <= $3 AND ends_at > $3 AND ended_at IS NULL ORDER BY from_agent
"""
ADD_DELEGATION = """
INSERT INTO delegations (merchant_id, id, made_by, created_at, from_agent, to_agent, starts_at, ends_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
END_DELEGATION = """
UPDATE delegations SET ended_at = $4, ended_by = $3
WHERE merchant_id = $1 AND id = $2 AND ended_at IS NULL AND ends_at > $4
"""
LOGIN_CHECK = "SELECT password FROM agents WHERE merchant_id = $1 AND id = $2 AND retired_at IS NULL"
CHANGE_LOGIN = "UPDATE agents SET password = $3 WHERE merchant_id = $1 AND id = $2 AND retired_at IS NULL"

ADD_CREDENTIAL = """
INSERT INTO credentials (merchant_id, hash, kind, subject_id, label, expires_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
REVOKE_CREDENTIAL = """
UPDATE credentials SET revoked_at = $3
WHERE merchant_id = $1 AND hash = $2 AND revoked_at IS NULL RETURNING label
"""
CREDENTIAL = """
SELECT merchant_id, subject_id FROM credentials
WHERE hash = ANY($1) AND kind = $2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3)
"""

AGENTS_FOR_RESEALING = """
SELECT id, person, own_hashes FROM agents WHERE merchant_id = $1 AND id > $2 ORDER BY id FOR NO KEY UPDATE
"""
RESEAL_AGENT = "UPDATE agents SET person = $3, own_hashes = $4 WHERE merchant_id = $1 AND id = $2"
RESEAL_LOGIN = """
UPDATE credentials SET hash = $3 WHERE merchant_id = $1 AND subject_id = $2 AND kind = 'login' AND hash = ANY($4)
"""
