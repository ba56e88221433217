-- What makes us look twice: who may be one person under several names, whose words were told before, and what came of
-- looking. A signal never refuses anything and no customer is ever shown one.

CREATE TABLE customer_identities (
  merchant_id text COLLATE "C" NOT NULL,
  customer_id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('email', 'phone', 'device', 'address')),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32), -- keyed
  PRIMARY KEY (merchant_id, customer_id, kind, hash),
  FOREIGN KEY (merchant_id, customer_id) REFERENCES customers (merchant_id, id)
);
CREATE INDEX customer_identities_hash ON customer_identities (merchant_id, kind, hash);

-- The smallest keyed hashes of a story's runs of words: two stories that share most of them are one story. No word of
-- it can be read from here.
CREATE TABLE case_narratives (
  merchant_id text COLLATE "C" NOT NULL,
  case_id text COLLATE "C" NOT NULL,
  customer_id text COLLATE "C" NOT NULL,
  sketch bigint[] NOT NULL CHECK (cardinality(sketch) BETWEEN 4 AND 24),
  PRIMARY KEY (merchant_id, case_id),
  FOREIGN KEY (merchant_id, case_id) REFERENCES cases (merchant_id, id)
);
CREATE INDEX case_narratives_sketch ON case_narratives USING gin (sketch);
CREATE INDEX case_narratives_customer ON case_narratives (merchant_id, customer_id);

CREATE TABLE case_reviews (
  merchant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  case_id text COLLATE "C" NOT NULL,
  score smallint NOT NULL CHECK (score > 0),
  signals jsonb NOT NULL, -- each with its code, its weight, what was seen and from where on it speaks
  version text NOT NULL, -- the hash of the weights it was scored by
  at timestamptz NOT NULL,
  outcome text CHECK (outcome IN ('cleared', 'confirmed')),
  reviewed_by text COLLATE "C",
  reviewed_at timestamptz,
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, case_id) REFERENCES cases (merchant_id, id),
  CHECK ((outcome IS NULL) = (reviewed_by IS NULL) AND (outcome IS NULL) = (reviewed_at IS NULL))
);
CREATE INDEX case_reviews_case ON case_reviews (merchant_id, case_id, id);
CREATE INDEX case_reviews_at ON case_reviews (merchant_id, at);

SELECT guard_tenant_table(name)
FROM unnest(ARRAY['customer_identities', 'case_narratives', 'case_reviews']::regclass[]) AS name;
GRANT SELECT, INSERT, DELETE ON customer_identities, case_narratives TO compensation_app;
GRANT SELECT, INSERT, UPDATE ON case_reviews TO compensation_app;
