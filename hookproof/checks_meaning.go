package hookproof

const costUnpaid = "goods are sent for money that never came"

func nothingOf(left string) []Relation { return []Relation{{Left: left, Op: "∌", Right: "<grants>"}} }

func unequal(left, right, evidence string) []Relation {
	return []Relation{{Left: left, Op: "≠", Right: right, If: evidence}}
}

var meaningChecks = []Check{
	{Name: "meaning/unpaid", Demand: "A session that is completed and not paid fulfils nothing.", Source: fromFulfil, Says: "fulfil only where payment_status is not unpaid", Why: costUnpaid,
		Mend: "look at payment_status, not at the event's type alone", Kills: []string{"unpaid-fulfilled"}, Relations: nothingOf("unpaid")},
	{Name: "meaning/slow-payment", Demand: "A slow payment that succeeds is a payment.", Source: fromHandler, Strict: true,
		Says: "some payment methods take days: fulfil at checkout.session.async_payment_succeeded as at checkout.session.completed; whoever takes cards alone is sent none", Why: "customers who pay by bank transfer get nothing",
		Mend: "handle checkout.session.async_payment_succeeded as a paid session; if all your sessions take cards alone, list it under unhandled", Kills: []string{"async-success-unhandled"}, Relations: sameOutcome("unpaid async-paid", "paid")},
	{Name: "meaning/slow-payment-failed", Demand: "A slow payment that fails fulfils nothing.", Source: fromFulfil, Says: "fulfil only where payment_status is not unpaid; that of a slow payment that has failed is unpaid", Why: costUnpaid,
		Mend: "look at payment_status, which is unpaid in both events, before fulfilling: neither that a session is completed nor checkout.session.async_payment_failed is a payment", Relations: nothingOf("unpaid async-failed")},
	{Name: "meaning/expired", Demand: "A session that expires fulfils nothing.", Source: fromFulfil, Says: "fulfil only where payment_status is not unpaid; that of a session that has expired is unpaid", Why: costUnpaid, Mend: "fulfil paid sessions only", Relations: nothingOf("expired")},
	{Name: "meaning/amount", Demand: "A session paid with another amount does not fulfil the order.", Source: ourPolicy, Why: "a session made with a smaller amount buys the same goods",
		Mend: "compare amount_subtotal with the order's price before fulfilling, or amount_total and total_details.amount_discount together; amount_total alone refuses who pays with a voucher", Kills: []string{"amount-unchecked"}, Relations: nothingOf("half-amount")},
	{Name: "meaning/amount-absent", Demand: "A paid session without an amount does not fulfil the order.", Source: ourPolicy, Why: costUnpaid,
		Mend: "take an absent amount for a wrong one", Kills: []string{"amount-unchecked"}, Relations: nothingOf("no-amount")},
	{Name: "meaning/currency", Demand: "A session paid in another currency does not fulfil the order.", Source: ourPolicy, Why: "4500 yen are not 45 euros",
		Mend: "compare the currency, too", Kills: []string{"currency-unchecked"}, Relations: nothingOf("other-currency")},
	{Name: "meaning/free", Demand: "A session for which nothing was to be paid is fulfilled.", Source: fromFulfil, Says: "fulfil wherever payment_status is not unpaid; no_payment_required is not", Strict: true, Why: "customers with a voucher get nothing",
		Mend: "take payment_status no_payment_required for paid; amount_total is 0 then, so compare amount_subtotal with the order's price, or amount_total and total_details.amount_discount together", Relations: append(unequal("free", "", ""), unequal("free", "unpaid", "paid ≠ unpaid")...)},
	{Name: "meaning/livemode", Demand: "An event of the other livemode changes nothing.", Source: ourPolicy, Says: "each mode has a secret of its own; only a live endpoint of a Connect platform is sent both modes' events, and is told to look at livemode", Why: "a test payment buys real goods",
		Mend: "compare livemode with what the endpoint is for", Kills: []string{"livemode-unchecked"}, Alone: true, Relations: equal("other-livemode", "")},
	{Name: "meaning/strangers", Demand: "Another object's events change nothing of this one.", Source: ourPolicy, Why: "one customer's payment, refund or dispute becomes another's",
		Mend: "find the object by the session's, the reference's or the payment intent's id, and by nothing that many share", Alone: true,
		Relations: equal("paid stranger-refund=any stranger-dispute=any", "paid")},
	{Name: "meaning/neighbours", Demand: "Payments of others, and of another object of the target's own, change nothing of this one.", Source: ourPolicy, Why: "one customer's payment becomes another's",
		Mend: "update by the object's own key, and never by one that is empty in many", Kills: []string{"crossed-wires"}, Alone: true,
		Relations: equal("stranger=any bare=any neighbour-expired neighbour-<grant>", "")},
	{Name: "meaning/refund", Demand: "A full refund shows.", Source: ourPolicy, Says: "the reference says what amount_refunded is, and not what an endpoint is to do", Why: "goods are sent for money that was given back", Mend: "handle charge.refunded", Kills: []string{"refund-unhandled"},
		Relations: unequal("paid refund", "paid", "paid refund ≠ paid")},
	{Name: "meaning/partial-refund", Demand: "A partial refund is no full one, and does show.", Source: fromRefunds, Why: "a discount given later cancels the order",
		Mend: "compare amount_refunded with amount", Kills: []string{"partial-refund-booked-in-full"},
		Relations: append(unequal("paid refund-25", "paid refund", "paid refund ≠ paid"), unequal("paid refund-25", "paid", "paid refund ≠ paid")...)},
	{Name: "meaning/partly-refunded", Demand: "An order of which a part was refunded is not closed as a refunded one is.", Source: fromRefunds, Strict: true,
		Why: "a customer who was given back a tenth loses the rest", Mend: "close an order when amount_refunded is its amount, or the charge's refunded is true",
		Kills:     []string{"partial-refund-read-as-full"},
		Relations: []Relation{{Left: "paid refund-25", Op: "∌", Right: "paid refund", If: "paid refund ≠ paid"}}},
	{Name: "meaning/refunds-add-up", Demand: "Of several refunds the last sum counts: amount_refunded is what was refunded in all.", Source: fromRefunds,
		Why: "books show more, or less, than was given back", Mend: "store the maximum of amount_refunded; do not add, and do not skip the second",
		Kills:     []string{"cumulative-refund-added-up", "second-partial-refund-dropped"},
		Relations: []Relation{{Left: "paid refund-10 refund-25", Op: "=", Right: "paid refund-25", If: "paid refund ≠ paid", Whole: true, View: "outcome"}}},
	{Name: "meaning/refund-checked", Demand: "A refund of more than was paid, or in another currency, is not believed.", Source: ourPolicy, Why: "one wrong event closes an order",
		Mend: "compare a refund's currency and amount with the order's", Kills: []string{"refund-unchecked"},
		Relations: []Relation{{Left: "paid refund-other-currency refund-too-much", Op: "=", Right: "paid", If: "paid refund ≠ paid", View: "outcome"}}},
	{Name: "meaning/dispute", Demand: "A dispute shows.", Source: ourPolicy, Says: "the reference says what a dispute is, and not what an endpoint is to do", Why: "a deadline to answer the bank passes unseen",
		Mend: "handle charge.dispute.created, by its payment intent", Kills: []string{"dispute-by-the-wrong-key"}, Relations: unequal("paid dispute", "paid", "paid dispute ≠ paid")},
	{Name: "meaning/dispute-outcome", Demand: "A dispute that is lost is not one that is won.", Source: ourPolicy, Says: "the reference says that a dispute ends as won or as lost, and not what an endpoint is to do", Why: "money that is gone is counted",
		Mend: "look at the status of charge.dispute.closed", Kills: []string{"dispute-closed-unhandled", "lost-dispute-read-as-won", "won-dispute-read-as-information"}, Relations: append(unequal("paid dispute dispute-lost", "paid dispute dispute-won", "paid dispute ≠ paid"),
			unequal("paid dispute dispute-won", "paid dispute", "paid dispute ≠ paid")...)},
}

