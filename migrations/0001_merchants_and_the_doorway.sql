-- The tenants, who may come in, and the tables behind the one doorway for every write.
-- Ids are text that sorts by time (prefix and 26 characters), compared byte by byte: hence COLLATE "C" throughout.

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'compensation_app') THEN
    CREATE ROLE compensation_app NOLOGIN NOSUPERUSER NOBYPASSRLS;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL; -- another database of this cluster was migrated at the same moment; roles are shared by all
END $$;
GRANT compensation_app TO CURRENT_USER;

-- Small reference tables, without row-level security: they are read before we know who the tenant is.
CREATE TABLE merchants (
  id text COLLATE "C" PRIMARY KEY,
  route text COLLATE "C" NOT NULL UNIQUE CHECK (route ~ '^[0-9a-hjkmnp-tv-z]{4}$'), -- opens every code and link
  name text NOT NULL,
  mode text NOT NULL CHECK (mode IN ('live', 'test')),
  created_at timestamptz NOT NULL
);

-- Everything a stranger may hold up at the door, as a hash: API key, console session, an agent's e-mail address.
CREATE TABLE credentials (
  hash bytea PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('api_key', 'session', 'login')),
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  subject_id text COLLATE "C" NOT NULL,
  label text NOT NULL DEFAULT '',
  expires_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz NOT NULL
);

CREATE TABLE brands (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  face jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id)
);

CREATE TABLE programs (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  brand_id text COLLATE "C" NOT NULL,
  policy text NOT NULL,
  is_default boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, brand_id) REFERENCES brands (merchant_id, id)
);
CREATE UNIQUE INDEX programs_default ON programs (merchant_id) WHERE is_default;

CREATE TABLE agents (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  person bytea NOT NULL, -- sealed: name and e-mail address
  password text NOT NULL, -- scrypt
  role text NOT NULL CHECK (role IN ('agent', 'lead', 'finance', 'admin')),
  authority jsonb NOT NULL DEFAULT '{}', -- currency to the largest value, in minor units, granted without asking
  created_at timestamptz NOT NULL,
  retired_at timestamptz,
  PRIMARY KEY (merchant_id, id)
);

-- The doorway -------------------------------------------------------------------------------------------------
-- A key and the answer it got, for ever. Bodies are not kept: only a keyed hash of each field, to name what differs.
CREATE TABLE idempotency_keys (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  key text COLLATE "C" NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  verb text NOT NULL,
  fields jsonb NOT NULL,
  outcome text NOT NULL, -- 'done', or the kind of the problem that was answered
  answer bytea NOT NULL, -- JSON, free of secrets and of personal data
  created_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, key)
);

CREATE TABLE audit_log (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  seq bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL,
  actor text COLLATE "C" NOT NULL,
  verb text NOT NULL,
  subject_id text COLLATE "C" NOT NULL,
  outcome text NOT NULL,
  note text NOT NULL DEFAULT '',
  PRIMARY KEY (merchant_id, seq)
);
CREATE INDEX audit_log_subject ON audit_log (merchant_id, subject_id);

-- What must happen because of a commit. arq carries only the id; this row is the work.
CREATE TABLE outbox (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  topic text NOT NULL,
  subject_id text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL, -- not before this moment: the first time, a retry, or the end of a worker's lease
  attempts integer NOT NULL DEFAULT 0,
  fence bigint NOT NULL DEFAULT 0, -- grows with every claim; a worker whose lease was taken over cannot finish
  last_error text NOT NULL DEFAULT '',
  ended text CHECK (ended IN ('done', 'dead')),
  ended_at timestamptz,
  PRIMARY KEY (merchant_id, id),
  CHECK ((ended IS NULL) = (ended_at IS NULL))
);
CREATE INDEX outbox_due ON outbox (merchant_id, due_at) WHERE ended IS NULL;
CREATE INDEX outbox_dead ON outbox (merchant_id, ended_at) WHERE ended = 'dead';

-- Laws that several tables share ------------------------------------------------------------------------------
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TABLE state_moves (
  machine text COLLATE "C" NOT NULL,
  from_state text COLLATE "C" NOT NULL,
  to_state text COLLATE "C" NOT NULL,
  PRIMARY KEY (machine, from_state, to_state)
);
CREATE FUNCTION refuse_skipped_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM state_moves
                 WHERE machine = TG_ARGV[0] AND from_state = OLD.state AND to_state = NEW.state) THEN
    RAISE EXCEPTION 'a % may not move from % to %', TG_ARGV[0], OLD.state, NEW.state
      USING ERRCODE = 'check_violation', CONSTRAINT = TG_ARGV[0] || '_state_moves';
  END IF;
  RETURN NEW;
