// A stand-in for api.stripe.com on a free port of this machine: sessions have no line items, and everything else does
// not exist. It answers as Stripe does, in shape.
import { createServer } from 'node:http'

// standIn starts it and returns the options that point the stripe package at it.
export async function standIn() {
  const server = createServer((request, response) => {
    const known = /^\/v1\/checkout\/sessions\/[^/]+\/line_items/.test(request.url)
    const body = known
      ? { object: 'list', data: [], has_more: false, url: request.url }
      : { error: { type: 'invalid_request_error', code: 'resource_missing', message: `No such object: ${request.url}` } }
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { protocol: 'http', host: '127.0.0.1', port: server.address().port, telemetry: false }
}
