-- A balance is what changes most. It changes in place, without a new entry in any index, where no index knows it and
-- where its page has room.
-- squawk-ignore-file require-concurrent-index-deletion

-- Nobody asks by it: what has expired is found by its reward. But it knew the balance, so every change was its own.
DROP INDEX accounts_expiry;
ALTER TABLE accounts SET (fillfactor = 85);
ALTER TABLE rewards SET (fillfactor = 85);

-- The same law, read after the change and not before it: a trigger before any update makes the table work out role,
-- owner, asset and lot anew for each balance.
DROP TRIGGER only_later ON accounts;
CREATE TRIGGER only_later AFTER UPDATE OF expires_at ON accounts FOR EACH ROW
  WHEN (NEW.expires_at IS DISTINCT FROM OLD.expires_at
        AND (OLD.expires_at IS NULL OR NEW.expires_at < OLD.expires_at))
  EXECUTE FUNCTION refuse_earlier_end();
