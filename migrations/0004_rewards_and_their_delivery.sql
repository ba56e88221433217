-- What is issued, how the recipient is told, and how it is used.

CREATE TABLE orders (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  program_id text COLLATE "C" NOT NULL,
  case_id text COLLATE "C",
  customer_id text COLLATE "C",
  state text NOT NULL CHECK (state IN ('pending', 'issuing', 'issued', 'partly_issued', 'failed', 'cancelled')),
  reference text, -- the merchant's own
  created_by text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, program_id) REFERENCES programs (merchant_id, id),
  FOREIGN KEY (merchant_id, case_id) REFERENCES cases (merchant_id, id),
  FOREIGN KEY (merchant_id, customer_id) REFERENCES customers (merchant_id, id)
);
CREATE UNIQUE INDEX orders_case ON orders (merchant_id, case_id) WHERE case_id IS NOT NULL AND state <> 'cancelled';
CREATE INDEX orders_customer ON orders (merchant_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE TRIGGER states_never_skip BEFORE UPDATE OF state ON orders FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION refuse_skipped_state('order');

CREATE TABLE rewards (
  merchant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  order_id text COLLATE "C" NOT NULL,
  program_id text COLLATE "C" NOT NULL,
  case_id text COLLATE "C",
  customer_id text COLLATE "C",
  position smallint NOT NULL,
  kind text NOT NULL, -- how it is issued: store_credit, gift_card, points, tier, discount, refund, task, …
  remedy text NOT NULL, -- which class of redress it is
  part text NOT NULL CHECK (part IN ('owed', 'goodwill', 'sold', 'promo')),
  state text NOT NULL CHECK (state IN ('pending', 'issued', 'needs_review', 'refused', 'partly_redeemed', 'redeemed',
                                       'expired', 'voided')),
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'), -- of the order and of the budget
  asset text NOT NULL CHECK (asset ~ '^[A-Z]{3,6}$'), -- of the reward itself: the currency, or POINTS
  principal bigint NOT NULL CHECK (principal >= 0),
  bonus bigint NOT NULL CHECK (bonus >= 0),
  budget bigint NOT NULL DEFAULT 0 CHECK (budget >= 0), -- what it takes from the program, in the money of the order
  terms jsonb NOT NULL DEFAULT '{}',
  code_sealed bytea,
  code_hash bytea,
  code_last4 text,
  partner_ref text, -- our reference with a partner, the same in every attempt
  partner_id text, -- the partner's own id for it
  expires_at timestamptz,
  due_at timestamptz, -- by when a task is done or money arrives
  issued_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  UNIQUE (merchant_id, order_id, position),
  FOREIGN KEY (merchant_id, order_id) REFERENCES orders (merchant_id, id),
  CHECK ((code_sealed IS NULL) = (code_hash IS NULL) AND (code_sealed IS NULL) = (code_last4 IS NULL)),
  CONSTRAINT issued_when CHECK (issued_at IS NOT NULL OR state IN ('pending', 'needs_review', 'refused', 'voided'))
);
CREATE UNIQUE INDEX rewards_code ON rewards (merchant_id, code_hash) WHERE code_hash IS NOT NULL;
CREATE INDEX rewards_case ON rewards (merchant_id, case_id) WHERE case_id IS NOT NULL;
CREATE INDEX rewards_customer ON rewards (merchant_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX rewards_due ON rewards (merchant_id, due_at) WHERE due_at IS NOT NULL AND state IN ('pending', 'issued');
CREATE INDEX rewards_expiry ON rewards (merchant_id, expires_at)
  WHERE expires_at IS NOT NULL AND state IN ('issued', 'partly_redeemed');
CREATE TRIGGER states_never_skip BEFORE UPDATE OF state ON rewards FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION refuse_skipped_state('reward');

-- One row for every use of value: what was spent, and what was given back.
CREATE TABLE redemptions (
  merchant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  reward_id text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('redeem', 'return')),
  of text COLLATE "C", -- the redemption a return gives back
  amount bigint NOT NULL CHECK (amount > 0),
  asset text NOT NULL,
  balance bigint NOT NULL CHECK (balance >= 0), -- what was left on the reward afterwards
  reference text NOT NULL DEFAULT '', -- the merchant's sale
  actor text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, reward_id) REFERENCES rewards (merchant_id, id),
  FOREIGN KEY (merchant_id, of) REFERENCES redemptions (merchant_id, id),
  CHECK ((kind = 'return') = (of IS NOT NULL))
);
CREATE INDEX redemptions_reward ON redemptions (merchant_id, reward_id, id);
CREATE INDEX redemptions_of ON redemptions (merchant_id, of) WHERE of IS NOT NULL;

CREATE TABLE links (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('offers', 'gift', 'status')),
  subject_id text COLLATE "C" NOT NULL, -- the case, or the order
  token_hash bytea NOT NULL,
  key_version smallint NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  UNIQUE (merchant_id, token_hash)
);
CREATE UNIQUE INDEX links_live ON links (merchant_id, kind, subject_id) WHERE revoked_at IS NULL;

CREATE TABLE deliveries (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  letter text NOT NULL CHECK (letter IN ('offers', 'remedy', 'apology')),
  case_id text COLLATE "C",
  order_id text COLLATE "C",
  customer_id text COLLATE "C",
  channel text NOT NULL CHECK (channel IN ('email')),
  locale text NOT NULL,
  state text NOT NULL CHECK (state IN ('queued', 'sent', 'delivered', 'opened', 'bounced', 'failed')),
  subject text NOT NULL DEFAULT '', -- harm and order only: nothing secret, no name
  message bytea, -- sealed: the letter as it was sent
  attempts integer NOT NULL DEFAULT 0,
  last_error text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL,
  sent_at timestamptz,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id)
);
CREATE INDEX deliveries_case ON deliveries (merchant_id, case_id) WHERE case_id IS NOT NULL;
CREATE INDEX deliveries_order ON deliveries (merchant_id, order_id) WHERE order_id IS NOT NULL;
CREATE TRIGGER states_never_skip BEFORE UPDATE OF state ON deliveries FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION refuse_skipped_state('delivery');

SELECT guard_tenant_table(name) FROM unnest(ARRAY['orders', 'rewards', 'redemptions', 'links',
  'deliveries']::regclass[]) AS name;
SELECT make_append_only('redemptions');
GRANT SELECT, INSERT ON redemptions TO compensation_app;
GRANT SELECT, INSERT, UPDATE ON orders, rewards, links, deliveries TO compensation_app;
