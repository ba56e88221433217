"""The statements of cases. ``$1`` is always the merchant."""

# What deciding needs besides the customer: program, budget in the currency of the report, the incident it belongs to.
PROGRAMS = """
SELECT asked.place, p.id, p.policy, p.brand_id, p.on_empty,
  (SELECT array_agg(q.hash) FROM policies AS q
   WHERE q.merchant_id = $1 AND q.family = p.policy AND q.state = 'published') AS published,
  EXISTS (SELECT FROM policies AS q
          WHERE q.merchant_id = $1 AND q.family = p.policy AND q.state = 'shadow') AS shadowed,
  (SELECT a.balance FROM accounts AS a
   WHERE a.merchant_id = $1 AND a.id = 'budget:' || p.id || ':' || asked.currency) AS budget,
  (SELECT i.id FROM incidents AS i WHERE i.merchant_id = $1 AND i.label = asked.label) AS incident_id
FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS asked (program, currency, label, place)
JOIN programs AS p ON p.merchant_id = $1
  AND p.id = coalesce(asked.program, (SELECT d.id FROM programs AS d WHERE d.merchant_id = $1 AND d.is_default))
"""

ADD_INCIDENT = """
INSERT INTO incidents (merchant_id, id, label, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (merchant_id, label) DO NOTHING RETURNING id
"""
INCIDENT = "SELECT id FROM incidents WHERE merchant_id = $1 AND label = $2"

# What each customer got before: of the cases since a moment, those not called off; of these, what was granted.
HISTORIES = """
SELECT before.* FROM unnest($2::text[], $3::timestamptz[], $4::text[]) WITH ORDINALITY
  AS asked (customer_id, since, currency, place)
CROSS JOIN LATERAL (
  SELECT count(*) AS cases, max(c.created_at) FILTER (WHERE o.key IS NOT NULL) AS latest,
    count(*) FILTER (WHERE o.offer @? '$.lines[*] ? (@.remedy == "apology")') AS apologies,
    count(*) FILTER (WHERE o.offer @? '$.lines[*] ? (@.part == "goodwill" && @.terms.kind != "words")') AS gestures,
    coalesce(sum((
      SELECT sum((line -> 'amount' ->> 'amount')::bigint) FROM jsonb_array_elements(o.offer -> 'lines') AS line
      WHERE line ->> 'part' = 'goodwill' AND line -> 'amount' ->> 'currency' = asked.currency)), 0)::bigint AS goodwill,
    (SELECT r.terms ->> 'tier' FROM rewards AS r
     WHERE r.merchant_id = $1 AND r.customer_id = asked.customer_id AND r.kind = 'tier' AND r.state = 'issued'
       AND r.expires_at > $5
     ORDER BY r.expires_at DESC LIMIT 1) AS tier
  FROM cases AS c
  LEFT JOIN offers AS o ON o.merchant_id = $1 AND o.case_id = c.id AND o.key = c.chosen
  WHERE c.merchant_id = $1 AND c.customer_id = asked.customer_id AND c.created_at >= asked.since
    AND c.state NOT IN ('cancelled', 'rejected')
) AS before
ORDER BY asked.place
"""

