// Which event of a subscription is the latest one. The answer depends on the events alone, and not on the order in
// which they came. Stripe gives a snapshot no version, and `created` has seconds.

const RANK = {
  'customer.subscription.created': 0,
  'customer.subscription.updated': 1,
  'customer.subscription.deleted': 2,
};
// These statuses are never left again.
const FINAL = ['canceled', 'incomplete_expired'];

export function latest(events) {
  let candidates = events;
  const final = events.filter((e) => e.type === 'customer.subscription.deleted' || FINAL.includes(e.object.status));
  if (final.length > 0) candidates = final;
  candidates = largest(candidates, (e) => Number(e.created));
  candidates = largest(candidates, (e) => RANK[e.type]);
  // Updates of the same second: the last one is followed by no other.
  const last = candidates.filter((e) => !candidates.some((other) => follows(other, e)));
  if (last.length > 0) candidates = last;
  // What is left tells one fact under several ids, or cannot be told apart: any will do, but always the same.
  return largest(candidates, (e) => e.id)[0];
}

// follows reports whether an update began where another one ended: what it says was before is what the other says is.
function follows(update, before) {
  return update !== before && update.previous !== null && contains(before.object, update.previous);
}

// contains reports whether a value has all of part. Stripe lists of a changed object only the members that changed.
function contains(value, part) {
  if (part === null || typeof part !== 'object') return value === part;
  if (value === null || typeof value !== 'object' || Array.isArray(value) !== Array.isArray(part)) return false;
  if (Array.isArray(part) && part.length !== value.length) return false;
  return Object.keys(part).every((key) => contains(value[key] ?? null, part[key]));
}

function largest(list, key) {
  const top = list.reduce((most, e) => (most === undefined || key(e) > most ? key(e) : most), undefined);
  return list.filter((e) => key(e) === top);
}
