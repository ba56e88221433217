-- What finance reads: statements with a running balance, the books at any past moment, and what was undone.
-- Written before the first release: no installation has tables so large that these locks would be felt.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion, ban-drop-constraint, constraint-missing-not-valid, adding-field-with-default

-- The balance of a card or a budget is locked before its postings are written, so their numbers follow the order of
-- its balances. A clock could not promise that.
ALTER TABLE postings ADD COLUMN seq bigint GENERATED ALWAYS AS IDENTITY;

-- A statement is read from its newest line backwards, a page at a time.
DROP INDEX postings_source;
DROP INDEX postings_destination;
CREATE INDEX postings_source ON postings (merchant_id, source, seq);
CREATE INDEX postings_destination ON postings (merchant_id, destination, seq);
CREATE INDEX transfers_time ON transfers (merchant_id, created_at, id);

ALTER TABLE transfers DROP CONSTRAINT transfers_kind_check;
ALTER TABLE transfers ADD CONSTRAINT transfers_kind_check CHECK (
  kind IN ('fund', 'reserve', 'release', 'issue', 'redeem', 'return', 'void', 'expire', 'refund', 'refund_settled',
           'refund_failed', 'reversal'));
ALTER TABLE transfers ADD CONSTRAINT reversal_names_what_it_undoes CHECK (kind <> 'reversal' OR reverses IS NOT NULL);
CREATE UNIQUE INDEX reversed_once ON transfers (merchant_id, reverses) WHERE kind = 'reversal';