# Whole new cases, in one statement and one round trip, each with the states it has been through: it is decided in the
# moment it is reported. The offers of a case come as one document, its harms and the ids of its events as one text.
REPORT = """
WITH made AS (
  SELECT * FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::smallint[],
                       $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
                       $17::text[], $18::text[], $19::text[], $20::text[], $21::text[], $22::bigint[], $23::bigint[],
                       $24::bigint[], $25::bytea[], $26::boolean[], $27::text[], $28::boolean[], $29::timestamptz[])
    AS c (id, actor, event_ids, decided_by, receipt_id, document, key_version, offers, program_id, customer_id,
          incident_id, channel, country, locale, reason_code, harms, severity, order_number, currency, order_amount,
          owed, goodwill, report, in_review, agent_id, priority, answer_due)
), told AS (
  INSERT INTO case_events (merchant_id, case_id, id, what, actor, note, at)
  SELECT $1, made.id, e.id, e.what, made.actor, e.note, $2
  FROM made CROSS JOIN LATERAL unnest(string_to_array(event_ids, ' '), ARRAY['reported', 'assessed', 'offered'],
                                      ARRAY[channel, decided_by, receipt_id]) AS e (id, what, note)
), signed AS (
  INSERT INTO receipts (merchant_id, case_id, created_at, id, document, key_version)
  SELECT $1, id, $2, receipt_id, document, key_version FROM made
), offered AS (
  INSERT INTO offers (merchant_id, case_id, position, key, offer)
  SELECT $1, made.id, o.place - 1, o.offer ->> 'key', o.offer
  FROM made CROSS JOIN LATERAL jsonb_array_elements(offers::jsonb) WITH ORDINALITY AS o (offer, place)
)
INSERT INTO cases (merchant_id, id, created_at, updated_at, state, program_id, customer_id, incident_id, channel,
                   country, locale, reason_code, harms, severity, order_number, currency, order_amount, owed, goodwill,
                   report, in_review, agent_id, priority, answer_due)
SELECT $1, id, $2, $2, 'offered', program_id, customer_id, incident_id, channel, country, locale, reason_code,
       string_to_array(harms, ' '), severity, order_number, currency, order_amount, owed, goodwill, report, in_review,
       agent_id, priority, answer_due
FROM made RETURNING id, number
"""

# Offers are made anew with a new assessment; those before it stand in the receipts before it.
OPENED = "SELECT created_at FROM cases WHERE merchant_id = $1 AND id = $2"
DROP_OFFERS = "DELETE FROM offers WHERE merchant_id = $1 AND case_id = $2"
REASSESS = """
WITH signed AS (
  INSERT INTO receipts (merchant_id, case_id, created_at, id, document, key_version)
  VALUES ($1, $2, $3, $8, $9, $10)
), offered AS (
  INSERT INTO offers (merchant_id, case_id, position, key, offer)
  SELECT $1, $2, position, key, offer
  FROM unnest($11::smallint[], $12::text[], $13::jsonb[]) AS o (position, key, offer)
)
UPDATE cases SET updated_at = $3, report = $4, owed = $5, goodwill = $6, in_review = $7, severity = $14
WHERE merchant_id = $1 AND id = $2 AND state = 'assessed'
"""

_CASE = """
SELECT c.id, c.number, c.state, c.program_id, c.customer_id, i.label AS incident, c.channel, c.country, c.locale,
  c.reason_code, c.harms, c.severity, c.order_number, c.currency, c.order_amount, c.owed, c.goodwill, c.agent_id,
  c.chosen, c.chosen_by, c.priority, c.answer_due, c.created_at, c.updated_at,
  (SELECT d.state FROM deliveries AS d WHERE d.merchant_id = $1 AND d.case_id = c.id
   ORDER BY d.created_at DESC, d.id DESC LIMIT 1) AS delivery,
  EXISTS (SELECT FROM disputes AS q WHERE q.merchant_id = $1 AND q.case_id = c.id AND q.outcome IS NULL) AS disputed
"""
_CASES = " FROM cases AS c LEFT JOIN incidents AS i ON i.merchant_id = $1 AND i.id = c.incident_id "


def _cases(where: str, also: str = "") -> str:
    """The statement that reads cases, with further columns where a reader needs them."""
    return f"{_CASE}{also}{_CASES}{where}"


