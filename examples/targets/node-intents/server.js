// A print shop that takes payment intents: the HTTP side, on Node's own server.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { migrate, pool } from './database.js';
import { parseEvent } from './event.js';
import { createOrder, findOrder, ORDER_ID } from './orders.js';
import { record } from './payments.js';

const { PORT, DATABASE_URL, STRIPE_WEBHOOK_SECRET, STRIPE_LIVEMODE = 'false' } = process.env;
if (!PORT || !DATABASE_URL || !STRIPE_WEBHOOK_SECRET?.trim()) {
  console.error('PORT, DATABASE_URL and STRIPE_WEBHOOK_SECRET are required');
  process.exit(1);
}
const livemode = STRIPE_LIVEMODE === 'true';

const LARGEST_BODY = 1 << 20;
const ANSWER_WITHIN = 8_000; // ms; Stripe gives up soon after

const routes = [
  ['POST', /^\/orders$/, postOrder],
  ['GET', /^\/orders\/([\w-]+)$/, getOrder],
  ['GET', /^\/ready$/, ready],
  ['POST', /^\/webhooks\/stripe$/, webhook],
];

async function postOrder(req) {
  const { reference: id = randomUUID(), paymentIntent } = JSON.parse((await bodyOf(req)).toString() || '{}') ?? {};
  if (![id, paymentIntent ?? id].every((text) => ORDER_ID.test(text))) {
    return [400, { error: 'reference and paymentIntent must be 1 to 64 letters, digits, - or _' }];
  }
  const order = await createOrder(id, paymentIntent);
  return order ? [201, order] : [409, { error: 'there is such an order already' }];
}

async function getOrder(req, id) {
  const order = await findOrder(id);
  return order ? [200, order] : [404, { error: 'no such order' }];
}

async function ready() {
  await pool.query('SELECT 1');
  return [200, { status: 'ready' }];
}

async function webhook(req) {
  let event;
  try {
    // The signature is over the bytes as they came, so nothing may decode them first.
    event = parseEvent(await bodyOf(req), req.headers['stripe-signature'], STRIPE_WEBHOOK_SECRET);
  } catch (err) {
    console.warn('webhook refused:', err.message);
    return [400, { error: 'bad request' }];
  }
  try {
    await inTime(record(event, livemode));
  } catch (err) {
    console.error(`webhook ${event.id} ${event.type} failed:`, err);
    return [500, { error: 'try again later' }];
  }
  return [200, { received: true }]; // after the commit, never before
}

async function bodyOf(req) {
  const chunks = [];
  let size = 0;
  for await (const chunk of req) {
    size += chunk.length;
    if (size <= LARGEST_BODY) chunks.push(chunk); // the rest is read, so that the answer is, too
  }
  if (size > LARGEST_BODY) throw new SyntaxError('the body is too large');
  return Buffer.concat(chunks);
}

// inTime gives up on work that takes too long. It may still be committed: the retry is a duplicate then.
function inTime(work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('took too long')), ANSWER_WITHIN);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function answer(req) {
  const path = req.url.split('?')[0];
  const found = routes.filter(([, pattern]) => pattern.test(path));
  const [, pattern, handler] = found.find(([method]) => method === req.method) ?? [];
  if (!handler) return [found.length > 0 ? 405 : 404, { error: 'not here' }];
  try {
    return await handler(req, ...pattern.exec(path).slice(1));
  } catch (err) {
    if (err instanceof SyntaxError) return [400, { error: 'bad request' }];
    console.error(`${req.method} ${path} failed:`, err);
    return [503, { error: 'try again later' }];
  }
}

await migrate();
const server = createServer(async (req, res) => {
  const [status, body] = await answer(req);
  res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
});
server.listen(Number(PORT), () => console.log(`listening on port ${PORT}`));

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    server.close(() => pool.end());
    setTimeout(() => process.exit(), ANSWER_WITHIN).unref(); // a hanging database must not keep us
  });
}
