"""The statements of events, endpoints and notices. ``$1`` is always the merchant.

Whoever adds a notice, or ends a visit, locks the endpoint's row first: either the one who ends the visit sees the new
notice, or the one who adds it sees that the visit is over. So no notice is left without a visit.
"""

# -- events ---------------------------------------------------------------------------------------------------------
_EVENT = "SELECT number, id, type, data, at FROM events "
EVENT = _EVENT + "WHERE merchant_id = $1 AND id = $2"
EVENTS_AFTER = _EVENT + "WHERE merchant_id = $1 AND number > $2 ORDER BY number LIMIT $3"
LAST_NUMBER = "SELECT last FROM event_numbers WHERE merchant_id = $1"

ADD_EVENT = """
WITH numbered AS (
  INSERT INTO event_numbers AS known (merchant_id, last) VALUES ($1, 1)
  ON CONFLICT (merchant_id) DO UPDATE SET last = known.last + 1
  RETURNING last
)
INSERT INTO events (merchant_id, number, id, type, subject_id, data, at)
SELECT $1, n.last, $3, $4, $5, $6, o.created_at
FROM numbered AS n, outbox AS o WHERE o.merchant_id = $1 AND o.id = $2
RETURNING number, id, type, data, at
"""

# -- endpoints ------------------------------------------------------------------------------------------------------
_ENDPOINT = "SELECT id, url, types, previous_until, created_at, disabled_at FROM webhook_endpoints "
ENDPOINT = _ENDPOINT + "WHERE merchant_id = $1 AND id = $2"
ENDPOINTS = _ENDPOINT + "WHERE merchant_id = $1 AND disabled_at IS NULL ORDER BY id"

HOLD_ENDPOINTS = "SELECT hold_endpoints($1)"
ADD_ENDPOINT = """
INSERT INTO webhook_endpoints (merchant_id, id, url, types, secret, created_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
CHANGE_ENDPOINT = """
UPDATE webhook_endpoints SET url = coalesce($3, url), types = coalesce($4, types)
WHERE merchant_id = $1 AND id = $2 AND disabled_at IS NULL
"""
ROTATE = """
UPDATE webhook_endpoints SET previous = secret, previous_until = $4, secret = $3
WHERE merchant_id = $1 AND id = $2 AND disabled_at IS NULL
"""
DISABLE = """
UPDATE webhook_endpoints SET disabled_at = $3, visit_id = NULL, visit_at = NULL
WHERE merchant_id = $1 AND id = $2 AND disabled_at IS NULL
"""
SECRET = "SELECT id, secret FROM webhook_endpoints WHERE merchant_id = $1 AND id = $2"  # noqa: S105 - it selects one

# -- notices --------------------------------------------------------------------------------------------------------
LOCK_ENDPOINTS = """
SELECT id FROM webhook_endpoints
WHERE merchant_id = $1 AND disabled_at IS NULL AND ($2::text IS NULL OR id = $2) ORDER BY id FOR NO KEY UPDATE
"""
# The events of these numbers for the endpoints that hear of their types; what was queued before begins anew.
QUEUE = """
INSERT INTO notices AS known (merchant_id, endpoint_id, number, state, due_at, updated_at)
SELECT $1, h.id, e.number, 'queued', $5, $5
FROM webhook_endpoints AS h
JOIN events AS e ON e.merchant_id = $1 AND (h.types = '{}' OR e.type = ANY(h.types))
WHERE h.merchant_id = $1 AND h.id = ANY($2) AND h.disabled_at IS NULL AND e.number BETWEEN $3 AND $4
ON CONFLICT (merchant_id, endpoint_id, number) DO UPDATE
SET state = 'queued', attempts = 0, status = NULL, error = '', due_at = $5, updated_at = $5
RETURNING endpoint_id
"""
NOTICES = """
SELECT n.number, e.id AS event_id, e.type, n.state, n.attempts, n.status AS answered, n.error, n.due_at, n.updated_at
FROM notices AS n JOIN events AS e ON e.merchant_id = $1 AND e.number = n.number
WHERE n.merchant_id = $1 AND n.endpoint_id = $2 AND ($3::text IS NULL OR n.state = $3)
  AND ($4::bigint IS NULL OR n.number < $4)
ORDER BY n.number DESC LIMIT $5
"""
SENT = """
UPDATE notices SET state = 'sent', attempts = attempts + 1, status = $4, error = '', updated_at = $5
WHERE merchant_id = $1 AND endpoint_id = $2 AND number = $3
"""
# Who does not answer one seldom answers the others that are due: the attempt counts for all of them. But the fault may
# lie in the one: so it alone bears the error, and DUE puts last what was heard and not taken.
FAILED = """
UPDATE notices SET attempts = attempts + 1, updated_at = $6,
  status = CASE WHEN number = $3 THEN $4 ELSE status END,
  error = CASE WHEN number = $3 OR attempts >= cardinality($7::interval[]) THEN $5 ELSE error END,
  state = CASE WHEN attempts < cardinality($7::interval[]) THEN 'queued' ELSE 'dead' END,
  due_at = coalesce($6 + ($7::interval[])[attempts + 1], due_at)
WHERE merchant_id = $1 AND endpoint_id = $2 AND state = 'queued'
  AND (number = $3 OR ($4::smallint IS NULL AND due_at <= $6))
"""
GIVE_UP = """
UPDATE notices SET state = 'dead', error = $3, updated_at = $4
WHERE merchant_id = $1 AND endpoint_id = $2 AND state = 'queued'
"""

# -- visits ---------------------------------------------------------------------------------------------------------
# A visit that should have begun long ago was lost with its work; a later one is brought forward.
SUMMON = """
UPDATE webhook_endpoints AS h SET visit_id = v.visit_id, visit_at = $4
FROM unnest($2::text[], $3::text[]) AS v (endpoint_id, visit_id)
WHERE h.merchant_id = $1 AND h.id = v.endpoint_id AND h.disabled_at IS NULL
  AND (h.visit_at IS NULL OR h.visit_at > $4 OR h.visit_at < $5)
RETURNING h.visit_id
"""
VISITED = (
    "SELECT id, url, secret, previous, previous_until FROM webhook_endpoints WHERE merchant_id = $1 AND visit_id = $2"
)
LOCK_VISITED = VISITED + " FOR NO KEY UPDATE"
DUE = """
SELECT e.number, e.id, e.type, e.data, e.at
FROM notices AS n JOIN events AS e ON e.merchant_id = $1 AND e.number = n.number
WHERE n.merchant_id = $1 AND n.endpoint_id = $2 AND n.state = 'queued' AND n.due_at <= $3
ORDER BY n.error IN ('status', 'timeout', 'bad_answer'), n.number LIMIT $4
"""
NEXT_DUE = "SELECT min(due_at) FROM notices WHERE merchant_id = $1 AND endpoint_id = $2 AND state = 'queued'"
PLAN = "UPDATE webhook_endpoints SET visit_id = $3, visit_at = $4 WHERE merchant_id = $1 AND id = $2"

SECRETS_FOR_RESEALING = """
SELECT id, secret, previous FROM webhook_endpoints WHERE merchant_id = $1 AND id > $2 ORDER BY id FOR NO KEY UPDATE
"""
RESEAL_SECRETS = "UPDATE webhook_endpoints SET secret = $3, previous = $4 WHERE merchant_id = $1 AND id = $2"