_ONE = "WHERE c.merchant_id = $1 AND c.id = $2"
_FILE = """,
  (SELECT coalesce(jsonb_agg(o.offer ORDER BY o.position), '[]') FROM offers AS o
   WHERE o.merchant_id = $1 AND o.case_id = c.id) AS offers,
  r.id AS receipt_id, r.document
"""
_SIGNED = """CROSS JOIN LATERAL (
  SELECT id, document FROM receipts WHERE merchant_id = $1 AND case_id = c.id ORDER BY id DESC LIMIT 1) AS r
"""
CASE = _cases(_ONE)
CASE_FILE = _cases(_SIGNED + _ONE, _FILE)
EXISTS = "SELECT id FROM cases WHERE merchant_id = $1 AND id = $2"
OFFERS = "SELECT offer FROM offers WHERE merchant_id = $1 AND case_id = $2 ORDER BY position"
EVENTS = """
SELECT e.id, e.what, e.actor, e.note, e.said, e.at, c.customer_id
FROM case_events AS e JOIN cases AS c ON c.merchant_id = $1 AND c.id = e.case_id
WHERE e.merchant_id = $1 AND e.case_id = $2 ORDER BY e.at, e.id
"""
RECEIPT = """
SELECT id, case_id, document, key_version, created_at FROM receipts
WHERE merchant_id = $1 AND case_id = $2 ORDER BY id DESC LIMIT 1
"""
RECEIPTS = """
SELECT id, case_id, document, key_version, created_at FROM receipts WHERE merchant_id = $1 AND case_id = $2 ORDER BY id
"""
REPORTS = "SELECT id, customer_id, report FROM cases WHERE merchant_id = $1 AND id = ANY($2)"
CONSENTS = """
SELECT id, offer_key, sentence, agreement, locale, given_by, at FROM consents
WHERE merchant_id = $1 AND case_id = $2 ORDER BY id
"""
APPROVALS = """
SELECT id, offer_key, asked_by, asked_at, over_budget, verdict, decided_by, on_behalf_of, decided_at FROM approvals
WHERE merchant_id = $1 AND case_id = $2 ORDER BY id
"""
FIRST_OFFER = "SELECT offer FROM offers WHERE merchant_id = $1 AND case_id = $2 ORDER BY position LIMIT 1"

KINDS_GIVEN = "SELECT coalesce(array_agg(DISTINCT kind), '{}') FROM evidence WHERE merchant_id = $1 AND case_id = $2"

# Locks the case, so that whoever else would move it waits and then sees what became of it.
LOCK = """
SELECT c.state, c.program_id, c.customer_id, c.locale, c.agent_id, c.chosen, o.offer,
  c.in_review, EXISTS (SELECT FROM unnest(c.harms) AS harm WHERE harm LIKE 'emotional.%') AS emotional,
  a.id AS approval_id, a.asked_by, coalesce(a.over_budget, false) AS over_budget, p.data_key
FROM cases AS c
LEFT JOIN offers AS o ON o.merchant_id = $1 AND o.case_id = c.id AND o.key = coalesce($3, c.chosen)
LEFT JOIN approvals AS a ON a.merchant_id = $1 AND a.case_id = c.id AND a.verdict IS NULL
LEFT JOIN persons AS p ON p.merchant_id = $1 AND p.customer_id = c.customer_id
WHERE c.merchant_id = $1 AND c.id = $2
FOR NO KEY UPDATE OF c
"""

