-- Who may grant how much without asking over a time, who stands in for whom, and each use that was made of authority.

ALTER TABLE agents ADD COLUMN team text COLLATE "C" NOT NULL DEFAULT '';
-- Keyed hashes of the addresses under which he would be a customer himself: nobody grants anything to himself.
ALTER TABLE agents ADD COLUMN own_hashes bytea[] NOT NULL DEFAULT '{}';

CREATE TABLE authority_limits (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('agent', 'team', 'role', 'program', 'customer')),
  subject text COLLATE "C" NOT NULL, -- an agent's id, a team, a role, a program's id; empty for every customer alike
  program_id text COLLATE "C", -- counts in this program only; NULL: in all of them
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  period_days smallint NOT NULL CHECK (period_days BETWEEN 1 AND 366),
  most bigint NOT NULL CHECK (most >= 0),
  set_by text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  ended_by text COLLATE "C",
  ended_at timestamptz,
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, program_id) REFERENCES programs (merchant_id, id),
  CHECK ((kind = 'customer') = (subject = '')),
  CHECK (kind <> 'program' OR program_id IS NULL),
  CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE UNIQUE INDEX authority_limits_in_force
  ON authority_limits (merchant_id, currency, kind, subject, coalesce(program_id, ''), period_days)
  WHERE ended_at IS NULL;

-- Somebody who may approve lets another decide in his place, for a time that ends by itself.
CREATE TABLE delegations (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  from_agent text COLLATE "C" NOT NULL,
  to_agent text COLLATE "C" NOT NULL,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  made_by text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  ended_by text COLLATE "C", -- who ended it before its time
  ended_at timestamptz,
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, from_agent) REFERENCES agents (merchant_id, id),
  FOREIGN KEY (merchant_id, to_agent) REFERENCES agents (merchant_id, id),
  CHECK (from_agent <> to_agent),
  CONSTRAINT a_delegation_ends CHECK (ends_at > starts_at AND ends_at <= starts_at + interval '92 days'),
  CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE INDEX delegations_to ON delegations (merchant_id, to_agent, ends_at);

-- Whose authority a verdict used, where it was not the own authority of whoever decided.
ALTER TABLE approvals ADD COLUMN on_behalf_of text COLLATE "C"
  CONSTRAINT no_chain_to_the_maker CHECK (on_behalf_of <> asked_by AND on_behalf_of <> decided_by);
-- These tables are small beside cases, and nothing is released yet that would write to them meanwhile.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX approvals_case ON approvals (merchant_id, case_id);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX consents_case ON consents (merchant_id, case_id);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX case_events_choices ON case_events (merchant_id, at) WHERE what IN ('chosen', 'proposed');

-- One row for each remedy granted: the sums that limits are held against.
CREATE TABLE grants (
  merchant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  case_id text COLLATE "C" NOT NULL,
  program_id text COLLATE "C" NOT NULL,
  customer_id text COLLATE "C" NOT NULL,
  agent_id text COLLATE "C", -- whose authority it used; NULL: no agent's, the merchant's own system granted it
  granted_by text COLLATE "C" NOT NULL, -- who acted
  team text COLLATE "C" NOT NULL, -- the agent's, at that time
  how text NOT NULL CHECK (how IN ('alone', 'approved')),
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  amount bigint NOT NULL CHECK (amount >= 0),
  bound bigint, -- the agent's own authority in this currency at that time
  at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  CHECK ((agent_id IS NULL) = (bound IS NULL)),
  FOREIGN KEY (merchant_id, case_id) REFERENCES cases (merchant_id, id),
  CHECK (how = 'alone' OR agent_id IS NOT NULL)
);
CREATE INDEX grants_agent ON grants (merchant_id, agent_id, at) WHERE agent_id IS NOT NULL;
CREATE INDEX grants_team ON grants (merchant_id, team, at) WHERE team <> '';
CREATE INDEX grants_customer ON grants (merchant_id, customer_id, at);
CREATE INDEX grants_program ON grants (merchant_id, program_id, currency, at) INCLUDE (amount);

-- An agent chose another offer than the first, the recommended one, and said why.
CREATE TABLE overrides (
  merchant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  case_id text COLLATE "C" NOT NULL,
  agent_id text COLLATE "C" NOT NULL,
  offer_key text COLLATE "C" NOT NULL,
  first_key text COLLATE "C" NOT NULL,
  reason text NOT NULL CHECK (reason IN ('customer_wish', 'harm_weighs_more', 'keeps_customer', 'not_available', 'other')),
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  value bigint NOT NULL, -- of what was chosen
  first_value bigint NOT NULL, -- of what was recommended
  cost bigint NOT NULL,
  first_cost bigint NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, case_id, offer_key) REFERENCES offers (merchant_id, case_id, key),
  CHECK (offer_key <> first_key)
);
CREATE INDEX overrides_at ON overrides (merchant_id, at);
CREATE INDEX overrides_case ON overrides (merchant_id, case_id);

-- The first bound that a grant of this amount would pass: 'agent' for the agent's own authority, or the id of a limit;
-- NULL when it passes none. An agent's own authority counts together what he granted to one customer in 30 days, so
-- that a sum cannot be split over cases. What a second person approves is held against his own authority, team and
-- role; the limits of programs and customers are what brought it to him.
CREATE FUNCTION beyond_authority(
  merchant text, of_agent text, in_program text, for_customer text, in_currency text, wanted bigint, as_how text,
  moment timestamptz
) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
  staff record;
  bound record;
  granted bigint;
