-- Payloads in a table of their own, a partition a month: opt in, once, on a migrated database. From then on an
-- old month's payloads are dropped in an instant, and "PaymentEvent" keeps what makes a duplicate a duplicate.
-- Why it is done so: docs/growth.md. The server needs no change, and no restart.
BEGIN;

CREATE TABLE "PaymentEventPayload" (
    "stripeEventId" text        NOT NULL,
    payload         bytea       NOT NULL,
    "createdAt"     timestamptz NOT NULL
) PARTITION BY RANGE ("createdAt");
CREATE INDEX "PaymentEventPayload_stripeEventId_idx" ON "PaymentEventPayload" ("stripeEventId");

-- Whatever no month has been made for. It should stay empty: make months ahead.
CREATE TABLE "PaymentEventPayload_default" PARTITION OF "PaymentEventPayload" DEFAULT;

-- SELECT "addPayloadMonth"('2026-12-01'): makes a month's partition, unless it is there. Months are UTC's.
CREATE FUNCTION "addPayloadMonth"(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    month timestamp := date_trunc('month', day::timestamp);
BEGIN
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF "PaymentEventPayload" FOR VALUES FROM (%L) TO (%L)',
        'PaymentEventPayload_' || to_char(month, 'YYYY_MM'), month || 'Z', month + interval '1 month' || 'Z');
END $$;
SELECT "addPayloadMonth"((now() AT TIME ZONE 'UTC' + n * interval '1 month')::date) FROM generate_series(0, 12) n;

-- A parked event is read again when its payment comes, however late, so it keeps its payload. A row that then
-- turns out to be recorded already leaves a payload behind, which goes with its month.
CREATE FUNCTION "movePayload"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO "PaymentEventPayload" ("stripeEventId", payload, "createdAt") VALUES (NEW."stripeEventId", NEW.payload, NEW."createdAt");
    NEW.payload := '';
    RETURN NEW;
END $$;
CREATE TRIGGER "PaymentEvent_payload" BEFORE INSERT ON "PaymentEvent"
    FOR EACH ROW WHEN (NEW.reason <> 'parked') EXECUTE FUNCTION "movePayload"();

COMMIT;
