-- +goose Up

-- The exclusion constraint on bookings compares a uuid for equality inside a GiST index.
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TYPE "Role" AS ENUM ('CUSTOMER', 'OPS', 'ADMIN');

-- Declared in rank order: the later word wins, so that joining what two events say is
-- GREATEST(old, new), whatever the order in which they came.
CREATE TYPE "BookingStatus" AS ENUM
    ('PENDING', 'AWAITING_PAYMENT', 'EXPIRED', 'PAYMENT_FAILED', 'CANCELLED', 'CONFIRMED', 'REFUNDED');
CREATE TYPE "Dispute" AS ENUM ('none', 'open', 'won', 'lost');

CREATE TYPE "PaymentEventResult" AS ENUM ('processed', 'ignored', 'review');

CREATE TABLE "User" (
    id             uuid        NOT NULL DEFAULT gen_random_uuid(),
    email          text        NOT NULL,
    "passwordHash" text        NOT NULL,
    role           "Role"      NOT NULL DEFAULT 'CUSTOMER',
    "createdAt"    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "User_pkey" PRIMARY KEY (id),
    CONSTRAINT "User_email_key" UNIQUE (email),
    CONSTRAINT "User_email_check" CHECK (email = lower(email) AND email LIKE '_%@_%' AND length(email) <= 254)
);

CREATE TABLE "Resource" (
    id           uuid        NOT NULL DEFAULT gen_random_uuid(),
    name         text        NOT NULL,
    "unitAmount" bigint      NOT NULL,
    currency     text        NOT NULL,
    "createdAt"  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "Resource_pkey" PRIMARY KEY (id),
    CONSTRAINT "Resource_name_check" CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT "Resource_unitAmount_check" CHECK ("unitAmount" BETWEEN 1 AND 99999999),
    CONSTRAINT "Resource_currency_check" CHECK (currency ~ '^[a-z]{3}$')
);

CREATE INDEX "Resource_createdAt_idx" ON "Resource" ("createdAt" DESC, id DESC);

CREATE TABLE "Booking" (
    id                      uuid            NOT NULL DEFAULT gen_random_uuid(),
    "userId"                uuid            NOT NULL,
    "resourceId"            uuid            NOT NULL,
    "startsAt"              timestamptz     NOT NULL,
    "endsAt"                timestamptz     NOT NULL,
    amount                  bigint          NOT NULL,
    currency                text            NOT NULL,
    status                  "BookingStatus" NOT NULL DEFAULT 'PENDING',
    "refundedAmount"        bigint          NOT NULL DEFAULT 0,
    dispute                 "Dispute"       NOT NULL DEFAULT 'none',
    "stripeSessionId"       text,
    "stripePaymentIntentId" text,
    "checkoutUrl"           text,
    "expiresAt"             timestamptz     NOT NULL,
    "createdAt"             timestamptz     NOT NULL DEFAULT now(),
    "updatedAt"             timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT "Booking_pkey" PRIMARY KEY (id),
    CONSTRAINT "Booking_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" (id),
    CONSTRAINT "Booking_resourceId_fkey" FOREIGN KEY ("resourceId") REFERENCES "Resource" (id),
    CONSTRAINT "Booking_stripeSessionId_key" UNIQUE ("stripeSessionId"),
    CONSTRAINT "Booking_slot_check" CHECK ("startsAt" < "endsAt"),
    CONSTRAINT "Booking_amount_check" CHECK (amount BETWEEN 1 AND 99999999),
    CONSTRAINT "Booking_currency_check" CHECK (currency ~ '^[a-z]{3}$'),
    CONSTRAINT "Booking_refundedAmount_check" CHECK ("refundedAmount" BETWEEN 0 AND amount),
    -- Two live bookings of one resource never overlap. Slots are half open, so that one may
    -- begin at the instant at which another ends.
    CONSTRAINT "Booking_slot_excl" EXCLUDE USING gist
        ("resourceId" WITH =, tstzrange("startsAt", "endsAt") WITH &&)
        WHERE (status IN ('PENDING', 'AWAITING_PAYMENT', 'CONFIRMED'))
);

CREATE INDEX "Booking_createdAt_idx" ON "Booking" ("createdAt" DESC, id DESC);
CREATE INDEX "Booking_userId_createdAt_idx" ON "Booking" ("userId", "createdAt" DESC, id DESC);
-- Not unique: an intent is learnt from events, and a second booking that claims one must not
-- make Stripe's delivery fail for ever.
CREATE INDEX "Booking_stripePaymentIntentId_idx" ON "Booking" ("stripePaymentIntentId")
    WHERE "stripePaymentIntentId" IS NOT NULL;

CREATE TABLE "PaymentEvent" (
    id                      uuid                 NOT NULL DEFAULT gen_random_uuid(),
    "stripeEventId"         text                 NOT NULL,
    type                    text                 NOT NULL,
    "apiVersion"            text,
    livemode                boolean              NOT NULL,
    "stripeSessionId"       text,
    "stripePaymentIntentId" text,
    "bookingId"             uuid,
    result                  "PaymentEventResult" NOT NULL,
    reason                  text                 NOT NULL,
    -- The bytes as they were received and verified: convert_from(payload, 'UTF8') reads them.
    payload                 bytea                NOT NULL,
    "createdAt"             timestamptz          NOT NULL DEFAULT now(),
    CONSTRAINT "PaymentEvent_pkey" PRIMARY KEY (id),
    CONSTRAINT "PaymentEvent_stripeEventId_key" UNIQUE ("stripeEventId"),
    CONSTRAINT "PaymentEvent_bookingId_fkey" FOREIGN KEY ("bookingId") REFERENCES "Booking" (id)
);

-- A checkout session is completed once, expires once, fails once: the same fact under a second
-- event id is a duplicate. Only an applied row takes the fact's place, or a wrong amount today
-- would swallow the right event tomorrow. Charges and disputes have no session, and NULLs differ.
CREATE UNIQUE INDEX "PaymentEvent_fact_key" ON "PaymentEvent" ("stripeSessionId", type)
    WHERE result = 'processed';
-- Refunds and disputes that came before the event that tells whose payment they belong to.
CREATE INDEX "PaymentEvent_parked_idx" ON "PaymentEvent" ("stripePaymentIntentId")
    WHERE reason = 'parked';
CREATE INDEX "PaymentEvent_createdAt_idx" ON "PaymentEvent" ("createdAt" DESC, id DESC);
CREATE INDEX "PaymentEvent_result_createdAt_idx" ON "PaymentEvent" (result, "createdAt" DESC, id DESC);
CREATE INDEX "PaymentEvent_bookingId_idx" ON "PaymentEvent" ("bookingId") WHERE "bookingId" IS NOT NULL;
