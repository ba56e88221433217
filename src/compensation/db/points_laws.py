"""The laws of points: that each use was posted, and that each earning is where its state says."""

from compensation.db.law import Law

POINTS_LAWS = (
    Law(
        "each use of points has its transfer, for as many points",
        """SELECT u.merchant_id, u.id, u.points, coalesce(sum(p.amount), 0) AS posted FROM points_uses AS u
           LEFT JOIN transfers AS t ON t.merchant_id = u.merchant_id AND t.subject_id = u.id
           LEFT JOIN postings AS p ON p.merchant_id = t.merchant_id AND p.transfer_id = t.id
                                  AND split_part(p.source, ':', 3) = 'POINTS'
           GROUP BY 1, 2, 3 HAVING coalesce(sum(p.amount), 0) <> u.points""",
    ),
    Law(
        "what a purchase earned was posted once, and waits, can be spent or has expired as its state says",
        """SELECT e.merchant_id, e.id, e.state, e.points, m.posted, m.pending, m.free FROM earnings AS e
           CROSS JOIN LATERAL (
             SELECT (SELECT sum(p.amount) FROM transfers AS t
                     JOIN postings AS p ON p.merchant_id = t.merchant_id AND p.transfer_id = t.id
                     WHERE t.merchant_id = e.merchant_id AND t.subject_id = e.id
                       AND t.kind = 'points_earned') AS posted,
                    coalesce(sum(a.balance) FILTER (WHERE a.role = 'points_pending'), 0) AS pending,
                    coalesce(sum(a.balance) FILTER (WHERE a.role = 'points'), 0) AS free
             FROM accounts AS a WHERE a.merchant_id = e.merchant_id AND a.owner_id = e.id) AS m
           WHERE e.points IS DISTINCT FROM m.posted OR (e.state <> 'pending' AND m.pending > 0)
              OR (e.state <> 'released' AND m.free > 0)""",
    ),
    Law(
        "what refunds took back of a purchase's points is written down, the shortfall too",
        """SELECT e.merchant_id, e.id, e.taken_back, coalesce(sum(u.points + u.shortfall), 0) AS written
           FROM earnings AS e
           LEFT JOIN points_uses AS u ON u.merchant_id = e.merchant_id AND u.earning_id = e.id
           GROUP BY 1, 2, 3 HAVING e.taken_back <> coalesce(sum(u.points + u.shortfall), 0)""",
    ),
)
