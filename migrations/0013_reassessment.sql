-- A case can be assessed anew while nothing is chosen: its offers are then other offers. What was agreed to, proposed or
-- overridden before stays on record and speaks of an offer that may be gone; every offer ever made stands in a receipt.

INSERT INTO state_moves (machine, from_state, to_state) VALUES ('case', 'offered', 'assessed');

-- squawk-ignore ban-drop-constraint
ALTER TABLE consents DROP CONSTRAINT consents_merchant_id_case_id_offer_key_fkey;
-- squawk-ignore ban-drop-constraint
ALTER TABLE approvals DROP CONSTRAINT approvals_merchant_id_case_id_offer_key_fkey;
-- squawk-ignore ban-drop-constraint
ALTER TABLE overrides DROP CONSTRAINT overrides_merchant_id_case_id_offer_key_fkey;
-- Every row there is refers to an offer, and so to a case: there is nothing to validate.
ALTER TABLE consents ADD CONSTRAINT consents_case FOREIGN KEY (merchant_id, case_id)
  REFERENCES cases (merchant_id, id) NOT VALID;
ALTER TABLE approvals ADD CONSTRAINT approvals_case FOREIGN KEY (merchant_id, case_id)
  REFERENCES cases (merchant_id, id) NOT VALID;
ALTER TABLE overrides ADD CONSTRAINT overrides_case FOREIGN KEY (merchant_id, case_id)
  REFERENCES cases (merchant_id, id) NOT VALID;