END $$;
INSERT INTO state_moves (machine, from_state, to_state) VALUES
  ('case', 'reported', 'assessed'), ('case', 'reported', 'cancelled'),
  ('case', 'assessed', 'offered'), ('case', 'assessed', 'cancelled'),
  ('case', 'offered', 'accepted'), ('case', 'offered', 'needs_approval'), ('case', 'offered', 'rejected'),
  ('case', 'offered', 'cancelled'),
  ('case', 'needs_approval', 'accepted'), ('case', 'needs_approval', 'offered'),
  ('case', 'needs_approval', 'rejected'), ('case', 'needs_approval', 'cancelled'),
  ('case', 'accepted', 'issuing'), ('case', 'accepted', 'cancelled'),
  ('case', 'issuing', 'issued'), ('case', 'issued', 'closed'), ('case', 'issued', 'issuing'),
  ('case', 'closed', 'assessed'), ('case', 'rejected', 'assessed'),
  ('order', 'pending', 'issuing'), ('order', 'pending', 'issued'), ('order', 'pending', 'cancelled'),
  ('order', 'issuing', 'issued'), ('order', 'issuing', 'partly_issued'), ('order', 'issuing', 'failed'),
  ('order', 'issuing', 'cancelled'),
  ('order', 'partly_issued', 'issued'), ('order', 'partly_issued', 'failed'), ('order', 'partly_issued', 'cancelled'),
  ('order', 'issued', 'partly_issued'), ('order', 'issued', 'cancelled'),
  ('reward', 'pending', 'issued'), ('reward', 'pending', 'needs_review'), ('reward', 'pending', 'refused'),
  ('reward', 'pending', 'voided'),
  ('reward', 'needs_review', 'issued'), ('reward', 'needs_review', 'refused'), ('reward', 'needs_review', 'voided'),
  ('reward', 'issued', 'partly_redeemed'), ('reward', 'issued', 'redeemed'), ('reward', 'issued', 'expired'),
  ('reward', 'issued', 'voided'), ('reward', 'issued', 'needs_review'),
  ('reward', 'partly_redeemed', 'redeemed'), ('reward', 'partly_redeemed', 'issued'),
  ('reward', 'partly_redeemed', 'expired'), ('reward', 'partly_redeemed', 'voided'),
  ('reward', 'redeemed', 'partly_redeemed'), ('reward', 'redeemed', 'issued'), ('reward', 'redeemed', 'needs_review'),
  ('reward', 'expired', 'issued'), ('reward', 'expired', 'partly_redeemed'),
  ('delivery', 'queued', 'sent'), ('delivery', 'queued', 'failed'),
  ('delivery', 'sent', 'delivered'), ('delivery', 'sent', 'opened'), ('delivery', 'sent', 'bounced'),
  ('delivery', 'delivered', 'opened'), ('delivery', 'delivered', 'bounced'),
  ('delivery', 'failed', 'queued'), ('delivery', 'bounced', 'queued');

CREATE FUNCTION current_merchant() RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN NULLIF(current_setting('app.merchant_id', true), '');
END $$;

-- Called at the end of each migration that makes tenant tables: the application sees its own tenant's rows only.
CREATE FUNCTION guard_tenant_table(name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
  EXECUTE format('CREATE POLICY tenant ON %s USING (merchant_id = (SELECT current_merchant()))
                  WITH CHECK (merchant_id = (SELECT current_merchant()))', name);
END $$;
CREATE FUNCTION make_append_only(name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %s
                  FOR EACH ROW EXECUTE FUNCTION refuse_change()', name);
  EXECUTE format('CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON %s
                  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
END $$;

SELECT guard_tenant_table(name) FROM unnest(ARRAY['brands', 'programs', 'agents', 'idempotency_keys', 'audit_log',
  'outbox']::regclass[]) AS name;
SELECT make_append_only(name) FROM unnest(ARRAY['idempotency_keys', 'audit_log']::regclass[]) AS name;

GRANT USAGE ON SCHEMA public TO compensation_app;
GRANT SELECT ON merchants, state_moves TO compensation_app;
GRANT SELECT, INSERT ON idempotency_keys, audit_log TO compensation_app;
GRANT SELECT, INSERT, UPDATE ON credentials, brands, programs, agents, outbox TO compensation_app;
