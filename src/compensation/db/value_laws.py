"""The laws of stored value: what was issued is all there, held, spent or gone on; and of the budget it came from."""

from compensation.db.law import Law

VALUE_LAWS = (
    Law(
        "every reward is part of an order, every order of a program, every account and link of a merchant",
        """SELECT r.merchant_id, r.id FROM rewards AS r
           LEFT JOIN orders AS o ON o.merchant_id = r.merchant_id AND o.id = r.order_id WHERE o.id IS NULL
           UNION ALL
           SELECT o.merchant_id, o.id FROM orders AS o
           LEFT JOIN programs AS p ON p.merchant_id = o.merchant_id AND p.id = o.program_id WHERE p.id IS NULL
           UNION ALL
           SELECT b.merchant_id, b.id FROM (
             SELECT merchant_id, id FROM accounts UNION ALL SELECT merchant_id, id FROM links) AS b
           LEFT JOIN merchants AS m ON m.id = b.merchant_id WHERE m.id IS NULL""",
    ),
    Law(
        "stored value is backed: what is left on a reward, is held, was spent or went on is all that came to it",
        """SELECT r.merchant_id, r.id, CASE WHEN r.replaces IS NULL THEN r.principal + r.bonus ELSE 0 END AS issued,
                  coalesce(sum(m.amount), 0) AS found
           FROM rewards AS r LEFT JOIN (
             SELECT merchant_id, owner_id AS reward_id, balance AS amount FROM accounts WHERE role IN ('card', 'points')
             UNION ALL
             SELECT h.merchant_id, h.reward_id, a.balance FROM holds AS h
             JOIN accounts AS a ON a.merchant_id = h.merchant_id AND a.owner_id = h.id
             UNION ALL
             SELECT merchant_id, reward_id, CASE kind WHEN 'redeem' THEN amount ELSE -amount END FROM redemptions
             UNION ALL
             SELECT t.merchant_id, split_part(p.source, ':', 2), p.amount FROM transfers AS t
             JOIN postings AS p ON p.merchant_id = t.merchant_id AND p.transfer_id = t.id
             WHERE t.kind IN ('expire', 'void', 'clawback', 'move', 'points_spent', 'points_converted')
               AND split_part(p.source, ':', 1) IN ('card', 'points')
             UNION ALL
             SELECT t.merchant_id, split_part(p.destination, ':', 2), -p.amount FROM transfers AS t
             JOIN postings AS p ON p.merchant_id = t.merchant_id AND p.transfer_id = t.id
             WHERE t.kind IN ('reversal', 'move') AND split_part(p.destination, ':', 1) IN ('card', 'points')
           ) AS m ON m.merchant_id = r.merchant_id AND m.reward_id = r.id
           WHERE r.kind IN ('gift_card', 'store_credit', 'points')
           GROUP BY r.merchant_id, r.id
           HAVING CASE WHEN r.replaces IS NULL THEN r.principal + r.bonus ELSE 0 END <> coalesce(sum(m.amount), 0)""",
    ),
    Law(
        "a payment from several cards is what they gave and what was due besides",
        """SELECT t.merchant_id, t.id, t.amount, t.due, coalesce(sum(u.amount), 0) AS paid FROM tenders AS t
           LEFT JOIN redemptions AS u ON u.merchant_id = t.merchant_id AND u.id = ANY(t.redemptions)
             AND u.asset = t.asset AND u.kind = 'redeem'
           GROUP BY t.merchant_id, t.id HAVING t.amount <> t.due + coalesce(sum(u.amount), 0)""",
    ),
    Law(
        "a correction moved what it says",
        """SELECT c.merchant_id, c.id, c.kind, c.amount, coalesce(sum(p.amount), 0) AS posted FROM corrections AS c
           LEFT JOIN transfers AS t ON t.merchant_id = c.merchant_id AND t.subject_id = c.id
           LEFT JOIN postings AS p ON p.merchant_id = t.merchant_id AND p.transfer_id = t.id
             AND split_part(CASE c.kind WHEN 'extend' THEN p.destination ELSE p.source END, ':', 1)
                 IN ('card', 'points', 'promise') AND split_part(p.source, ':', 3) = c.asset
           GROUP BY c.merchant_id, c.id HAVING c.amount <> coalesce(sum(p.amount), 0)""",
    ),
    Law(
        "what was replaced or merged names where its value went, and keeps nothing",
        """SELECT r.merchant_id, r.id, r.state, r.moved_to FROM rewards AS r
           WHERE r.moved_to IS NOT NULL AND (r.state <> 'voided'
             OR EXISTS (SELECT FROM accounts AS a WHERE a.merchant_id = r.merchant_id AND a.owner_id = r.id
                        AND a.role IN ('card', 'points', 'promise') AND a.balance > 0))
           UNION ALL
           SELECT n.merchant_id, n.id, n.state, n.replaces FROM rewards AS n
           JOIN rewards AS o ON o.merchant_id = n.merchant_id AND o.id = n.replaces
           WHERE o.moved_to IS DISTINCT FROM n.id""",
    ),
    Law(
        "every lot of a card is good for as long as the card, which is as long as it was ever told",
        """SELECT a.merchant_id, a.id, a.expires_at, r.expires_at AS card FROM accounts AS a
           JOIN rewards AS r ON r.merchant_id = a.merchant_id AND r.id = a.owner_id
           WHERE a.role = 'card' AND a.balance > 0 AND a.expires_at IS DISTINCT FROM r.expires_at
           UNION ALL
           SELECT c.merchant_id, c.id, c.valid_until, r.expires_at FROM corrections AS c
           JOIN rewards AS r ON r.merchant_id = c.merchant_id AND r.id = c.reward_id
           WHERE c.valid_until > r.expires_at""",
    ),
    Law(
        "what is left on a reward, or held, fits its state",
        """SELECT r.merchant_id, r.id, r.state, sum(m.amount) AS held FROM rewards AS r JOIN (
             SELECT merchant_id, owner_id AS reward_id, balance AS amount FROM accounts WHERE role IN ('card', 'points')
             UNION ALL
             SELECT h.merchant_id, h.reward_id, a.balance FROM holds AS h
             JOIN accounts AS a ON a.merchant_id = h.merchant_id AND a.owner_id = h.id
           ) AS m ON m.merchant_id = r.merchant_id AND m.reward_id = r.id
           GROUP BY 1, 2, 3
           HAVING (sum(m.amount) > 0) <> (r.state IN ('issued', 'partly_redeemed'))""",
    ),
    Law(
        "a hold keeps all it holds until it ends, and nothing afterwards",
        """SELECT h.merchant_id, h.id, h.state, h.amount, coalesce(sum(a.balance), 0) AS kept FROM holds AS h
           LEFT JOIN accounts AS a ON a.merchant_id = h.merchant_id AND a.owner_id = h.id AND a.role = 'held'
           GROUP BY h.merchant_id, h.id
           HAVING coalesce(sum(a.balance), 0) <> CASE h.state WHEN 'held' THEN h.amount ELSE 0 END""",
    ),
    Law(
        "no value is held but by a hold",
        """SELECT a.merchant_id, a.id, a.balance FROM accounts AS a WHERE a.role = 'held' AND NOT EXISTS (
             SELECT FROM holds AS h WHERE h.merchant_id = a.merchant_id AND h.id = a.owner_id)""",
    ),
    Law(
        "never more captured than was held, from the card that it was held on",
        """SELECT h.merchant_id, h.id, h.amount, u.amount AS captured FROM holds AS h
           JOIN redemptions AS u ON u.merchant_id = h.merchant_id AND u.id = h.redemption_id
           WHERE u.amount > h.amount OR u.reward_id <> h.reward_id OR u.kind <> 'redeem'""",
    ),
    Law(
        "money on its way back is owed until the processor says it has gone",
        """SELECT r.merchant_id, r.id, r.state, coalesce(a.balance, 0) AS due FROM rewards AS r
           LEFT JOIN accounts AS a ON a.merchant_id = r.merchant_id AND a.owner_id = r.id AND a.role = 'refund_due'
           WHERE r.kind = 'refund'
             AND coalesce(a.balance, 0) <> CASE WHEN r.state IN ('redeemed', 'voided') THEN 0
                                                ELSE r.principal + r.bonus END""",
    ),
    Law(
        "each use of value has its transfer, for the same sum",
        """SELECT u.merchant_id, u.id, u.amount, coalesce(sum(p.amount), 0) AS posted FROM redemptions AS u
           LEFT JOIN transfers AS t ON t.merchant_id = u.merchant_id AND t.subject_id = u.id
           LEFT JOIN postings AS p ON p.merchant_id = t.merchant_id AND p.transfer_id = t.id
           GROUP BY 1, 2, 3 HAVING coalesce(sum(p.amount), 0) <> u.amount""",
    ),
    Law(
        "what was paid out of a card was all that was left, no more than its law allows, and is owed to its holder",
        """SELECT u.merchant_id, u.id, u.amount, r.terms -> 'cash_out' AS at_most, coalesce(p.principal, 0) AS owed
           FROM redemptions AS u
           JOIN transfers AS t ON t.merchant_id = u.merchant_id AND t.subject_id = u.id AND t.kind = 'cash_out'
           JOIN rewards AS r ON r.merchant_id = u.merchant_id AND r.id = u.reward_id
           LEFT JOIN rewards AS p ON p.merchant_id = u.merchant_id AND p.order_id = u.reference AND p.kind = 'refund'
           WHERE u.balance <> 0 OR p.principal IS DISTINCT FROM u.amount
              OR u.amount > coalesce((r.terms -> 'cash_out' ->> 'amount')::bigint, 0)""",
    ),
    Law(
        "never more given back than was spent",
        """SELECT u.merchant_id, u.id, u.amount, sum(b.amount) AS returned FROM redemptions AS u
           JOIN redemptions AS b ON b.merchant_id = u.merchant_id AND b.of = u.id
           GROUP BY 1, 2, 3 HAVING sum(b.amount) > u.amount""",
    ),
    Law(
        "a budget was spent on what it issued and did not take back, and on nothing else",
        """SELECT a.merchant_id, a.id, a.balance, coalesce(sum(m.amount), 0) AS issued FROM accounts AS a LEFT JOIN (
             SELECT merchant_id, 'spent:' || program_id || ':' || currency AS id, budget AS amount FROM rewards
             WHERE replaces IS NULL
             UNION ALL
             SELECT t.merchant_id, p.source, -p.amount FROM transfers AS t
             JOIN postings AS p ON p.merchant_id = t.merchant_id AND p.transfer_id = t.id
             WHERE t.kind IN ('void', 'clawback') AND split_part(p.source, ':', 1) = 'spent') AS m
             ON m.merchant_id = a.merchant_id AND m.id = a.id
           WHERE a.role = 'spent' GROUP BY a.merchant_id, a.id HAVING a.balance <> coalesce(sum(m.amount), 0)""",
    ),
)
