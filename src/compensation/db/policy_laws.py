"""The laws of policies, and of trying one before it is live."""

from compensation.db.law import Law

POLICY_LAWS = (
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
        "nobody has read a policy before it was published",
        """SELECT r.merchant_id, r.policy_id, r.agent_id, r.at FROM policy_readings AS r
           WHERE NOT EXISTS (SELECT FROM policies AS p WHERE p.merchant_id = r.merchant_id AND p.id = r.policy_id
                               AND p.published_at <= r.at)""",
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
)
