// The plugin as its documentation sets it up, with a function for all webhooks. Payload's REST API is served by
// handleEndpoints, its way into any server that speaks Request and Response.
import { getRequestListener } from '@hono/node-server'
import { postgresAdapter } from '@payloadcms/db-postgres'
import { stripePlugin } from '@payloadcms/plugin-stripe'
import { createServer } from 'node:http'
import { buildConfig, getPayload, handleEndpoints } from 'payload'
import pg from 'pg'
import { orders, serve } from '../orders.mjs'

// Next.js, Payload's usual host, logs what nobody handles and goes on; plain Node ends the process.
if (!process.env.PLAIN_NODE) for (const event of ['unhandledRejection', 'uncaughtException']) process.on(event, console.error)

const connectionString = process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:14390/postgres'
const pool = new pg.Pool({ connectionString, options: '-c search_path=payload_shop', query_timeout: 3000 })
pool.on('error', console.error)
await pool.query('CREATE SCHEMA IF NOT EXISTS payload_shop')
const shop = orders(pool)
await shop.prepare()

const config = await buildConfig({
  secret: 'a secret of this example only',
  telemetry: false,
  db: postgresAdapter({ pool: { connectionString }, schemaName: 'payload' }),
  collections: [{ slug: 'users', auth: true, fields: [] }],
  plugins: [
    stripePlugin({
      stripeSecretKey: 'sk_test_field',
      isTestKey: true,
      stripeWebhooksEndpointSecret: process.env.WEBHOOK_SECRET ?? 'whsec_field',
      webhooks: ({ event }) => shop.apply(event),
    }),
  ],
})
await getPayload({ config })

const listener = getRequestListener((request) => handleEndpoints({ config, request }))
createServer(async (request, response) => {
  if (!(await serve(shop, request, response))) await listener(request, response)
}).listen(14304, '127.0.0.1')
