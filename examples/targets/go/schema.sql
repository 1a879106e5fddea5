-- Run at every start, by all replicas: one at a time.
BEGIN;
SELECT pg_advisory_xact_lock(4010);
CREATE TABLE IF NOT EXISTS orders (
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
CREATE INDEX IF NOT EXISTS orders_intent ON orders (intent);
-- What was sent to the customer. Two rows of one order are goods given away.
CREATE TABLE IF NOT EXISTS shipments (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders
);
CREATE INDEX IF NOT EXISTS shipments_order ON shipments (order_id);
CREATE TABLE IF NOT EXISTS events (
    id   text PRIMARY KEY,
    type text NOT NULL
);
-- Refunds and disputes whose payment is not known yet. Most belong to other applications.
CREATE TABLE IF NOT EXISTS parked (
    intent text NOT NULL,
    body   bytea NOT NULL
);
CREATE INDEX IF NOT EXISTS parked_intent ON parked (intent);
COMMIT;
