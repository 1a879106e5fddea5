// Users, and what they may use.
import { randomBytes } from 'node:crypto';
import { pool } from './database.js';
import { givesAccess, planOf } from './plans.js';

// createUser makes a user with their Stripe customer, or answers undefined if there is one already. A real application
// would have Stripe make the customer, before the first checkout; unless the caller names one, its id is invented here.
export async function createUser(id, customer = `cus_${randomBytes(12).toString('hex')}`) {
  const { rows: [user] } = await pool.query(
    `INSERT INTO users (id, stripe_customer_id) VALUES ($1, $2) ON CONFLICT DO NOTHING
     RETURNING id, stripe_customer_id AS customer`,
    [id, customer],
  );
  return user;
}

// findUser answers what a user has, or undefined. A subscription belongs to whoever has its customer.
export async function findUser(id) {
  const { rows: [user] } = await pool.query(
    `SELECT u.stripe_customer_id,
            (SELECT count(*)::integer FROM welcome_mails w
             WHERE (w.user_id, w.stripe_customer_id) = (u.id, u.stripe_customer_id)) AS "welcomeMails",
            count(i.*) FILTER (WHERE i.status = 'paid')::integer AS "paidInvoices",
            coalesce(sum(i.amount_paid), 0)::integer AS "paidTotal",
            count(i.*) FILTER (WHERE i.status = 'failed')::integer AS "unpaidInvoices"
     FROM users u
     LEFT JOIN subscriptions s ON s.stripe_customer_id = u.stripe_customer_id
     LEFT JOIN invoices i ON i.subscription_id = s.id
     WHERE u.id = $1
     GROUP BY u.id`,
    [id],
  );
  if (!user) return undefined;
  const { stripe_customer_id: customer, ...totals } = user;
  const { rows } = await pool.query('SELECT * FROM subscriptions WHERE stripe_customer_id = $1 ORDER BY created_at, id', [customer]);
  const current = rows.findLast((row) => givesAccess(row.status));
  return {
    access: current !== undefined,
    plan: current ? planOf(current.price_id) : null,
    seats: current ? current.quantity : null,
    periodEnd: current ? current.current_period_end : null,
    subscriptions: rows.map(shown),
    ...totals,
  };
}

function shown(row) {
  return {
    status: row.status,
    price: row.price_id,
    quantity: row.quantity,
    currentPeriodEnd: row.current_period_end,
    endsAt: row.cancel_at ?? (row.cancel_at_period_end ? row.current_period_end : null),
    endedAt: row.ended_at,
  };
}
