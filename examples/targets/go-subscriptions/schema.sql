-- Another process, or the statement that a killed one has left behind, may be at work on them.
BEGIN;
SELECT pg_advisory_xact_lock(4060);
CREATE TABLE IF NOT EXISTS users (
    id          text PRIMARY KEY,
    customer    text NOT NULL UNIQUE, -- Stripe's
    welcomed_at timestamptz           -- when the gift for a first subscription was made
);
-- What Stripe's API said last of each subscription.
CREATE TABLE IF NOT EXISTS subscriptions (
    id         text PRIMARY KEY,
    user_id    text NOT NULL REFERENCES users,
    status     text NOT NULL,
    price      text NOT NULL,
    quantity   bigint NOT NULL,
    period_end timestamptz NOT NULL,
    cancel_at  timestamptz,
    created    timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS subscriptions_user ON subscriptions (user_id);
-- What has been dealt with.
CREATE TABLE IF NOT EXISTS events (
    id   text PRIMARY KEY,
    type text NOT NULL
);
COMMIT;
