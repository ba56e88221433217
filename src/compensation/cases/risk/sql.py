"""The statements of signals and of what reviewers found. ``$1`` is always the merchant."""

NARRATE = """
INSERT INTO case_narratives (merchant_id, case_id, customer_id, sketch)
SELECT $1, case_id, customer_id, array_agg(run ORDER BY run)
FROM unnest($2::text[], $3::text[], $4::bigint[]) AS told (case_id, customer_id, run) GROUP BY case_id, customer_id
"""
# Each signal is one number. $3 to $9 are the moments from which each is counted, in the order of ``signals.Code``.
SIGNALS = """
WITH me AS (
  SELECT c.id, c.customer_id, c.currency FROM cases AS c WHERE c.merchant_id = $1 AND c.id = $2
), linked AS (
  SELECT DISTINCT o.customer_id FROM me
  JOIN customer_identities AS i ON i.merchant_id = $1 AND i.customer_id = me.customer_id
  JOIN customer_identities AS o
    ON o.merchant_id = $1 AND o.kind = i.kind AND o.hash = i.hash AND o.customer_id <> me.customer_id
), granted AS (
  SELECT g.agent_id, count(*) AS times FROM me
  JOIN grants AS g ON g.merchant_id = $1 AND g.customer_id = me.customer_id
  WHERE g.at > $8 AND g.agent_id IS NOT NULL GROUP BY 1
)
SELECT
  (SELECT count(*) FROM cases AS c
   WHERE c.merchant_id = $1 AND c.customer_id = me.customer_id AND c.created_at > $3 AND c.state <> 'cancelled')
    AS frequency,
  (SELECT sum(c.goodwill) FILTER (WHERE c.state IN ('accepted', 'issuing', 'issued', 'closed')) * 100
     / nullif(sum(c.order_amount), 0) FROM cases AS c
   WHERE c.merchant_id = $1 AND c.customer_id = me.customer_id AND c.currency = me.currency AND c.created_at > $4)
    AS spend_share,
  (SELECT count(*) FROM linked AS l WHERE EXISTS (
     SELECT FROM cases AS c WHERE c.merchant_id = $1 AND c.customer_id = l.customer_id AND c.created_at > $5))
    AS linked_identities,
  (SELECT count(*) FROM evidence AS e WHERE e.merchant_id = $1 AND e.case_id = me.id AND (
     EXISTS (SELECT FROM evidence AS o WHERE o.merchant_id = $1 AND o.content_hash = e.content_hash
               AND o.customer_id <> me.customer_id AND o.at > $6)
     OR EXISTS (SELECT FROM evidence AS o WHERE o.merchant_id = $1 AND o.look && e.look
                  AND o.customer_id <> me.customer_id AND o.at > $6
                  AND (SELECT count(*) FROM unnest(e.look) AS band WHERE band = ANY(o.look)) >= 6)))
    AS evidence_reused,
  (SELECT max(100 * (SELECT count(*) FROM unnest(n.sketch) AS run WHERE run = ANY(o.sketch)) / cardinality(n.sketch))
   FROM case_narratives AS n
   JOIN case_narratives AS o ON o.merchant_id = $1 AND o.sketch && n.sketch AND o.customer_id <> n.customer_id
   JOIN cases AS c ON c.merchant_id = $1 AND c.id = o.case_id AND c.created_at > $7
   WHERE n.merchant_id = $1 AND n.case_id = me.id) AS narrative_reused,
  (SELECT CASE WHEN count(*) = 1 THEN sum(times) ELSE 0 END FROM granted) AS agent_concentration,
  (SELECT count(*) FROM rewards AS r
   JOIN redemptions AS u ON u.merchant_id = $1 AND u.reward_id = r.id AND u.kind = 'redeem' AND u.at > $9
   WHERE r.merchant_id = $1 AND r.customer_id = me.customer_id AND u.actor LIKE 'agt\\_%' AND EXISTS (
     SELECT FROM grants AS g WHERE g.merchant_id = $1 AND g.customer_id = me.customer_id AND g.case_id = r.case_id
       AND u.actor IN (g.agent_id, g.granted_by)))
    AS issuer_redeems
FROM me
"""
REVIEW_OPENED = """
INSERT INTO case_reviews (merchant_id, id, case_id, score, signals, version, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
REVIEWED = """
UPDATE case_reviews SET outcome = $3, reviewed_by = $4, reviewed_at = $5
WHERE merchant_id = $1 AND case_id = $2 AND outcome IS NULL
"""
REVIEWS = """
SELECT id, case_id, score, signals, version, at, outcome, reviewed_by, reviewed_at FROM case_reviews
WHERE merchant_id = $1 AND case_id = $2 ORDER BY id
"""
# How often a signal had spoken where a person then found nothing to it; every case counts once for each signal.
REVIEW_RATES = """
SELECT s ->> 'code' AS code, count(*) FILTER (WHERE r.outcome IS NULL) AS waiting,
  count(*) FILTER (WHERE r.outcome = 'cleared') AS cleared, count(*) FILTER (WHERE r.outcome = 'confirmed') AS confirmed
FROM case_reviews AS r CROSS JOIN jsonb_array_elements(r.signals || '[{"code": "any"}]') AS s
WHERE r.merchant_id = $1 AND r.at >= $2 GROUP BY 1 ORDER BY 1
"""
