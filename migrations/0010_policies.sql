-- A merchant's own policies: every version as it was written, where it stands, and who wrote and who published it.
-- A text never changes: an amendment is a new version, so that old cases keep theirs.

CREATE TABLE policies (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  family text COLLATE "C" NOT NULL, -- the code that programs name: its own, or that of the policy it is a variant of
  state text NOT NULL CHECK (state IN ('draft', 'shadow', 'published', 'retired')),
  text text NOT NULL CHECK (octet_length(text) <= 1000000), -- TOML
  hash text COLLATE "C" NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'), -- of its canonical JSON, as receipts name it
  valid_from date NOT NULL,
  valid_until date,
  note text NOT NULL DEFAULT '', -- why, in the author's words
  anew_of text COLLATE "C", -- the older version that was published anew
  written_by text COLLATE "C" NOT NULL,
  written_at timestamptz NOT NULL,
  published_by text COLLATE "C",
  published_at timestamptz,
  retired_by text COLLATE "C",
  retired_at timestamptz,
  PRIMARY KEY (merchant_id, id),
  UNIQUE (merchant_id, code, version),
  FOREIGN KEY (merchant_id, anew_of) REFERENCES policies (merchant_id, id),
  CONSTRAINT maker_is_not_checker CHECK (published_by <> written_by),
  CHECK ((published_by IS NULL) = (published_at IS NULL) AND (retired_by IS NULL) = (retired_at IS NULL)),
  CHECK (state <> 'published' OR published_at IS NOT NULL),
  CHECK ((state = 'retired') = (retired_at IS NOT NULL))
);
CREATE INDEX policies_deciding ON policies (merchant_id, family) WHERE state IN ('published', 'shadow');

INSERT INTO state_moves (machine, from_state, to_state) VALUES
  ('policy', 'draft', 'shadow'), ('policy', 'draft', 'published'), ('policy', 'draft', 'retired'),
  ('policy', 'shadow', 'draft'), ('policy', 'shadow', 'published'), ('policy', 'shadow', 'retired'),
  ('policy', 'published', 'retired');
CREATE TRIGGER states_never_skip BEFORE UPDATE OF state ON policies FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION refuse_skipped_state('policy');
CREATE TRIGGER texts_never_change BEFORE UPDATE OF id, code, version, family, text, hash, valid_from, valid_until, note,
  anew_of, written_by, written_at ON policies FOR EACH ROW EXECUTE FUNCTION refuse_change();

SELECT guard_tenant_table('policies');
GRANT SELECT, INSERT ON policies TO compensation_app;
GRANT UPDATE (state, published_by, published_at, retired_by, retired_at) ON policies TO compensation_app;
