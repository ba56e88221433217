-- What becomes of a choice that a budget does not cover, and who is told before that: once at 50, 80 and 100 per cent.
-- Written before the first release: programs are few, and no lock on them would be felt.
-- squawk-ignore-file adding-field-with-default, constraint-missing-not-valid

ALTER TABLE programs ADD COLUMN on_empty text NOT NULL DEFAULT 'stop'
  CONSTRAINT programs_on_empty CHECK (on_empty IN ('stop', 'escalate'));

-- The budget did not cover what waits: nothing of it is set aside, and whoever approves funds what is missing.
ALTER TABLE approvals ADD COLUMN over_budget boolean NOT NULL DEFAULT false;

-- A period of a budget begins when money is added to it. ``size`` is what was available then.
CREATE TABLE budget_periods (
  merchant_id text COLLATE "C" NOT NULL,
  program_id text COLLATE "C" NOT NULL,
  currency text COLLATE "C" NOT NULL,
  period text COLLATE "C" NOT NULL, -- the transfer that began it
  size bigint NOT NULL CHECK (size > 0),
  alerted smallint NOT NULL DEFAULT 0 CHECK (alerted IN (0, 50, 80, 100)), -- the highest that was told
  started_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, program_id, currency),
  FOREIGN KEY (merchant_id, program_id) REFERENCES programs (merchant_id, id)
);
INSERT INTO budget_periods (merchant_id, program_id, currency, period, size, started_at)
SELECT merchant_id, owner_id, asset, 'before', balance, now() FROM accounts WHERE role = 'budget' AND balance > 0;

CREATE TABLE budget_alerts (
  merchant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  program_id text COLLATE "C" NOT NULL,
  currency text COLLATE "C" NOT NULL,
  period text COLLATE "C" NOT NULL,
  percent smallint NOT NULL CHECK (percent IN (50, 80, 100)),
  size bigint NOT NULL,
  available bigint NOT NULL, -- when it was told
  at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  CONSTRAINT told_once UNIQUE (merchant_id, program_id, currency, period, percent),
  FOREIGN KEY (merchant_id, program_id) REFERENCES programs (merchant_id, id)
);

-- Somebody approved what the budget did not cover, with a reason, and it was funded first by a transfer of its own.
CREATE TABLE budget_escalations (
  merchant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  case_id text COLLATE "C" NOT NULL,
  program_id text COLLATE "C" NOT NULL,
  transfer_id text COLLATE "C" NOT NULL,
  currency text COLLATE "C" NOT NULL,
  amount bigint NOT NULL CHECK (amount > 0),
  approved_by text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, case_id) REFERENCES cases (merchant_id, id),
  FOREIGN KEY (merchant_id, transfer_id) REFERENCES transfers (merchant_id, id)
);

SELECT guard_tenant_table(name) FROM unnest(ARRAY['budget_periods', 'budget_alerts', 'budget_escalations']::regclass[])
  AS name;
SELECT make_append_only(name) FROM unnest(ARRAY['budget_alerts', 'budget_escalations']::regclass[]) AS name;
GRANT SELECT, INSERT ON budget_alerts, budget_escalations TO compensation_app;
GRANT SELECT, INSERT, UPDATE ON budget_periods TO compensation_app;
