"""The statements of disputes. ``$1`` is always the merchant."""

# With what he would disagree: the latest decision, and the last moment at which he learned of something.
DECISION = """
SELECT (SELECT id FROM case_events WHERE merchant_id = $1 AND case_id = $2 AND what IN ('offered', 'rejected')
        ORDER BY at DESC, id DESC LIMIT 1) AS decision,
  (SELECT max(at) FROM case_events WHERE merchant_id = $1 AND case_id = $2
   AND what IN ('offered', 'rejected', 'issued')) AS at
"""
# The case is looked at again by the day of the dispute, and stands in the queue by it.
OPEN = """
WITH told AS (
  INSERT INTO case_events (merchant_id, case_id, id, what, actor, note, said, at)
  VALUES ($1, $3, $8, 'disputed', $5, $2, $9, $6)
), due AS (
  UPDATE cases SET answer_due = $7, updated_at = $6 WHERE merchant_id = $1 AND id = $3
)
INSERT INTO disputes (merchant_id, id, case_id, decision, opened_by, opened_at, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
OF_CASE = """
SELECT id, case_id, decision, opened_by, opened_at, due_at, outcome, further_case, answered_by, answered_at
FROM disputes WHERE merchant_id = $1 AND case_id = $2 ORDER BY opened_at, id
"""
DECIDERS = """
SELECT DISTINCT actor FROM case_events WHERE merchant_id = $1 AND case_id = $2
  AND what IN ('offered', 'chosen', 'proposed', 'approved', 'sent_back', 'rejected')
"""
FURTHER = """
SELECT EXISTS (SELECT FROM cases WHERE merchant_id = $1 AND id = $2 AND customer_id = $3 AND created_at >= $4)
"""
ANSWER = """
WITH told AS (
  INSERT INTO case_events (merchant_id, case_id, id, what, actor, note, said, at)
  VALUES ($1, $3, $8, 'dispute_answered', $6, $2, $9, $7)
)
UPDATE disputes SET outcome = $4, further_case = $5, answered_by = $6, answered_at = $7
WHERE merchant_id = $1 AND id = $2 AND case_id = $3 AND outcome IS NULL
"""
