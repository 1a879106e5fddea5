package check

// The pages from which checks come. An anchor is one that the page itself links to, or its heading's.
const (
	fromVerify        = "https://docs.stripe.com/webhooks#verify-events"
	fromSignatures    = "https://docs.stripe.com/webhooks#verify-manually"
	fromReplay        = "https://docs.stripe.com/webhooks#preventing-replay-attacks"
	fromRolling       = "https://docs.stripe.com/webhooks#roll-endpoint-secrets"
	fromRawBody       = "https://docs.stripe.com/webhooks/signature#retrieve-the-raw-request-body"
	fromExample       = "https://docs.stripe.com/webhooks#example-endpoint"
	fromQuick         = "https://docs.stripe.com/webhooks#acknowledge-events-immediately"
	fromStatus        = "https://docs.stripe.com/webhooks#fix-http-status-codes"
	fromDuplicates    = "https://docs.stripe.com/webhooks#handle-duplicate-events"
	fromOrder         = "https://docs.stripe.com/webhooks#event-ordering"
	fromRetries       = "https://docs.stripe.com/webhooks#automatic-retries"
	fromFulfil        = "https://docs.stripe.com/checkout/fulfillment#create-fulfillment-function"
	fromHandler       = "https://docs.stripe.com/checkout/fulfillment#create-payment-event-handler"
	fromSession       = "https://docs.stripe.com/api/checkout/sessions/object"
	fromRefunds       = "https://docs.stripe.com/api/charges/object#charge_object-amount_refunded"
	fromSubscriptions = "https://docs.stripe.com/billing/subscriptions/webhooks#active-subscriptions"
	fromFailures      = "https://docs.stripe.com/billing/subscriptions/webhooks#payment-failures"
	fromKeys          = "https://docs.stripe.com/api/idempotent_requests"
	fromLimits        = "https://docs.stripe.com/rate-limits#handling-limiting-gracefully"
	fromLocks         = "https://docs.stripe.com/rate-limits#object-lock-timeouts"
	fromConnect       = "https://docs.stripe.com/connect/webhooks#connect-webhooks"
	fromIntents       = "https://docs.stripe.com/payments/payment-intents/verifying-status#webhooks"
	fromHolds         = "https://docs.stripe.com/payments/place-a-hold-on-a-payment-method#capture-funds"
	fromFailedRefunds = "https://docs.stripe.com/refunds#failed-refunds"
	OurPolicy         = "our policy"
)

// page is a place in Stripe's documentation: its heading, and in our words what it demands of an endpoint.
type page struct{ heading, description string }

// pages are the demands of each source. A row that demands less or more than its page has its own text.
var pages = map[string]page{
	fromVerify:        {"Verify events are sent from Stripe", "anybody can post a fake event: verify that an event was sent by Stripe, unchanged, before acting on it"},
	fromSignatures:    {"Verify webhook signatures manually", "take the time and the v1 signatures from the header, discard the rest, and compare each signature with the HMAC of the time, a dot and the body"},
	fromReplay:        {"Preventing replay attacks", "the time is signed with the body; an endpoint can reject what is too old; the tolerance of Stripe's libraries is five minutes by default, and must not be set to 0, which means no limit"},
	fromRolling:       {"Roll endpoint signing secrets periodically", "for up to 24 hours after a secret was rolled several are active, and a header has one signature for each"},
	fromRawBody:       {"Retrieve the raw request body", "verify the body as it came, a text in UTF-8, before a framework adds or removes spaces, changes the order of keys or the encoding"},
	fromExample:       {"Example endpoint", "an event of a type that the endpoint does not handle is answered 200, like all others"},
	fromQuick:         {"Quickly return a 2xx response", "answer with a 2xx quickly, before any work that could run into a time-out"},
	fromStatus:        {"Fix HTTP status codes", "a redirect is a failed delivery: register the URL that it leads to"},
	fromDuplicates:    {"Handle duplicate events", "an event can come more than once: log the ids of events that were processed, and do not process those again"},
	fromOrder:         {"Event ordering", "events can come in any order: do not depend on one"},
	fromRetries:       {"Automatic retries", "what is not acknowledged is delivered again, for up to three days: an acknowledgement ends that, so nothing may be lost after it, and a repeated event must not count twice"},
	fromFulfil:        {"Create a fulfillment function", "fulfil a payment once, though its session may be delivered several times and at the same time, and only where payment_status is not unpaid"},
	fromHandler:       {"Create a payment event handler", "some payments take days: fulfil at checkout.session.async_payment_succeeded as at checkout.session.completed"},
	fromSession:       {"The Checkout Session object", "amount_subtotal is the sum of all items before discounts and taxes, and amount_total the sum after both"},
	fromRefunds:       {"The Charge object", "amount_refunded is what was refunded so far, and less than amount after a partial refund; refunded is true only when all was"},
	fromSubscriptions: {"Track active subscriptions", "give access while a subscription is active: store the end of the period that was paid for, move it on when an invoice is paid, and take access away when the subscription has ended"},
	fromFailures:      {"Handle payment failures", "a failed renewal makes the subscription past due, and Stripe tries again: an invoice that is paid then makes it active again"},
	fromKeys:          {"Idempotent requests", "a POST with a key can be sent again: the same key has the first one's answer, and does nothing twice"},
	fromLimits:        {"Handling limiting gracefully", "a request that is answered 429 is to be sent again later, with a growing delay"},
	fromLocks:         {"Object lock timeouts", "an object that another request is at is locked: such a request is answered 429, and is to be sent again"},
	fromConnect:       {"Connect webhooks", "events of connected accounts go to an endpoint that is registered for them, and so has a secret of its own; each has the id of its account in account"},
	fromIntents:       {"Monitor a PaymentIntent with webhooks", "fulfil when payment_intent.succeeded says that the payment has succeeded; one that is processing may still fail, one that is authorized has yet to be captured, and after one that has failed the customer can try again"},
	fromHolds:         {"Capture the funds", "what is held can be captured in part: amount_received of the intent and amount_captured of the charge say how much, and the rest is released"},
	fromFailedRefunds: {"Failed refunds", "a refund can fail days after it was made: its amount goes back to the account's balance, refund.failed tells so, and the customer must be given the money in another way"},
	OurPolicy:         {"", "Stripe's documentation does not demand it"},
}

// sourced returns the check with its page's heading, and with the page's demand if the row has no text of its own.
func (c Check) sourced() Check {
	at := pages[c.Source]
	c.Heading = at.heading
	if c.Says == "" {
		c.Says = at.description
	}
	c.Strict = c.Strict || c.Source == OurPolicy
	return c
}
