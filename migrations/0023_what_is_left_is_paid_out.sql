-- Some laws let the holder of a card have what is left in money once it is little. It leaves the card by a transfer of
-- its own kind, so that a return can never put it back on the card.
-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid

ALTER TABLE transfers DROP CONSTRAINT transfers_kind_check;
ALTER TABLE transfers ADD CONSTRAINT transfers_kind_check CHECK (kind IN (
  'fund', 'reserve', 'release', 'issue', 'redeem', 'return', 'void', 'expire', 'refund', 'refund_settled',
  'refund_failed', 'reversal', 'hold', 'capture', 'points_earned', 'points_released', 'points_spent', 'points_converted',
  'points_taken_back', 'move', 'clawback', 'cash_out'));
