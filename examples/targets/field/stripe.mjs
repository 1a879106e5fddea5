// A stand-in for api.stripe.com on a free port of this machine: sessions have no line items, for sub_away the API is away,
// and everything else does not exist. It answers as Stripe does, in shape.
import { createServer } from 'node:http'

// standIn starts it and returns the options that point the stripe package at it.
export async function standIn() {
  const server = createServer((request, response) => {
    const answer = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (/^\/v1\/checkout\/sessions\/[^/]+\/line_items/.test(request.url)) {
      answer(200, { object: 'list', data: [], has_more: false, url: request.url })
    } else if (request.url.startsWith('/v1/subscriptions/sub_away')) {
      answer(503, { error: { type: 'api_error', message: 'Stripe is away' } })
    } else {
      answer(404, { error: { type: 'invalid_request_error', code: 'resource_missing', message: `No such object: ${request.url}` } })
    }
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { protocol: 'http', host: '127.0.0.1', port: server.address().port, telemetry: false }
}
