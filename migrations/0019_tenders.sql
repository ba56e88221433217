-- One sale paid from several cards at once, all or nothing, and what is left of it to be paid otherwise.

CREATE TABLE tenders (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  amount bigint NOT NULL CHECK (amount > 0),
  due bigint NOT NULL CHECK (due >= 0), -- what the cards did not cover
  asset text NOT NULL CHECK (asset ~ '^[A-Z]{3}$'),
  redemptions text[] NOT NULL CHECK (cardinality(redemptions) > 0),
  reference text NOT NULL DEFAULT '', -- the merchant's sale
  actor text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  CONSTRAINT something_was_paid CHECK (due < amount)
);
SELECT guard_tenant_table('tenders');
SELECT make_append_only('tenders');
GRANT SELECT, INSERT ON tenders TO compensation_app;
