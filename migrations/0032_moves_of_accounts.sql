-- Postings as each of their two accounts sees them: what came in, and below zero what went out, and when it was written down.
-- Row-level security is that of the tables beneath.

CREATE VIEW moves WITH (security_invoker = true) AS
SELECT p.merchant_id, p.destination AS account, p.amount, t.created_at
FROM postings AS p JOIN transfers AS t ON t.merchant_id = p.merchant_id AND t.id = p.transfer_id
UNION ALL
SELECT p.merchant_id, p.source, -p.amount, t.created_at
FROM postings AS p JOIN transfers AS t ON t.merchant_id = p.merchant_id AND t.id = p.transfer_id;

GRANT SELECT ON moves TO compensation_app;
