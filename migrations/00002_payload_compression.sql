-- +goose Up

-- Every delivery compresses its payload, and lz4 takes a fraction of the time that the default takes. Not
-- every PostgreSQL is built with it. What is stored already stays as it is, and readable.
-- +goose StatementBegin
DO $$
BEGIN
    IF (SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression') THEN
        ALTER TABLE "PaymentEvent" ALTER COLUMN payload SET COMPRESSION lz4;
    END IF;
END
$$;
-- +goose StatementEnd
