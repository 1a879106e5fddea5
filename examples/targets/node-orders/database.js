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
      CREATE TYPE order_status AS ENUM ('PENDING', 'AWAITING_PAYMENT', 'EXPIRED', 'PAYMENT_FAILED', 'PAID');
      CREATE TYPE refund_status AS ENUM ('made', 'failed');
      CREATE TYPE dispute_status AS ENUM ('open', 'won', 'lost');
    EXCEPTION WHEN duplicate_object THEN NULL;
    END $$;
    CREATE TABLE IF NOT EXISTS orders (
      id                text PRIMARY KEY,
      stripe_session_id text NOT NULL UNIQUE,
      amount            integer NOT NULL,
      currency          text NOT NULL,
      status            order_status NOT NULL DEFAULT 'PENDING'
    );
    -- What the warehouse has to send. An order is sent once, whoever tells of its payment.
    CREATE TABLE IF NOT EXISTS shipments (
      order_id text PRIMARY KEY REFERENCES orders
    );
    -- What was paid for an order. A customer who pays two sessions has two rows.
    CREATE TABLE IF NOT EXISTS payments (
      payment_intent_id text PRIMARY KEY,
      order_id          text NOT NULL REFERENCES orders,
      amount            bigint NOT NULL
    );
    CREATE INDEX IF NOT EXISTS payments_order_id ON payments (order_id);
    -- The invoice of a session: of its payment it names nothing else since 2025-03-31.basil.
    CREATE TABLE IF NOT EXISTS invoices (
      id       text PRIMARY KEY,
      order_id text NOT NULL REFERENCES orders
    );
    -- Refunds and disputes are kept by payment intent, since they may come before the payment.
    CREATE TABLE IF NOT EXISTS charges (
      id                text PRIMARY KEY,
      payment_intent_id text NOT NULL,
      currency          text NOT NULL,
      refunded          bigint NOT NULL
    );
    CREATE INDEX IF NOT EXISTS charges_payment_intent_id ON charges (payment_intent_id);
    CREATE TABLE IF NOT EXISTS refunds (
      id                text PRIMARY KEY,
      payment_intent_id text NOT NULL,
      currency          text NOT NULL,
      amount            bigint NOT NULL,
      status            refund_status NOT NULL
    );
    CREATE INDEX IF NOT EXISTS refunds_payment_intent_id ON refunds (payment_intent_id);
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
