// A payment webhook for the tables in migrations/, as Express and Prisma do it.
import { createHash } from 'node:crypto';

import { PrismaPg } from '@prisma/adapter-pg';
import express from 'express';
import pino from 'pino';
import Stripe from 'stripe';

import { PrismaClient } from './generated/client/index.js';

const { PORT = '3000', DATABASE_URL, STRIPE_WEBHOOK_SECRET } = process.env;
if (!DATABASE_URL || !STRIPE_WEBHOOK_SECRET) {
  throw new Error('DATABASE_URL and STRIPE_WEBHOOK_SECRET are required');
}

const log = pino();
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

// Prisma prepares a statement anew each time unless it gets a name. The texts are few, for no values are in them.
const names = new Map();
function statementName({ sql }) {
  if (!names.has(sql)) names.set(sql, createHash('sha1').update(sql).digest('hex'));
  return names.get(sql);
}

const adapter = new PrismaPg(
  { connectionString: DATABASE_URL, max: 20, connectionTimeoutMillis: 5_000, statement_timeout: 5_000 },
  {
    statementNameGenerator: statementName,
    onPoolError: (err) => log.error({ err }, 'idle database connection'),
    onConnectionError: (err) => log.error({ err }, 'database connection'),
  },
);
const prisma = new PrismaClient({ adapter, transactionOptions: { maxWait: 5_000, timeout: 5_000 } });

// recordAndApply keeps the event and its effect on the booking, or neither, and answers the reason.
function recordAndApply(event, payload) {
  const session = event.type === 'checkout.session.completed' ? event.data.object : null;
  const intent = session?.payment_intent?.id ?? session?.payment_intent ?? null;
  const given = session?.metadata?.bookingId;
  const paid = session?.payment_status === 'paid';
  const bookingId = paid && uuid.test(given) ? given : null;
  const ignored = paid ? 'no_booking' : 'type_not_handled';

  return prisma.$transaction(async (tx) => {
    const { count } = await tx.paymentEvent.createMany({
      data: {
        stripeEventId: event.id,
        type: event.type,
        apiVersion: event.api_version,
        livemode: event.livemode,
        stripeSessionId: session?.id,
        stripePaymentIntentId: intent,
        bookingId,
        result: bookingId ? 'processed' : 'ignored',
        reason: bookingId ? 'applied' : ignored,
        payload,
      },
      skipDuplicates: true,
    });
    if (count === 0) return 'duplicate';
    if (!bookingId) return ignored;
    // Prisma's own queries have neither row locks nor GREATEST.
    // Not FOR UPDATE: the foreign keys of other events that were just recorded for this booking hold its key.
    const [booking] = await tx.$queryRaw`
      SELECT amount, currency, "stripeSessionId" FROM "Booking" WHERE id = ${bookingId}::uuid FOR NO KEY UPDATE`;
    const wrong = difference(session, booking);
    if (wrong) {
      await tx.paymentEvent.updateMany({ where: { stripeEventId: event.id }, data: { result: 'review', reason: wrong } });
      return wrong;
    }
    await tx.$executeRaw`
      UPDATE "Booking" SET status = GREATEST(status, 'CONFIRMED'), "stripePaymentIntentId" = ${intent}, "updatedAt" = now()
      WHERE id = ${bookingId}::uuid`;
    return 'applied';
  });
}

function difference(session, booking) {
  if (booking.stripeSessionId && booking.stripeSessionId !== session.id) return 'session_differs';
  if (booking.currency !== session.currency) return 'currency_differs';
  if (Number(booking.amount) !== session.amount_total) return 'amount_differs'; // bigint is read as a BigInt
}

const app = express();
app.disable('x-powered-by');
app.disable('etag');

app.get('/ready', async (req, res) => {
  await prisma.$queryRaw`SELECT 1`;
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
    server.close(() => prisma.$disconnect());
  });
}
