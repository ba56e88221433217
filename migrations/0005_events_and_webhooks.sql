-- What merchants' own systems are told: events that never change, who wants to hear of them, and what came of telling.

-- The last number an event of this merchant was given. Whoever writes an event holds this row until he commits, so the
-- numbers follow the order of the commits and leave no gap: who has seen number n can have missed nothing before it.
CREATE TABLE event_numbers (
  merchant_id text COLLATE "C" PRIMARY KEY REFERENCES merchants (id),
  last bigint NOT NULL CHECK (last > 0)
);

CREATE TABLE events (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  number bigint NOT NULL CHECK (number > 0),
  id text COLLATE "C" NOT NULL, -- carries the letters of the outbox row that told of it: one row, one event
  type text COLLATE "C" NOT NULL,
  subject_id text COLLATE "C" NOT NULL,
  data json NOT NULL, -- the subject, letter by letter as it was shown then: nothing secret, nothing personal
  at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, number),
  UNIQUE (merchant_id, id)
);
CREATE INDEX events_subject ON events (merchant_id, subject_id);

CREATE TABLE webhook_endpoints (
  merchant_id text COLLATE "C" NOT NULL REFERENCES merchants (id),
  id text COLLATE "C" NOT NULL,
  url text NOT NULL CHECK (length(url) <= 2000),
  types text[] NOT NULL, -- the events it hears of; none named means all
  secret bytea NOT NULL, -- sealed
  previous bytea, -- sealed: the secret before the last rotation
  previous_until timestamptz, -- until then it signs too
  visit_id text COLLATE "C", -- the one visit that is planned or under way; any other is out of date
  visit_at timestamptz,
  created_at timestamptz NOT NULL,
  disabled_at timestamptz,
  PRIMARY KEY (merchant_id, id),
  CHECK ((previous IS NULL) = (previous_until IS NULL)),
  CHECK ((visit_id IS NULL) = (visit_at IS NULL)),
  CONSTRAINT nobody_visits_the_disabled CHECK (disabled_at IS NULL OR visit_id IS NULL)
);
CREATE UNIQUE INDEX webhook_endpoints_visit ON webhook_endpoints (merchant_id, visit_id) WHERE visit_id IS NOT NULL;

-- One event on its way to one endpoint.
CREATE TABLE notices (
  merchant_id text COLLATE "C" NOT NULL,
  endpoint_id text COLLATE "C" NOT NULL,
  number bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('queued', 'sent', 'dead')),
  attempts integer NOT NULL DEFAULT 0,
  status smallint, -- what the receiver last answered; none when it did not answer
  error text NOT NULL DEFAULT '', -- a word for what went wrong last, never the receiver's own text
  due_at timestamptz NOT NULL, -- of the next attempt
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, endpoint_id, number),
  FOREIGN KEY (merchant_id, endpoint_id) REFERENCES webhook_endpoints (merchant_id, id),
  FOREIGN KEY (merchant_id, number) REFERENCES events (merchant_id, number)
);
CREATE INDEX notices_due ON notices (merchant_id, endpoint_id, due_at) WHERE state = 'queued';

SELECT guard_tenant_table(name) FROM unnest(ARRAY['event_numbers', 'events', 'webhook_endpoints',
  'notices']::regclass[]) AS name;
SELECT make_append_only('events');
GRANT SELECT, INSERT ON events TO compensation_app;
GRANT SELECT, INSERT, UPDATE ON event_numbers, webhook_endpoints, notices TO compensation_app;
