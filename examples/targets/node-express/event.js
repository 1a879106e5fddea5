// What is used of a Stripe event, checked: https://docs.stripe.com/api/events/object
import Stripe from 'stripe';

const TOLERANCE = 300; // seconds, in either direction

// parseEvent verifies a delivery and answers its event. It throws on what is not signed, or no event.
export function parseEvent(body, header, secrets) {
  let event;
  secrets.forEach((secret, i) => {
    if (event) return;
    try {
      event = Stripe.webhooks.constructEvent(body, header, secret, TOLERANCE);
    } catch (err) {
      if (i === secrets.length - 1) throw err;
    }
  });
  // The SDK only asks whether the time is too long ago.
  for (const [, time] of header.matchAll(/(?:^|,)\s*t=(\d+)/g)) {
    if (Number(time) > Date.now() / 1000 + TOLERANCE) throw new Error('Timestamp is in the future');
  }
  return checked(event);
}

// checked picks what is used. PostgreSQL takes no NUL, so that no retry could help an event with one.
function checked(event) {
  if (!isText(event?.id) || !isText(event.type)) throw new Error('not an event');
  if (typeof event.livemode !== 'boolean') throw new Error('not an event: livemode');
  const object = event.data?.object;
  if (object === null || typeof object !== 'object') throw new Error('not an event: data.object');
  const intent = object.payment_intent?.id ?? object.payment_intent ?? null; // expanded or not
  if (intent !== null && !isText(intent)) throw new Error('not an event: payment_intent');
  return { id: event.id, type: event.type, livemode: event.livemode, object, intent };
}

export function isText(value) {
  return typeof value === 'string' && value !== '' && value.length <= 255 && !value.includes('\0');
}
