-- The law is in the table too: value stands for money owed only in an offer that asks for consent, in a form that a
-- rule can allow. Credit that was promised is no substitute: it is the thing itself.
-- Written before the first release: no installation has a table so large that the check would be felt.
-- squawk-ignore-file constraint-missing-not-valid

ALTER TABLE offers ADD CONSTRAINT substitutes_ask_for_consent CHECK (
  jsonb_typeof(offer -> 'consent') = 'object'
  OR NOT jsonb_path_exists(offer, '$.lines[*] ? (@.part == "owed" && @.settles[*] != "promise"
       && @.terms.kind != "refund" && @.terms.kind != "task")'));
ALTER TABLE offers ADD CONSTRAINT no_consent_to_what_is_forbidden CHECK (
  coalesce(offer -> 'consent' ->> 'form', 'express') IN ('express', 'signed'));
