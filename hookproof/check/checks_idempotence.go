package check

const (
	CostTwice  = "goods are sent twice, credits given twice, mails sent twice"
	MendDedupe = "record the event's id under a unique constraint, in the transaction that has the effect"

	// pooled is a crowd that opens the connections to the database. Else a copy would wait for its connection until the first copy
	// is done.
	pooled = "carrier&12+=any "
)

func Equal(left, right string) []Relation { return []Relation{{Left: left, Op: "=", Right: right}} }

// sameOutcome is an equality of what became of an order, however many changes led to it.
func sameOutcome(left, right string) []Relation {
	return []Relation{{Left: left, Op: "=", Right: right, View: "outcome"}}
}

// showsRefund is what must hold for a relation about refunds to be evidence: the state shows one.
const showsRefund = "<grants> refund ≠ <grants>"

// refundShows is an equality that is evidence only if the state shows a refund.
func refundShows(left, right string) []Relation {
	return []Relation{{Left: left, Op: "=", Right: right, If: showsRefund}}
}

var idempotence = []Check{
	{Name: "idempotence/redelivered", Demand: "A <grant> that is delivered several times counts once.", Source: fromDuplicates, Why: CostTwice, Fix: MendDedupe,
		Kills: []string{"no-dedupe"}, Relations: Equal("<grants>*4", "<grants>")},
	{Name: "idempotence/refund-redelivered", Demand: "A refund that is delivered several times counts once.", Source: fromDuplicates, Why: CostTwice, Fix: MendDedupe,
		Kills: []string{"refunds-not-deduped"}, Relations: refundShows("<grants> refund-10*3 refund*3", "<grants> refund-10 refund")},
	{Name: "idempotence/overlapping", Demand: "Copies of a <grant> that overlap count once.", Source: fromFulfil, Why: CostTwice, Fix: MendDedupe,
		Kills: []string{"check-then-act-race", "no-dedupe"}, Relations: Equal(pooled+"<grants>&12 <grants>&12", "<grants>")},
	{Name: "idempotence/overlapping-refund", Demand: "Copies of a refund that overlap count once.", Source: fromDuplicates, Why: CostTwice, Fix: MendDedupe,
		Kills: []string{"refund-race"}, Relations: refundShows(pooled+"<grants> refund-10&12", "<grants> refund-10")},
	{Name: "idempotence/replicas", Demand: "Copies that overlap on several replicas count once.", Source: fromFulfil, Why: CostTwice, Fix: MendDedupe + ", which is the replicas' common one",
		Kills: []string{"mutex-in-the-process"}, Relations: Equal("spread "+pooled+"<grants>&12", "<grants>")},
	{Name: "idempotence/two-ids", Demand: "One fact under two event ids counts once.", Source: fromDuplicates, Says: "two events can be sent for one fact: the object's id and the event's type show that they are the same", Why: CostTwice,
		Fix:   "remember the <object> and the type as well, not the event's id alone",
		Kills: []string{"two-ids-counted-twice"}, Relations: Equal("<grants>*2+", "<grants>")},
	{Name: "idempotence/two-ids-overlapping", Demand: "One fact under two event ids counts once, when both come at the same time.", Source: fromDuplicates, Says: "two events can be sent for one fact: the object's id and the event's type show that they are the same", Why: CostTwice,
		Fix:   "let a unique constraint, or the row's lock, decide what has been done",
		Kills: []string{"two-ids-counted-twice", "check-then-act-race", "order-read-without-lock"}, Relations: Equal(pooled+"<grants>&8+", "<grants>")},
	{Name: "idempotence/later", Demand: "A <grant> that is delivered again after a while counts once.", Source: fromDuplicates, Says: "log the ids of events that were processed, and do not process those again; deliveries go on for three days, and a person can send an event again for thirty", Why: "Stripe retries for three days, and a person can resend for thirty",
		Fix: "keep the ids of processed events as long as their effects", Kills: []string{"dedupe-entry-expires-too-early", "in-memory-dedupe-of-the-last-ten"}, Relations: Equal("<grants> later carrier*40+=any <grants>", "<grants>")},
	{Name: "idempotence/restart", Demand: "A <grant> that is delivered again after a restart counts once.", Source: fromDuplicates, Why: CostTwice, Fix: "keep the ids of processed events in the database",
		Kills: []string{"in-memory-dedupe"}, Relations: Equal("<grants> restart <grants>", "<grants>")},
	askedTwice,
}

const (
	CostOrder = "the network decides in which state a <subject> ends"
	MendOrder = "let an event only raise the state: give each state a rank, and keep the larger of old and new"
)

