// A small application with two plans, sold through Stripe Checkout: the HTTP side.
import { randomUUID } from 'node:crypto';
import express from 'express';
import { parseEvent } from './event.js';
import { migrate, pool } from './database.js';
import { record } from './subscriptions.js';
import { createUser, findUser } from './users.js';

const { PORT, STRIPE_WEBHOOK_SECRET = '', STRIPE_LIVEMODE = 'false' } = process.env;
const secrets = STRIPE_WEBHOOK_SECRET.split(','); // more than one while they are rotated
if (!PORT || !process.env.DATABASE_URL || secrets.some((secret) => secret.trim() === '')) {
  console.error('PORT, DATABASE_URL and STRIPE_WEBHOOK_SECRET (comma separated, no part empty) are required');
  process.exit(1);
}
const livemode = STRIPE_LIVEMODE === 'true';

const USER_ID = /^[\w-]{1,64}$/;
const ANSWER_WITHIN = 8_000; // ms; Stripe gives up soon after

const counters = { processed: 0, duplicates: 0, errors: 0 };

const app = express();
app.disable('x-powered-by');
app.disable('etag');

app.post('/users', express.json(), async (req, res) => {
  const id = req.body?.reference ?? randomUUID();
  const customer = req.body?.customer;
  if (![id, customer ?? id].every((text) => USER_ID.test(text))) {
    return res.status(400).json({ error: 'reference and customer must be 1 to 64 letters, digits, - or _' });
  }
  const user = await createUser(id, customer);
  if (!user) return res.status(409).json({ error: 'there is such a user already' });
  res.status(201).json(user);
});

app.get('/users/:id', async (req, res) => {
  const user = USER_ID.test(req.params.id) ? await findUser(req.params.id) : undefined;
  if (!user) return res.status(404).json({ error: 'no such user' });
  res.json(user);
});

app.get('/counters', (req, res) => {
  const { processed, duplicates, errors } = counters;
  res.json({ received: processed + duplicates + errors, duplicates, errors });
});

app.get('/ready', async (req, res) => {
  await pool.query('SELECT 1');
  res.json({ status: 'ready' });
});

// The signature is over the bytes as they came, so nothing may parse or inflate them first.
const rawBody = express.raw({ type: () => true, limit: '1mb', inflate: false });

app.post('/webhooks/stripe', rawBody, async (req, res) => {
  let event;
  try {
    event = parseEvent(req.body, req.get('Stripe-Signature'), secrets);
  } catch (err) {
    counters.errors += 1;
    console.warn('webhook refused:', err.message);
    return res.status(400).json({ error: 'bad request' });
  }
  try {
    const outcome = await inTime(record(event, livemode));
    counters[outcome] += 1;
  } catch (err) {
    counters.errors += 1;
    console.error(`webhook ${event.id} ${event.type} failed:`, err);
    return res.status(500).json({ error: 'try again later' });
  }
  res.json({ received: true }); // after the commit, never before
});

// A body that is too large, cut off or compressed is refused before the route sees it.
app.use('/webhooks/stripe', (err, req, res, next) => {
  counters.errors += 1;
  console.warn('webhook refused:', err.message);
  res.status(400).json({ error: 'bad request' });
});

app.use((err, req, res, next) => {
  if (res.headersSent) return next(err);
  const ours = !(err.status >= 400 && err.status < 500);
  if (ours) console.error(`${req.method} ${req.path} failed:`, err);
  res.status(ours ? 503 : err.status).json({ error: ours ? 'try again later' : 'bad request' });
});

// inTime gives up on work that takes too long. It may still be committed: the retry is a duplicate then.
function inTime(work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('took too long')), ANSWER_WITHIN);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

await migrate();
const server = app.listen(Number(PORT), (err) => {
  if (err) throw err;
  console.log(`listening on port ${PORT}`);
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    server.close(() => pool.end());
    setTimeout(() => process.exit(), ANSWER_WITHIN).unref(); // a hanging database must not keep us
  });
}
