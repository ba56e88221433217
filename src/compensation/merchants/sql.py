"""The statements of the merchants' room. ``$1`` is the merchant wherever a tenant is known; CREDENTIAL finds him."""

# Run as the owner of the schema: the application may read merchants, not make them.
CREATE_MERCHANT = "INSERT INTO merchants (id, route, name, mode, created_at) VALUES ($1, $2, $3, $4, $5)"
MERCHANT_BY_ROUTE = "SELECT id, route, name, mode FROM merchants WHERE route = $1"

MERCHANT = "SELECT id, route, name, mode FROM merchants WHERE id = $1"

ADD_BRAND = "INSERT INTO brands (merchant_id, id, face, created_at) VALUES ($1, $2, $3, $4)"
BRAND = "SELECT face FROM brands WHERE merchant_id = $1 AND id = $2"

ADD_PROGRAM = """
INSERT INTO programs (merchant_id, id, name, brand_id, policy, is_default, created_at)
SELECT $1, $2, $3, $4, $5, NOT EXISTS (SELECT FROM programs WHERE merchant_id = $1), $6
"""
PROGRAM = """
SELECT id, name, brand_id, policy, is_default FROM programs
WHERE merchant_id = $1 AND CASE WHEN $2::text IS NULL THEN is_default ELSE id = $2 END
"""
PROGRAMS = "SELECT id, name, brand_id, policy, is_default FROM programs WHERE merchant_id = $1 ORDER BY id"
BUDGETS = """
SELECT owner_id AS program_id, asset AS currency,
  sum(balance) FILTER (WHERE role = 'budget') AS available,
  sum(balance) FILTER (WHERE role = 'reserved') AS reserved,
  sum(balance) FILTER (WHERE role = 'spent') AS spent
FROM accounts
WHERE merchant_id = $1 AND owner_id = ANY($2) AND role IN ('budget', 'reserved', 'spent')
GROUP BY owner_id, asset ORDER BY owner_id, asset
"""

ADD_AGENT = """
INSERT INTO agents (merchant_id, id, person, password, role, authority, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
AGENTS = """
SELECT id, person, role, authority, retired_at FROM agents WHERE merchant_id = $1 AND id = ANY($2)
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
