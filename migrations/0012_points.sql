-- Points that a customer earns, what he does with all his points, and what they are worth in credit.

-- Points for one purchase. They are pending until a date, or until the merchant says that the sale is settled.
CREATE TABLE earnings (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  customer_id text COLLATE "C" NOT NULL,
  reference text NOT NULL CHECK (reference <> ''), -- the merchant's own purchase: it earns once
  points bigint NOT NULL CHECK (points > 0),
  taken_back bigint NOT NULL DEFAULT 0,
  state text NOT NULL CHECK (state IN ('pending', 'released', 'expired')),
  release_at timestamptz, -- none: when the merchant says so
  expires_at timestamptz NOT NULL,
  created_by text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  CONSTRAINT a_purchase_earns_once UNIQUE (merchant_id, reference),
  FOREIGN KEY (merchant_id, customer_id) REFERENCES customers (merchant_id, id),
  CONSTRAINT never_more_taken_back_than_earned CHECK (taken_back BETWEEN 0 AND points)
);
CREATE INDEX earnings_customer ON earnings (merchant_id, customer_id);
CREATE INDEX earnings_release ON earnings (merchant_id, release_at) WHERE state = 'pending' AND release_at IS NOT NULL;
CREATE INDEX earnings_expiry ON earnings (merchant_id, expires_at) WHERE state <> 'expired';
INSERT INTO state_moves (machine, from_state, to_state) VALUES
  ('earning', 'pending', 'released'), ('earning', 'pending', 'expired'), ('earning', 'released', 'expired');
CREATE TRIGGER states_never_skip BEFORE UPDATE OF state ON earnings FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION refuse_skipped_state('earning');

-- So many points are so much credit, from a day on. Rates are added, never changed: what was converted can be checked.
CREATE TABLE points_rates (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  program_id text COLLATE "C", -- none: for every program that has no rate of its own
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  points bigint NOT NULL CHECK (points > 0),
  amount bigint NOT NULL CHECK (amount > 0),
  valid_from timestamptz NOT NULL,
  created_by text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, program_id) REFERENCES programs (merchant_id, id),
  CONSTRAINT one_rate_a_moment UNIQUE NULLS NOT DISTINCT (merchant_id, program_id, currency, valid_from)
);

-- One row for every use of points.
CREATE TABLE points_uses (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  customer_id text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('spend', 'convert', 'take_back')),
  points bigint NOT NULL CHECK (points >= 0), -- what was there to take
  shortfall bigint NOT NULL DEFAULT 0 CHECK (shortfall >= 0), -- what should have been taken back and was not there
  balance bigint NOT NULL CHECK (balance >= 0), -- what the customer had left to spend
  earning_id text COLLATE "C",
  rate_id text COLLATE "C",
  reward_id text COLLATE "C", -- the credit that points became
  reference text NOT NULL DEFAULT '',
  actor text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, customer_id) REFERENCES customers (merchant_id, id),
  FOREIGN KEY (merchant_id, earning_id) REFERENCES earnings (merchant_id, id),
  FOREIGN KEY (merchant_id, rate_id) REFERENCES points_rates (merchant_id, id),
  FOREIGN KEY (merchant_id, reward_id) REFERENCES rewards (merchant_id, id),
  CHECK (points + shortfall > 0 AND (kind = 'take_back' OR shortfall = 0)),
  CHECK ((kind = 'take_back') = (earning_id IS NOT NULL)),
  CHECK ((kind = 'convert') = (rate_id IS NOT NULL) AND (kind = 'convert') = (reward_id IS NOT NULL))
);
CREATE INDEX points_uses_customer ON points_uses (merchant_id, customer_id, id);
CREATE INDEX points_uses_earning ON points_uses (merchant_id, earning_id) WHERE earning_id IS NOT NULL;

-- The list only grows, so rows that were checked against the shorter one need no second check.
-- squawk-ignore ban-drop-constraint
ALTER TABLE transfers DROP CONSTRAINT transfers_kind_check;
ALTER TABLE transfers ADD CONSTRAINT transfers_kind_check CHECK (kind IN (
  'fund', 'reserve', 'release', 'issue', 'redeem', 'return', 'void', 'expire', 'refund', 'refund_settled',
  'refund_failed', 'reversal', 'hold', 'capture', 'points_earned', 'points_released', 'points_spent', 'points_converted',
  'points_taken_back')) NOT VALID;

SELECT guard_tenant_table(name) FROM unnest(ARRAY['earnings', 'points_rates', 'points_uses']::regclass[]) AS name;
SELECT make_append_only(name) FROM unnest(ARRAY['points_rates', 'points_uses']::regclass[]) AS name;
GRANT SELECT, INSERT, UPDATE ON earnings TO compensation_app;
GRANT SELECT, INSERT ON points_rates, points_uses TO compensation_app;
