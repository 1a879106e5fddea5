// An ordinary shop: orders are paid through Stripe Checkout, and each payment issues a licence.
// It is written as most are, and hookproof finds what is wrong with it: docs/url.md.
import { randomUUID } from 'node:crypto';
import express from 'express';
import pg from 'pg';
import Stripe from 'stripe';

const database = new pg.Pool(); // by PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE
database.on('error', (err) => console.error('idle database connection:', err.message));
await database.query(`
  SELECT pg_advisory_xact_lock(1);
  CREATE TABLE IF NOT EXISTS orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    amount integer NOT NULL,
    status text NOT NULL DEFAULT 'open'
  );
  CREATE TABLE IF NOT EXISTS licenses (key text PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders);
`);

const app = express();

app.post('/webhooks/stripe', express.raw({ type: 'application/json' }), async (req, res) => {
  let event;
  try {
    event = Stripe.webhooks.constructEvent(req.body, req.headers['stripe-signature'], process.env.STRIPE_WEBHOOK_SECRET);
  } catch {
    return res.status(400).send('not signed');
  }
  const order = event.data.object.metadata?.orderId;
  if (event.type === 'checkout.session.completed' && /^\d{1,18}$/.test(order ?? '')) {
    const { rowCount } = await database.query(`UPDATE orders SET status = 'paid' WHERE id = $1`, [order]);
    if (rowCount > 0) await database.query('INSERT INTO licenses (key, order_id) VALUES ($1, $2)', [randomUUID(), order]);
  }
  res.json({ received: true });
});

app.post('/orders', async (_, res) => {
  const { rows: [order] } = await database.query('INSERT INTO orders (amount) VALUES (4900) RETURNING id, amount');
  res.status(201).json(order);
});

app.get('/orders/:id', async (req, res) => {
  const { rows: [order] } = await database.query('SELECT status FROM orders WHERE id = $1', [req.params.id]);
  const { rows: licenses } = await database.query('SELECT key FROM licenses WHERE order_id = $1', [req.params.id]);
  res.json({ ...order, licenses });
});

app.listen(3000, '127.0.0.1');
