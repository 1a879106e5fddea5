// The plugin as its documentation sets it up: better-auth on PostgreSQL behind toNodeHandler, subscriptions enabled,
// and one-time payments handled in onEvent, the plugin's callback for any event.
import { createServer } from 'node:http'
import { stripe } from '@better-auth/stripe'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import pg from 'pg'
import Stripe from 'stripe'
import { orders, serve } from '../orders.mjs'
import { standIn } from '../stripe.mjs'

const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:14390/postgres',
  options: '-c search_path=better_auth',
  query_timeout: 3000,
})
pool.on('error', console.error)
await pool.query('CREATE SCHEMA IF NOT EXISTS better_auth')
const shop = orders(pool)
await shop.prepare()

const auth = betterAuth({
  baseURL: 'http://127.0.0.1:14302',
  secret: 'a secret of this example only, 32 bytes',
  database: pool,
  telemetry: { enabled: false },
  plugins: [
    stripe({
      stripeClient: new Stripe('sk_test_field', await standIn()),
      stripeWebhookSecret: 'whsec_field',
      subscription: { enabled: true, plans: [{ name: 'basic', priceId: 'price_field' }] },
      onEvent: (event) => shop.apply(event),
    }),
  ],
})
await (await getMigrations(auth.options)).runMigrations()

const handler = toNodeHandler(auth)
createServer(async (request, response) => {
  if (!(await serve(shop, request, response))) await handler(request, response)
}).listen(14302, '127.0.0.1')
