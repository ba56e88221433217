"""The laws of files of orders: each line is issued once, for what was approved and set aside."""

from compensation.db.law import Law

IMPORT_LAWS = (
    Law(
        "a file is what it says: its lines add up to what was approved, and its chunks hold each of them",
        """SELECT i.merchant_id, i.id, i.lines, l.lines AS found, l.worth, t.worth AS said
           FROM imports AS i
           LEFT JOIN (SELECT merchant_id, import_id, count(*) AS lines, sum(amount + bonus) AS worth
                      FROM import_lines GROUP BY 1, 2) AS l ON l.merchant_id = i.merchant_id AND l.import_id = i.id
           LEFT JOIN (SELECT merchant_id, import_id, sum(lines) AS lines FROM import_chunks GROUP BY 1, 2) AS c
             ON c.merchant_id = i.merchant_id AND c.import_id = i.id
           CROSS JOIN LATERAL (SELECT coalesce(sum((one -> 'amount' ->> 'amount')::bigint
                                                   + (one -> 'bonus' ->> 'amount')::bigint), 0) AS worth
                               FROM jsonb_array_elements(i.totals) AS one) AS t
           WHERE i.state NOT IN ('refused', 'cancelled')
             AND (i.lines <> coalesce(l.lines, 0) OR i.lines <> coalesce(c.lines, 0)
                  OR t.worth <> coalesce(l.worth, 0))""",
    ),
    Law(
        "a line of a file is issued exactly once, when its chunk is, for what it says",
        """SELECT l.merchant_id, l.import_id, l.number, c.issued_at, r.rewards, r.drawn FROM import_lines AS l
           LEFT JOIN import_chunks AS c ON c.merchant_id = l.merchant_id AND c.import_id = l.import_id
             AND l.number BETWEEN c.first_line AND c.last_line
           LEFT JOIN (SELECT merchant_id, order_id, count(*) AS rewards, sum(budget) AS drawn
                      FROM rewards GROUP BY 1, 2) AS r ON r.merchant_id = l.merchant_id AND r.order_id = l.order_id
           WHERE coalesce(r.rewards, 0) <> CASE WHEN c.issued_at IS NULL THEN 0 ELSE 1 END
              OR coalesce(r.drawn, 0) <> CASE WHEN c.issued_at IS NULL THEN 0 ELSE l.amount + l.bonus END""",
    ),
    Law(
        "an order that a file issued is one of its lines",
        """SELECT o.merchant_id, o.id, o.created_by FROM orders AS o WHERE o.created_by LIKE 'import:%'
             AND NOT EXISTS (SELECT FROM import_lines AS l WHERE l.merchant_id = o.merchant_id
                             AND l.import_id = substr(o.created_by, 8) AND l.order_id = o.id)""",
    ),
    Law(
        "a file sets aside what was approved, and gives it back when it is called off",
        """SELECT i.merchant_id, i.id, i.state, m.aside FROM imports AS i
           CROSS JOIN LATERAL (
             SELECT coalesce(sum(CASE t.kind WHEN 'reserve' THEN p.amount ELSE -p.amount END), 0) AS aside
             FROM transfers AS t JOIN postings AS p ON p.merchant_id = t.merchant_id AND p.transfer_id = t.id
             WHERE t.merchant_id = i.merchant_id AND t.subject_id = i.id AND t.kind IN ('reserve', 'release')) AS m
           CROSS JOIN LATERAL (SELECT coalesce(sum((one -> 'amount' ->> 'amount')::bigint
                                                   + (one -> 'bonus' ->> 'amount')::bigint), 0) AS worth
                               FROM jsonb_array_elements(i.totals) AS one) AS t
           WHERE m.aside <> CASE WHEN i.state IN ('approved', 'issuing', 'issued') THEN t.worth ELSE 0 END""",
    ),
    Law(
        "whoever uploaded a file approved it by himself only where he may decide on that much",
        "SELECT merchant_id, id, created_by FROM imports WHERE approved_by = created_by AND NOT alone",
    ),
)
