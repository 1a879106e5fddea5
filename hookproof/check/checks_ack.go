package check

import (
	"maps"
	"slices"

	"example.com/hookproof/hookproof/life"
)

const CostRetry = "Stripe sends it again for three days, and then disables the endpoint"

// shapes returns a relation for each shape of fixtures/shapes. What is delivered after it shows whether the process still runs.
func shapes() []Relation {
	all := life.Shapes()
	var list []Relation
	for _, word := range slices.Sorted(maps.Keys(all)) {
		want := "ack"
		if all[word].Answer == "info" {
			want = "ack?"
		}
		list = append(list, Relation{Left: word + "=" + want + " carrier=ack"})
	}
	return list
}

var ackPolicy = []Check{
	{Name: "ack-policy/unhandled-type", Demand: "An event of a type that nobody waits for is acknowledged.", Source: fromExample, Why: CostRetry,
		Fix: "answer 200 to every type that you do not know", Kills: []string{"unhandled-type-answered-4xx"}, Relations: Answers("unhandled=ack", "<beside>=ack")},
	{Name: "ack-policy/life", Demand: "Every event of an object's life is acknowledged.", Source: fromQuick, Why: CostRetry,
		Fix: "answer 200 when an event is stored or means nothing to you", Kills: []string{"partial-refund-answered-500", "unknown-price-fails-the-event", "failed-invoice-answered-400", "second-copy-of-an-invoice-raises"},
		Relations: append(Answers("paid=ack refund-10=ack refund=ack", "unpaid=ack async-paid=ack", "unpaid=ack async-failed=ack", "expired=ack",
			"paid=ack dispute=ack {dispute-lost|dispute-won}=ack", "half-amount=ack?"), subscriptionAnswers...)},
	{Name: "ack-policy/foreign-object", Demand: "An event of another integration's object is acknowledged.", Source: OurPolicy,
		Why: "an account is shared: " + CostRetry, Fix: "answer 200 to an event that is about no object of yours", Kills: []string{"foreign-object-answered-5xx", "missing-metadata-panics", "refund-before-payment-answered-500"},
		Relations: Answers("stranger=ack", "stranger-<ends>=ack", "stranger-dispute=ack")},
	{Name: "ack-policy/missing-metadata", Demand: "An event of an object without metadata is acknowledged.", Source: OurPolicy, Why: CostRetry,
		Fix: "treat metadata as optional: Payment Links and the Dashboard set none", Kills: []string{"missing-metadata-panics"}, Relations: Answers("bare=ack")},
	{Name: "ack-policy/other-shapes", Demand: "An event of a shape that the endpoint does not expect, about nobody that it knows, is acknowledged.", Source: OurPolicy,
		Says: "Stripe's reference has these fields as null or leaves them out, and one account sends the events of all its products to all its endpoints; no page demands an answer to each shape, but a 2xx is the only one that ends an event's deliveries", Why: "an account is shared, and its products change: " + CostRetry,
		Fix: "find out whose an event is before you read from it, take every field of it as optional, and answer 200 to what is nobody's",
		Kills: []string{"absent-metadata-read", "currency-of-every-session-read", "customer-that-is-gone-answered-404", "discount-taken-for-a-customer", "failed-charge-raises", "failed-payment-answered-400",
			"header-in-one-spelling", "invoice-without-subscription-refused", "payments-of-others-answered-404", "renewal-of-nobody-raises", "several-prices-refused", "unknown-account-answered-404",
			"unknown-customer-answered-404", "unknown-price-raises", "period-without-a-place-raises"},
		Relations: slices.Concat(shapes(), Answers("lower-case-name:<grant>=ack", "upper-case-name:<grant>=ack", "spaced-header:<grant>=ack?")), Every: true,
		Excuse: "Stripe's own libraries refuse that as well"},
	{Name: "ack-policy/duplicate", Demand: "An event that was acknowledged before is acknowledged again.", Source: fromDuplicates, Says: "an event that comes again is not processed again, and a 2xx is the only answer that ends its deliveries", Why: CostRetry,
		Fix: "answer 200 to a duplicate: a 4xx or 5xx asks for more of them", Kills: []string{"duplicate-answered-error", "duplicate-payment-answered-500"}, Relations: Answers("<grant>=ack <grant>=ack", "<grant>=ack <grant>*3=ack", "<bought>=ack <bought>=ack")},
	{Name: "ack-policy/late-event", Demand: "An event that comes too late to change anything is acknowledged.", Source: fromOrder, Says: "events can come in any order, and a 2xx is the only answer that ends an event's deliveries", Why: CostRetry,
		Fix:       "answer 200 to a late event, without a change of state",
		Relations: Answers("<grants>=ack <late>=ack", "async-paid=ack unpaid=ack")},
	{Name: "ack-policy/garbage", Demand: "A signed body that is not an event is refused, and does not end the process.", Source: OurPolicy, Why: "one such body can end the process, or is retried for days",
		Fix: "answer 400 to what is not JSON or has no id and type", Kills: []string{"bad-body-answered-500", "null-body-ends-the-process"}, Relations: Answers("garbage=refused? carrier=ack", "cut-off=refused? carrier=ack", "no-event=refused? carrier=ack", "json-null=refused? carrier=ack", "blank=refused? carrier=ack")},
	{Name: "ack-policy/conflicts", Demand: "Copies that overlap are all acknowledged.", Source: OurPolicy,
		Why: "Stripe retries a conflict between transactions that was answered 500 only an hour later", Fix: "run a transaction again if it fails with SQLSTATE 40001 or 40P01",
		Kills: []string{"serialization-failure-not-retried"}, Relations: Answers("<grant>&12=ack", "refund-10&12=ack")},
	{Name: "ack-policy/no-rate-limit", Demand: "Stripe's bursts meet no rate limit.", Source: OurPolicy, Why: "after an outage Stripe sends everything at once, and what is answered 429 comes hours later",
		Fix: "leave the webhook's path out of the rate limit, or give it a limit of its own", Kills: []string{"rate-limit-on-stripe", "rate-limit-by-address"},
		Relations: Answers("carrier*20=any"), WholeRun: "rate limits"},
	{Name: "ack-policy/burst", Demand: "A burst of 150 deliveries is acknowledged.", Source: OurPolicy, Why: "after an outage Stripe sends everything at once",
		Fix: "let requests wait for a database connection, and raise limits that count requests", Kills: []string{"rate-limit-on-stripe"},
		Relations: Answers("carrier&50+=ack carrier&50+=ack carrier&50+=ack")},
	{Name: "ack-policy/no-redirect", Demand: "No answer is a redirect.", Source: fromStatus, Why: "Stripe does not follow redirects: a redirect is a failed delivery",
		Fix: "register the final URL, with https and without a trailing slash to be added", Kills: []string{"redirect"}, Relations: Answers("<grant>=any unhandled=any"), WholeRun: "redirects"},
	{Name: "ack-policy/in-time", Demand: "Every answer comes within ten seconds.", Source: fromQuick, Says: "answer with a 2xx quickly, before any work that could run into a time-out; no figure is named there, and Checkout waits ten seconds for the answer before it leads a customer back", Why: "Stripe gives up, counts the delivery as failed and sends it again",
		Fix: "acknowledge when the event is stored, and do slow work afterwards", Kills: []string{"slow-ack"}, Relations: Answers("<grant>=any unhandled=any"), WholeRun: "late answers"},
	{Name: "ack-policy/no-leak", Demand: "No answer shows the target's internals: a stack trace, a database's error, a secret.", Source: OurPolicy, Why: "an attacker learns what a forgery needs",
		Fix: "answer a refusal with its status and nothing else; Express shows its stack until NODE_ENV=production, Flask and Django theirs while debug is on", Kills: []string{"detail-leaked"}, Relations: Answers("wrong-secret:<grant>=any no-header:<grant>=any malformed-header:<grant>=any garbage=any json-null=any no-event=any bare=any <grant>=any <grant>=any"), WholeRun: "leaks"},
	{Name: "ack-policy/steady", Demand: "The same delivery gets the same answer while no fault is made.", Source: OurPolicy, Why: "an endpoint that sometimes fails loses events in the end",
		Fix: "look in the log for what fails sometimes: a pool that runs dry, a replica with another configuration", Relations: Answers("<grant>*5=any"), WholeRun: "flaky answers"},
}
