// Orders, and what has been paid and given back of them.
import { randomBytes } from 'node:crypto';
import { pool } from './database.js';

const PRICE = { amount: 4500, currency: 'usd' };
export const ORDER_ID = /^[\w-]{1,64}$/;

// createOrder makes an order with its Checkout session, or answers undefined if the id is taken. A real shop would have
// Stripe make the session, with metadata.orderId set for it, its payment intent and its invoice; its id is invented here.
export async function createOrder(id) {
  const { rows: [order] } = await pool.query(
    `INSERT INTO orders (id, stripe_session_id, amount, currency) VALUES ($1, $2, $3, $4)
     ON CONFLICT (id) DO NOTHING
     RETURNING id, id AS reference, stripe_session_id AS "stripeSessionId", amount, currency`,
    [id, `cs_test_${randomBytes(24).toString('hex')}`, PRICE.amount, PRICE.currency],
  );
  return order;
}

// findOrder answers what an order has come to, or undefined. One refund is told by its own events and by those of its
// charge, and either may be late: of their sums the larger one is known.
export async function findOrder(id) {
  const { rows: [order] } = await pool.query(
    `SELECT o.status::text,
            coalesce(sum(p.amount), 0)::integer AS "paidAmount",
            coalesce(sum(greatest(r.made, c.refunded - r.failed)), 0)::integer AS "refundedAmount",
            coalesce(max(d.status)::text, 'none') AS dispute,
            coalesce(sum(d.taken), 0)::integer AS "disputedAmount",
            (SELECT count(*)::integer FROM shipments WHERE order_id = o.id) AS fulfilments
     FROM orders o
     LEFT JOIN payments p ON p.order_id = o.id
     LEFT JOIN LATERAL (
       SELECT coalesce(sum(amount) FILTER (WHERE status = 'made'), 0) AS made, coalesce(sum(amount) FILTER (WHERE status = 'failed'), 0) AS failed
       FROM refunds WHERE payment_intent_id = p.payment_intent_id AND currency = o.currency
     ) r ON true
     LEFT JOIN LATERAL (
       SELECT coalesce(sum(refunded), 0) AS refunded FROM charges WHERE payment_intent_id = p.payment_intent_id AND currency = o.currency
     ) c ON true
     LEFT JOIN LATERAL (
       SELECT max(status) AS status, sum(amount) FILTER (WHERE withdrawn AND NOT reinstated AND status <> 'won') AS taken
       FROM disputes WHERE payment_intent_id = p.payment_intent_id
     ) d ON true
     WHERE o.id = $1
     GROUP BY o.id`,
    [id],
  );
  if (!order) return undefined;
  const refunded = order.status === 'PAID' && order.paidAmount > 0 && order.refundedAmount >= order.paidAmount;
  return { ...order, status: refunded ? 'REFUNDED' : order.status };
}
