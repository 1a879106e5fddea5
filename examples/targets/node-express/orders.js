// What events mean to orders. Nothing here depends on the order in which they come, or on how often.
import { randomBytes } from 'node:crypto';
import { pool, transaction } from './database.js';
import { isText } from './event.js';

const PRICE = { amount: 4500, currency: 'usd' };

// createOrder makes an order with its Checkout session, or answers undefined if the id is taken. A real
// shop would have Stripe make the session, with metadata.orderId set; its id is invented here.
export async function createOrder(id) {
  const { rows: [order] } = await pool.query(
    `INSERT INTO orders (id, stripe_session_id, amount, currency) VALUES ($1, $2, $3, $4)
     ON CONFLICT DO NOTHING
     RETURNING id, id AS reference, stripe_session_id AS "stripeSessionId", amount, currency, status`,
    [id, `cs_test_${randomBytes(24).toString('hex')}`, PRICE.amount, PRICE.currency],
  );
  return order;
}

// findOrder answers what an order has come to, or undefined. A refund is told by its own events and in the sum of its
// charge's, and either may be late: of the two sums, each without what has failed, the larger one knows more.
export async function findOrder(id) {
  const { rows: [order] } = await pool.query(
    `SELECT CASE WHEN back.amount >= o.amount THEN 'REFUNDED' ELSE o.status::text END AS status,
            back.amount::integer AS "refundedAmount",
            coalesce(d.status::text, 'none') AS dispute,
            (SELECT count(*)::integer FROM shipments WHERE order_id = o.id) AS fulfilments
     FROM orders o
     LEFT JOIN refunds r ON (r.payment_intent, r.amount, r.currency) = (o.payment_intent, o.amount, o.currency)
     CROSS JOIN LATERAL (
       SELECT GREATEST(
         coalesce(sum(amount) FILTER (WHERE NOT failed), 0),
         coalesce(r.refunded, 0) - coalesce(sum(amount) FILTER (WHERE failed), 0)
       ) AS amount
       FROM single_refunds WHERE (payment_intent, currency) = (o.payment_intent, o.currency)
     ) back
     LEFT JOIN disputes d ON d.payment_intent = o.payment_intent
     WHERE o.id = $1`,
    [id],
  );
  return order;
}

// record keeps an event and its effect, or neither, and answers 'processed' or 'duplicates'. It throws on
// what a retry can mend.
export function record(event, livemode) {
  return transaction(async (client) => {
    // A copy that is under way at the same time waits here for the other's end.
    const { rowCount } = await client.query(
      'INSERT INTO events (id, type) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [event.id, event.type],
    );
    if (rowCount === 0) return 'duplicates';
    if (event.livemode === livemode) await handlers[event.type]?.(client, event);
    return 'processed';
  });
}

const handlers = {
  'checkout.session.completed': completed,
  'checkout.session.async_payment_succeeded': completed,
  'checkout.session.async_payment_failed': (client, event) => advance(client, event, () => 'PAYMENT_FAILED'),
  'checkout.session.expired': (client, event) => advance(client, event, () => 'EXPIRED'),
  'charge.refunded': refunded,
  'refund.created': refundTold,
  'refund.updated': refundTold,
  'refund.failed': refundTold,
  'charge.refund.updated': refundTold, // what older API versions have for the two above
  'charge.dispute.created': (client, event) => disputed(client, event, 'open'),
  'charge.dispute.closed': (client, event) => disputed(client, event, event.object.status === 'lost' ? 'lost' : 'won'),
};

function completed(client, event) {
  return advance(client, event, (order) => {
    const { payment_status: payment, amount_total: total, currency } = event.object;
    if (payment === 'unpaid') return 'AWAITING_PAYMENT'; // a slow method: async_payment_… will tell
    const free = payment === 'no_payment_required' && total === 0;
    if (payment !== 'paid' && payment !== 'no_payment_required') return review(event, 'unknown payment status');
    if (currency !== order.currency) return review(event, 'another currency');
    if (total !== order.amount && !free) return review(event, 'another amount');
    return 'PAID';
  });
}

// review leaves an event that no retry can mend to a person.
function review(event, why) {
  console.error(`${event.id} ${event.type} needs review: ${why}`);
}

// advance moves the order that a session is about to the status that decide answers, but never back.
async function advance(client, event, decide) {
  const orderId = event.object.metadata?.orderId;
  if (typeof orderId !== 'string' || !/^[\w-]{1,64}$/.test(orderId)) return; // not from this shop
  const { rows: [order] } = await client.query(
    'SELECT id, amount, currency, status FROM orders WHERE id = $1 FOR UPDATE',
    [orderId],
  );
  if (!order) throw new Error(`order ${orderId} is not there yet`); // Stripe will come again
  const status = decide(order);
  if (!status) return;
  // The payment that was made: that of a try which failed, or of another session that expired, is never refunded.
  const intent = status === 'PAID' ? event.intent : null;
  await client.query(
    `UPDATE orders SET status = GREATEST(status, $2), payment_intent = coalesce(payment_intent, $3) WHERE id = $1`,
    [order.id, status, intent],
  );
  // Once, whichever event brings the money, and under however many ids it comes.
  if (status === 'PAID' && order.status !== 'PAID') {
    await client.query('INSERT INTO shipments (order_id) VALUES ($1)', [order.id]);
  }
}

// amount_refunded is the sum of all refunds so far, so the largest one seen is the latest.
async function refunded(client, event) {
  const { amount, amount_refunded: sum, currency } = event.object;
  if (!event.intent) return;
  if (![amount, sum].every(Number.isSafeInteger) || sum < 0 || sum > amount || !/^[a-z]{3}$/.test(currency)) {
    return review(event, 'unlikely amounts');
  }
  await client.query(
    `INSERT INTO refunds (payment_intent, amount, currency, refunded) VALUES ($1, $2, $3, $4)
     ON CONFLICT (payment_intent, amount, currency) DO UPDATE SET refunded = GREATEST(refunds.refunded, EXCLUDED.refunded)`,
    [event.intent, amount, currency, sum],
  );
}

// refundTold keeps one refund. One that is pending counts, as with Stripe. One that has failed, days later perhaps, does not,
// and never will again.
async function refundTold(client, event) {
  const { id, status, amount, currency } = event.object;
  if (!event.intent) return;
  if (!isText(id) || !Number.isSafeInteger(amount) || amount <= 0 || !/^[a-z]{3}$/.test(currency)) return review(event, 'unlikely refund');
  const failed = status === 'failed' || status === 'canceled';
  if (failed) review(event, 'the customer still has to get the money');
  await client.query(
    `INSERT INTO single_refunds (id, payment_intent, amount, currency, failed) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (id) DO UPDATE SET failed = single_refunds.failed OR EXCLUDED.failed`,
    [id, event.intent, amount, currency, failed],
  );
}

async function disputed(client, event, status) {
  if (!event.intent) return;
  await client.query(
    `INSERT INTO disputes (payment_intent, status) VALUES ($1, $2)
     ON CONFLICT (payment_intent) DO UPDATE SET status = GREATEST(disputes.status, EXCLUDED.status)`,
    [event.intent, status],
  );
}
