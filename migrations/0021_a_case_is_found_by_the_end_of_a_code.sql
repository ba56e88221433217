-- A case is found by the last four characters of a code that came of it. Cards that no case gave are not in the index,
-- so that issuing them costs nothing more.
-- Written before the first release: no installation has a table so large that this lock would be felt.
-- squawk-ignore-file require-concurrent-index-creation
CREATE INDEX rewards_last4 ON rewards (merchant_id, code_last4) WHERE case_id IS NOT NULL AND code_last4 IS NOT NULL;
