// What events mean to orders. Nothing here depends on the order in which they come, or on how often, or on which of the
// four types that tell of one payment come at all.
import { transaction } from './database.js';
import { idOf, isAmount, isCurrency } from './event.js';
import { ORDER_ID } from './orders.js';

const handlers = {
  'checkout.session.completed': sessionCompleted,
  'checkout.session.async_payment_succeeded': sessionCompleted,
  'checkout.session.async_payment_failed': (client, event) => sessionEnded(client, event, 'PAYMENT_FAILED'),
  'checkout.session.expired': (client, event) => sessionEnded(client, event, 'EXPIRED'),
  'invoice.paid': invoicePaid,
  'payment_intent.succeeded': intentSucceeded,
  'charge.succeeded': chargeSucceeded,
  'charge.refunded': chargeRefunded,
  'refund.created': refundTold,
  'refund.updated': refundTold,
  'refund.failed': refundTold,
  'charge.refund.updated': refundTold, // what Stripe sent before there were the three above, and still does
  'charge.dispute.created': (client, event) => disputed(client, event, {}),
  'charge.dispute.closed': (client, event) => disputed(client, event, {}),
  'charge.dispute.funds_withdrawn': (client, event) => disputed(client, event, { withdrawn: true }),
  'charge.dispute.funds_reinstated': (client, event) => disputed(client, event, { reinstated: true }),
};

// record keeps an event and its effect, or neither, and answers 'processed' or 'duplicates'. It throws on what a
// retry can mend.
export function record(event, livemode) {
  return transaction(async (client) => {
    // A copy that is under way at the same time waits here for the other's end.
    const { rowCount } = await client.query(
      'INSERT INTO events (id, type) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [event.id, event.type],
    );
    if (rowCount === 0) return 'duplicates';
    const ours = event.livemode === livemode && !event.account; // no other account's, through Connect
    if (ours) await handlers[event.type]?.(client, event);
    return 'processed';
  });
}

function sessionCompleted(client, event) {
  const { mode, payment_status: status, amount_subtotal: price, amount_total: total } = event.object;
  if (mode !== 'payment') return undefined;
  if (status === 'unpaid') return sessionEnded(client, event, 'AWAITING_PAYMENT'); // a slow method
  if (status !== 'paid' && status !== 'no_payment_required') return review(event, 'unknown payment status');
  return paid(client, event, { intent: idOf(event.object.payment_intent), invoice: idOf(event.object.invoice), price, total });
}

function invoicePaid(client, event) {
  const { subtotal: price, amount_paid: total } = event.object;
  return paid(client, event, { intent: idOf(event.object.payment_intent), invoice: idOf(event.object), price, total });
}

function intentSucceeded(client, event) {
  return paid(client, event, { intent: idOf(event.object), total: event.object.amount_received });
}

function chargeSucceeded(client, event) {
  if (event.object.captured !== true) return undefined; // held, not paid
  return paid(client, event, { intent: idOf(event.object.payment_intent), total: event.object.amount_captured });
}

// orderOf answers the order of an object, locked, or undefined if it is not ours: the one that the metadata names, or
// the one that another event of the same payment or invoice has named.
async function orderOf(client, object, { intent, invoice } = {}) {
  const named = object.metadata?.orderId;
  const byName = typeof named === 'string' && ORDER_ID.test(named);
  const { rows: [order] } = byName
    ? await client.query('SELECT id, amount, currency FROM orders WHERE id = $1 FOR UPDATE', [named])
    : await client.query(
      `SELECT id, amount, currency FROM orders WHERE id IN (
         SELECT order_id FROM payments WHERE payment_intent_id = $1 UNION SELECT order_id FROM invoices WHERE id = $2
       ) FOR UPDATE`,
      [intent, invoice],
    );
  if (!order && byName) throw new Error(`order ${named} is not there yet`); // Stripe will come again
  return order;
}

