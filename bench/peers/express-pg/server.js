// A payment webhook for the tables in migrations/, as Express and node-postgres do it.
import express from 'express';
import pg from 'pg';
import pino from 'pino';
import Stripe from 'stripe';

const { PORT = '3000', DATABASE_URL, STRIPE_WEBHOOK_SECRET } = process.env;
if (!DATABASE_URL || !STRIPE_WEBHOOK_SECRET) {
  throw new Error('DATABASE_URL and STRIPE_WEBHOOK_SECRET are required');
}

const log = pino();
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const pool = new pg.Pool({
  connectionString: DATABASE_URL,
  max: 20,
  connectionTimeoutMillis: 5_000,
  statement_timeout: 5_000,
});
// A connection that the database ends emits 'error' even while nobody queries; unheard, that ends the process.
pool.on('error', (err) => log.error({ err }, 'idle database connection'));
pool.on('connect', (client) => client.on('error', (err) => log.error({ err }, 'database connection')));

// Named, so that each connection prepares each of them once.
const recordEvent = {
  name: 'record-event',
  text: `INSERT INTO "PaymentEvent" ("stripeEventId", type, "apiVersion", livemode, "stripeSessionId",
           "stripePaymentIntentId", "bookingId", result, reason, payload)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT DO NOTHING`,
};
// Not FOR UPDATE: the foreign keys of other events that were just recorded for this booking hold its key.
const lockBooking = {
  name: 'lock-booking',
  text: 'SELECT amount, currency, "stripeSessionId" FROM "Booking" WHERE id = $1 FOR NO KEY UPDATE',
};
const confirmBooking = {
  name: 'confirm-booking',
  text: `UPDATE "Booking" SET status = GREATEST(status, 'CONFIRMED'), "stripePaymentIntentId" = $2, "updatedAt" = now()
         WHERE id = $1`,
};
const reviewEvent = {
  name: 'review-event',
  text: `UPDATE "PaymentEvent" SET result = 'review', reason = $2 WHERE "stripeEventId" = $1`,
};

async function transaction(work) {
  const client = await pool.connect();
  let broken;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (err) {
    // A connection that cannot roll back must not return to the pool.
    await client.query('ROLLBACK').catch((failure) => { broken = failure; });
    throw err;
  } finally {
    client.release(broken);
  }
}

// recordAndApply keeps the event and its effect on the booking, or neither, and answers the reason.
function recordAndApply(event, payload) {
  const session = event.type === 'checkout.session.completed' ? event.data.object : null;
  const intent = session?.payment_intent?.id ?? session?.payment_intent ?? null;
  const given = session?.metadata?.bookingId;
  const paid = session?.payment_status === 'paid';
  const bookingId = paid && uuid.test(given) ? given : null;
  const ignored = paid ? 'no_booking' : 'type_not_handled';

  return transaction(async (client) => {
    const { rowCount } = await client.query({ ...recordEvent, values: [
      event.id, event.type, event.api_version ?? null, event.livemode, session?.id ?? null, intent, bookingId,
      bookingId ? 'processed' : 'ignored', bookingId ? 'applied' : ignored, payload,
    ] });
    if (rowCount === 0) return 'duplicate';
    if (!bookingId) return ignored;
    const { rows: [booking] } = await client.query({ ...lockBooking, values: [bookingId] });
    const wrong = difference(session, booking);
    if (wrong) {
      await client.query({ ...reviewEvent, values: [event.id, wrong] });
      return wrong;
    }
    await client.query({ ...confirmBooking, values: [bookingId, intent] });
    return 'applied';
  });
}

function difference(session, booking) {
  if (booking.stripeSessionId && booking.stripeSessionId !== session.id) return 'session_differs';
  if (booking.currency !== session.currency) return 'currency_differs';
  if (Number(booking.amount) !== session.amount_total) return 'amount_differs'; // bigint is read as a string
}

const app = express();
app.disable('x-powered-by');
app.disable('etag');

app.get('/ready', async (req, res) => {
  await pool.query('SELECT 1');
  res.json({ ready: true });
});

// Whatever the Content-Type says, the signature is over the bytes.
app.post('/webhooks/stripe', express.raw({ type: () => true, limit: '1mb' }), async (req, res) => {
  let event;
  try {
    event = Stripe.webhooks.constructEvent(req.body, req.get('Stripe-Signature'), STRIPE_WEBHOOK_SECRET);
  } catch (err) {
    log.warn({ reason: err.message }, 'webhook refused');
    return res.status(400).json({ error: 'bad request' });
  }
  const began = performance.now();
  const reason = await recordAndApply(event, req.body);
  log.info({ eventId: event.id, eventType: event.type, reason, durationMs: performance.now() - began }, 'webhook received');
  res.json({ received: true });
});

app.use((err, req, res, next) => {
  const status = err.status >= 400 && err.status < 500 ? err.status : 500;
  log.error({ err }, 'request failed');
  if (res.headersSent) return next(err);
  res.status(status).json({ error: status === 500 ? 'internal error' : 'bad request' });
});

const server = app.listen(Number(PORT), (err) => {
  if (err) throw err;
  log.info({ port: PORT }, 'listening');
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    // Connections that are never idle would keep the server open.
    server.prependListener('request', (req, res) => res.setHeader('Connection', 'close'));
    server.close(() => pool.end());
  });
}
