package check

import "example.com/hookproof/hookproof/result"

const costUnpaid = "goods are sent for money that never came"

func nothingOf(left string) []Relation { return []Relation{{Left: left, Op: "∌", Right: "<grants>"}} }

func Unequal(left, right, evidence string) []Relation {
	return []Relation{{Left: left, Op: "≠", Right: right, If: evidence}}
}

var meaningChecks = []Check{
	{Name: "meaning/unpaid", Demand: "A session that is completed and not paid fulfils nothing.", Source: fromFulfil, Says: "fulfil only where payment_status is not unpaid", Why: costUnpaid,
		Fix: "look at payment_status, not at the event's type alone", Kills: []string{"unpaid-fulfilled"}, Relations: nothingOf("unpaid")},
	{Name: "meaning/slow-payment", Demand: "A slow payment that succeeds counts as a payment.", Source: fromHandler, Strict: true,
		Says: "some payment methods take days: fulfil at checkout.session.async_payment_succeeded as at checkout.session.completed; an endpoint with cards only gets none", Why: "customers who pay by bank transfer get nothing",
		Fix: "handle checkout.session.async_payment_succeeded as a paid session; if all your sessions accept only cards, list it under unhandled", Kills: []string{"async-success-unhandled"}, Relations: sameOutcome("unpaid async-paid", "paid")},
	{Name: "meaning/slow-payment-failed", Demand: "A slow payment that fails fulfils nothing.", Source: fromFulfil, Says: "fulfil only where payment_status is not unpaid; that of a slow payment that has failed is unpaid", Why: costUnpaid,
		Fix: "look at payment_status, which is unpaid in both events, before fulfilling: neither a completed session nor checkout.session.async_payment_failed is a payment", Relations: nothingOf("unpaid async-failed")},
	{Name: "meaning/expired", Demand: "A session that expires fulfils nothing.", Source: fromFulfil, Says: "fulfil only where payment_status is not unpaid; that of a session that has expired is unpaid", Why: costUnpaid, Fix: "fulfil paid sessions only", Relations: nothingOf("expired")},
	{Name: "meaning/amount", Demand: "A session paid with another amount does not fulfil the order.", Source: OurPolicy, Why: "a session made with a smaller amount buys the same goods",
		Fix: "compare amount_subtotal with the order's price before fulfilling, or amount_total and total_details.amount_discount together; amount_total alone refuses who pays with a voucher", Kills: []string{"amount-unchecked"}, Relations: nothingOf("half-amount")},
	{Name: "meaning/amount-absent", Demand: "A paid session without an amount does not fulfil the order.", Source: OurPolicy, Why: costUnpaid,
		Fix: "treat an absent amount as a wrong one", Kills: []string{"amount-unchecked"}, Relations: nothingOf("no-amount")},
	{Name: "meaning/currency", Demand: "A session paid in another currency does not fulfil the order.", Source: OurPolicy, Why: "4500 yen are not 45 euros",
		Fix: "compare the currency, too", Kills: []string{"currency-unchecked"}, Relations: nothingOf("other-currency")},
	{Name: "meaning/free", Demand: "A session for which nothing was to be paid is fulfilled.", Source: fromFulfil, Says: "fulfil wherever payment_status is not unpaid; no_payment_required is not", Strict: true, Why: "customers with a voucher get nothing",
		Fix: "treat payment_status no_payment_required as paid; amount_total is 0 then, so compare amount_subtotal with the order's price, or amount_total and total_details.amount_discount together", Relations: append(Unequal("free", "", ""), Unequal("free", "unpaid", "paid ≠ unpaid")...)},
	{Name: "meaning/livemode", Demand: "An event of the other livemode changes nothing.", Source: OurPolicy, Says: "each mode has a secret of its own; only a live endpoint of a Connect platform is sent both modes' events, and must look at livemode", Why: "a test <grant> buys real goods",
		Fix: "compare livemode with the mode of the endpoint", Kills: []string{"livemode-unchecked"}, Alone: true, Relations: Equal("other-livemode", "")},
	{Name: "meaning/strangers", Demand: "Another object's events do not change this object.", Source: OurPolicy, Why: "one customer's payment, refund or dispute becomes another's",
		Fix: "find the object by the id of the session, the reference or the payment intent, and by no value that several objects share", Alone: true,
		Relations: Equal("<grants> stranger-refund=any stranger-dispute=any", "<grants>")},
	{Name: "meaning/neighbours", Demand: "Payments of other integrations, and of another object of the target, do not change this object.", Source: OurPolicy, Why: "one customer's payment becomes another's",
		Fix: "update by the object's own key, and never by a column that may be empty", Kills: []string{"crossed-wires"}, Alone: true,
		Relations: append(Equal("stranger=any bare=any neighbour-expired neighbour-<grant>", ""), Equal("stranger=any bare=any neighbour-pi-paid", "")...)},
	{Name: "meaning/account", Demand: "An event of a connected account counts, and that of an account which nobody knows does not.", Source: fromConnect, Strict: true, Why: "a <grant> to a seller opens no <subject>, or a stranger's opens one",
		Fix:       "verify with the secret of the endpoint for connected accounts, look up the event's account, and acknowledge an account that is none of yours",
		Relations: []Relation{{Left: "connect:<grants>", Op: "=", Right: "<grants>"}, {Left: "unknown-account:<grants>=ack", Op: "∌", Right: "<grants>"}}},
	{Name: "meaning/account-secret", Demand: "What an account's event does that is signed with the platform's own secret is the endpoint's policy.", Source: fromConnect, Why: "nobody knows whether the two secrets are told apart", Fix: "nothing, if that is what you want",
		Relations: []Relation{{Left: "platform-secret:<grants>=any", Op: "tells", Right: "<grants>"}}},
	{Name: "meaning/refund", Demand: "A full refund shows in the state.", Source: OurPolicy, Says: "the reference says what amount_refunded is, but not what an endpoint must do", Why: "goods are sent for money that was given back", Fix: "handle charge.refunded", Kills: []string{"refund-unhandled"},
		Relations: Unequal("<grants> refund", "<grants>", showsRefund)},
	{Name: "meaning/partial-refund", Demand: "A partial refund shows in the state, and not as a full one.", Source: fromRefunds, Why: "a discount given later cancels the order",
		Fix: "compare amount_refunded with amount", Kills: []string{"partial-refund-booked-in-full"},
		Relations: append(Unequal("<grants> refund-25", "<grants> refund", showsRefund), Unequal("<grants> refund-25", "<grants>", showsRefund)...)},
	{Name: "meaning/partly-refunded", Demand: "A partly refunded order is not closed as a fully refunded one is.", Source: fromRefunds, Strict: true,
		Why: "a customer who was given back a tenth loses the rest", Fix: "close an order when amount_refunded is its amount, or the charge's refunded is true",
		Kills:     []string{"partial-refund-read-as-full"},
		Relations: []Relation{{Left: "<grants> refund-25", Op: "∌", Right: "<grants> refund", If: showsRefund}}},
	{Name: "meaning/refunds-add-up", Demand: "After several refunds the last amount_refunded counts: it is the sum of all.", Source: fromRefunds,
		Why: "books show more, or less, than was given back", Fix: "store the maximum of amount_refunded; do not add, and do not skip the second",
		Kills:     []string{"cumulative-refund-added-up", "second-partial-refund-dropped"},
		Relations: []Relation{{Left: "<grants> refund-10 refund-25", Op: "=", Right: "<grants> refund-25", If: showsRefund, Whole: true, View: "outcome"}}},
	{Name: "meaning/refund-checked", Demand: "A refund of more than was paid, or in another currency, is not believed.", Source: OurPolicy, Why: "one wrong event closes an order",
		Fix: "compare a refund's currency and amount with the order's", Kills: []string{"refund-unchecked"},
		Relations: []Relation{{Left: "<grants> refund-other-currency refund-too-much", Op: "=", Right: "<grants>", If: showsRefund, View: "outcome"}}},
	{Name: "meaning/dispute", Demand: "A dispute shows in the state.", Source: OurPolicy, Says: "the reference says what a dispute is, but not what an endpoint must do", Why: "a deadline to answer the bank passes unseen",
		Fix: "handle charge.dispute.created, by its payment intent", Kills: []string{"dispute-by-the-wrong-key"}, Relations: Unequal("<grants> dispute", "<grants>", "<grants> dispute ≠ <grants>")},
	{Name: "meaning/dispute-outcome", Demand: "A lost dispute shows another state than a won one.", Source: OurPolicy, Says: "the reference says that a dispute ends as won or lost, but not what an endpoint must do", Why: "lost money is counted as income",
		Fix: "look at the status of charge.dispute.closed", Kills: []string{"dispute-closed-unhandled", "lost-dispute-read-as-won", "won-dispute-read-as-information"}, Relations: append(Unequal("<grants> dispute dispute-lost", "<grants> dispute dispute-won", "<grants> dispute ≠ <grants>"),
			Unequal("<grants> dispute dispute-won", "<grants> dispute", "<grants> dispute ≠ <grants>")...)},
}

