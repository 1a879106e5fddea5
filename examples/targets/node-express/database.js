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
      CREATE TYPE dispute_status AS ENUM ('open', 'won', 'lost');
    EXCEPTION WHEN duplicate_object THEN NULL;
    END $$;
    CREATE TABLE IF NOT EXISTS orders (
      id                text PRIMARY KEY,
      stripe_session_id text NOT NULL,
      amount            integer NOT NULL,
      currency          text NOT NULL,
      status            order_status NOT NULL DEFAULT 'PENDING',
      payment_intent    text
    );
    CREATE INDEX IF NOT EXISTS orders_payment_intent ON orders (payment_intent);
    -- What the warehouse has to send: a row is a parcel.
    CREATE TABLE IF NOT EXISTS shipments (
      id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      order_id text NOT NULL REFERENCES orders
    );
    CREATE INDEX IF NOT EXISTS shipments_order_id ON shipments (order_id);
    -- Refunds and disputes are kept by payment, since they may come before we know whose payment it is.
    CREATE TABLE IF NOT EXISTS refunds (
      payment_intent text,
      amount         bigint,
      currency       text,
      refunded       bigint NOT NULL,
      PRIMARY KEY (payment_intent, amount, currency)
    );
    -- One by one: what has failed stays in the sum that charge.refunded told.
    CREATE TABLE IF NOT EXISTS single_refunds (
      id             text PRIMARY KEY,
      payment_intent text NOT NULL,
      amount         bigint NOT NULL,
      currency       text NOT NULL,
      failed         boolean NOT NULL
    );
    CREATE INDEX IF NOT EXISTS single_refunds_payment_intent ON single_refunds (payment_intent);
    CREATE TABLE IF NOT EXISTS disputes (
      payment_intent text PRIMARY KEY,
      status         dispute_status NOT NULL
    );
    CREATE TABLE IF NOT EXISTS events (
      id          text PRIMARY KEY,
      type        text NOT NULL,
      received_at timestamptz NOT NULL DEFAULT now()
    );
  `);
}
