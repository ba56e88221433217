-- Value set aside on a card for a limited time. It leaves the card's lots for accounts of the hold itself,
-- held:hld_…:USD:principal, and goes on from there by new transfers: to sales, or back to the lot it came from.

-- The list only grows, so rows that were checked against the shorter one need no second check.
-- squawk-ignore ban-drop-constraint
ALTER TABLE transfers DROP CONSTRAINT transfers_kind_check;
ALTER TABLE transfers ADD CONSTRAINT transfers_kind_check CHECK (kind IN (
  'fund', 'reserve', 'release', 'issue', 'redeem', 'return', 'void', 'expire', 'refund', 'refund_settled',
  'refund_failed', 'reversal', 'hold', 'capture')) NOT VALID;

INSERT INTO state_moves (machine, from_state, to_state) VALUES
  ('hold', 'held', 'captured'), ('hold', 'held', 'released'), ('hold', 'held', 'expired');

CREATE TABLE holds (
  merchant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  reward_id text COLLATE "C" NOT NULL,
  state text NOT NULL CHECK (state IN ('held', 'captured', 'released', 'expired')),
  amount bigint NOT NULL CHECK (amount > 0),
  asset text NOT NULL CHECK (asset ~ '^[A-Z]{3,6}$'),
  redemption_id text COLLATE "C", -- what was captured of it; the rest went back to the card in the same moment
  reference text NOT NULL DEFAULT '', -- the merchant's sale
  actor text COLLATE "C" NOT NULL,
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, reward_id) REFERENCES rewards (merchant_id, id),
  -- Deferred, because the hold is ended before its use is written: what is left on the card is then already known.
  FOREIGN KEY (merchant_id, redemption_id) REFERENCES redemptions (merchant_id, id) DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT captured_is_used CHECK ((state = 'captured') = (redemption_id IS NOT NULL)),
  CHECK (expires_at > created_at)
);
CREATE INDEX holds_open ON holds (merchant_id, reward_id) WHERE state = 'held';
CREATE INDEX holds_due ON holds (merchant_id, expires_at) WHERE state = 'held';
CREATE TRIGGER states_never_skip BEFORE UPDATE OF state ON holds FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION refuse_skipped_state('hold');

SELECT guard_tenant_table('holds');
GRANT SELECT, INSERT ON holds TO compensation_app;
GRANT UPDATE (state, redemption_id, updated_at) ON holds TO compensation_app;
