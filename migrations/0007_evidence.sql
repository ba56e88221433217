-- What shows a harm: receipts, photos, papers. The files lie in an object store, sealed; a row says what each one is.

CREATE TABLE evidence (
  merchant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL, -- also the last part of its name in the store
  case_id text COLLATE "C" NOT NULL,
  customer_id text COLLATE "C" NOT NULL, -- whose key seals it: erasing him makes it unreadable
  number smallint NOT NULL CHECK (number BETWEEN 1 AND 20), -- a case holds no more
  kind text NOT NULL CHECK (kind IN ('receipt', 'photo', 'identity', 'report', 'other')),
  media_type text NOT NULL CHECK (media_type IN ('image/jpeg', 'image/png', 'image/webp', 'application/pdf')),
  size integer NOT NULL CHECK (size BETWEEN 1 AND 10485760), -- bytes, as it came
  content_hash bytea NOT NULL CHECK (octet_length(content_hash) = 32), -- keyed hash of its SHA-256
  -- How a picture looks: a keyed hash of each of eight bands of its difference hash, or none for what has no looks.
  -- Two pictures that share six bands or more show the same thing, whatever was resized or compressed between them.
  look bytea[] NOT NULL CHECK (cardinality(look) IN (0, 8)),
  name bytea NOT NULL, -- sealed: what the file was called
  given_by text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  UNIQUE (merchant_id, case_id, number),
  UNIQUE (merchant_id, case_id, content_hash),
  FOREIGN KEY (merchant_id, case_id) REFERENCES cases (merchant_id, id),
  FOREIGN KEY (merchant_id, customer_id) REFERENCES customers (merchant_id, id)
);
CREATE INDEX evidence_content ON evidence (merchant_id, content_hash);
CREATE INDEX evidence_look ON evidence USING gin (look);

SELECT guard_tenant_table('evidence');
SELECT make_append_only('evidence');
GRANT SELECT, INSERT ON evidence TO compensation_app;
