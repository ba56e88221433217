-- The words that an agent wrote for the letters of one case. The latest count; those before them stay on record.

CREATE TABLE letter_words (
  merchant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  case_id text COLLATE "C" NOT NULL,
  words bytea NOT NULL, -- sealed under the customer's key
  written_by text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, id),
  FOREIGN KEY (merchant_id, case_id) REFERENCES cases (merchant_id, id)
);
CREATE INDEX letter_words_case ON letter_words (merchant_id, case_id, id);

SELECT guard_tenant_table('letter_words');
SELECT make_append_only('letter_words');
GRANT SELECT, INSERT ON letter_words TO compensation_app;
