-- Who of the staff has read a published policy, and when. It is said once and never taken back.

CREATE TABLE policy_readings (
  merchant_id text COLLATE "C" NOT NULL,
  policy_id text COLLATE "C" NOT NULL,
  agent_id text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, policy_id, agent_id),
  FOREIGN KEY (merchant_id, policy_id) REFERENCES policies (merchant_id, id),
  FOREIGN KEY (merchant_id, agent_id) REFERENCES agents (merchant_id, id)
);

SELECT guard_tenant_table('policy_readings');
SELECT make_append_only('policy_readings');
GRANT SELECT, INSERT ON policy_readings TO compensation_app;
