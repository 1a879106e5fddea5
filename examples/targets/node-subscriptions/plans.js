// What we sell, and to whom it gives access.
const PLANS = {
  price_pro_monthly: 'pro',
  price_team_monthly: 'team',
};

export function planOf(price) {
  return Object.hasOwn(PLANS, price) ? PLANS[price] : undefined;
}

// ourItem answers the item of a subscription that is one of our plans. Others may stand before it.
export function ourItem(subscription) {
  const items = subscription.items?.data;
  return Array.isArray(items) ? items.find((item) => planOf(item?.price?.id)) : undefined;
}

// While Stripe still tries to collect the money (past_due) our customers keep what they have. A status that Stripe
// invents tomorrow gives no access.
export function givesAccess(status) {
  return status === 'active' || status === 'trialing' || status === 'past_due';
}
