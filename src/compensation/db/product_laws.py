"""The laws of cards of other brands: one order of the supplier for each, owed once, and nothing else is owed."""

from compensation.db.law import Law

PRODUCT_LAWS = (
    Law(
        "a card of another brand was ordered under its own id, once, and has its supplier's order and code when issued",
        """SELECT merchant_id, id, state, partner_ref, partner_id FROM rewards
           WHERE kind = 'product_card' AND (partner_ref IS DISTINCT FROM id
             OR state NOT IN ('pending', 'needs_review', 'refused') AND (partner_id IS NULL OR code_sealed IS NULL))
           UNION ALL
           SELECT merchant_id, min(id), 'twice', NULL, partner_id FROM rewards
           WHERE kind = 'product_card' AND partner_id IS NOT NULL
           GROUP BY merchant_id, terms ->> 'supplier', partner_id HAVING count(*) > 1""",
    ),
    Law(
        "a card of another brand is promised from its budget until it is issued, then owed to its supplier, no dearer",
        """SELECT r.merchant_id, r.id, r.state, r.budget, coalesce(p.balance, 0) AS promised,
                  coalesce(s.balance, 0) AS owed
           FROM rewards AS r
           LEFT JOIN accounts AS p ON p.merchant_id = r.merchant_id AND p.id = 'promise:' || r.id || ':' || r.currency
           LEFT JOIN accounts AS s ON s.merchant_id = r.merchant_id
             AND s.id = 'supplier_payable:' || (r.terms ->> 'supplier') || ':' || r.currency || ':' || r.id
           WHERE r.kind = 'product_card'
             AND (coalesce(p.balance, 0) <> CASE WHEN r.state IN ('pending', 'needs_review') THEN r.budget ELSE 0 END
                  OR (r.state NOT IN ('pending', 'needs_review', 'refused'))
                     <> (coalesce(s.balance, 0) BETWEEN 1 AND r.budget))""",
    ),
    Law(
        "nothing is owed to a supplier but for a card that he gave",
        """SELECT a.merchant_id, a.id, a.balance FROM accounts AS a
           WHERE a.role = 'supplier_payable' AND a.balance > 0 AND NOT EXISTS (
             SELECT FROM rewards AS r WHERE r.merchant_id = a.merchant_id AND r.id = a.lot AND r.kind = 'product_card'
               AND r.terms ->> 'supplier' = a.owner_id AND r.currency = a.asset
               AND r.state NOT IN ('pending', 'needs_review', 'refused'))""",
    ),
)
