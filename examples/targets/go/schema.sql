-- Run at every start, by all replicas: one at a time. Where the tables are there nothing is locked, since
-- other replicas, or what a killed one has left behind, may be at work on them.
BEGIN;
SELECT pg_advisory_xact_lock(4010);
DO $$ BEGIN
IF to_regclass('parked') IS NOT NULL THEN
    RETURN;
END IF;
CREATE TABLE orders (
    id        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    reference text NOT NULL UNIQUE,
    session   text NOT NULL UNIQUE,
    amount    bigint NOT NULL, -- in cents
    currency  text NOT NULL,
    intent    text NOT NULL DEFAULT '', -- Stripe's payment intent, known when an event names it
    status    text NOT NULL DEFAULT 'PENDING',
    paid      boolean NOT NULL DEFAULT false,
    refunded  bigint NOT NULL DEFAULT 0,
    dispute   text NOT NULL DEFAULT 'none'
);
CREATE INDEX orders_intent ON orders (intent);
-- What was sent to the customer. Two rows of one order are goods given away.
CREATE TABLE shipments (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders
);
CREATE INDEX shipments_order ON shipments (order_id);
CREATE TABLE events (
    id   text PRIMARY KEY,
    type text NOT NULL
);
-- Refunds and disputes whose payment is not known yet. Most belong to other applications.
CREATE TABLE parked (
    intent text NOT NULL,
    body   bytea NOT NULL
);
CREATE INDEX parked_intent ON parked (intent);
END $$;
DO $$ BEGIN
IF to_regclass('single_refunds') IS NOT NULL THEN
    RETURN;
END IF;
-- Refunds one by one, by their payment, which may not be known yet. What has failed stays in the sum in orders.refunded.
CREATE TABLE single_refunds (
    id       text PRIMARY KEY,
    intent   text NOT NULL,
    amount   bigint NOT NULL,
    currency text NOT NULL,
    failed   boolean NOT NULL
);
CREATE INDEX single_refunds_intent ON single_refunds (intent);
END $$;
COMMIT;
