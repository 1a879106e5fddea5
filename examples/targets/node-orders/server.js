// A shop with one product, sold through Stripe Checkout with an invoice: the HTTP side, on Fastify.
import { randomUUID } from 'node:crypto';
import Fastify from 'fastify';
import { migrate, pool } from './database.js';
import { parseEvent } from './event.js';
import { createOrder, findOrder, ORDER_ID } from './orders.js';
import { record } from './payments.js';

const { PORT, DATABASE_URL, STRIPE_WEBHOOK_SECRET = '', STRIPE_LIVEMODE = 'false' } = process.env;
const secrets = STRIPE_WEBHOOK_SECRET.split(','); // more than one while they are rotated
if (!PORT || !DATABASE_URL || secrets.some((secret) => secret.trim() === '')) {
  console.error('PORT, DATABASE_URL and STRIPE_WEBHOOK_SECRET (comma separated, no part empty) are required');
  process.exit(1);
}
const livemode = STRIPE_LIVEMODE === 'true';

const ANSWER_WITHIN = 8_000; // ms; Stripe gives up soon after

const counters = { processed: 0, duplicates: 0, errors: 0 };

const app = Fastify({ bodyLimit: 1 << 20 });

app.setErrorHandler((err, req, reply) => {
  const ours = !(err.statusCode >= 400 && err.statusCode < 500);
  if (ours) console.error(`${req.method} ${req.url} failed:`, err);
  return reply.code(ours ? 503 : err.statusCode).send({ error: ours ? 'try again later' : 'bad request' });
});

app.post('/orders', async (req, reply) => {
  const id = req.body?.reference ?? randomUUID();
  if (!ORDER_ID.test(id)) return reply.code(400).send({ error: 'reference must be 1 to 64 letters, digits, - or _' });
  const order = await createOrder(id);
  return order ? reply.code(201).send(order) : reply.code(409).send({ error: 'there is such an order already' });
});

app.get('/orders/:id', async (req, reply) => {
  const order = ORDER_ID.test(req.params.id) ? await findOrder(req.params.id) : undefined;
  return order ?? reply.code(404).send({ error: 'no such order' });
});

app.get('/counters', async () => {
  const { processed, duplicates, errors } = counters;
  return { received: processed + duplicates + errors, duplicates, errors };
});

app.get('/ready', async () => {
  await pool.query('SELECT 1');
  return { status: 'ready' };
});

app.register(async (webhooks) => {
  // The signature is over the bytes as they came, so nothing may parse them first.
  webhooks.removeAllContentTypeParsers();
  webhooks.addContentTypeParser('*', { parseAs: 'buffer' }, (req, body, done) => done(null, body));

  webhooks.post('/webhooks/stripe', async (req, reply) => {
    let event;
    try {
      event = parseEvent(req.body, req.headers['stripe-signature'], secrets);
    } catch (err) {
      return refused(reply, err);
    }
    try {
      const outcome = await inTime(record(event, livemode));
      counters[outcome] += 1;
    } catch (err) {
      counters.errors += 1;
      console.error(`webhook ${event.id} ${event.type} failed:`, err);
      return reply.code(500).send({ error: 'try again later' });
    }
    return { received: true }; // after the commit, never before
  });

  // A body that is too large or cut off is refused before the route sees it.
  webhooks.setErrorHandler((err, req, reply) => refused(reply, err));
});

function refused(reply, err) {
  counters.errors += 1;
  console.warn('webhook refused:', err.message);
  return reply.code(400).send({ error: 'bad request' });
}

// inTime gives up on work that takes too long. It may still be committed: the retry is a duplicate then.
function inTime(work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('took too long')), ANSWER_WITHIN);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

await migrate();
await app.listen({ port: Number(PORT), host: '0.0.0.0' });
console.log(`listening on port ${PORT}`);

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    app.close().finally(() => pool.end());
    setTimeout(() => process.exit(), ANSWER_WITHIN).unref(); // a hanging database must not keep us
  });
}
