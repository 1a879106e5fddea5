// A shop that keeps its orders in memory, on a port of its own. What is given as broken is left out: once, or signature.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

export const secret = 'whsec_test';

function genuine(header = '', body, now = Date.now() / 1000) {
  const pairs = header.split(',').map((pair) => pair.split('='));
  const t = pairs.find(([key]) => key === 't')?.[1] ?? '';
  if (!/^\d+$/.test(t) || Math.abs(now - Number(t)) > 300) return false;
  const wanted = createHmac('sha256', secret).update(`${t}.`).update(body).digest();
  return pairs.some(([key, value = '']) => {
    const given = Buffer.from(value, 'hex');
    return key === 'v1' && given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}

// start returns the shop's address, and what closes it.
export async function start(broken) {
  const orders = [];
  const pay = (session) => {
    const order = orders.find((one) => one.id === session.client_reference_id);
    if (!order || session.payment_status === 'unpaid' || session.amount_subtotal !== order.amount || session.currency !== 'usd') return;
    if (order.paid && broken !== 'once') return;
    order.paid = true;
    order.licences++;
  };
  const server = createServer(async (req, res) => {
    const body = Buffer.concat(await req.toArray());
    const answer = (status, value = {}) => res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
    if (req.method === 'POST' && req.url === '/orders') {
      const order = { id: `order_${1001 + orders.length}`, amount: 4900, paid: false, licences: 0 };
      orders.push(order);
      return answer(201, order);
    }
    if (req.method === 'GET') return answer(200, orders.find((one) => req.url === `/orders/${one.id}`));
    if (broken !== 'signature' && !genuine(req.headers['stripe-signature'], body)) return answer(400);
    try {
      const event = JSON.parse(body);
      if (!event.livemode && /^checkout\.session\.(completed|async_payment_succeeded)$/.test(event.type)) pay(event.data.object);
    } catch {
      return answer(400);
    }
    answer(200);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => { server.close(); server.closeAllConnections(); },
  };
}

// target is the shop's target file.
export const target = (url) => JSON.stringify({
  url: `${url}/webhooks/stripe`,
  secret,
  subject: {
    http: { url: `${url}/orders`, method: 'POST' },
    pick: { clientReferenceId: '/id', amount: '/amount', currency: { value: 'usd' } },
  },
  state: { http: { url: `${url}/orders/{{clientReferenceId}}` } },
  unhandled: ['charge.refunded', 'charge.dispute.created', 'charge.dispute.closed'],
}, null, 2);
