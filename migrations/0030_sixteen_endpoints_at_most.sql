-- A merchant has at most sixteen live endpoints, also when two are added at the same moment.

-- How many he has. Whoever else would add one waits until this transaction ends.
CREATE FUNCTION hold_endpoints(merchant text) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('webhook_endpoints ' || merchant, 0));
  RETURN (SELECT count(*) FROM webhook_endpoints WHERE merchant_id = merchant AND disabled_at IS NULL);
END $$;

-- Whoever forgets to ask is stopped here.
CREATE FUNCTION refuse_too_many_endpoints() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF hold_endpoints(NEW.merchant_id) >= 16 THEN
    RAISE EXCEPTION 'a merchant has at most sixteen endpoints'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'sixteen_endpoints_at_most';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER sixteen_endpoints_at_most BEFORE INSERT ON webhook_endpoints
  FOR EACH ROW EXECUTE FUNCTION refuse_too_many_endpoints();
