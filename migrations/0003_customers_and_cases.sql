-- The people harmed, and one case for each harm: what was said, what was decided and why, who agreed to what.

CREATE TABLE customers (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  reference_hash bytea, -- keyed hash of the merchant's own customer number
  email_hash bytea, -- keyed hash of the address in lower case
  locale text NOT NULL,
  country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
  tier text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id)
);
CREATE UNIQUE INDEX customers_reference ON customers (merchant_id, reference_hash) WHERE reference_hash IS NOT NULL;
CREATE INDEX customers_email ON customers (merchant_id, email_hash) WHERE email_hash IS NOT NULL;

-- Who the customer is, under a key of his own. Erasing him is deleting this row: the key goes with it.
CREATE TABLE persons (
  merchant_id text COLLATE "C" NOT NULL,
  customer_id text COLLATE "C" NOT NULL,
  data_key bytea NOT NULL, -- the customer's key, sealed by the vault
  sealed bytea NOT NULL, -- name, salutation, e-mail, phone, under the customer's key
  name_tokens bytea[] NOT NULL DEFAULT '{}', -- keyed hash of each word of the name, for finding
  PRIMARY KEY (merchant_id, customer_id),
  FOREIGN KEY (merchant_id, customer_id) REFERENCES customers (merchant_id, id)
);
CREATE INDEX persons_name ON persons USING gin (name_tokens);

CREATE TABLE incidents (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  label text COLLATE "C" NOT NULL, -- the merchant's own name for it
  created_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  UNIQUE (merchant_id, label)
);

CREATE TABLE cases (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  number bigint GENERATED ALWAYS AS IDENTITY, -- what people read out on the telephone
  program_id text COLLATE "C" NOT NULL,
  customer_id text COLLATE "C" NOT NULL,
  incident_id text COLLATE "C",
  state text NOT NULL CHECK (state IN ('reported', 'assessed', 'offered', 'needs_approval', 'accepted', 'issuing',
                                       'issued', 'closed', 'rejected', 'cancelled')),
  channel text NOT NULL CHECK (channel IN ('phone', 'email', 'chat', 'self_service', 'api', 'import')),
  country text NOT NULL,
  locale text NOT NULL,
  reason_code text NOT NULL,
  harms text[] NOT NULL CHECK (cardinality(harms) > 0),
  severity text NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
  order_number text NOT NULL DEFAULT '',
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  order_amount bigint CHECK (order_amount > 0),
  owed bigint NOT NULL CHECK (owed >= 0),
  goodwill bigint NOT NULL CHECK (goodwill >= 0),
  report bytea NOT NULL, -- sealed under the customer's key: the report as it came, with the customer's own words
  in_review boolean NOT NULL, -- a person looks before anything is granted; why stands in the receipt
  agent_id text COLLATE "C", -- who looks after it: the agent who reported it, or the first who took it up
  chosen text, -- the key of the offer
  chosen_by text COLLATE "C",
  priority boolean NOT NULL DEFAULT false,
  answer_due timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, program_id) REFERENCES programs (merchant_id, id),
  FOREIGN KEY (merchant_id, customer_id) REFERENCES customers (merchant_id, id),
  FOREIGN KEY (merchant_id, incident_id) REFERENCES incidents (merchant_id, id),
  CHECK ((chosen IS NULL) = (chosen_by IS NULL)),
  CONSTRAINT chosen_before_issued CHECK (chosen IS NOT NULL OR state NOT IN ('needs_approval', 'accepted', 'issuing',
                                                                            'issued', 'closed'))
);
CREATE INDEX cases_queue ON cases (merchant_id, priority DESC, answer_due, id)
  WHERE state NOT IN ('closed', 'rejected', 'cancelled');
CREATE INDEX cases_agent ON cases (merchant_id, agent_id)
  WHERE agent_id IS NOT NULL AND state NOT IN ('closed', 'rejected', 'cancelled');
