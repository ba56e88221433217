-- What is done to a reward besides using it: cancelled, replaced, prolonged, taken back, moved to another.
-- Written before the first release: no installation has tables so large that these locks would be felt.
-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid, adding-foreign-key-constraint, require-concurrent-index-creation, adding-field-with-default

ALTER TABLE transfers DROP CONSTRAINT transfers_kind_check;
ALTER TABLE transfers ADD CONSTRAINT transfers_kind_check CHECK (kind IN (
  'fund', 'reserve', 'release', 'issue', 'redeem', 'return', 'void', 'expire', 'refund', 'refund_settled',
  'refund_failed', 'reversal', 'hold', 'capture', 'points_earned', 'points_released', 'points_spent', 'points_converted',
  'points_taken_back', 'move', 'clawback'));

ALTER TABLE programs ADD COLUMN void_days smallint NOT NULL DEFAULT 14 CHECK (void_days BETWEEN 0 AND 3650);

ALTER TABLE rewards
  ADD COLUMN replaces text COLLATE "C", -- the reward whose code was lost; this one carries its value on
  ADD COLUMN moved_to text COLLATE "C", -- where the value of this one went: its successor, or the card it was merged into
  ADD FOREIGN KEY (merchant_id, replaces) REFERENCES rewards (merchant_id, id),
  ADD FOREIGN KEY (merchant_id, moved_to) REFERENCES rewards (merchant_id, id),
  ADD CONSTRAINT moved_is_voided CHECK (moved_to IS NULL OR state = 'voided');
CREATE UNIQUE INDEX rewards_replaced_once ON rewards (merchant_id, replaces) WHERE replaces IS NOT NULL;

CREATE TABLE corrections (
  merchant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('void', 'reissue', 'extend', 'clawback', 'merge', 'transfer')),
  reward_id text COLLATE "C" NOT NULL,
  to_reward_id text COLLATE "C", -- where the value went
  amount bigint NOT NULL CHECK (amount >= 0), -- what it moved
  shortfall bigint NOT NULL DEFAULT 0 CHECK (shortfall >= 0), -- what a clawback wanted besides and did not find
  asset text NOT NULL CHECK (asset ~ '^[A-Z]{3,6}$'),
  valid_before timestamptz, -- of an extension: the end of validity until now
  valid_until timestamptz, -- and from now on
  reason text NOT NULL DEFAULT '' CHECK (reason ~ '^[a-z_]*$'), -- a code: nothing personal
  actor text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, reward_id) REFERENCES rewards (merchant_id, id),
  FOREIGN KEY (merchant_id, to_reward_id) REFERENCES rewards (merchant_id, id),
  CHECK ((to_reward_id IS NOT NULL) = (kind IN ('reissue', 'merge', 'transfer'))),
  CHECK (to_reward_id <> reward_id),
  CHECK (shortfall = 0 OR kind = 'clawback'),
  CHECK ((valid_until IS NOT NULL) = (kind = 'extend')),
  CONSTRAINT only_later CHECK (valid_until > valid_before)
);
CREATE INDEX corrections_reward ON corrections (merchant_id, reward_id, id);
CREATE INDEX corrections_to_reward ON corrections (merchant_id, to_reward_id) WHERE to_reward_id IS NOT NULL;

-- An end of validity, once told, only moves later. A tier is a time and no value; it may be cut short.
CREATE FUNCTION refuse_earlier_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the end of validity of % only moves later', NEW.id
    USING ERRCODE = 'check_violation', CONSTRAINT = 'only_later';
END $$;
CREATE TRIGGER only_later BEFORE UPDATE OF expires_at ON rewards FOR EACH ROW
  WHEN (NEW.kind <> 'tier' AND NEW.expires_at IS DISTINCT FROM OLD.expires_at
        AND (OLD.expires_at IS NULL OR NEW.expires_at < OLD.expires_at))
  EXECUTE FUNCTION refuse_earlier_end();
CREATE TRIGGER only_later BEFORE UPDATE OF expires_at ON accounts FOR EACH ROW
  WHEN (NEW.expires_at IS DISTINCT FROM OLD.expires_at
        AND (OLD.expires_at IS NULL OR NEW.expires_at < OLD.expires_at))
  EXECUTE FUNCTION refuse_earlier_end();

SELECT guard_tenant_table('corrections');
SELECT make_append_only('corrections');
GRANT SELECT, INSERT ON corrections TO compensation_app;
GRANT UPDATE (expires_at) ON accounts TO compensation_app;
