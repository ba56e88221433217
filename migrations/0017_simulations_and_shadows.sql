-- Before a policy is live: what it would have done to past cases, and what it decides beside the live one.

CREATE TABLE simulations (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  policy_id text COLLATE "C" NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'done', 'cancelled', 'failed')),
  over text NOT NULL CHECK (over IN ('past', 'samples')),
  total bigint NOT NULL CHECK (total >= 0), -- the cases it goes through
  seen bigint NOT NULL DEFAULT 0,
  reached text COLLATE "C", -- the receipt it has come to, from the newest backwards
  tally jsonb NOT NULL DEFAULT '{}',
  asked_by text COLLATE "C" NOT NULL,
  asked_at timestamptz NOT NULL,
  ended_at timestamptz,
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, policy_id) REFERENCES policies (merchant_id, id),
  CHECK (seen BETWEEN 0 AND total),
  CHECK ((state = 'running') = (ended_at IS NULL)),
  CHECK (state <> 'done' OR seen = total)
);
CREATE UNIQUE INDEX simulations_running ON simulations (merchant_id, policy_id) WHERE state = 'running';
INSERT INTO state_moves (machine, from_state, to_state) VALUES
  ('simulation', 'running', 'done'), ('simulation', 'running', 'cancelled'), ('simulation', 'running', 'failed');
CREATE TRIGGER states_never_skip BEFORE UPDATE OF state ON simulations FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION refuse_skipped_state('simulation');

-- What a policy in the shadow decided about a case, beside what was decided; sums in minor units of the currency.
CREATE TABLE shadow_decisions (
  merchant_id text COLLATE "C" NOT NULL,
  policy_id text COLLATE "C" NOT NULL,
  case_id text COLLATE "C" NOT NULL,
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  first_before text NOT NULL,
  first_after text NOT NULL,
  value_before bigint NOT NULL CHECK (value_before >= 0),
  value_after bigint NOT NULL CHECK (value_after >= 0),
  cost_before bigint NOT NULL CHECK (cost_before >= 0),
  cost_after bigint NOT NULL CHECK (cost_after >= 0),
  goodwill_before bigint NOT NULL CHECK (goodwill_before >= 0),
  goodwill_after bigint NOT NULL CHECK (goodwill_after >= 0),
  differs boolean NOT NULL, -- in what is offered, by key, value and cost
  at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, policy_id, case_id),
  FOREIGN KEY (merchant_id, policy_id) REFERENCES policies (merchant_id, id),
  FOREIGN KEY (merchant_id, case_id) REFERENCES cases (merchant_id, id),
  CHECK (differs OR (first_before = first_after AND value_before = value_after AND cost_before = cost_after))
);

SELECT guard_tenant_table(name) FROM unnest(ARRAY['simulations', 'shadow_decisions']::regclass[]) AS name;
SELECT make_append_only('shadow_decisions');
GRANT SELECT, INSERT ON simulations, shadow_decisions TO compensation_app;
GRANT UPDATE (state, seen, total, reached, tally, ended_at) ON simulations TO compensation_app;
