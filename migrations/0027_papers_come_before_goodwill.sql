-- A policy may ask for papers before an offer is taken: kinds of evidence, kept with the offer that asks for them. Nobody takes
-- it alone without them: a second person agreed, or they are there. What is owed is not withheld by it, only looked at.

CREATE FUNCTION papers_or_a_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM offers AS o CROSS JOIN LATERAL jsonb_array_elements_text(coalesce(o.offer -> 'documents', '[]')) AS paper
    WHERE o.merchant_id = NEW.merchant_id AND o.case_id = NEW.id AND o.key = NEW.chosen
      AND NOT EXISTS (SELECT FROM evidence AS e
                      WHERE e.merchant_id = NEW.merchant_id AND e.case_id = NEW.id AND e.kind = paper)
  ) AND NOT EXISTS (
    SELECT FROM approvals AS a WHERE a.merchant_id = NEW.merchant_id AND a.case_id = NEW.id
      AND a.offer_key = NEW.chosen AND a.verdict = 'approved'
  ) THEN
    RAISE EXCEPTION 'a paper is missing, and no second person agreed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER papers_or_a_second_person BEFORE UPDATE OF state ON cases
  FOR EACH ROW WHEN (NEW.state = 'accepted') EXECUTE FUNCTION papers_or_a_second_person();
