// What events mean to payments. Nothing here depends on the order in which they come, or on how often: each keeps a
// fact, of which the later one wins wherever it stands.
import { transaction } from './database.js';
import { idOf, isAmount, isCurrency } from './event.js';
import { ORDER_ID } from './orders.js';

const handlers = {
  'payment_intent.processing': (client, event) => tried(client, event, false),
  'payment_intent.payment_failed': (client, event) => tried(client, event, true),
  'payment_intent.amount_capturable_updated': authorized,
  'payment_intent.canceled': (client, event) => paid(client, event, 'canceled', event.object.id, 0),
  'payment_intent.succeeded': (client, event) => paid(client, event, 'paid', event.object.id, event.object.amount_received),
  'charge.captured': captured,
  'charge.refunded': refunded,
  'charge.updated': refunded,
  'charge.refund.updated': refundUpdated,
  'refund.updated': refundUpdated,
  'refund.failed': refundUpdated,
  'charge.dispute.created': (client, event) => disputed(client, event, {}),
  'charge.dispute.updated': (client, event) => disputed(client, event, {}),
  'charge.dispute.closed': (client, event) => disputed(client, event, {}),
  'charge.dispute.funds_withdrawn': (client, event) => disputed(client, event, { withdrawn: true }),
  'charge.dispute.funds_reinstated': (client, event) => disputed(client, event, { reinstated: true }),
};

// record keeps an event and its effect, or neither. It throws on what a retry can mend.
export function record(event, livemode) {
  return transaction(async (client) => {
    // A copy that is under way at the same time waits here for the other's end.
    const { rowCount } = await client.query(
      'INSERT INTO events (id, type) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [event.id, event.type],
    );
    const ours = event.livemode === livemode && !event.account; // no other account's, through Connect
    if (rowCount === 1 && ours) await handlers[event.type]?.(client, event);
  });
}

// orderOf answers the order of a payment, locked, or undefined if it is not ours: the one that the metadata names, which
// a charge has from its intent, or the one that the intent was made for.
async function orderOf(client, object, intent) {
  const named = object.metadata?.order_id;
  const byName = typeof named === 'string' && ORDER_ID.test(named);
  const { rows: [order] } = await client.query(
    `SELECT id, amount, currency FROM orders WHERE ${byName ? 'id' : 'payment_intent_id'} = $1 FOR UPDATE`,
    [byName ? named : intent],
  );
  if (!order && byName) throw new Error(`order ${named} is not there yet`); // Stripe will come again
  return order;
}

// paid moves a payment on, and never back, and has the order printed once it is paid.
async function paid(client, event, status, intent, sum) {
  const { amount, currency } = event.object; // of an intent and of a charge: what was agreed on
  if (!idOf(intent) || !isAmount(sum)) return;
  const order = await orderOf(client, event.object, intent);
  if (!order) return;
  if (amount !== order.amount || currency !== order.currency) return review(event, 'another amount or currency');
  await client.query(
    `INSERT INTO payments (payment_intent_id, order_id, status, captured) VALUES ($1, $2, $3, $4)
     ON CONFLICT (payment_intent_id) DO UPDATE SET status = GREATEST(payments.status, EXCLUDED.status),
                                                   captured = GREATEST(payments.captured, EXCLUDED.captured)`,
    [intent, order.id, status, sum],
  );
  if (status === 'paid' && sum > 0) {
    await client.query('INSERT INTO print_jobs (order_id) VALUES ($1) ON CONFLICT DO NOTHING', [order.id]);
  }
}

function authorized(client, event) {
  return event.object.amount_capturable > 0 ? paid(client, event, 'authorized', event.object.id, 0) : undefined;
}

// captured is told of the charge. What is captured may be less than what was held.
function captured(client, event) {
  return paid(client, event, 'paid', idOf(event.object.payment_intent), event.object.amount_captured);
}

// tried keeps the latest try. In one second a try is under way before it fails.
async function tried(client, event, failed) {
  const intent = idOf(event.object.id);
  const order = intent && (await orderOf(client, event.object, intent));
  if (!order) return;
  await client.query(
    `INSERT INTO payments (payment_intent_id, order_id, status, captured) VALUES ($1, $2, 'open', 0) ON CONFLICT DO NOTHING`,
    [intent, order.id],
  );
  await client.query(
    `INSERT INTO tries (payment_intent_id, created, failed) VALUES ($1, $2, $3)
     ON CONFLICT (payment_intent_id) DO UPDATE SET created = EXCLUDED.created, failed = EXCLUDED.failed
     WHERE (EXCLUDED.created, EXCLUDED.failed) > (tries.created, tries.failed)`,
    [intent, event.created, failed],
  );
}

// refunded keeps the latest snapshot of a charge. Stripe counts what was held and not captured as refunded.
async function refunded(client, event) {
  const { captured: isCaptured, amount, amount_captured: taken, amount_refunded: sum, currency } = event.object;
  const charge = idOf(event.object);
  const intent = idOf(event.object.payment_intent);
  if (!charge || !intent || isCaptured !== true) return; // a hold that was let go
  if (![amount, taken, sum].every(isAmount) || taken > amount || sum > amount || !isCurrency(currency)) return review(event, 'unlikely amounts');
  const takenBack = event.previous.amount_refunded > sum;
  await client.query(
    `INSERT INTO charges (id, payment_intent_id, created, taken_back, currency, refunded) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (id) DO UPDATE SET created = EXCLUDED.created, taken_back = EXCLUDED.taken_back, refunded = EXCLUDED.refunded
     WHERE (EXCLUDED.created, EXCLUDED.taken_back, EXCLUDED.refunded) > (charges.created, charges.taken_back, charges.refunded)`,
    [charge, intent, event.created, takenBack, currency, Math.max(0, sum - (amount - taken))],
  );
}

// refundUpdated keeps a refund that failed. Until a later snapshot of the charge it is taken off.
async function refundUpdated(client, event) {
  const { status, amount } = event.object;
  const refund = idOf(event.object);
  const charge = idOf(event.object.charge);
  if (!refund || !charge || !isAmount(amount) || !['failed', 'canceled'].includes(status)) return;
  await client.query(
    `INSERT INTO failed_refunds (id, charge_id, created, amount) VALUES ($1, $2, $3, $4)
     ON CONFLICT (id) DO UPDATE SET created = LEAST(failed_refunds.created, EXCLUDED.created)`,
    [refund, charge, event.created, amount],
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
