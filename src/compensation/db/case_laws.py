"""The laws of cases: that nothing was issued which was not decided, chosen, consented to and written down."""

from compensation.db.law import Law

CASE_LAWS = (
    Law(
        "an order has ended when its rewards have, and a case when its order has",
        """SELECT o.merchant_id, o.id, o.state, r.states FROM orders AS o JOIN (
             SELECT merchant_id, order_id, array_agg(DISTINCT state) AS states FROM rewards GROUP BY 1, 2) AS r
             ON r.merchant_id = o.merchant_id AND r.order_id = o.id
           WHERE (o.state = 'issuing') <> ('pending' = ANY(r.states)) AND o.state NOT IN ('cancelled', 'failed')
           UNION ALL
           SELECT c.merchant_id, c.id, c.state, ARRAY[o.state] FROM cases AS c
           JOIN orders AS o ON o.merchant_id = c.merchant_id AND o.case_id = c.id
           WHERE c.state = 'issued' AND o.state = 'issuing'""",
    ),
    Law(
        "nothing that replaces a sum owed was issued without recorded consent",
        """SELECT c.merchant_id, c.id, c.chosen FROM cases AS c
           JOIN offers AS o ON o.merchant_id = c.merchant_id AND o.case_id = c.id AND o.key = c.chosen
           WHERE c.state IN ('accepted', 'issuing', 'issued', 'closed') AND o.offer ->> 'consent' IS NOT NULL
             AND NOT EXISTS (SELECT FROM consents AS s WHERE s.merchant_id = c.merchant_id AND s.case_id = c.id
                                                         AND s.offer_key = c.chosen)""",
    ),
    Law(
        "nothing whose law asks for a signature was issued without a signed agreement",
        """SELECT c.merchant_id, c.id, c.chosen FROM cases AS c
           JOIN offers AS o ON o.merchant_id = c.merchant_id AND o.case_id = c.id AND o.key = c.chosen
           WHERE c.state IN ('accepted', 'issuing', 'issued', 'closed') AND o.offer -> 'consent' ->> 'form' = 'signed'
             AND NOT EXISTS (SELECT FROM consents AS s WHERE s.merchant_id = c.merchant_id AND s.case_id = c.id
                                                         AND s.offer_key = c.chosen AND s.agreement <> '')""",
    ),
    Law(
        "no offer puts anything in the place of what is owed without asking for a consent that the law allows",
        """SELECT merchant_id, case_id, key FROM offers
           WHERE coalesce(offer -> 'consent' ->> 'form', 'express') NOT IN ('express', 'signed')
              OR jsonb_typeof(offer -> 'consent') IS DISTINCT FROM 'object'
                 AND jsonb_path_exists(offer, '$.lines[*] ? (@.part == "owed" && @.settles[*] != "promise"
                       && @.terms.kind != "refund" && @.terms.kind != "task")')""",
    ),
    Law(
        "what was chosen is one of the offers of its case",
        """SELECT c.merchant_id, c.id, c.chosen FROM cases AS c WHERE c.chosen IS NOT NULL
             AND NOT EXISTS (SELECT FROM offers AS o WHERE o.merchant_id = c.merchant_id AND o.case_id = c.id
                                                       AND o.key = c.chosen)""",
    ),
    Law(
        "nobody was promised more goodwill over a period than his policy allows one customer",
        """SELECT p.merchant_id, p.id, p.customer_id, s.together, p.most FROM goodwill_promises AS p
           CROSS JOIN LATERAL (
             SELECT sum(b.amount) AS together FROM goodwill_promises AS b
             WHERE b.merchant_id = p.merchant_id AND b.customer_id = p.customer_id AND b.currency = p.currency
               AND b.withdrawn_at IS NULL AND b.at <= p.at AND (b.opened_at >= p.since OR b.id = p.id)) AS s
           WHERE p.withdrawn_at IS NULL AND s.together > p.most""",
    ),
    Law(
        "what is chosen is promised, for the goodwill that it gives, and what is not chosen is not",
        """SELECT c.merchant_id, c.id, c.state, g.amount, p.amount AS promised FROM cases AS c
           LEFT JOIN offers AS o ON o.merchant_id = c.merchant_id AND o.case_id = c.id AND o.key = c.chosen
             AND c.state NOT IN ('rejected', 'cancelled')
           LEFT JOIN LATERAL (
             SELECT sum((line -> 'amount' ->> 'amount')::bigint) AS amount
             FROM jsonb_array_elements(o.offer -> 'lines') AS line WHERE line ->> 'part' = 'goodwill') AS g ON true
           LEFT JOIN goodwill_promises AS p ON p.merchant_id = c.merchant_id AND p.case_id = c.id
             AND p.withdrawn_at IS NULL
           WHERE coalesce(g.amount, 0) <> coalesce(p.amount, 0)""",
    ),
    Law(
        "every decided case has a receipt",
        """SELECT c.merchant_id, c.id, c.state FROM cases AS c WHERE c.state NOT IN ('reported', 'cancelled')
             AND NOT EXISTS (SELECT FROM receipts AS r WHERE r.merchant_id = c.merchant_id AND r.case_id = c.id)""",
    ),
    Law(
        "what a policy wants inspected first was taken after it passed, or with a second person's word",
        """SELECT c.merchant_id, c.id, c.chosen FROM cases AS c
           JOIN offers AS o ON o.merchant_id = c.merchant_id AND o.case_id = c.id AND o.key = c.chosen
           WHERE c.state IN ('accepted', 'issuing', 'issued', 'closed') AND o.offer ->> 'inspection' IS NOT NULL
             AND NOT EXISTS (SELECT FROM approvals AS a WHERE a.merchant_id = c.merchant_id AND a.case_id = c.id
                                                          AND a.offer_key = c.chosen AND a.verdict = 'approved')""",
    ),
    Law(
        "what a policy asks papers for was taken with them, or with a second person's word",
        """SELECT c.merchant_id, c.id, c.chosen, paper FROM cases AS c
           JOIN offers AS o ON o.merchant_id = c.merchant_id AND o.case_id = c.id AND o.key = c.chosen
           CROSS JOIN LATERAL jsonb_array_elements_text(coalesce(o.offer -> 'documents', '[]')) AS paper
           WHERE c.state IN ('accepted', 'issuing', 'issued', 'closed')
             AND NOT EXISTS (SELECT FROM evidence AS e WHERE e.merchant_id = c.merchant_id AND e.case_id = c.id
                                                         AND e.kind = paper)
             AND NOT EXISTS (SELECT FROM approvals AS a WHERE a.merchant_id = c.merchant_id AND a.case_id = c.id
                                                          AND a.offer_key = c.chosen AND a.verdict = 'approved')""",
    ),
    Law(
        "nobody graded what he sent back himself, and nothing broken went back on the shelf",
        """SELECT merchant_id, id, inspected_by, grade, disposition FROM inspections
           WHERE inspected_by LIKE 'cus\\_%' OR (grade = 'D' AND disposition = 'restock')""",
    ),
    Law(
        "an inspection stands in the history of its case",
        """SELECT i.merchant_id, i.id, i.case_id FROM inspections AS i WHERE NOT EXISTS (
             SELECT FROM case_events AS e WHERE e.merchant_id = i.merchant_id AND e.case_id = i.case_id
                                            AND e.what = 'inspected' AND e.note = i.id)""",
    ),
    Law(
        "an inspection is shown by files of its own case",
        """SELECT s.merchant_id, s.inspection_id, s.evidence_id FROM inspection_evidence AS s
           JOIN inspections AS i ON i.merchant_id = s.merchant_id AND i.id = s.inspection_id
           JOIN evidence AS e ON e.merchant_id = s.merchant_id AND e.id = s.evidence_id
           WHERE e.case_id <> i.case_id""",
    ),
    Law(
        "a case that was called off or rejected holds nothing of a budget",
        """SELECT c.merchant_id, c.id, c.state, t.id AS transfer FROM cases AS c
           JOIN transfers AS t ON t.merchant_id = c.merchant_id AND t.subject_id = c.id AND t.kind = 'reserve'
           WHERE c.state IN ('cancelled', 'rejected')
             AND NOT EXISTS (SELECT FROM transfers AS r WHERE r.merchant_id = t.merchant_id AND r.reverses = t.id)""",
    ),
    Law(
        "a case that was called off says why in its history",
        """SELECT c.merchant_id, c.id FROM cases AS c WHERE c.state = 'cancelled'
             AND NOT EXISTS (SELECT FROM case_events AS e WHERE e.merchant_id = c.merchant_id AND e.case_id = c.id
                                                            AND e.what = 'cancelled')""",
    ),
    Law(
        "a dispute was answered by somebody who had no part in the decision",
        """SELECT d.merchant_id, d.id, d.case_id, d.answered_by, e.what FROM disputes AS d
           JOIN case_events AS e ON e.merchant_id = d.merchant_id AND e.case_id = d.case_id
             AND e.actor = d.answered_by AND e.at < d.answered_at
           WHERE e.what IN ('offered', 'chosen', 'proposed', 'approved', 'sent_back', 'rejected')""",
    ),
    Law(
        "a dispute stands in the history of its case, as does its answer",
        """SELECT d.merchant_id, d.id, d.case_id, said.what FROM disputes AS d
           CROSS JOIN LATERAL (
             VALUES ('disputed', true), ('dispute_answered', d.outcome IS NOT NULL)) AS said (what, due)
           WHERE said.due <> EXISTS (SELECT FROM case_events AS e WHERE e.merchant_id = d.merchant_id
                                       AND e.case_id = d.case_id AND e.what = said.what AND e.note = d.id)""",
    ),
    Law(
        "no case was ended while its customer waited for the answer to his disagreement",
        """SELECT d.merchant_id, d.id, d.case_id, e.what FROM disputes AS d
           JOIN case_events AS e ON e.merchant_id = d.merchant_id AND e.case_id = d.case_id
             AND e.what IN ('closed', 'cancelled') AND e.at > d.opened_at
             AND (d.answered_at IS NULL OR e.at < d.answered_at)""",
    ),
    Law(
        "what a dispute adds to an issued case is a later case of the same customer",
        """SELECT d.merchant_id, d.id, d.further_case FROM disputes AS d
           JOIN cases AS c ON c.merchant_id = d.merchant_id AND c.id = d.case_id
           LEFT JOIN cases AS f ON f.merchant_id = d.merchant_id AND f.id = d.further_case
           WHERE d.further_case IS NOT NULL
             AND (f.customer_id IS DISTINCT FROM c.customer_id OR f.created_at < d.opened_at)""",
    ),
    Law(
        "a piece of evidence is sealed for the customer of its case",
        """SELECT e.merchant_id, e.id, e.customer_id, c.customer_id AS of_case FROM evidence AS e
           JOIN cases AS c ON c.merchant_id = e.merchant_id AND c.id = e.case_id
           WHERE e.customer_id <> c.customer_id""",
    ),
)
