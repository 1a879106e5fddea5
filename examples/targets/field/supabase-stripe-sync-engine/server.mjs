// The package in the smallest server its README leads to: processWebhook(payload, signature), and 400 when it throws,
// as the project's own Fastify server does. There is nothing to make before an event: the rows are the effect.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import pg from 'pg'
import Stripe from 'stripe'
import { standIn } from '../stripe.mjs'

// The CommonJS build: runMigrations of the ES module of 0.48.5 finds no __dirname, logs that and goes on.
const { StripeSync, runMigrations } = createRequire(import.meta.url)('@supabase/stripe-sync-engine')

const databaseUrl = process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:14390/postgres'
const key = 'sk_test_field'

await runMigrations({ databaseUrl, schema: 'stripe', logger: console })
const sync = new StripeSync({
  poolConfig: { connectionString: databaseUrl, max: 10 },
  stripeSecretKey: key,
  stripeWebhookSecret: 'whsec_field',
})
// There is no option for the API's host; the client is a public field.
sync.stripe = new Stripe(key, await standIn())

const pool = new pg.Pool({ connectionString: databaseUrl })
pool.on('error', console.error)

// Of each row what a payment, a refund or a dispute changes. The rows have all of Stripe's object.
const state = `SELECT
  (SELECT jsonb_agg(jsonb_build_object('payment_status', payment_status) ORDER BY id)
     FROM stripe.checkout_sessions WHERE id = $1) AS sessions,
  (SELECT jsonb_agg(jsonb_build_object('amount', amount, 'amount_refunded', amount_refunded, 'refunded', refunded) ORDER BY id)
     FROM stripe.charges WHERE payment_intent = $2) AS charges,
  (SELECT jsonb_agg(jsonb_build_object('status', status) ORDER BY id)
     FROM stripe.disputes WHERE payment_intent = $2) AS disputes`

async function answer(request, response) {
  const url = new URL(request.url, 'http://127.0.0.1')
  const json = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /health':
      return json(200, { status: 'ok' })
    case 'POST /subjects': {
      const id = randomUUID().replaceAll('-', '')
      return json(201, { sessionId: `cs_test_${id}`, paymentIntent: `pi_${id}`, amount: 4500, currency: 'usd' })
    }
    case 'GET /state': {
      const query = url.searchParams
      return json(200, (await pool.query(state, [query.get('session'), query.get('intent')])).rows[0])
    }
    case 'POST /webhooks': {
      const parts = []
      for await (const part of request) parts.push(part)
      try {
        await sync.processWebhook(Buffer.concat(parts), request.headers['stripe-signature'])
      } catch (error) {
        console.error(error.message)
        return json(400, { error: 'Webhook Error' })
      }
      return json(200, { received: true })
    }
  }
  json(404, { error: 'not found' })
}

createServer((request, response) =>
  answer(request, response).catch((error) => {
    console.error(error)
    response.writeHead(503).end()
  }),
).listen(14301, '127.0.0.1')
