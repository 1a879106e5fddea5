// Reads a Stripe event: its signature, and the places that differ between API versions.
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
  if (time(event.created) === null) throw new Error('not an event: created');
  const object = event.data?.object;
  if (object === null || typeof object !== 'object') throw new Error('not an event: data.object');
  const previous = event.data.previous_attributes ?? null;
  return { id: event.id, type: event.type, created: event.created, livemode: event.livemode, account: event.account, object, previous };
}

// idOf answers the id of an object that may be expanded, or undefined.
export function idOf(reference) {
  const id = reference?.id ?? reference;
  return isText(id) ? id : undefined;
}

export function isSubscription(object) {
  return object.object === 'subscription' && isText(object.id) && isText(object.status) && idOf(object.customer) !== undefined;
}

// subscriptionOf answers the id of an invoice's subscription. Since 2025-03-31.basil it is in the parent.
export function subscriptionOf(invoice) {
  return idOf(invoice.subscription ?? invoice.parent?.subscription_details?.subscription);
}

// periodEnd answers when the period of a subscription ends. Since 2025-03-31.basil each item has its own.
export function periodEnd(subscription, item) {
  return time(subscription.current_period_end ?? item?.current_period_end);
}

// time makes a date of Stripe's seconds, and null of anything else.
export function time(seconds) {
  return Number.isSafeInteger(seconds) && seconds > 0 && seconds < 1e11 ? new Date(seconds * 1000) : null;
}

// PostgreSQL takes no NUL in a text, so that no retry could help an event with one.
function isText(value) {
  return typeof value === 'string' && value !== '' && value.length <= 255 && !value.includes('\0');
}
