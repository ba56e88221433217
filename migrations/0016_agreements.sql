-- Where the law asks for a signed agreement: what the customer signed, word for word, with his name as he typed it.

CREATE TABLE agreements (
  merchant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  case_id text COLLATE "C" NOT NULL,
  offer_key text COLLATE "C" NOT NULL,
  text text NOT NULL CHECK (length(text) > 0), -- exactly what stood above the name
  version smallint NOT NULL CHECK (version > 0),
  locale text NOT NULL,
  name bytea NOT NULL CHECK (octet_length(name) > 28), -- sealed under the customer's key; never of nobody
  signed_by text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, case_id) REFERENCES cases (merchant_id, id),
  CONSTRAINT no_agent_signs CHECK (signed_by NOT LIKE 'agt\_%')
);
CREATE INDEX agreements_case ON agreements (merchant_id, case_id);

SELECT guard_tenant_table('agreements');
SELECT make_append_only('agreements');
GRANT SELECT, INSERT ON agreements TO compensation_app;