CREATE INDEX cases_state ON cases (merchant_id, state, id);
CREATE INDEX cases_customer ON cases (merchant_id, customer_id, created_at);
CREATE INDEX cases_order ON cases (merchant_id, order_number);
CREATE INDEX cases_number ON cases (merchant_id, number);
CREATE TRIGGER states_never_skip BEFORE UPDATE OF state ON cases FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION refuse_skipped_state('case');

CREATE TABLE offers (
  merchant_id text COLLATE "C" NOT NULL,
  case_id text COLLATE "C" NOT NULL,
  position smallint NOT NULL,
  key text COLLATE "C" NOT NULL,
  offer jsonb NOT NULL,
  PRIMARY KEY (merchant_id, case_id, key),
  UNIQUE (merchant_id, case_id, position),
  FOREIGN KEY (merchant_id, case_id) REFERENCES cases (merchant_id, id)
);

-- The history that people see. The audit log is the one that auditors see.
CREATE TABLE case_events (
  merchant_id text COLLATE "C" NOT NULL,
  case_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  what text NOT NULL,
  actor text COLLATE "C" NOT NULL,
  note text NOT NULL DEFAULT '', -- a code or an id: nothing personal, since this table forgets nothing
  said bytea, -- sealed under the customer's key: a reason in somebody's own words
  at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, case_id, id),
  FOREIGN KEY (merchant_id, case_id) REFERENCES cases (merchant_id, id)
);

CREATE TABLE receipts (
  merchant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  case_id text COLLATE "C" NOT NULL,
  document bytea NOT NULL, -- canonical JSON with its signature, as it is handed out; compressed (zlib)
  key_version smallint NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, case_id) REFERENCES cases (merchant_id, id)
);
-- It is compressed already: trying again would cost more than all the rest of writing a case.
ALTER TABLE receipts ALTER COLUMN document SET STORAGE EXTERNAL;
CREATE INDEX receipts_case ON receipts (merchant_id, case_id);

CREATE TABLE consents (
  merchant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  case_id text COLLATE "C" NOT NULL,
  offer_key text COLLATE "C" NOT NULL,
  sentence text NOT NULL, -- exactly what was agreed to
  agreement text NOT NULL DEFAULT '', -- where the signed agreement is kept, for a rule that asks for one
  locale text NOT NULL,
  given_by text COLLATE "C" NOT NULL, -- the customer himself, or who recorded it for him
  at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, case_id, offer_key) REFERENCES offers (merchant_id, case_id, key)
);

CREATE TABLE approvals (
  merchant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  case_id text COLLATE "C" NOT NULL,
  offer_key text COLLATE "C" NOT NULL,
  asked_by text COLLATE "C" NOT NULL,
  asked_at timestamptz NOT NULL,
  verdict text CHECK (verdict IN ('approved', 'rejected', 'sent_back', 'withdrawn')),
  decided_by text COLLATE "C",
  decided_at timestamptz,
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, case_id, offer_key) REFERENCES offers (merchant_id, case_id, key),
  CONSTRAINT maker_is_not_checker CHECK (decided_by <> asked_by),
  -- What was withdrawn nobody decided.
  CHECK ((verdict IS NULL OR verdict = 'withdrawn') = (decided_by IS NULL)
         AND (verdict IS NULL) = (decided_at IS NULL))
);
CREATE UNIQUE INDEX approvals_open ON approvals (merchant_id, case_id) WHERE verdict IS NULL;

SELECT guard_tenant_table(name) FROM unnest(ARRAY['customers', 'persons', 'incidents', 'cases', 'offers',
  'case_events', 'receipts', 'consents', 'approvals']::regclass[]) AS name;
SELECT make_append_only(name) FROM unnest(ARRAY['case_events', 'receipts', 'consents']::regclass[]) AS name;
GRANT SELECT, INSERT ON case_events, receipts, consents, incidents TO compensation_app;
GRANT SELECT, INSERT, UPDATE ON customers, cases, approvals TO compensation_app;
GRANT SELECT, INSERT, DELETE ON offers TO compensation_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON persons TO compensation_app;
