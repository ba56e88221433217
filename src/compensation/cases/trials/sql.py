"""The statements of simulations and of the shadow. ``$1`` is always the merchant."""

# What a case was decided from, as its latest receipt has it; and who decides such a case today.
DECIDED = """
SELECT r.id AS receipt_id, r.document, c.chosen, c.program_id, p.brand_id, p.policy AS family FROM cases AS c
JOIN programs AS p ON p.merchant_id = $1 AND p.id = c.program_id
JOIN receipts AS r ON r.merchant_id = $1 AND r.case_id = c.id
WHERE c.merchant_id = $1 AND c.id = $2 ORDER BY r.id DESC LIMIT 1
"""
SHADOWED = """
INSERT INTO shadow_decisions (merchant_id, policy_id, case_id, currency, first_before, first_after, value_before,
  value_after, cost_before, cost_after, goodwill_before, goodwill_after, differs, at, receipt_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING
"""
# Of a case that was assessed anew the latest counts. Receipts are told apart by ids that grow.
SHADOW_SUMS = """
SELECT currency, count(*) AS cases, count(*) FILTER (WHERE differs) AS differing,
  count(*) FILTER (WHERE value_after > value_before) AS gains,
  count(*) FILTER (WHERE value_after < value_before) AS loses,
  count(*) FILTER (WHERE first_before <> first_after) AS flips,
  sum(cost_before)::bigint AS cost_before, sum(cost_after)::bigint AS cost_after,
  sum(goodwill_before)::bigint AS goodwill_before, sum(goodwill_after)::bigint AS goodwill_after
FROM shadow_decisions AS s WHERE merchant_id = $1 AND policy_id = $2 AND NOT EXISTS (
  SELECT FROM shadow_decisions AS n WHERE n.merchant_id = $1 AND n.policy_id = $2 AND n.case_id = s.case_id
    AND n.receipt_id > s.receipt_id)
GROUP BY currency ORDER BY cases DESC, currency
"""
SHADOW_ROWS = """
SELECT case_id, currency, first_before, first_after, value_before, value_after, cost_before, cost_after,
  goodwill_before, goodwill_after, at
FROM shadow_decisions AS s
WHERE merchant_id = $1 AND policy_id = $2 AND differs AND ($3::text IS NULL OR case_id < $3)
  AND NOT EXISTS (
    SELECT FROM shadow_decisions AS n WHERE n.merchant_id = $1 AND n.policy_id = $2 AND n.case_id = s.case_id
      AND n.receipt_id > s.receipt_id)
ORDER BY case_id DESC LIMIT $4
"""

_SIMULATION = """
SELECT s.id, s.policy_id, q.code || '/' || q.version AS policy, s.state, s.over, s.total, s.seen, s.reached, s.tally,
  s.asked_by, s.asked_at, s.ended_at
FROM simulations AS s JOIN policies AS q ON q.merchant_id = $1 AND q.id = s.policy_id
WHERE s.merchant_id = $1 AND s.policy_id = $2
"""
SIMULATION = f"{_SIMULATION} AND s.id = $3"
SIMULATIONS = f"{_SIMULATION} ORDER BY s.id DESC LIMIT $3"
SIMULATION_WORK = "SELECT policy_id FROM simulations WHERE merchant_id = $1 AND id = $2 AND state = 'running'"
LOCK_SIMULATION = f"{_SIMULATION} AND s.id = $3 FOR NO KEY UPDATE OF s"
PAST_CASES = "SELECT count(*) FROM (SELECT FROM cases WHERE merchant_id = $1 LIMIT $2) AS counted"
ADD_SIMULATION = """
INSERT INTO simulations (merchant_id, id, policy_id, state, over, total, asked_by, asked_at)
VALUES ($1, $2, $3, 'running', $4, $5, $6, $7)
ON CONFLICT DO NOTHING
"""
PROGRESS = """
UPDATE simulations SET seen = $3, total = $4, reached = $5, tally = $6, state = $7, ended_at = $8
WHERE merchant_id = $1 AND id = $2 AND state = 'running'
"""
# The newest first, each case by its latest receipt.
PAST = """
SELECT r.id, r.case_id, r.document, c.chosen FROM receipts AS r
JOIN cases AS c ON c.merchant_id = $1 AND c.id = r.case_id
WHERE r.merchant_id = $1 AND ($2::text IS NULL OR r.id < $2)
  AND NOT EXISTS (SELECT FROM receipts AS n WHERE n.merchant_id = $1 AND n.case_id = r.case_id AND n.id > r.id)
ORDER BY r.id DESC LIMIT $3
"""
POLICY_OF_PROGRAMS = "SELECT id, policy, brand_id FROM programs WHERE merchant_id = $1"
