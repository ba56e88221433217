-- A card of another brand is bought of a supplier, under the reward's own id as reference. What it costs is promised from
-- the budget until the supplier has given it, and owed to him from then on.
-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid, require-concurrent-index-creation

ALTER TABLE transfers DROP CONSTRAINT transfers_kind_check;
ALTER TABLE transfers ADD CONSTRAINT transfers_kind_check CHECK (kind IN (
  'fund', 'reserve', 'release', 'issue', 'redeem', 'return', 'void', 'expire', 'refund', 'refund_settled',
  'refund_failed', 'reversal', 'hold', 'capture', 'points_earned', 'points_released', 'points_spent', 'points_converted',
  'points_taken_back', 'move', 'clawback', 'cash_out', 'supplied'));

-- One reference for ever, and nothing is issued without the supplier's order and his code.
ALTER TABLE rewards ADD CONSTRAINT ordered_under_its_own_id CHECK (kind <> 'product_card' OR partner_ref = id);
ALTER TABLE rewards ADD CONSTRAINT issued_by_its_supplier CHECK (
  kind <> 'product_card' OR state IN ('pending', 'needs_review', 'refused')
  OR (partner_id IS NOT NULL AND code_sealed IS NOT NULL));
-- One order of a supplier is one card.
CREATE UNIQUE INDEX rewards_supplier_order ON rewards (merchant_id, (terms ->> 'supplier'), partner_id)
  WHERE kind = 'product_card' AND partner_id IS NOT NULL;

-- An end of validity only moves later once it was told; before the supplier gave the card nobody was told one.
DROP TRIGGER only_later ON rewards;
CREATE TRIGGER only_later BEFORE UPDATE OF expires_at ON rewards FOR EACH ROW
  WHEN (NEW.kind <> 'tier' AND NEW.expires_at IS DISTINCT FROM OLD.expires_at
        AND NOT (NEW.kind = 'product_card' AND OLD.state IN ('pending', 'needs_review'))
        AND (OLD.expires_at IS NULL OR NEW.expires_at < OLD.expires_at))
  EXECUTE FUNCTION refuse_earlier_end();