# The state in WHERE is the guard: a move from another state than the one that was seen touches no row.
MOVE = """
WITH told AS (
  INSERT INTO case_events (merchant_id, case_id, id, what, actor, note, said, at)
  VALUES ($1, $2, $7, $8, $9, $10, $11, $5)
)
UPDATE cases SET state = $4, updated_at = $5,
  chosen = CASE WHEN $4 = 'offered' THEN NULL ELSE coalesce($6, chosen) END,
  chosen_by = CASE WHEN $4 = 'offered' THEN NULL WHEN $6::text IS NULL THEN chosen_by ELSE $9 END,
  agent_id = CASE WHEN $9 LIKE 'agt\\_%' THEN coalesce(agent_id, $9) ELSE agent_id END
WHERE merchant_id = $1 AND id = $2 AND state = $3
"""
AGREEMENTS = """
SELECT id, text, version, locale, name, signed_by, at FROM agreements WHERE merchant_id = $1 AND case_id = $2
"""
SIGN = """
INSERT INTO agreements (merchant_id, id, case_id, offer_key, text, version, locale, name, signed_by, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
CONSENT = """
INSERT INTO consents (merchant_id, id, case_id, offer_key, sentence, agreement, locale, given_by, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
ASK_APPROVAL = """
INSERT INTO approvals (merchant_id, id, case_id, offer_key, asked_by, asked_at, over_budget)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
DECIDE_APPROVAL = """
UPDATE approvals SET verdict = $3, decided_by = $4, decided_at = $5, on_behalf_of = $6
WHERE merchant_id = $1 AND id = $2 AND verdict IS NULL
"""
ON_EMPTY = "SELECT on_empty FROM programs WHERE merchant_id = $1 AND id = $2"
ESCALATED = """
INSERT INTO budget_escalations (merchant_id, id, case_id, program_id, transfer_id, currency, amount, approved_by, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
IS_HIMSELF = """
SELECT EXISTS (SELECT FROM customers WHERE merchant_id = $1 AND id = $2 AND $3 && ARRAY[email_hash, reference_hash])
"""
HOLD_GOODWILL = "SELECT hold_goodwill($1, $2, $3, $4)"
PROMISE = """
INSERT INTO goodwill_promises (merchant_id, id, case_id, customer_id, currency, amount, most, since, at, opened_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, c.created_at FROM cases AS c WHERE c.merchant_id = $1 AND c.id = $3
"""
BEYOND_AUTHORITY = "SELECT beyond_authority($1, $2, $3, $4, $5, $6, $7, $8)"
HOLD_AUTHORITY = "SELECT hold_authority($1, $2, $3, $4, $5, $6, $7, $8)"
GRANT = """
INSERT INTO grants (merchant_id, id, case_id, program_id, customer_id, agent_id, granted_by, how, currency, amount,
                    at, team)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '')
"""
OVERRIDE = """
INSERT INTO overrides (merchant_id, id, case_id, agent_id, offer_key, first_key, reason, currency, value, first_value,
                       cost, first_cost, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
# Choices that an agent made are the cases' own events; a case that was chosen in twice counts twice.
DEVIATIONS = """
WITH chosen AS (
  SELECT e.actor AS agent_id, c.currency, count(*) AS choices
  FROM case_events AS e JOIN cases AS c ON c.merchant_id = $1 AND c.id = e.case_id
  WHERE e.merchant_id = $1 AND e.what IN ('chosen', 'proposed') AND e.actor LIKE 'agt\\_%' AND e.at >= $2 AND e.at < $3
  GROUP BY 1, 2
), reasons AS (
  SELECT agent_id, currency, reason, count(*) AS times, sum(value - first_value) AS value,
    sum(cost - first_cost) AS cost
  FROM overrides WHERE merchant_id = $1 AND at >= $2 AND at < $3 GROUP BY 1, 2, 3
)
SELECT h.agent_id, h.currency, h.choices, coalesce(sum(r.times), 0)::bigint AS overrides,
  coalesce(sum(r.value), 0)::bigint AS value, coalesce(sum(r.cost), 0)::bigint AS cost,
  coalesce(jsonb_object_agg(r.reason, r.times) FILTER (WHERE r.reason IS NOT NULL), '{}') AS reasons
FROM chosen AS h LEFT JOIN reasons AS r USING (agent_id, currency)
GROUP BY h.agent_id, h.currency, h.choices ORDER BY overrides DESC, h.agent_id, h.currency
"""
RESERVED = """
SELECT t.id, p.source, p.destination, p.amount FROM transfers AS t
JOIN postings AS p ON p.merchant_id = $1 AND p.transfer_id = t.id
WHERE t.merchant_id = $1 AND t.subject_id = $2 AND t.kind = 'reserve'
  AND NOT EXISTS (SELECT FROM transfers AS r WHERE r.merchant_id = $1 AND r.subject_id = $2 AND r.reverses = t.id)
"""
OFFERED_BY_LETTER = """
SELECT EXISTS (SELECT FROM deliveries AS d WHERE d.merchant_id = $1 AND d.case_id = $2 AND d.letter = 'offers')
"""
TOLD = """
SELECT EXISTS (
  SELECT FROM deliveries AS d
  WHERE d.merchant_id = $1 AND d.case_id = $2 AND d.letter NOT IN ('offers', 'dispute')
    AND d.state IN ('sent', 'delivered', 'opened'))
"""

# The queue. The views differ in WHERE only; $2 is the asking agent, $3 the moment before which silence is a sign.
_UNREAD = """EXISTS (
  SELECT FROM deliveries AS d WHERE d.merchant_id = $1 AND d.case_id = c.id
    AND (d.state IN ('bounced', 'failed') OR (d.state IN ('sent', 'delivered') AND d.sent_at < $3))
    AND NOT EXISTS (SELECT FROM deliveries AS n WHERE n.merchant_id = $1 AND n.case_id = c.id
                                                  AND (n.created_at, n.id) > (d.created_at, d.id)))"""
VIEWS = {
    "open": "c.state NOT IN ('closed', 'rejected', 'cancelled')",
    "mine": "c.state NOT IN ('closed', 'rejected', 'cancelled') AND c.agent_id = $2",
    "needs_approval": "c.state = 'needs_approval'",
    "to_inspect": """c.state = 'offered' AND EXISTS (SELECT FROM offers AS o
      WHERE o.merchant_id = $1 AND o.case_id = c.id AND o.offer ->> 'inspection' = 'needed')""",
    "disputed": """EXISTS (SELECT FROM disputes AS q
      WHERE q.merchant_id = $1 AND q.case_id = c.id AND q.outcome IS NULL)""",
    "issued": "c.state = 'issued'",
    "closed": "c.state IN ('closed', 'rejected', 'cancelled')",
    "unread": f"c.state NOT IN ('closed', 'rejected', 'cancelled') AND {_UNREAD}",
    "all": "true",
}
# Every view is given the same values, whether it uses them or not; the coalesce names their types.
_PAGE = (
    "WHERE c.merchant_id = $1 AND coalesce($2::text, $3::timestamptz::text, '') IS NOT NULL AND "
    "($4::boolean IS NULL OR c.priority < $4 OR (c.priority = $4 AND (c.answer_due, c.id) > ($5, $6))) AND {where} "
    "ORDER BY c.priority DESC, c.answer_due, c.id LIMIT $7"
)
QUEUE = {view: _cases(_PAGE.format(where=where)) for view, where in VIEWS.items()}
COUNTED = ("open", "mine", "needs_approval", "unread")
COUNTS = " ".join(
    (
        "SELECT",
        ", ".join(f"count(*) FILTER (WHERE {VIEWS[view]}) AS {view}" for view in COUNTED),
        ", (SELECT count(*) FROM disputes AS q WHERE q.merchant_id = $1 AND q.outcome IS NULL) AS disputed",
        "FROM cases AS c WHERE c.merchant_id = $1 AND",
        VIEWS["open"],
    )
)

# A case is found by anything a person may read out: its id or number, an order, a customer, the end of a code.
# Each way has its own index, so each is its own SELECT: an OR over them would read the whole table.
FIND = _cases("""
WHERE c.merchant_id = $1 AND c.id IN (
  SELECT id FROM cases WHERE merchant_id = $1 AND id = $2
  UNION SELECT id FROM cases WHERE merchant_id = $1 AND number = $3
  UNION SELECT id FROM cases WHERE merchant_id = $1 AND order_number = $4
  UNION SELECT id FROM cases WHERE merchant_id = $1 AND customer_id = ANY($5)
  UNION SELECT case_id FROM rewards WHERE merchant_id = $1 AND case_id IS NOT NULL AND code_last4 = $6)
ORDER BY c.id DESC LIMIT $7
""")
