// Reads a Stripe event: its signature, and what every handler needs of it.
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
  // The package only asks whether the time is too long ago.
  for (const [, time] of header.matchAll(/(?:^|,)\s*t=(\d+)/g)) {
    if (Number(time) > Date.now() / 1000 + TOLERANCE) throw new Error('Timestamp is in the future');
  }
  if (!isText(event?.id) || !isText(event.type)) throw new Error('not an event');
  if (typeof event.livemode !== 'boolean') throw new Error('not an event: livemode');
  const object = event.data?.object;
  if (object === null || typeof object !== 'object') throw new Error('not an event: data.object');
  return { id: event.id, type: event.type, livemode: event.livemode, account: event.account, object };
}

// idOf answers the id of an object that may be expanded, or undefined.
export function idOf(reference) {
  const id = reference?.id ?? reference;
  return isText(id) ? id : undefined;
}

export function isAmount(value) {
  return Number.isSafeInteger(value) && value >= 0;
}

export function isCurrency(value) {
  return typeof value === 'string' && /^[a-z]{3}$/.test(value);
}

// PostgreSQL takes no NUL in a text, so that no retry could help an event with one.
function isText(value) {
  return typeof value === 'string' && value !== '' && value.length <= 255 && !value.includes('\0');
}
