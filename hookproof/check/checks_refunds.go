package check

// refundMeaning are the checks of what refunds and disputes mean that come after others.
var refundMeaning = []Check{
	// A shop with Checkout that knows refunds by charge.refunded alone is told what it does not see. One that takes refunds by their own events
	// must take their failure, too, and so must an endpoint for intents: it lists under unhandled what it does not take.
	{Name: "meaning/refund-failed", Demand: "A refund that has failed shows in the state.", Source: fromFailedRefunds, Strict: true,
		Why: "the books show money as given back that the customer never got", Fix: "handle refund.failed, or charge.refund.updated with status failed: take the refund's amount off what was refunded",
		Relations: []Relation{
			{Left: "<refund-undone>", Op: "≠", Right: "<grants> refund", If: showsRefund, Where: "<grants> refund-made ≠ <grants>"},
			{Left: "pi-paid refund refund-failed refund-failed-2 refund-failed-3", Op: "≠", Right: "pi-paid refund", If: showsRefund},
			{Left: "paid refund refund-failed refund-failed-2 refund-failed-3", Op: "≠", Right: "paid refund", If: showsRefund, Info: true},
		}},
	{Name: "meaning/refunds-again", Demand: "An older refund that is told again takes nothing off a newer one.", Source: fromRefunds,
		Why: "books show more, or less, than was given back", Fix: "store the maximum of amount_refunded; do not add, and do not take the last one that comes",
		Relations: []Relation{
			{Left: "<grants> refund-10 refund-25 refund-10", Op: "=", Right: "<grants> refund-25", If: showsRefund, View: "outcome", Whole: true},
			{Left: "<grants> refund-10 refund-25 refund-10+", Op: "=", Right: "<grants> refund-25", If: showsRefund, View: "outcome", Whole: true},
		}},
	{Name: "meaning/dispute-then-refund", Demand: "A dispute that is won leaves the payment as it was: what it took comes back, and a refund counts.", Source: OurPolicy, Strict: true,
		Says: "a dispute that is won gives back what it took: charge.dispute.closed with status won, and charge.dispute.funds_reinstated; a charge can be refunded after it",
		Why:  "a customer who is in the right stays locked out, or is refunded twice", Fix: "at charge.dispute.closed with status won, or charge.dispute.funds_reinstated, give back what the dispute took, and let refunds count as before",
		Relations: together(
			[]Relation{{Left: "<dispute-survived>", Op: "=", Right: "<grants>", View: "taken", Whole: true}},
			[]Relation{{Left: "<dispute-survived> refund", Op: "=", Right: "<grants> refund", Where: "<dispute-survived> = <grants>", View: "counted", Whole: true}})},
}
