-- What each case promises its customer as goodwill, and the most that its policy allows one customer over a period. Two
-- cases of one customer that are chosen at the same moment cannot pass the cap together.
-- Written before the first release: these tables are small, and no lock on them would be felt.

CREATE TABLE goodwill_promises (
  merchant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  case_id text COLLATE "C" NOT NULL,
  customer_id text COLLATE "C" NOT NULL,
  currency text COLLATE "C" NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  amount bigint NOT NULL CHECK (amount > 0), -- before the bonus of its form
  opened_at timestamptz NOT NULL, -- when the case was reported: by that the period counts
  most bigint, -- NULL: the policy has no cap in this currency
  since timestamptz, -- when the period began that the cap is for
  at timestamptz NOT NULL,
  withdrawn_at timestamptz, -- the case was sent back, rejected or called off
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, case_id) REFERENCES cases (merchant_id, id),
  FOREIGN KEY (merchant_id, customer_id) REFERENCES customers (merchant_id, id),
  CHECK ((most IS NULL) = (since IS NULL)),
  CHECK (amount <= most)
);
CREATE UNIQUE INDEX one_promise_a_case ON goodwill_promises (merchant_id, case_id) WHERE withdrawn_at IS NULL;
CREATE INDEX goodwill_promises_customer ON goodwill_promises (merchant_id, customer_id, currency, opened_at)
  WHERE withdrawn_at IS NULL;

-- What was chosen before there was this table: it counts for what comes, and is bound by nothing itself.
INSERT INTO goodwill_promises (merchant_id, id, case_id, customer_id, currency, amount, opened_at, at)
SELECT c.merchant_id, 'gwp_' || c.id, c.id, c.customer_id, c.currency, g.amount, c.created_at, c.updated_at
FROM cases AS c JOIN offers AS o ON o.merchant_id = c.merchant_id AND o.case_id = c.id AND o.key = c.chosen
CROSS JOIN LATERAL (
  SELECT sum((line -> 'amount' ->> 'amount')::bigint) AS amount FROM jsonb_array_elements(o.offer -> 'lines') AS line
  WHERE line ->> 'part' = 'goodwill') AS g
WHERE g.amount > 0 AND c.state NOT IN ('cancelled', 'rejected');

-- What was promised to a customer since then. Whoever else would promise him something waits until this transaction ends.
CREATE FUNCTION hold_goodwill(merchant text, for_customer text, in_currency text, from_then timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM FROM customers WHERE merchant_id = merchant AND id = for_customer FOR NO KEY UPDATE;
  RETURN (SELECT coalesce(sum(p.amount), 0) FROM goodwill_promises AS p
          WHERE p.merchant_id = merchant AND p.customer_id = for_customer AND p.currency = in_currency
            AND p.withdrawn_at IS NULL AND p.opened_at >= from_then);
END $$;

-- Whoever forgets to ask is stopped here.
CREATE FUNCTION refuse_beyond_customer_cap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF hold_goodwill(NEW.merchant_id, NEW.customer_id, NEW.currency, NEW.since) + NEW.amount > NEW.most THEN
    RAISE EXCEPTION 'this promise passes the cap of the customer'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'within_customer_cap';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER within_customer_cap BEFORE INSERT ON goodwill_promises
  FOR EACH ROW EXECUTE FUNCTION refuse_beyond_customer_cap();
CREATE TRIGGER promises_never_change BEFORE UPDATE OF merchant_id, id, case_id, customer_id, currency, amount, opened_at,
  most, since, at ON goodwill_promises FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER withdrawn_once BEFORE UPDATE ON goodwill_promises FOR EACH ROW WHEN (OLD.withdrawn_at IS NOT NULL)
  EXECUTE FUNCTION refuse_change();

-- A choice that is undone promises nothing more, by whichever way it is undone.
CREATE FUNCTION withdraw_promise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE goodwill_promises SET withdrawn_at = NEW.updated_at
  WHERE merchant_id = NEW.merchant_id AND case_id = NEW.id AND withdrawn_at IS NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER choices_are_withdrawn AFTER UPDATE OF state ON cases FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state AND NEW.state IN ('offered', 'rejected', 'cancelled'))
  EXECUTE FUNCTION withdraw_promise();

SELECT guard_tenant_table('goodwill_promises');
GRANT SELECT, INSERT, UPDATE ON goodwill_promises TO compensation_app;
