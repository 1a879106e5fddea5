// The connection pool and the tables.
import pg from 'pg';

// Each step has a limit, as a database that hangs says nothing at all.
export const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: 20,
  connectionTimeoutMillis: 3_200,
  statement_timeout: 3_200, // the server gives up
  idle_in_transaction_session_timeout: 4_000, // a client that is gone holds no lock
  query_timeout: 3_500, // we give up, when the server does not answer
  keepAlive: true,
});
// A connection that dies emits 'error', even while nobody uses it; unheard, that ends the process.
pool.on('error', (err) => console.error('idle database connection:', err.message));
pool.on('connect', (client) => client.on('error', (err) => console.error('database connection:', err.message)));

// transaction commits what work does, or nothing of it.
export async function transaction(work) {
  const client = await pool.connect();
  let failed = true;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    failed = false;
    return result;
  } finally {
    // After a failure nobody knows what state the connection is in: closing it rolls back.
    client.release(failed);
  }
}

export function migrate() {
  return pool.query(`
    SELECT pg_advisory_xact_lock(1);
    DO $$ BEGIN
      -- An invoice that is paid stays paid: GREATEST is the later status.
      CREATE TYPE invoice_status AS ENUM ('failed', 'paid');
    EXCEPTION WHEN duplicate_object THEN NULL;
    END $$;
    CREATE TABLE IF NOT EXISTS users (
      id                 text PRIMARY KEY,
      stripe_customer_id text NOT NULL UNIQUE
    );
    -- Every event once. Those of a subscription keep what they say: the row below is made of all of them.
    -- The type is json and not jsonb, which refuses texts that Stripe may send.
    CREATE TABLE IF NOT EXISTS events (
      id              text PRIMARY KEY,
      type            text NOT NULL,
      created         bigint NOT NULL,
      subscription_id text,
      object          json,
      previous        json,
      received_at     timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX IF NOT EXISTS events_subscription_id ON events (subscription_id);
    CREATE TABLE IF NOT EXISTS subscriptions (
      id                   text PRIMARY KEY,
      stripe_customer_id   text NOT NULL,
      status               text NOT NULL,
      price_id             text NOT NULL,
      quantity             integer,
      current_period_end   timestamptz,
      cancel_at_period_end boolean NOT NULL,
      cancel_at            timestamptz,
      ended_at             timestamptz,
      created_at           timestamptz
    );
    CREATE INDEX IF NOT EXISTS subscriptions_stripe_customer_id ON subscriptions (stripe_customer_id);
    CREATE TABLE IF NOT EXISTS invoices (
      id              text PRIMARY KEY,
      subscription_id text NOT NULL,
      status          invoice_status NOT NULL,
      amount_paid     bigint NOT NULL
    );
    CREATE INDEX IF NOT EXISTS invoices_subscription_id ON invoices (subscription_id);
    -- Mails to be sent: one for each subscription that was bought.
    CREATE TABLE IF NOT EXISTS welcome_mails (
      subscription_id    text PRIMARY KEY,
      user_id            text NOT NULL,
      stripe_customer_id text NOT NULL
    );
    CREATE INDEX IF NOT EXISTS welcome_mails_user_id ON welcome_mails (user_id);
  `);
}
