// The module as its README sets it up: rawBody, requestBodyProperty, and a handler of all snapshot events. Decorators are
// called as functions, which is what TypeScript makes of them.
import 'reflect-metadata'
import { createRequire } from 'node:module'
import { Injectable, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import pg from 'pg'
import { orders, serve } from '../orders.mjs'
import { standIn } from '../stripe.mjs'

const { StripeModule, StripeWebhookHandler } = createRequire(import.meta.url)('@golevelup/nestjs-stripe')

const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:14390/postgres',
  options: '-c search_path=golevelup',
  query_timeout: 3000,
})
pool.on('error', console.error)
await pool.query('CREATE SCHEMA IF NOT EXISTS golevelup')
const shop = orders(pool)
await shop.prepare()

class PaymentService {
  handle(event) {
    return shop.apply(event)
  }
}
Injectable()(PaymentService)
StripeWebhookHandler('*')(PaymentService.prototype, 'handle', Object.getOwnPropertyDescriptor(PaymentService.prototype, 'handle'))

class AppModule {}
Module({
  imports: [
    StripeModule.forRoot({
      apiKey: 'sk_test_field',
      webhookConfig: { stripeSecrets: { account: 'whsec_field', accountTest: 'whsec_field' }, requestBodyProperty: 'rawBody' },
      ...(await standIn()),
    }),
  ],
  providers: [PaymentService],
})(AppModule)

const app = await NestFactory.create(AppModule, { rawBody: true, logger: ['error', 'warn'], bodyParser: true })
app.use(async (request, response, next) => {
  if (request.url.startsWith('/stripe/') || !(await serve(shop, request, response))) next()
})
await app.listen(14303, '127.0.0.1')
