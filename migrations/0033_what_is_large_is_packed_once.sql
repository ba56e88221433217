-- A large answer comes packed (zlib), as receipts do: trying once more to make it smaller costs and gives nothing.
ALTER TABLE idempotency_keys ALTER COLUMN answer SET STORAGE EXTERNAL;
COMMENT ON COLUMN idempotency_keys.answer IS 'JSON, free of secrets and of personal data; large ones compressed (zlib)';
