"""The laws of authority and budgets: who granted what, by whose authority, and out of which purse."""

from compensation.db.law import Law

AUTHORITY_LAWS = (
    Law(
        "whoever asked for an approval did not give it",
        "SELECT merchant_id, id, asked_by FROM approvals WHERE decided_by = asked_by",
    ),
    Law(
        "nobody granted more to a customer in 30 days than he may have at once",
        """SELECT g.merchant_id, g.id, g.agent_id, g.amount FROM grants AS g
           JOIN agents AS a ON a.merchant_id = g.merchant_id AND a.id = g.agent_id
           CROSS JOIN LATERAL (
             SELECT sum(b.amount) AS together FROM grants AS b
             WHERE b.merchant_id = g.merchant_id AND b.agent_id = g.agent_id AND b.customer_id = g.customer_id
               AND b.currency = g.currency AND b.at > g.at - interval '30 days' AND b.at <= g.at) AS s
           WHERE g.amount > 0 AND s.together > g.bound""",
    ),
    Law(
        "no grant passed a limit that was in force",
        """SELECT g.merchant_id, g.id, l.id AS limit_id, s.together, l.most FROM grants AS g
           JOIN authority_limits AS l ON l.merchant_id = g.merchant_id AND l.currency = g.currency
             AND g.at > l.created_at AND (l.ended_at IS NULL OR g.at < l.ended_at)
             AND (l.program_id IS NULL OR l.program_id = g.program_id)
           LEFT JOIN agents AS a ON a.merchant_id = g.merchant_id AND a.id = g.agent_id
           CROSS JOIN LATERAL (
             SELECT sum(b.amount) AS together FROM grants AS b
             WHERE b.merchant_id = g.merchant_id AND b.currency = g.currency
               AND b.at > g.at - make_interval(days => l.period_days) AND b.at <= g.at
               AND (l.program_id IS NULL OR b.program_id = l.program_id)
               AND CASE WHEN l.kind IN ('agent', 'role') THEN b.agent_id = g.agent_id
                        WHEN l.kind = 'team' THEN b.team = g.team
                        WHEN l.kind = 'program' THEN b.program_id = g.program_id
                        ELSE b.customer_id = g.customer_id END) AS s
           WHERE g.amount > 0 AND s.together > l.most
             AND CASE l.kind WHEN 'agent' THEN l.subject = g.agent_id WHEN 'team' THEN l.subject = g.team
                             WHEN 'role' THEN l.subject = a.role
                             WHEN 'program' THEN g.how = 'alone' AND l.subject = g.program_id
                             ELSE g.how = 'alone' END""",
    ),
    Law(
        "nobody granted anything to himself",
        """SELECT g.merchant_id, g.id, g.granted_by FROM grants AS g
           JOIN customers AS c ON c.merchant_id = g.merchant_id AND c.id = g.customer_id
           JOIN agents AS a ON a.merchant_id = g.merchant_id AND a.id IN (g.agent_id, g.granted_by)
           WHERE a.own_hashes && ARRAY[c.email_hash, c.reference_hash]""",
    ),
    Law(
        "whatever was accepted was granted by somebody, for what it is worth",
        """SELECT c.merchant_id, c.id, c.state FROM cases AS c
           JOIN offers AS o ON o.merchant_id = c.merchant_id AND o.case_id = c.id AND o.key = c.chosen
           WHERE c.state IN ('accepted', 'issuing', 'issued', 'closed') AND c.created_at >= (
               SELECT min(applied_at) FROM migrations WHERE name LIKE '%authority_and_its_use%')
             AND NOT EXISTS (SELECT FROM grants AS g WHERE g.merchant_id = c.merchant_id AND g.case_id = c.id
                               AND g.amount = (o.offer -> 'value' ->> 'amount')::bigint)""",
    ),
    Law(
        "who decided in another's place was lent his authority at that time, and not by the maker",
        """SELECT p.merchant_id, p.id, p.decided_by, p.on_behalf_of FROM approvals AS p
           WHERE p.on_behalf_of IS NOT NULL AND (p.on_behalf_of = p.asked_by OR NOT EXISTS (
             SELECT FROM delegations AS d WHERE d.merchant_id = p.merchant_id AND d.from_agent = p.on_behalf_of
               AND d.to_agent = p.decided_by AND d.starts_at <= p.decided_at AND d.ends_at > p.decided_at
               AND (d.ended_at IS NULL OR d.ended_at > p.decided_at)))""",
    ),
    Law(
        "what was approved over a budget was funded by a transfer of its own, for what was missing",
        """SELECT e.merchant_id, e.id, e.amount, sum(p.amount) AS funded FROM budget_escalations AS e
           JOIN transfers AS t ON t.merchant_id = e.merchant_id AND t.id = e.transfer_id
           JOIN postings AS p ON p.merchant_id = t.merchant_id AND p.transfer_id = t.id
           GROUP BY 1, 2, 3, t.kind, e.program_id, e.currency, e.merchant_id
           HAVING t.kind <> 'fund' OR sum(p.amount) <> e.amount
             OR min(p.destination) <> 'budget:' || e.program_id || ':' || e.currency""",
    ),
    Law(
        "a budget that ran low was told of",
        """SELECT b.merchant_id, b.program_id, b.currency, b.alerted FROM budget_periods AS b
           WHERE b.alerted > 0 AND NOT EXISTS (
             SELECT FROM budget_alerts AS a WHERE a.merchant_id = b.merchant_id AND a.program_id = b.program_id
               AND a.currency = b.currency AND a.period = b.period AND a.percent = b.alerted)""",
    ),
)