var order = []Check{
	{Name: "order/refunds", Demand: "A payment and its refunds end in the same state in every order.", Source: fromOrder, Why: CostOrder, Fix: MendOrder,
		Kills: []string{"late-refund-overwrites", "cumulative-refund-added-up", "second-partial-refund-dropped"}, Relations: sameOutcome("{<refunded>}", "<refunded>")},
	{Name: "order/slow-payment", Demand: "A slow payment's events end in the same state in every order.", Source: fromOrder, Why: CostOrder, Fix: MendOrder,
		Kills: []string{"paid-only-when-pending", "stale-overwrite"}, Relations: sameOutcome("{<slow>}", "<slow>")},
	{Name: "order/failed-payment", Demand: "A slow payment that fails ends in the same state in every order.", Source: fromOrder, Why: CostOrder, Fix: MendOrder,
		Kills: []string{"stale-overwrite"}, Relations: sameOutcome("{<failed>}", "<failed>")},
	{Name: "order/dispute", Demand: "A payment and its dispute end in the same state in every order.", Source: fromOrder, Why: CostOrder, Fix: MendOrder,
		Kills: []string{"stale-overwrite"}, Relations: sameOutcome("{<disputed>}", "<disputed>")},
	{Name: "order/together", Demand: "Two events that Stripe sends within a moment, and that overlap, end as one after the other does.", Source: fromOrder,
		Says: "events can come in any order, and each is a request of its own; so two of one order can be in work at the same time", Why: "what one of the two tells is lost, such as a <grant> that comes beside its <object>",
		Fix:   "lock the <subject>'s row before you read it (SELECT … FOR UPDATE), or write what the event changes and leave the other columns",
		Kills: []string{"events-read-without-lock"}, Relations: []Relation{{Left: pooled + "<together>", Op: "=", Right: "<inTurn>", Whole: true}}},
	{Name: "order/tie", Demand: "Events of the same second end in the same state as others.", Source: fromOrder, Says: "created counts seconds, so several events can have the same: it does not say which is later", Why: "created has only seconds, so ties are common",
		Fix: "do not order events by created: it does not say which of two is later", Kills: []string{"same-second-tie-dropped"},
		Relations: []Relation{{Left: "tie <grants> refund-10 refund-25", Op: "=", Right: "<grants> refund-25", Whole: true, View: "outcome"},
			{Left: "tie refund-25 <grants>", Op: "=", Right: "<grants> refund-25", View: "outcome"}, {Left: "tie unpaid async-paid", Op: "=", Right: "unpaid async-paid", View: "outcome"},
			{Left: "tie <bought>", Op: "=", Right: "<bought>", Whole: true, View: "outcome"}}},
	{Name: "order/repeated", Demand: "A life that is delivered twice ends in the same state.", Source: fromDuplicates, Why: CostOrder, Fix: MendOrder,
		Kills: []string{"no-dedupe", "last-event-only"}, Relations: sameOutcome("<ends> <grants> again", "<grants> <ends>")},
	{Name: "order/overtaking", Demand: "An event that comes before its object is made is not lost.", Source: OurPolicy, Says: "events can come in any order; so an event can overtake the endpoint's own object, though that is not written there", Why: "a <grant> can come before the row of the <subject> is committed",
		Fix: "answer 500 while an object that must be yours does not exist yet, so that Stripe retries", Kills: []string{"webhook-before-row-acked", "webhook-before-row-lost", "local-save-reverts", "failed-event-marked-processed", "user-not-there-yet"},
		Relations: Equal("<grants> make", "<grants>")},
	{Name: "order/late-after-paid", Demand: "A late event does not undo a <grant>.", Source: fromOrder, Why: "a <grant> is undone, and the customer gets nothing",
		Fix: "let a late event end only a <subject> that has no <grant>", Kills: []string{"expired-after-paid-cancels", "failed-after-paid-cancels", "stale-overwrite"},
		Relations: together(kept("<grants> <late>", "<grants>"), sameOutcome("paid other-session-expired", "paid"),
			sameOutcome("async-paid unpaid", "unpaid async-paid"))},
	{Name: "order/late-after-refund", Demand: "A late event does not open a closed order again.", Source: fromOrder, Why: "goods are sent for money that was given back",
		Fix: "let refunded be the last state", Kills: []string{"terminal-state-reopened"},
		Relations: append(sameOutcome("paid refund other-session-expired", "paid refund"),
			sameOutcome("{unpaid refund async-paid|async-paid refund unpaid}", "unpaid async-paid refund")...)},
	apiAhead,
}
