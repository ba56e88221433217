-- A customer says that he disagrees with what was decided, and somebody who had no part in it looks again and answers.
-- What was said stands in the history, sealed; here stands nothing personal.

CREATE TABLE disputes (
  merchant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  case_id text COLLATE "C" NOT NULL,
  decision text COLLATE "C" NOT NULL, -- the event that he disagrees with: with each once
  opened_by text COLLATE "C" NOT NULL,
  opened_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  outcome text CHECK (outcome IN ('upheld', 'decided_anew')),
  further_case text COLLATE "C", -- where what was issued stays, and what is to be added is a case of its own
  answered_by text COLLATE "C" CHECK (answered_by LIKE 'agt\_%'), -- a person, never a system or the customer
  answered_at timestamptz,
  PRIMARY KEY (merchant_id, id),
  CONSTRAINT each_decision_once UNIQUE (merchant_id, case_id, decision),
  FOREIGN KEY (merchant_id, case_id) REFERENCES cases (merchant_id, id),
  FOREIGN KEY (merchant_id, case_id, decision) REFERENCES case_events (merchant_id, case_id, id),
  FOREIGN KEY (merchant_id, further_case) REFERENCES cases (merchant_id, id),
  CHECK (due_at > opened_at),
  CHECK ((outcome IS NULL) = (answered_by IS NULL) AND (outcome IS NULL) = (answered_at IS NULL)),
  CHECK (further_case IS NULL OR (outcome = 'decided_anew' AND further_case <> case_id))
);
CREATE UNIQUE INDEX disputes_open ON disputes (merchant_id, case_id) WHERE outcome IS NULL;

-- Whoever made, took, granted or refused an offer of the case does not answer for it.
CREATE FUNCTION answered_by_somebody_else() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM case_events AS e
    WHERE e.merchant_id = NEW.merchant_id AND e.case_id = NEW.case_id AND e.actor = NEW.answered_by
      AND e.what IN ('offered', 'chosen', 'proposed', 'approved', 'sent_back', 'rejected')
  ) THEN
    RAISE EXCEPTION 'a dispute is answered by somebody who had no part in the decision' USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.further_case IS NOT NULL AND NOT EXISTS (
    SELECT FROM cases AS f JOIN cases AS c ON c.merchant_id = NEW.merchant_id AND c.id = NEW.case_id
    WHERE f.merchant_id = NEW.merchant_id AND f.id = NEW.further_case AND f.customer_id = c.customer_id
      AND f.created_at >= NEW.opened_at
  ) THEN
    RAISE EXCEPTION 'the further case is of another customer, or older than the dispute' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER answered_by_somebody_else BEFORE UPDATE ON disputes
  FOR EACH ROW WHEN (OLD.outcome IS NULL AND NEW.outcome IS NOT NULL) EXECUTE FUNCTION answered_by_somebody_else();
CREATE TRIGGER answered_once BEFORE UPDATE ON disputes
  FOR EACH ROW WHEN (OLD.outcome IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER disputes_never_change BEFORE UPDATE OF merchant_id, id, case_id, decision, opened_by, opened_at, due_at
  ON disputes FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Nobody ends a case to be rid of the question.
CREATE FUNCTION answered_before_the_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM disputes AS d
             WHERE d.merchant_id = NEW.merchant_id AND d.case_id = NEW.id AND d.outcome IS NULL) THEN
    RAISE EXCEPTION 'the customer disagrees and has no answer yet' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER answered_before_the_end BEFORE UPDATE OF state ON cases FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state AND NEW.state IN ('closed', 'cancelled'))
  EXECUTE FUNCTION answered_before_the_end();

SELECT guard_tenant_table('disputes');
GRANT SELECT, INSERT, UPDATE ON disputes TO compensation_app;

-- The answer is a letter of its own. Every letter that there is has one of the names before.
-- squawk-ignore ban-drop-constraint
ALTER TABLE deliveries DROP CONSTRAINT deliveries_letter_check;
ALTER TABLE deliveries ADD CONSTRAINT deliveries_letter_check
  CHECK (letter IN ('offers', 'remedy', 'apology', 'dispute')) NOT VALID;
