-- Double entry. A posting takes from one account and gives to another, so it cannot be unbalanced; a balance is what
-- came in less what went out, so that over a merchant and an asset all balances add up to zero.
-- An account's id says what it is: role:owner:asset, and a fourth part for the lots of one owner,
-- for example budget:prg_…:USD, card:rwd_…:USD:bonus, expense.goodwill:mer_…:USD.

CREATE TABLE accounts (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL CHECK (id ~ '^[a-z_.]+:[a-z0-9_]+:[A-Z]{3,6}(:[a-z0-9_.]+)?$'),
  role text COLLATE "C" GENERATED ALWAYS AS (split_part(id, ':', 1)) STORED,
  owner_id text COLLATE "C" GENERATED ALWAYS AS (split_part(id, ':', 2)) STORED,
  asset text COLLATE "C" GENERATED ALWAYS AS (split_part(id, ':', 3)) STORED,
  lot text COLLATE "C" GENERATED ALWAYS AS (split_part(id, ':', 4)) STORED,
  balance bigint NOT NULL,
  origin text CHECK (origin IN ('owed', 'goodwill', 'sold', 'promo')), -- of a lot
  expires_at timestamptz, -- of a lot
  opened_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  CONSTRAINT no_overdraft CHECK (
    balance >= 0 OR split_part(id, ':', 1) IN ('funding', 'points_issued', 'expense.owed', 'expense.goodwill',
                                               'expense.promo', 'expense.sold'))
);
CREATE INDEX accounts_owner ON accounts (merchant_id, owner_id);
CREATE INDEX accounts_expiry ON accounts (merchant_id, expires_at) WHERE expires_at IS NOT NULL AND balance > 0;

CREATE TABLE transfers (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('fund', 'reserve', 'release', 'issue', 'redeem', 'return', 'void', 'expire',
                                     'refund', 'refund_settled', 'refund_failed')),
  subject_id text COLLATE "C" NOT NULL, -- the reward, case or program it is about
  reverses text COLLATE "C",
  actor text COLLATE "C" NOT NULL,
  event_at timestamptz NOT NULL, -- when it happened in the world
  created_at timestamptz NOT NULL, -- when we wrote it down
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, reverses) REFERENCES transfers (merchant_id, id)
);
CREATE INDEX transfers_subject ON transfers (merchant_id, subject_id);

CREATE TABLE postings (
  merchant_id text COLLATE "C" NOT NULL,
  transfer_id text COLLATE "C" NOT NULL,
  line smallint NOT NULL,
  source text COLLATE "C" NOT NULL, -- debited
  destination text COLLATE "C" NOT NULL, -- credited
  amount bigint NOT NULL CHECK (amount > 0),
  PRIMARY KEY (merchant_id, transfer_id, line),
  FOREIGN KEY (merchant_id, transfer_id) REFERENCES transfers (merchant_id, id),
  CONSTRAINT source_was_opened FOREIGN KEY (merchant_id, source) REFERENCES accounts (merchant_id, id),
  FOREIGN KEY (merchant_id, destination) REFERENCES accounts (merchant_id, id),
  CHECK (source <> destination),
  CONSTRAINT same_asset CHECK (split_part(source, ':', 3) = split_part(destination, ':', 3))
);
CREATE INDEX postings_source ON postings (merchant_id, source);
CREATE INDEX postings_destination ON postings (merchant_id, destination);

SELECT guard_tenant_table(name) FROM unnest(ARRAY['accounts', 'transfers', 'postings']::regclass[]) AS name;
SELECT make_append_only(name) FROM unnest(ARRAY['transfers', 'postings']::regclass[]) AS name;
GRANT SELECT, INSERT ON transfers, postings TO compensation_app;
GRANT SELECT, INSERT ON accounts TO compensation_app;
GRANT UPDATE (balance) ON accounts TO compensation_app;