func moving(left string, c result.Counters) []Relation { return []Relation{{Left: left, Counts: &c}} }

const fixCounts = "count each delivery once, by its outcome, before it is answered"

var bookkeeping = []Check{
	{Name: "bookkeeping/received", Demand: "A delivery is counted once as received.", Source: OurPolicy, Why: "nobody sees that events stop coming", Fix: fixCounts, Relations: moving("<grant>", result.Counters{Received: 1, Duplicates: 0, Errors: 0})},
	{Name: "bookkeeping/duplicates", Demand: "A duplicate is counted as one.", Source: OurPolicy, Why: "nobody sees that Stripe repeats itself", Fix: fixCounts, Relations: moving("<grant>*3", result.Counters{Received: 3, Duplicates: 2, Errors: 0})},
	{Name: "bookkeeping/errors", Demand: "A refused delivery is counted as an error.", Source: OurPolicy, Why: "nobody sees that a secret is wrong", Fix: fixCounts,
		Relations: moving("wrong-secret:<grant> no-header:<grant>", result.Counters{Received: 2, Duplicates: 0, Errors: 2})},
	{Name: "bookkeeping/sum", Demand: "Received is what was processed, skipped and refused together.", Source: OurPolicy, Why: "nobody trusts figures that do not add up", Fix: fixCounts,
		Relations: moving("<grant> <grant> wrong-secret:<grant> carrier", result.Counters{Received: 4, Duplicates: 1, Errors: 1})},
}
