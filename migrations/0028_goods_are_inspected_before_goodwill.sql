-- A policy may ask that goods are inspected before anything of the merchant's own goes out: an offer says so, and nobody
-- takes it alone before they were, or when they did not pass. What is owed is not withheld by it, only looked at.

CREATE FUNCTION inspected_or_a_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM offers AS o WHERE o.merchant_id = NEW.merchant_id AND o.case_id = NEW.id AND o.key = NEW.chosen
      AND o.offer ->> 'inspection' IS NOT NULL
  ) AND NOT EXISTS (
    SELECT FROM approvals AS a WHERE a.merchant_id = NEW.merchant_id AND a.case_id = NEW.id
      AND a.offer_key = NEW.chosen AND a.verdict = 'approved'
  ) THEN
    RAISE EXCEPTION 'the goods did not pass an inspection, and no second person agreed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER inspected_or_a_second_person BEFORE UPDATE OF state ON cases
  FOR EACH ROW WHEN (NEW.state = 'accepted') EXECUTE FUNCTION inspected_or_a_second_person();
