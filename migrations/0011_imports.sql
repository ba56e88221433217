-- Orders by the file. Its lines wait here until somebody approves them; each becomes one order, issued by the chunk.

CREATE TABLE imports (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  state text NOT NULL CHECK (state IN ('checking', 'refused', 'checked', 'approved', 'issuing', 'issued', 'cancelled')),
  name text NOT NULL, -- of the file, for people to know it by
  format text NOT NULL CHECK (format IN ('csv', 'json')),
  digest bytea NOT NULL, -- SHA-256 of the file: which bytes were checked and approved
  lines integer NOT NULL CHECK (lines BETWEEN 0 AND 100000),
  flaws integer NOT NULL CHECK (flaws >= 0),
  totals jsonb NOT NULL, -- what the good lines add up to, by program, kind and currency
  created_by text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  approved_by text COLLATE "C",
  approved_at timestamptz,
  alone boolean, -- whether whoever approved may decide on this much by himself
  ended_at timestamptz,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  CONSTRAINT refused_for_its_flaws CHECK ((state = 'refused') = (flaws > 0)),
  CHECK ((approved_by IS NULL) = (approved_at IS NULL) AND (approved_by IS NULL) = (alone IS NULL)),
  CONSTRAINT approved_before_issued CHECK (approved_by IS NOT NULL OR state NOT IN ('approved', 'issuing', 'issued')),
  CONSTRAINT maker_is_not_checker CHECK (alone OR approved_by <> created_by),
  CHECK ((ended_at IS NOT NULL) = (state IN ('refused', 'issued', 'cancelled')))
);
CREATE INDEX imports_alone ON imports (merchant_id, approved_by, approved_at) WHERE alone;
CREATE TRIGGER states_never_skip BEFORE UPDATE OF state ON imports FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION refuse_skipped_state('import');
INSERT INTO state_moves (machine, from_state, to_state) VALUES
  ('import', 'checking', 'checked'), ('import', 'checking', 'refused'),
  ('import', 'checked', 'approved'), ('import', 'checked', 'cancelled'),
  ('import', 'approved', 'issuing'), ('import', 'approved', 'cancelled'), ('import', 'issuing', 'issued');

-- A line carries the id that its order will have, so that whoever issues it twice meets the key of the orders.
CREATE TABLE import_lines (
  merchant_id text COLLATE "C" NOT NULL,
  import_id text COLLATE "C" NOT NULL,
  number integer NOT NULL CHECK (number > 0), -- as the file counts
  key text COLLATE "C" NOT NULL, -- the merchant's own name for it
  order_id text COLLATE "C" NOT NULL,
  program_id text COLLATE "C" NOT NULL,
  customer_id text COLLATE "C",
  kind text NOT NULL CHECK (kind IN ('gift_card', 'store_credit', 'points')),
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  amount bigint NOT NULL CHECK (amount > 0),
  bonus bigint NOT NULL CHECK (bonus >= 0),
  points bigint CHECK (points > 0),
  valid_months smallint NOT NULL CHECK (valid_months BETWEEN 1 AND 120),
  reference text NOT NULL,
  PRIMARY KEY (merchant_id, import_id, number),
  CONSTRAINT a_key_is_taken_in_once UNIQUE (merchant_id, key),
  FOREIGN KEY (merchant_id, import_id) REFERENCES imports (merchant_id, id),
  CHECK ((kind = 'points') = (points IS NOT NULL)),
  CHECK (kind <> 'points' OR bonus = 0)
);

-- The lines that are issued by one commit. That commit dates its chunk, and a dated chunk is never issued again.
CREATE TABLE import_chunks (
  merchant_id text COLLATE "C" NOT NULL,
  import_id text COLLATE "C" NOT NULL,
  number smallint NOT NULL CHECK (number > 0),
  first_line integer NOT NULL,
  last_line integer NOT NULL,
  lines integer NOT NULL CHECK (lines > 0),
  issued_at timestamptz,
  PRIMARY KEY (merchant_id, import_id, number),
  FOREIGN KEY (merchant_id, import_id) REFERENCES imports (merchant_id, id),
  CHECK (first_line <= last_line)
);
CREATE FUNCTION refuse_second_issue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a chunk is issued once' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER issued_once BEFORE UPDATE ON import_chunks FOR EACH ROW
  WHEN (OLD.issued_at IS NOT NULL) EXECUTE FUNCTION refuse_second_issue();

CREATE TABLE import_flaws (
  merchant_id text COLLATE "C" NOT NULL,
  import_id text COLLATE "C" NOT NULL,
  number integer NOT NULL CHECK (number > 0),
  line integer NOT NULL,
  field text NOT NULL,
  code text NOT NULL,
  given text NOT NULL,
  PRIMARY KEY (merchant_id, import_id, number),
  FOREIGN KEY (merchant_id, import_id) REFERENCES imports (merchant_id, id)
);

SELECT guard_tenant_table(name) FROM unnest(ARRAY['imports', 'import_lines', 'import_chunks',
  'import_flaws']::regclass[]) AS name;
SELECT make_append_only('import_flaws');
GRANT SELECT, INSERT, UPDATE ON imports, import_chunks TO compensation_app;
-- Lines that will never be issued are taken out, so that a corrected file may use their keys.
GRANT SELECT, INSERT, DELETE ON import_lines TO compensation_app;
GRANT SELECT, INSERT ON import_flaws TO compensation_app;