BEGIN
  IF wanted = 0 THEN
    RETURN NULL;
  END IF;
  SELECT a.team, a.role, coalesce((a.authority ->> in_currency)::bigint, 0) AS most INTO staff
  FROM agents AS a WHERE a.merchant_id = merchant AND a.id = of_agent AND a.retired_at IS NULL;
  IF of_agent IS NOT NULL THEN
    IF NOT FOUND THEN
      RETURN 'agent';
    END IF;
    SELECT coalesce(sum(g.amount), 0) INTO granted FROM grants AS g
    WHERE g.merchant_id = merchant AND g.agent_id = of_agent AND g.customer_id = for_customer
      AND g.currency = in_currency AND g.at > moment - interval '30 days';
    IF granted + wanted > staff.most THEN
      RETURN 'agent';
    END IF;
  END IF;
  FOR bound IN
    SELECT l.id, l.kind, l.program_id, l.most, moment - make_interval(days => l.period_days) AS since
    FROM authority_limits AS l
    WHERE l.merchant_id = merchant AND l.ended_at IS NULL AND l.currency = in_currency
      AND (l.program_id IS NULL OR l.program_id = in_program)
      AND CASE l.kind WHEN 'agent' THEN l.subject = of_agent WHEN 'team' THEN l.subject = staff.team
                      WHEN 'role' THEN l.subject = staff.role WHEN 'program' THEN as_how = 'alone' AND l.subject = in_program
                      ELSE as_how = 'alone' END
    ORDER BY l.id
  LOOP
    IF bound.kind IN ('agent', 'role') THEN
      SELECT coalesce(sum(g.amount), 0) INTO granted FROM grants AS g
      WHERE g.merchant_id = merchant AND g.agent_id = of_agent AND g.currency = in_currency AND g.at > bound.since
        AND (bound.program_id IS NULL OR g.program_id = bound.program_id);
    ELSIF bound.kind = 'team' THEN
      SELECT coalesce(sum(g.amount), 0) INTO granted FROM grants AS g
      WHERE g.merchant_id = merchant AND g.team = staff.team AND g.currency = in_currency AND g.at > bound.since
        AND (bound.program_id IS NULL OR g.program_id = bound.program_id);
    ELSIF bound.kind = 'program' THEN
      SELECT coalesce(sum(g.amount), 0) INTO granted FROM grants AS g
      WHERE g.merchant_id = merchant AND g.program_id = in_program AND g.currency = in_currency AND g.at > bound.since;
    ELSE
      SELECT coalesce(sum(g.amount), 0) INTO granted FROM grants AS g
      WHERE g.merchant_id = merchant AND g.customer_id = for_customer AND g.currency = in_currency
        AND g.at > bound.since AND (bound.program_id IS NULL OR g.program_id = bound.program_id);
    END IF;
    IF granted + wanted > bound.most THEN
      RETURN bound.id;
    END IF;
  END LOOP;
  RETURN NULL;
END $$;

-- The same question by whoever is about to grant: others who would use the same authority wait until he is done, and
-- then see what he granted. First the agent, then the limits by their ids, so that no two wait for each other.
CREATE FUNCTION hold_authority(
  merchant text, of_agent text, in_program text, for_customer text, in_currency text, wanted bigint, as_how text,
  moment timestamptz
) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM FROM agents WHERE merchant_id = merchant AND id = of_agent FOR NO KEY UPDATE;
  PERFORM FROM authority_limits
  WHERE merchant_id = merchant AND ended_at IS NULL AND currency = in_currency
    AND (program_id IS NULL OR program_id = in_program)
  ORDER BY id FOR NO KEY UPDATE;
  RETURN beyond_authority(merchant, of_agent, in_program, for_customer, in_currency, wanted, as_how, moment);
END $$;

-- Whoever forgets to ask is stopped here.
CREATE FUNCTION refuse_beyond_authority() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF hold_authority(NEW.merchant_id, NEW.agent_id, NEW.program_id, NEW.customer_id, NEW.currency, NEW.amount, NEW.how,
                    NEW.at) IS NOT NULL THEN
    RAISE EXCEPTION 'this grant is beyond authority' USING ERRCODE = 'check_violation', CONSTRAINT = 'within_authority';
  END IF;
  IF EXISTS (SELECT FROM agents AS a JOIN customers AS c ON c.merchant_id = a.merchant_id
             WHERE a.merchant_id = NEW.merchant_id AND a.id IN (NEW.agent_id, NEW.granted_by) AND c.id = NEW.customer_id
               AND a.own_hashes && ARRAY[c.email_hash, c.reference_hash]) THEN
    RAISE EXCEPTION 'nobody grants anything to himself'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'nobody_pays_himself';
  END IF;
  NEW.team := coalesce((SELECT team FROM agents WHERE merchant_id = NEW.merchant_id AND id = NEW.agent_id), '');
  NEW.bound := (SELECT coalesce((authority ->> NEW.currency)::bigint, 0) FROM agents
                WHERE merchant_id = NEW.merchant_id AND id = NEW.agent_id);
  RETURN NEW;
END $$;
CREATE TRIGGER within_authority BEFORE INSERT ON grants FOR EACH ROW EXECUTE FUNCTION refuse_beyond_authority();

SELECT guard_tenant_table(name) FROM unnest(ARRAY['authority_limits', 'delegations', 'grants', 'overrides']::regclass[])
  AS name;
SELECT make_append_only(name) FROM unnest(ARRAY['grants', 'overrides']::regclass[]) AS name;
GRANT SELECT, INSERT ON grants, overrides TO compensation_app;
GRANT SELECT, INSERT, UPDATE ON authority_limits, delegations TO compensation_app;
