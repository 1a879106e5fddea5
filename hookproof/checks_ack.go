package hookproof

const (
	fromEvents = "https://docs.stripe.com/webhooks#event-types"
	fromQuick  = "https://docs.stripe.com/webhooks#quickly-return-a-2xx-response"
	costRetry  = "Stripe sends it again for three days, and then disables the endpoint"
)

var ackPolicy = []Check{
	{Name: "ack-policy/unhandled-type", Demand: "An event of a type that nobody waits for is acknowledged.", Source: fromEvents, Why: costRetry,
		Mend: "answer 200 to every type that you do not know", Kills: []string{"unhandled-type-answered-4xx"}, Relations: answers("unhandled=ack", "unhandled-succeeded=ack")},
	{Name: "ack-policy/life", Demand: "Every event of an object's life is acknowledged.", Source: fromQuick, Why: costRetry,
		Mend: "answer 200 when an event is stored or means nothing to you", Kills: []string{"partial-refund-answered-500"},
		Relations: answers("paid=ack refund-10=ack refund=ack", "unpaid=ack async-paid=ack", "unpaid=ack async-failed=ack", "expired=ack",
			"paid=ack dispute=ack {dispute-lost|dispute-won}=ack", "half-amount=ack?")},
	{Name: "ack-policy/foreign-object", Demand: "An event of another integration's object is acknowledged.", Source: ourPolicy,
		Why: "an account is shared: " + costRetry, Mend: "answer 200 when an event has nothing that is yours", Kills: []string{"foreign-object-answered-5xx", "missing-metadata-panics", "refund-before-payment-answered-500"},
		Relations: answers("stranger=ack", "stranger-refund=ack", "stranger-dispute=ack")},
	{Name: "ack-policy/missing-metadata", Demand: "An object without metadata is no error.", Source: ourPolicy, Why: costRetry,
		Mend: "take metadata for optional: Payment Links and the Dashboard set none", Kills: []string{"missing-metadata-panics"}, Relations: answers("bare=ack")},
	{Name: "ack-policy/duplicate", Demand: "An event that was taken before is acknowledged again.", Source: "https://docs.stripe.com/webhooks#handle-duplicate-events", Why: costRetry,
		Mend: "answer 200 to a duplicate: a 4xx or 5xx asks for more of them", Kills: []string{"duplicate-answered-error"}, Relations: answers("paid=ack paid=ack", "paid=ack paid*3=ack")},
	{Name: "ack-policy/late-event", Demand: "An event that comes too late to change anything is acknowledged.", Source: "https://docs.stripe.com/webhooks#event-ordering", Why: costRetry,
		Mend:      "answer 200 to a transition that is not to be made",
		Relations: answers("paid=ack {expired|async-failed|unpaid}=ack")},
	{Name: "ack-policy/garbage", Demand: "A signed body that is no event is refused, and ends nothing.", Source: ourPolicy, Why: "one such body can end the process, or is retried for days",
		Mend: "answer 400 to what is not JSON or has no id and type", Kills: []string{"bad-body-answered-500", "null-body-ends-the-process"}, Relations: answers("garbage=refused? carrier=ack", "cut-off=refused? carrier=ack", "no-event=refused? carrier=ack", "json-null=refused? carrier=ack", "blank=refused? carrier=ack")},
	{Name: "ack-policy/conflicts", Demand: "Copies that overlap are all acknowledged.", Source: ourPolicy,
		Why: "conflicts between transactions, answered 500, are retried by Stripe an hour later", Mend: "run a transaction again that has failed with SQLSTATE 40001 or 40P01",
		Kills: []string{"serialization-failure-not-retried"}, Relations: answers("paid&12=ack", "refund-10&12=ack")},
	{Name: "ack-policy/no-rate-limit", Demand: "Stripe's bursts meet no rate limit.", Source: ourPolicy, Why: "after an outage Stripe sends everything at once, and what is answered 429 comes hours later",
		Mend: "leave the webhook's path out of the rate limit, or give it a limit of its own", Kills: []string{"rate-limit-on-stripe", "rate-limit-by-address"},
		Relations: answers("carrier*20=any"), Overall: noRateLimit},
	{Name: "ack-policy/burst", Demand: "A burst of 150 deliveries is acknowledged.", Source: ourPolicy, Why: "after an outage Stripe sends everything at once",
		Mend: "let connections queue for the database's, and raise limits that count requests", Kills: []string{"rate-limit-on-stripe"},
		Relations: answers("carrier&50+=ack carrier&50+=ack carrier&50+=ack")},
	{Name: "ack-policy/no-redirect", Demand: "No answer is a redirect.", Source: "https://docs.stripe.com/webhooks#debug-webhook-integrations", Why: "Stripe does not follow redirects and takes them for failures",
		Mend: "register the final URL, with https and without a trailing slash to be added", Kills: []string{"redirect"}, Relations: answers("paid=any unhandled=any"), Overall: noRedirect},
	{Name: "ack-policy/in-time", Demand: "Every answer comes within ten seconds.", Source: fromQuick, Why: "Stripe gives up, takes the delivery for failed and sends it again",
		Mend: "acknowledge when the event is stored, and do what is slow afterwards", Kills: []string{"slow-ack"}, Relations: answers("paid=any unhandled=any"), Overall: inTime},
	{Name: "ack-policy/no-leak", Demand: "No answer shows the target's inside: a stack trace, a database's error, a secret.", Source: ourPolicy, Why: "whoever forges learns what he needs",
		Mend: "answer a refusal with its status and nothing else", Kills: []string{"detail-leaked"}, Relations: answers("wrong-secret:paid=any no-header:paid=any malformed-header:paid=any garbage=any json-null=any no-event=any bare=any paid=any paid=any"), Overall: noLeak},
	{Name: "ack-policy/steady", Demand: "The same delivery is answered the same in calm.", Source: ourPolicy, Why: "an endpoint that fails now and then loses events in the end",
		Mend: "look in the log for what fails now and then: a pool that runs dry, a replica with another configuration", Relations: answers("paid*5=any"), Overall: steadyAnswers},
}