// paid keeps a payment of an order and has the order sent, once. Price is what the goods cost before vouchers and taxes;
// an intent and a charge do not know it.
async function paid(client, event, { intent, invoice, price, total }) {
  const order = await orderOf(client, event.object, { intent, invoice });
  if (!order) return;
  if (!isAmount(total)) return review(event, 'no amount');
  if (event.object.currency !== order.currency) return review(event, 'another currency');
  if (price !== undefined && price !== order.amount) return review(event, 'another price');
  if (intent && total > 0) {
    await client.query(
      `INSERT INTO payments (payment_intent_id, order_id, amount) VALUES ($1, $2, $3)
       ON CONFLICT (payment_intent_id) DO UPDATE SET amount = GREATEST(payments.amount, EXCLUDED.amount)`,
      [intent, order.id, total],
    );
  }
  if (invoice) {
    await client.query('INSERT INTO invoices (id, order_id) VALUES ($1, $2) ON CONFLICT DO NOTHING', [invoice, order.id]);
  }
  // Another sum may be a voucher or a tax: the session tells.
  if (price === undefined && total !== order.amount) return;
  await client.query("UPDATE orders SET status = 'PAID' WHERE id = $1", [order.id]);
  await client.query('INSERT INTO shipments (order_id) VALUES ($1) ON CONFLICT DO NOTHING', [order.id]);
}

// sessionEnded keeps what became of a session that is not paid. It never takes the place of a payment.
async function sessionEnded(client, event, status) {
  const order = await orderOf(client, event.object);
  if (order) await client.query('UPDATE orders SET status = GREATEST(status, $2) WHERE id = $1', [order.id, status]);
}

// chargeRefunded keeps the sum of a charge's refunds so far: the largest one seen is the latest.
async function chargeRefunded(client, event) {
  const { captured, amount, amount_captured: taken, amount_refunded: sum, currency } = event.object;
  const charge = idOf(event.object);
  const intent = idOf(event.object.payment_intent);
  if (!charge || !intent || captured !== true) return; // a hold that was let go
  if (![amount, taken, sum].every(isAmount) || taken > amount || sum > amount || !isCurrency(currency)) return review(event, 'unlikely amounts');
  await client.query(
    `INSERT INTO charges (id, payment_intent_id, currency, refunded) VALUES ($1, $2, $3, $4)
     ON CONFLICT (id) DO UPDATE SET refunded = GREATEST(charges.refunded, EXCLUDED.refunded)`,
    [charge, intent, currency, sum],
  );
}

// refundTold keeps one refund. One that is pending counts, as with Stripe; one that has failed does not, and never will.
async function refundTold(client, event) {
  const { status, amount, currency } = event.object;
  const refund = idOf(event.object);
  const intent = idOf(event.object.payment_intent);
  if (!refund || !intent || !isAmount(amount) || !isCurrency(currency)) return;
  await client.query(
    `INSERT INTO refunds (id, payment_intent_id, currency, amount, status) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (id) DO UPDATE SET status = GREATEST(refunds.status, EXCLUDED.status)`,
    [refund, intent, currency, amount, status === 'failed' || status === 'canceled' ? 'failed' : 'made'],
  );
}

const CLOSED = { won: 'won', warning_closed: 'won', lost: 'lost' };

async function disputed(client, event, { withdrawn = false, reinstated = false }) {
  const { status, amount } = event.object;
  const dispute = idOf(event.object);
  const intent = idOf(event.object.payment_intent);
  if (!dispute || !intent || !isAmount(amount)) return;
  await client.query(
    `INSERT INTO disputes (id, payment_intent_id, status, amount, withdrawn, reinstated) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (id) DO UPDATE SET status = GREATEST(disputes.status, EXCLUDED.status),
                                    withdrawn = disputes.withdrawn OR EXCLUDED.withdrawn,
                                    reinstated = disputes.reinstated OR EXCLUDED.reinstated`,
    [dispute, intent, CLOSED[status] ?? 'open', amount, withdrawn, reinstated],
  );
}

// review leaves an event that no retry can mend to a person.
function review(event, why) {
  console.error(`${event.id} ${event.type} needs review: ${why}`);
}
