// A small shop's orders in PostgreSQL, for packages that verify a webhook and hand its event on. What it keeps
// is a join of all events seen, so their order, repetition and overlap do not matter, and each event is one
// statement. Whatever hookproof then finds is the package's way of calling it.

const schema = `
  CREATE TABLE IF NOT EXISTS orders (
    id text PRIMARY KEY, session text UNIQUE NOT NULL, amount bigint NOT NULL, currency text NOT NULL,
    rank int NOT NULL DEFAULT 0, intent text);
  CREATE TABLE IF NOT EXISTS intents (
    intent text, currency text, refunded bigint NOT NULL DEFAULT 0, dispute int NOT NULL DEFAULT 0,
    PRIMARY KEY (intent, currency))`

const statuses = ['pending', 'awaiting payment', 'expired', 'payment failed', 'paid']
const disputes = ['none', 'open', 'won', 'lost']

export function orders(pool) {
  // What a session's event says of its order: its rank in statuses, or undefined.
  function rankOf(type, session, order) {
    switch (type) {
      case 'checkout.session.expired':
        return 2
      case 'checkout.session.async_payment_failed':
        return 3
    }
    const free = session.payment_status === 'no_payment_required' && session.amount_total === 0
    if (!(free || session.amount_total === order.amount) || session.currency !== order.currency) return undefined
    if (type === 'checkout.session.async_payment_succeeded') return 4
    return { paid: 4, no_payment_required: 4, unpaid: 1 }[session.payment_status]
  }

  async function session(type, object) {
    const id = object.metadata?.orderId
    if (!id) return // not one of ours
    const { rows } = await pool.query('SELECT session, amount::int, currency FROM orders WHERE id = $1', [id])
    if (rows.length === 0) throw new Error('no such order yet')
    if (rows[0].session !== object.id) return
    const rank = rankOf(type, object, rows[0])
    if (rank === undefined) return
    await pool.query('UPDATE orders SET rank = GREATEST(rank, $2), intent = COALESCE(intent, $3) WHERE id = $1', [
      id,
      rank,
      object.payment_intent,
    ])
  }

  // Kept by intent, and joined when it is read: a refund may come before the session names its intent.
  async function intent(object, refunded, dispute) {
    if (!object.payment_intent || refunded < 0 || refunded > object.amount) return
    await pool.query(
      `INSERT INTO intents (intent, currency, refunded, dispute) VALUES ($1, $2, $3, $4)
       ON CONFLICT (intent, currency) DO UPDATE SET
         refunded = GREATEST(intents.refunded, EXCLUDED.refunded), dispute = GREATEST(intents.dispute, EXCLUDED.dispute)`,
      [object.payment_intent, object.currency, refunded, dispute],
    )
  }

  // What hookproof itself asks is asked again while the pool's connections are dead. Events are not: that is Stripe's part.
  async function sure(text, values) {
    for (let tries = 20; ; tries--) {
      try {
        return await pool.query(text, values)
      } catch (error) {
        if (tries === 0) throw error
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }

  return {
    prepare: () => pool.query(schema),

    async create({ id, sessionId }) {
      await sure("INSERT INTO orders (id, session, amount, currency) VALUES ($1, $2, 4500, 'usd') ON CONFLICT DO NOTHING", [
        id,
        sessionId,
      ])
      return { id, sessionId, amount: 4500, currency: 'usd' }
    },

    async read(id) {
      const { rows } = await sure(
        `SELECT o.rank, o.amount, COALESCE(i.refunded, 0) AS refunded, COALESCE(i.dispute, 0) AS dispute
         FROM orders o LEFT JOIN intents i ON i.intent = o.intent AND i.currency = o.currency WHERE o.id = $1`,
        [id],
      )
      if (rows.length === 0) return undefined
      const [row] = rows
      const whole = row.rank === 4 && row.refunded >= row.amount
      return { status: whole ? 'refunded' : statuses[row.rank], refunded: Number(row.refunded), dispute: disputes[row.dispute] }
    },

    // Throws when the event must come again: the database is away, or the order is not there yet.
    async apply(event) {
      if (event.livemode) return
      const object = event.data.object
      switch (event.type) {
        case 'checkout.session.completed':
        case 'checkout.session.async_payment_succeeded':
        case 'checkout.session.async_payment_failed':
        case 'checkout.session.expired':
          return session(event.type, object)
        case 'charge.refunded':
          return intent(object, object.amount_refunded, 0)
        case 'charge.dispute.created':
          return intent(object, 0, 1)
        case 'charge.dispute.closed':
          return intent(object, 0, object.status === 'lost' ? 3 : 2)
      }
    },
  }
}

// serve answers what is not the webhook: GET /health, POST /orders, GET /orders/ID. False where it is none of these.
export async function serve(shop, request, response) {
  const answer = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  const order = request.url.match(/^\/orders\/([^/?]+)$/)
  try {
    if (request.url === '/health') {
      answer(200, { status: 'ok' })
    } else if (request.method === 'POST' && request.url === '/orders') {
      let body = ''
      for await (const part of request) body += part
      answer(201, await shop.create(JSON.parse(body)))
    } else if (order) {
      const found = await shop.read(decodeURIComponent(order[1]))
      answer(found ? 200 : 404, found ?? { error: 'no such order' })
    } else {
      return false
    }
  } catch (error) {
    console.error(error)
    answer(503, { error: 'the database is away' })
  }
  return true
}
