-- A case can be called off until its remedy is being issued. Whoever forgets to give back what was set aside for it is
-- stopped here; that issuing has not begun is kept by the moves of the state machine.

CREATE FUNCTION nothing_is_held_by_what_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM transfers AS t WHERE t.merchant_id = NEW.merchant_id AND t.subject_id = NEW.id AND t.kind = 'reserve'
      AND NOT EXISTS (SELECT FROM transfers AS r WHERE r.merchant_id = NEW.merchant_id AND r.subject_id = NEW.id
                                                   AND r.reverses = t.id)
  ) THEN
    RAISE EXCEPTION 'what was set aside for this case has not gone back' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER nothing_is_held_by_what_ended BEFORE UPDATE OF state ON cases FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state AND NEW.state IN ('cancelled', 'rejected'))
  EXECUTE FUNCTION nothing_is_held_by_what_ended();
