"""Every invariant as a query that finds what breaks it. No row anywhere is the proof finance asks for."""

import asyncio
import sys

import asyncpg

from compensation.core.settings import Settings
from compensation.db.authority_laws import AUTHORITY_LAWS
from compensation.db.import_laws import IMPORT_LAWS
from compensation.db.law import Law
from compensation.db.points_laws import POINTS_LAWS

SHOWN = 20
"""How many offending rows of each law are printed."""


LAWS = (
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
        "a reversal is the exact opposite of what it undoes",
        """SELECT r.merchant_id, r.id, r.reverses FROM transfers AS r WHERE r.kind = 'reversal' AND EXISTS (
             SELECT source, destination, sum(amount) FROM (
               SELECT p.source, p.destination, p.amount FROM postings AS p
               WHERE p.merchant_id = r.merchant_id AND p.transfer_id = r.id
               UNION ALL SELECT p.destination, p.source, -p.amount FROM postings AS p
               WHERE p.merchant_id = r.merchant_id AND p.transfer_id = r.reverses) AS both_ways
             GROUP BY 1, 2 HAVING sum(amount) <> 0)""",
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
        "every decided case has a receipt",
        """SELECT c.merchant_id, c.id, c.state FROM cases AS c WHERE c.state NOT IN ('reported', 'cancelled')
             AND NOT EXISTS (SELECT FROM receipts AS r WHERE r.merchant_id = c.merchant_id AND r.case_id = c.id)""",
    ),
    Law(
        "a piece of evidence is sealed for the customer of its case",
        """SELECT e.merchant_id, e.id, e.customer_id, c.customer_id AS of_case FROM evidence AS e
           JOIN cases AS c ON c.merchant_id = e.merchant_id AND c.id = e.case_id
           WHERE e.customer_id <> c.customer_id""",
    ),
    *AUTHORITY_LAWS,
    *IMPORT_LAWS,
    Law(
        "no policy was published by whoever wrote it, and none stands where it may not",
        """SELECT merchant_id, id, code, version, state FROM policies
           WHERE published_by = written_by OR (state = 'published' AND published_at IS NULL)
              OR (state = 'retired') <> (retired_at IS NOT NULL)""",
    ),
    Law(
        "the versions of a policy are numbered one after the other",
        """SELECT merchant_id, code, count(*) AS versions, min(version) AS first, max(version) AS last FROM policies
           GROUP BY 1, 2 HAVING count(*) <> max(version) - min(version) + 1""",
    ),
    Law(
        "a simulation that is done has seen every case it was to go through",
        """SELECT merchant_id, id, state, seen, total FROM simulations
           WHERE seen > total OR (state = 'done' AND (seen <> total OR (tally ->> 'seen')::bigint <> seen))""",
    ),
    Law(
        "a policy in the shadow changed nothing: what it decided is of cases that another decided",
        """SELECT s.merchant_id, s.policy_id, s.case_id FROM shadow_decisions AS s
           WHERE s.at < (SELECT c.created_at FROM cases AS c WHERE c.merchant_id = s.merchant_id AND c.id = s.case_id)
              OR (NOT s.differs AND (s.first_before <> s.first_after OR s.value_before <> s.value_after))""",
    ),
    Law(
        "no work is dead",
        "SELECT merchant_id, id, topic, subject_id, last_error FROM outbox WHERE ended = 'dead'",
    ),
    Law(
        "events are numbered without a gap",
        """SELECT n.merchant_id, n.last, e.told, e.highest FROM event_numbers AS n LEFT JOIN (
             SELECT merchant_id, count(*) AS told, max(number) AS highest FROM events GROUP BY 1) AS e
             ON e.merchant_id = n.merchant_id
           WHERE e.told IS DISTINCT FROM n.last OR e.highest IS DISTINCT FROM n.last""",
    ),
    *POINTS_LAWS,
)


async def audit(connection: asyncpg.Connection) -> dict[str, list[asyncpg.Record]]:
    """The rows that break each law, in one snapshot, as the owner who sees every tenant. Empty means sound."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        # Every law reads whole tables. Looking rows up one by one instead, as is planned for tables whose statistics
        # are old, took minutes where reading them takes seconds.
        await connection.execute("SET LOCAL enable_nestloop = off")
        broken = {law.says: await connection.fetch(law.breaks) for law in LAWS}
    return {says: rows for says, rows in broken.items() if rows}


def main(settings: Settings) -> int:
    """The command: one line a law, the offending rows beneath it; exit status 1 when any law is broken."""

    async def run() -> tuple[dict[str, list[asyncpg.Record]], list[asyncpg.Record]]:
        connection = await asyncpg.connect(settings.owner_url, timeout=10)
        try:
            totals = await connection.fetch(
                "SELECT merchant_id, asset, sum(balance) FILTER (WHERE balance > 0) AS held, sum(balance) AS sum,"
                " count(*) AS accounts FROM accounts GROUP BY 1, 2 ORDER BY 1, 2"
            )
            return await audit(connection), totals
        finally:
            await connection.close()

    broken, totals = asyncio.run(run())
    for row in totals:
        print(f"{row['merchant_id']} {row['asset']:>6}  {row['accounts']:>6} accounts  sum {row['sum']}")
    for law in LAWS:
        print(f"{'broken' if law.says in broken else 'holds '}  {law.says}")
        for row in broken.get(law.says, [])[:SHOWN]:
            print("        " + ", ".join(f"{name}={value}" for name, value in row.items()))
    if broken:
        print(f"{len(broken)} of {len(LAWS)} laws are broken.", file=sys.stderr)
    return 1 if broken else 0
