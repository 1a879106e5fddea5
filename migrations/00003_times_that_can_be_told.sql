-- +goose NO TRANSACTION
-- +goose Up

-- JSON's times are RFC 3339 in UTC: years of four digits, no infinity. A row with another time cannot be answered,
-- so no row has one from here on, whoever writes it.
--
-- Every statement is a transaction of its own, so that no two tables are locked at once, and can be done again, should
-- one fail. ALTER TABLE ... ADD waits for all who use the table, and deliveries wait behind it: for lock_timeout at the
-- most, since package store sets it for every migration, and tries again. The constraints bind new rows first, then
-- the old rows are mended.

ALTER TABLE "User" DROP CONSTRAINT IF EXISTS "User_createdAt_check", ADD CONSTRAINT "User_createdAt_check"
    CHECK ("createdAt" BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00') NOT VALID;
ALTER TABLE "Resource" DROP CONSTRAINT IF EXISTS "Resource_createdAt_check", ADD CONSTRAINT "Resource_createdAt_check"
    CHECK ("createdAt" BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00') NOT VALID;
ALTER TABLE "PaymentEvent" DROP CONSTRAINT IF EXISTS "PaymentEvent_createdAt_check", ADD CONSTRAINT "PaymentEvent_createdAt_check"
    CHECK ("createdAt" BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00') NOT VALID;
ALTER TABLE "Booking" DROP CONSTRAINT IF EXISTS "Booking_times_check", ADD CONSTRAINT "Booking_times_check" CHECK (
    "startsAt" >= '0001-01-01 00:00:00+00' AND "endsAt" <= '9999-12-31 23:59:59.999999+00'
    AND "expiresAt" BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'
    AND "createdAt" BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'
    AND "updatedAt" BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00') NOT VALID;

-- A time that cannot be told becomes the nearest one that can.
UPDATE "User" SET "createdAt" = LEAST(GREATEST("createdAt", '0001-01-01 00:00:00+00'), '9999-12-31 23:59:59.999999+00')
    WHERE "createdAt" < '0001-01-01 00:00:00+00' OR "createdAt" > '9999-12-31 23:59:59.999999+00';
UPDATE "Resource" SET "createdAt" = LEAST(GREATEST("createdAt", '0001-01-01 00:00:00+00'), '9999-12-31 23:59:59.999999+00')
    WHERE "createdAt" < '0001-01-01 00:00:00+00' OR "createdAt" > '9999-12-31 23:59:59.999999+00';
UPDATE "PaymentEvent" SET "createdAt" = LEAST(GREATEST("createdAt", '0001-01-01 00:00:00+00'), '9999-12-31 23:59:59.999999+00')
    WHERE "createdAt" < '0001-01-01 00:00:00+00' OR "createdAt" > '9999-12-31 23:59:59.999999+00';

-- +goose StatementBegin
DO $$
DECLARE
    first CONSTANT timestamptz := '0001-01-01 00:00:00+00';
    last  CONSTANT timestamptz := '9999-12-31 23:59:59.999999+00';
    tick  CONSTANT interval    := '1 microsecond';
    lost  record;
    free  timestamptz;
BEGIN
    -- Rows of which some part can be told keep that part: less than they had, so that they overlap nobody anew.
    UPDATE "Booking" SET
        "startsAt"  = CASE WHEN "startsAt" < last AND "endsAt" > first THEN GREATEST("startsAt", first) ELSE first END,
        "endsAt"    = CASE WHEN "startsAt" < last AND "endsAt" > first THEN LEAST("endsAt", last) ELSE first + tick END,
        "expiresAt" = LEAST(GREATEST("expiresAt", first), last),
        "createdAt" = LEAST(GREATEST("createdAt", first), last),
        "updatedAt" = now()
    WHERE ("startsAt" < first OR "endsAt" > last
           OR "expiresAt" NOT BETWEEN first AND last OR "createdAt" NOT BETWEEN first AND last OR "updatedAt" NOT BETWEEN first AND last)
      AND ("startsAt" < last AND "endsAt" > first OR status NOT IN ('PENDING', 'AWAITING_PAYMENT', 'CONFIRMED'));

    -- What is left is a slot that lies outside altogether, and that somebody holds, and may have paid for. It keeps its
    -- status, for a person to see and to refund, and gets the first microsecond that its resource has free: in the
    -- year 1, where nobody books. Should no microsecond of all the years be free, the longest slot gives up its first.
    FOR lost IN SELECT id, "resourceId" FROM "Booking" WHERE "startsAt" >= last OR "endsAt" <= first ORDER BY id LOOP
        PERFORM FROM "Resource" WHERE id = lost."resourceId" FOR NO KEY UPDATE; -- as who makes a booking does
        SELECT min(c.at) INTO free
        FROM (SELECT first AS at UNION ALL
              SELECT "endsAt" FROM "Booking" WHERE "resourceId" = lost."resourceId" AND "endsAt" > first AND "endsAt" < last
                  AND status IN ('PENDING', 'AWAITING_PAYMENT', 'CONFIRMED')) c
        WHERE NOT EXISTS (SELECT FROM "Booking" WHERE "resourceId" = lost."resourceId"
                  AND tstzrange("startsAt", "endsAt") && tstzrange(c.at, c.at + tick)
                  AND status IN ('PENDING', 'AWAITING_PAYMENT', 'CONFIRMED'));
        IF free IS NULL THEN
            UPDATE "Booking" SET "startsAt" = "startsAt" + tick WHERE id = (
                SELECT id FROM "Booking" WHERE "resourceId" = lost."resourceId" AND "startsAt" < last AND "endsAt" > first
                    AND status IN ('PENDING', 'AWAITING_PAYMENT', 'CONFIRMED')
                ORDER BY "endsAt" - "startsAt" DESC, id LIMIT 1)
            RETURNING "startsAt" - tick INTO free;
        END IF;
        UPDATE "Booking" SET "startsAt" = free, "endsAt" = free + tick,
            "expiresAt" = LEAST(GREATEST("expiresAt", first), last),
            "createdAt" = LEAST(GREATEST("createdAt", first), last),
            "updatedAt" = now()
        WHERE id = lost.id;
    END LOOP;
END
$$;
-- +goose StatementEnd

-- Reads each table once and blocks nobody. Not "PaymentEvent", which grows without end: an index found its old rows.
ALTER TABLE "User" VALIDATE CONSTRAINT "User_createdAt_check";
ALTER TABLE "Resource" VALIDATE CONSTRAINT "Resource_createdAt_check";
ALTER TABLE "Booking" VALIDATE CONSTRAINT "Booking_times_check";

-- A customer's unpaid bookings are counted before he gets another. The index waits for transactions that began
-- earlier, whatever they do, and keeps nobody waiting: it needs no lock_timeout, and would have to begin anew.
SET lock_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS "Booking_unpaid_idx";
CREATE INDEX CONCURRENTLY "Booking_unpaid_idx" ON "Booking" ("userId") WHERE status IN ('PENDING', 'AWAITING_PAYMENT');
RESET lock_timeout;