func counted(left string, c Counters) []Relation { return []Relation{{Left: left, Counts: &c}} }

const mendCount = "count each delivery once, by its outcome, before it is answered"

var bookkeeping = []Check{
	{Name: "bookkeeping/received", Demand: "A delivery is counted once as received.", Source: ourPolicy, Why: "nobody sees that events stop coming", Mend: mendCount, Relations: counted("<grant>", Counters{1, 0, 0})},
	{Name: "bookkeeping/duplicates", Demand: "A duplicate is counted as one.", Source: ourPolicy, Why: "nobody sees that Stripe repeats itself", Mend: mendCount, Relations: counted("<grant>*3", Counters{3, 2, 0})},
	{Name: "bookkeeping/errors", Demand: "A refused delivery is counted as an error.", Source: ourPolicy, Why: "nobody sees that a secret is wrong", Mend: mendCount,
		Relations: counted("wrong-secret:<grant> no-header:<grant>", Counters{2, 0, 2})},
	{Name: "bookkeeping/sum", Demand: "Received is what was processed, skipped and refused together.", Source: ourPolicy, Why: "figures that do not add up are believed by nobody", Mend: mendCount,
		Relations: counted("<grant> <grant> wrong-secret:<grant> carrier", Counters{4, 1, 1})},
}
