package check

// intentMeaning are the checks of what a payment intent's own events mean. What an intent shares with a Checkout session, such as refunds
// and disputes, is asked by rows over roles.
var intentMeaning = []Check{
	{Name: "meaning/not-yet", Demand: "A payment intent that has not succeeded fulfils nothing.", Source: fromIntents, Why: costUnpaid,
		Fix:       "fulfil at payment_intent.succeeded, or at a charge that is paid and captured, and at no other event",
		Relations: together(nothingOf("pi-created"), nothingOf("pi-processing"), nothingOf("<held>"), nothingOf("pi-failed"), nothingOf("pi-canceled"))},
	{Name: "meaning/captured-part", Demand: "Capturing a part of what was held shows another state than capturing all of it.", Source: fromHolds, Why: "books show the full price where a part was taken",
		Fix:       "store amount_received of the intent, or amount_captured of the charge, and not amount; if you never capture by yourself, list charge.captured and payment_intent.amount_capturable_updated under unhandled",
		Relations: Unequal("<captured-in-part>", "<captured-whole>", "<captured-whole> ≠ <held>")},
	{Name: "meaning/settled", Demand: "What a charge's balance transaction brings comes also where it is known later.", Source: OurPolicy,
		Says: "balance_transaction of a charge is null until the transaction is made, which charge.updated tells", Why: "fees, or whole payments, are missing from the books",
		Fix:       "handle charge.updated as charge.succeeded, and do what needs the balance transaction when it is there",
		Relations: []Relation{{Left: "<grants> charge-paid charge-updated", Op: "=", Right: "<grants> charge-settled", Where: "<grants> charge-settled ≠ <grants> charge-paid", View: "kept", Whole: true}}},
}
