// Orders, and what their payments have come to.
import { randomBytes } from 'node:crypto';
import { pool } from './database.js';

const PRICE = { amount: 6200, currency: 'usd' };
export const ORDER_ID = /^[\w-]{1,64}$/;

// createOrder makes an order for a payment intent, or answers undefined if there is one already. A real shop would have
// Stripe make the intent, with metadata.order_id set; unless the caller names one, its id is invented here.
export async function createOrder(id, intent = `pi_${randomBytes(12).toString('hex')}`) {
  const { rows: [order] } = await pool.query(
    `INSERT INTO orders (id, amount, currency, payment_intent_id) VALUES ($1, $2, $3, $4)
     ON CONFLICT DO NOTHING
     RETURNING id, amount, currency, payment_intent_id AS "paymentIntent"`,
    [id, PRICE.amount, PRICE.currency, intent],
  );
  return order;
}

// An order may have several intents: one that was canceled, and the next. The best of them is what the order is.
const STATUSES = ['paid', 'authorized', 'processing', 'failed', 'canceled', 'open'];

export async function findOrder(id) {
  const { rows: [order] } = await pool.query(
    `SELECT o.*, EXISTS (SELECT FROM print_jobs WHERE order_id = o.id) AS printed FROM orders o WHERE o.id = $1`,
    [id],
  );
  if (!order) return undefined;
  const { rows: payments } = await pool.query(
    `SELECT coalesce(p.status::text, 'open') AS status, coalesce(p.captured, 0)::integer AS captured, t.failed,
            (SELECT coalesce(sum(greatest(0, c.refunded - coalesce((SELECT sum(f.amount) FROM failed_refunds f
                WHERE f.charge_id = c.id AND (f.created, true) > (c.created, c.taken_back)), 0))), 0)
             FROM charges c WHERE c.payment_intent_id = i.id AND c.currency = $3)::integer AS refunded,
            (SELECT max(d.status)::text FROM disputes d WHERE d.payment_intent_id = i.id) AS dispute,
            (SELECT coalesce(sum(d.amount), 0) FROM disputes d WHERE d.payment_intent_id = i.id
                AND (d.status = 'lost' OR d.withdrawn AND NOT d.reinstated AND d.status <> 'won'))::integer AS disputed
     FROM (SELECT $2 AS id UNION SELECT payment_intent_id FROM payments WHERE order_id = $1) i
     LEFT JOIN payments p ON p.payment_intent_id = i.id
     LEFT JOIN tries t ON t.payment_intent_id = i.id`,
    [id, order.payment_intent_id, order.currency],
  );
  const sum = (key) => payments.reduce((total, payment) => total + payment[key], 0);
  const captured = sum('captured');
  const refunded = sum('refunded');
  const statuses = payments.map((p) => (p.status === 'open' && p.failed !== null ? (p.failed ? 'failed' : 'processing') : p.status));
  const status = STATUSES.find((s) => statuses.includes(s));
  return {
    status: status === 'paid' && refunded >= captured ? 'refunded' : status,
    captured,
    refunded,
    dispute: payments.find((p) => p.dispute !== null)?.dispute ?? 'none',
    disputed: sum('disputed'),
    printJobs: order.printed ? 1 : 0,
  };
}
