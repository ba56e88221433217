"""The statements of inspections. ``$1`` is always the merchant."""

ADD = """
WITH told AS (
  INSERT INTO case_events (merchant_id, case_id, id, what, actor, note, said, at)
  VALUES ($1, $3, $11, 'inspected', $10, $2, $12, $13)
), shown AS (
  INSERT INTO inspection_evidence (merchant_id, inspection_id, evidence_id) SELECT $1, $2, unnest($14::text[])
)
INSERT INTO inspections (merchant_id, id, case_id, category, items, missing, grade, acceptable, disposition,
                         inspected_by, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $13)
"""
OF_CASE = """
SELECT i.id, i.case_id, i.category, i.items, i.missing, i.complete, i.grade, i.acceptable, i.disposition,
  i.inspected_by, i.at,
  ARRAY(SELECT e.evidence_id FROM inspection_evidence AS e
        WHERE e.merchant_id = $1 AND e.inspection_id = i.id ORDER BY e.evidence_id) AS evidence
FROM inspections AS i WHERE i.merchant_id = $1 AND i.case_id = $2 ORDER BY i.id
"""
PIECES = "SELECT id FROM evidence WHERE merchant_id = $1 AND case_id = $2 AND id = ANY($3)"
