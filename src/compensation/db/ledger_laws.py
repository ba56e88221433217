"""The laws of the ledger: that it adds up, whatever moved and why."""

from compensation.db.law import Law

LEDGER_LAWS = (
    Law(
        "over a merchant and an asset all balances add up to zero",
        "SELECT merchant_id, asset, sum(balance) FROM accounts GROUP BY 1, 2 HAVING sum(balance) <> 0",
    ),
    Law(
        "every balance equals its postings",
        """SELECT a.merchant_id, a.id, a.balance, coalesce(m.moved, 0) AS posted FROM accounts AS a LEFT JOIN (
             SELECT merchant_id, account, sum(amount) AS moved FROM (
               SELECT merchant_id, destination AS account, amount FROM postings
               UNION ALL SELECT merchant_id, source, -amount FROM postings) AS both_sides
             GROUP BY 1, 2) AS m ON m.merchant_id = a.merchant_id AND m.account = a.id
           WHERE a.balance <> coalesce(m.moved, 0)""",
    ),
    Law(
        "no account is below zero but those that stand for the merchant's own means",
        """SELECT merchant_id, id, balance FROM accounts WHERE balance < 0 AND role NOT IN
             ('funding', 'points_issued', 'expense.owed', 'expense.goodwill', 'expense.promo', 'expense.sold')""",
    ),
    Law(
        "every transfer has postings",
        """SELECT t.merchant_id, t.id FROM transfers AS t WHERE NOT EXISTS (
             SELECT FROM postings AS p WHERE p.merchant_id = t.merchant_id AND p.transfer_id = t.id)""",
    ),
    Law(
        "every posting is part of a transfer, between two accounts that are there",
        """SELECT p.merchant_id, p.transfer_id, p.line, p.source, p.destination FROM postings AS p
           LEFT JOIN transfers AS t ON t.merchant_id = p.merchant_id AND t.id = p.transfer_id
           LEFT JOIN accounts AS s ON s.merchant_id = p.merchant_id AND s.id = p.source
           LEFT JOIN accounts AS d ON d.merchant_id = p.merchant_id AND d.id = p.destination
           WHERE t.id IS NULL OR s.id IS NULL OR d.id IS NULL""",
    ),
    Law(
        "a reversal is the exact opposite of what it undoes",
        """SELECT r.merchant_id, r.id, r.reverses FROM transfers AS r WHERE r.kind = 'reversal' AND EXISTS (
             SELECT source, destination, sum(amount) FROM (
               SELECT p.source, p.destination, p.amount FROM postings AS p
               WHERE p.merchant_id = r.merchant_id AND p.transfer_id = r.id
               UNION ALL SELECT p.destination, p.source, -p.amount FROM postings AS p
               WHERE p.merchant_id = r.merchant_id AND p.transfer_id = r.reverses) AS both_ways
             GROUP BY 1, 2 HAVING sum(amount) <> 0)""",
    ),
)
