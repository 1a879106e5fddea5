// The connection pool and the tables.
import pg from 'pg';

// Each step has a limit, as a database that hangs says nothing at all.
export const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: 20,
  connectionTimeoutMillis: 4_000,
  statement_timeout: 4_000, // the server gives up
  idle_in_transaction_session_timeout: 4_000, // a client that is gone holds no lock
  query_timeout: 5_000, // we give up, when the server does not answer
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
      -- In the order in which one takes the place of another: GREATEST is the later one.
      CREATE TYPE payment_status AS ENUM ('open', 'authorized', 'canceled', 'paid');
      CREATE TYPE dispute_status AS ENUM ('open', 'won', 'lost');
    EXCEPTION WHEN duplicate_object THEN NULL;
    END $$;
    CREATE TABLE IF NOT EXISTS orders (
      id                text PRIMARY KEY,
      amount            integer NOT NULL,
      currency          text NOT NULL,
      payment_intent_id text NOT NULL UNIQUE
    );
    -- What the press has to print: once an order.
    CREATE TABLE IF NOT EXISTS print_jobs (
      order_id text PRIMARY KEY REFERENCES orders
    );
    CREATE TABLE IF NOT EXISTS payments (
      payment_intent_id text PRIMARY KEY,
      order_id          text NOT NULL REFERENCES orders,
      status            payment_status NOT NULL,
      captured          bigint NOT NULL
    );
    CREATE INDEX IF NOT EXISTS payments_order_id ON payments (order_id);
    -- The latest try to pay an intent, while none has succeeded: one may fail, and the next be under way.
    CREATE TABLE IF NOT EXISTS tries (
      payment_intent_id text PRIMARY KEY,
      created           bigint NOT NULL,
      failed            boolean NOT NULL
    );
    -- Refunds and disputes are kept by payment intent, since they may come before the payment.
    -- What has been refunded of a charge: its latest snapshot. One that takes a refund back is the later of its second.
    CREATE TABLE IF NOT EXISTS charges (
      id                text PRIMARY KEY,
      payment_intent_id text NOT NULL,
      created           bigint NOT NULL,
      taken_back        boolean NOT NULL,
      currency          text NOT NULL,
      refunded          bigint NOT NULL
    );
    CREATE INDEX IF NOT EXISTS charges_payment_intent_id ON charges (payment_intent_id);
    CREATE TABLE IF NOT EXISTS failed_refunds (
      id        text PRIMARY KEY,
      charge_id text NOT NULL,
      created   bigint NOT NULL,
      amount    bigint NOT NULL
    );
    CREATE INDEX IF NOT EXISTS failed_refunds_charge_id ON failed_refunds (charge_id);
    CREATE TABLE IF NOT EXISTS disputes (
      id                text PRIMARY KEY,
      payment_intent_id text NOT NULL,
      status            dispute_status NOT NULL,
      amount            bigint NOT NULL,
      withdrawn         boolean NOT NULL,
      reinstated        boolean NOT NULL
    );
    CREATE INDEX IF NOT EXISTS disputes_payment_intent_id ON disputes (payment_intent_id);
    CREATE TABLE IF NOT EXISTS events (
      id          text PRIMARY KEY,
      type        text NOT NULL,
      received_at timestamptz NOT NULL DEFAULT now()
    );
  `);
}
