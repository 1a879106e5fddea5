// What events mean to subscriptions. Nothing here depends on the order in which they come, or on how often.
import { transaction } from './database.js';
import { idOf, isSubscription, periodEnd, subscriptionOf, time } from './event.js';
import { latest } from './latest.js';
import { ourItem } from './plans.js';

const handlers = {
  'checkout.session.completed': bought,
  'customer.subscription.created': changed,
  'customer.subscription.updated': changed,
  'customer.subscription.deleted': changed,
  'invoice.paid': (client, event) => invoiced(client, event, 'paid'),
  'invoice.payment_failed': (client, event) => invoiced(client, event, 'failed'),
};

// record keeps an event and its effect, or neither, and answers 'processed' or 'duplicates'. It throws on what a
// retry can mend.
export function record(event, livemode) {
  return transaction(async (client) => {
    const snapshot = handlers[event.type] === changed && isSubscription(event.object);
    // A copy that is under way at the same time waits here for the other's end.
    const { rowCount } = await client.query(
      `INSERT INTO events (id, type, created, subscription_id, object, previous) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT DO NOTHING`,
      [event.id, event.type, event.created, snapshot ? event.object.id : null,
        snapshot ? JSON.stringify(event.object) : null, snapshot ? JSON.stringify(event.previous) : null],
    );
    if (rowCount === 0) return 'duplicates';
    const ours = event.livemode === livemode && !event.account; // no other account's, through Connect
    if (ours) await handlers[event.type]?.(client, event);
    return 'processed';
  });
}

// changed writes the row of a subscription anew, from all that has been told of it.
async function changed(client, event) {
  if (!isSubscription(event.object)) return;
  const { id } = event.object;
  // One at a time, and each sees what those before it have committed.
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [id]);
  const { rows: events } = await client.query(
    'SELECT id, type, created, object, previous FROM events WHERE subscription_id = $1',
    [id],
  );
  const { object: now } = latest(events);
  // A price that we do not know changes no plan: the last one that we know stays.
  const known = events.filter((e) => ourItem(e.object));
  if (known.length === 0) return; // another product's
  const item = ourItem(latest(known).object);
  const row = {
    id,
    stripe_customer_id: idOf(now.customer),
    status: now.status,
    price_id: item.price.id,
    quantity: Number.isInteger(item.quantity) ? item.quantity : null,
    current_period_end: periodEnd(now, ourItem(now) ?? now.items?.data?.[0]),
    cancel_at_period_end: now.cancel_at_period_end === true,
    cancel_at: time(now.cancel_at),
    ended_at: time(now.ended_at),
    created_at: time(now.created),
  };
  const columns = Object.keys(row);
  await client.query(
    `INSERT INTO subscriptions (${columns}) VALUES (${columns.map((_, i) => `$${i + 1}`)})
     ON CONFLICT (id) DO UPDATE SET ${columns.map((column) => `${column} = EXCLUDED.${column}`)}`,
    Object.values(row),
  );
}

// invoiced keeps what was paid, or was not. It never gives access: the subscription's own events tell its status.
async function invoiced(client, event, status) {
  const { amount_paid: amount } = event.object;
  const id = idOf(event.object);
  const subscription = subscriptionOf(event.object);
  if (!id || !subscription) return; // made by hand
  const paid = status === 'paid' && Number.isSafeInteger(amount) ? amount : 0;
  if (status === 'paid' && paid <= 0) return; // a trial's, a credit's: nothing was paid
  await client.query(
    `INSERT INTO invoices (id, subscription_id, status, amount_paid) VALUES ($1, $2, $3, $4)
     ON CONFLICT (id) DO UPDATE SET status = GREATEST(invoices.status, EXCLUDED.status),
                                    amount_paid = GREATEST(invoices.amount_paid, EXCLUDED.amount_paid)`,
    [id, subscription, status, paid],
  );
}

// bought welcomes a user, once for each subscription. Access does not wait for it.
async function bought(client, event) {
  const { mode, client_reference_id: user } = event.object;
  const subscription = idOf(event.object.subscription);
  const customer = idOf(event.object.customer);
  if (mode !== 'subscription' || !subscription || !customer) return;
  if (typeof user !== 'string' || !/^[\w-]{1,64}$/.test(user)) return; // not from our checkout
  await client.query(
    'INSERT INTO welcome_mails (subscription_id, user_id, stripe_customer_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    [subscription, user, customer],
  );
}
