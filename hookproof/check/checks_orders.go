package check

// kept is an equality of what the right schedule has changed, of which more is no difference.
func kept(left, right string) []Relation {
	return []Relation{{Left: left, Op: "=", Right: right, View: "kept", Whole: true}}
}

// counted is an equality of what was counted.
func counted(left, right string) []Relation {
	return []Relation{{Left: left, Op: "=", Right: right, View: "counted", Whole: true}}
}

// oneFact are the checks of one fact that several types of events tell.
var oneFact = []Check{
	{Name: "idempotence/one-fact-many-types", Demand: "A payment, or a refund, that several types of events tell counts once.", Source: OurPolicy,
		Says: "Stripe tells of one payment by its session, invoice, intent and charge, and of one refund by the refund and by its charge: an endpoint that handles several of these types must know that they are one fact",
		Why:  CostTwice, Fix: "let the order, or the refund's id, decide what has been done, under a unique constraint, and not the event's id or type",
		Relations: together(
			counted("{<told-by-many>}", "<grants>"),
			counted(pooled+"charge-paid & intent-paid & paid & paid-invoice & paid-invoice-2", "<grants>"),
			counted(pooled+"charge-paid & pi-paid", "<grants>"),
			counted("<grants> {refund-10 refund-made} refund-updated refund-updated-2", "<grants> refund-10"),
			counted("<bought>", "sub-incomplete {sub-paid|sub-paid-2} sub-active sub-bought"), // whichever of the two types it handles
			counted("<bought> <renew>", "<bought> renew-updated {renew-paid|renew-paid-2}"))},
}

// orderMeaning are the checks of what else can happen to an order, and to its payer.
var orderMeaning = []Check{
	{Name: "meaning/second-payment", Demand: "What becomes of another payment of the same order takes nothing from the one that has succeeded.", Source: OurPolicy,
		Says: "a customer can try again after a payment that has failed, and can pay one order by two sessions: each has its own intent and charge, and events of the one say nothing of the other",
		Why:  "an order that is paid is cancelled by a failure, or a refund, of another payment",
		Fix:  "keep the payment intent by which an order was paid, and let only its events change what was paid",
		Relations: together(
			kept("{<failed-first> <grants>}", "<grants>"),
			[]Relation{{Left: "<grants> later second-paid second-refund", Op: "∌", Right: "<grants> refund", If: showsRefund}})},
	{Name: "meaning/discounted", Demand: "A session that is paid with a discount is paid.", Source: OurPolicy,
		Says: "amount_subtotal is the price, total_details.amount_discount what a promotion code takes off, and amount_total what was paid", Why: "payers with a voucher are refused",
		Fix: "compare amount_subtotal with the order's price, or amount_total and total_details.amount_discount together; if no session allows promotion codes, nothing",
		Relations: []Relation{
			{Left: "discounted", Op: "=", Right: "paid", View: "texts", Info: true},
			{Left: "<discounted-by-many>", Op: "=", Right: "<told-by-many>", View: "texts", Info: true, Whole: true},
		}},
	{Name: "meaning/taxed", Demand: "A session that is paid with tax on top of the price is paid.", Source: fromSession,
		Says: "amount_subtotal is the price before taxes, total_details.amount_tax what Stripe adds for the payer's country, and amount_total what was paid", Why: "payers of a country with tax are refused",
		Fix:       "compare amount_subtotal with the order's price, or amount_total less total_details.amount_tax; if no session computes tax, nothing",
		Relations: []Relation{{Left: "taxed", Op: "=", Right: "paid", View: "texts", Info: true}}},
	{Name: "meaning/address", Demand: "A payer who gives another address pays for the same order.", Source: OurPolicy,
		Says: "the payer types an address at the checkout, which need not be the one that the endpoint knows; metadata and client_reference_id are what it gave itself", Why: "whoever types another address pays and gets nothing",
		Fix:       "find the order, or the user, by client_reference_id or metadata, and by the payer's address only where there is neither",
		Relations: kept("other-email", "<grants>")},
}
