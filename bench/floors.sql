-- What an issue is in its barest form: one prepared statement, one transaction, plain tables without guards.
-- Whoever issues faster than this must commit several issues together.
CREATE SCHEMA floor;
SET search_path = floor;
CREATE SEQUENCE numbers CACHE 100;
CREATE TABLE budgets (program integer PRIMARY KEY, balance bigint NOT NULL CHECK (balance >= 0));
CREATE TABLE orders (id text COLLATE "C" PRIMARY KEY, program integer NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE cards (
  id text COLLATE "C" PRIMARY KEY, order_id text COLLATE "C" NOT NULL, code_hash bytea NOT NULL UNIQUE,
  code_sealed bytea NOT NULL, amount bigint NOT NULL, currency text NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE postings (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, source text COLLATE "C" NOT NULL,
  destination text COLLATE "C" NOT NULL, amount bigint NOT NULL CHECK (amount > 0));
CREATE INDEX postings_destination ON postings (destination);
CREATE TABLE outbox (id text COLLATE "C" PRIMARY KEY, topic text NOT NULL, due_at timestamptz NOT NULL);
INSERT INTO budgets SELECT program, 1000000000000000 FROM generate_series(0, 99999) AS program;
INSERT INTO orders SELECT 'ord_' || lpad(n::text, 26, '0'), 0, now() FROM generate_series(1, 20000) AS n;
INSERT INTO cards SELECT 'rwd_' || lpad(n::text, 26, '0'), 'ord_' || lpad(n::text, 26, '0'), sha256(n::text::bytea),
  sha256(n::text::bytea) || sha256('x'), 500, 'EUR', now() FROM generate_series(1, 20000) AS n;
INSERT INTO postings (source, destination, amount)
  SELECT 'budget:0', 'card:' || n, 500 FROM generate_series(1, 40000) AS n;
INSERT INTO outbox SELECT 'out_' || lpad(n::text, 26, '0'), 'tell', now() FROM generate_series(1, 20000) AS n;
SELECT setval('numbers', 100000);
