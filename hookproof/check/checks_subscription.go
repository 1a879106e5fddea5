package check

const (
	costAccess  = "who pays is locked out, or who does not pay is let in"
	costRevived = "a customer who has left has access again, for nothing"
	fixEnded    = "let a subscription that has ended stay ended: look at the row's state before an event changes it"
	fixByID     = "find the row by the subscription's id, and let access follow from all subscriptions of the customer"
)

// view returns an equality of a part of two states. None of its events can be left out.
func view(parts, left, right string) []Relation {
	return []Relation{{Left: left, Op: "=", Right: right, View: parts, Whole: true}}
}

// policy is what is reported and fails nothing.
func policy(left string) []Relation {
	return []Relation{{Left: left, Op: "tells", Right: "<bought>", View: "access"}}
}

// whereShown is an inequality that is asked where another one holds. Where it does not, the target has no such thing.
func whereShown(left, right, shown string) []Relation {
	return []Relation{{Left: left, Op: "≠", Right: right, Where: shown}}
}

// fixed are relations none of whose events can be left out.
func fixed(list []Relation) []Relation {
	for n := range list {
		list[n].Fixed = true
	}
	return list
}

func together(lists ...[]Relation) (all []Relation) {
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

// ifEnded are relations that are asked where the end of a subscription shows: else there is nothing to come back.
func ifEnded(lists ...[]Relation) []Relation {
	all := together(lists...)
	for n := range all {
		all[n].Where = "<bought> deleted ≠ <bought>"
	}
	return all
}

// withoutActive is the usual beginning, of which the update to active comes later.
const withoutActive = "sub-incomplete sub-paid sub-paid-2 sub-bought "

// subscriptionAnswers are the stories of a subscription, each of whose events is acknowledged.
var subscriptionAnswers = Answers("<bought>=ack touched=ack seats=ack paused=ack <zero-invoice>=ack <one-off>=ack unknown-price=ack", "<bought>=ack <upgraded>=ack <downgraded>=ack",
	"<bought>=ack <renew>=ack cancel-later=ack uncancel=ack deleted=ack feedback=ack <zero-last>=ack <late-paid>=ack", "<bought>=ack cancel-at=ack",
	"<bought>=ack <fail>=ack <recover>=ack", "<bought>=ack <fail>=ack sub-unpaid=ack", "<abandoned>=ack", "<trial>=ack trial-will-end=ack <trial-over>=ack", "<metered-first>=ack")

// subscriptionOrder are the checks of a subscription's events in every order.
var subscriptionOrder = []Check{
	{Name: "order/begins", Demand: "The events with which a subscription begins end in the same state in every order.", Source: fromOrder, Why: costAccess,
		Fix:   "do not let an event put an older status over a newer one: incomplete never follows active",
		Kills: []string{"newest-delivery-wins", "creation-over-activation"}, Relations: view("outcome", "{<bought>}", "<bought>")},
	{Name: "order/refused-first", Demand: "Events that were all refused at first end in the same state when they come again in any order.", Source: fromRetries, Why: costAccess,
		Fix: "let an event that failed leave nothing behind, and let none of them wait for another to come first",
		Relations: together(view("outcome", "refused sub-bought sub-active sub-paid-2 sub-paid sub-incomplete", "<bought>"),
			[]Relation{{Left: "refused {<bought>}", Op: "=", Right: "<bought>", View: "outcome", Whole: true, Orders: 4}})},
	{Name: "order/late-after-end", Demand: "What comes after the end of a subscription does not bring it back.", Source: fromOrder, Why: costRevived, Fix: fixEnded,
		Kills: []string{"paid-invoice-revives", "invoice-after-the-end-renews"}, Relations: ifEnded(
			view("access+grants+statuses", "<bought> deleted <zero-last>", "<bought> deleted"),
			view("access+grants+statuses", "<bought> deleted feedback", "<bought> deleted"),
			view("access+grants+statuses", withoutActive+"deleted sub-active", "<bought> deleted"),
			view("access", "<bought> deleted <renew>", "<bought> <renew> deleted"),
			view("access", "<bought> deleted <late-paid>", "<bought> deleted"))},
	{Name: "order/stale-update", Demand: "An update that comes late does not undo a newer one.", Source: fromOrder, Why: "the customer has the plan, the period or the cancellation of before",
		Fix:   "keep the created of the event that a row is from, and leave the row when an older one comes",
		Kills: []string{"update-applied-as-it-comes"}, Relations: together(
			view("outcome", withoutActive+"<upgraded> sub-active", "<bought> <upgraded>"),
			view("outcome", withoutActive+"cancel-later sub-active", "<bought> cancel-later"),
			view("access+grants", "<bought> renew-updated <recover> fail-invoice fail-past-due", "<bought> <renew>"))},
}

// subscriptionMeaning are the checks of what a subscription's events mean.
var subscriptionMeaning = []Check{
	{Name: "meaning/not-yet", Demand: "What has no <grant> yet gives no access.", Source: fromSubscriptions, Why: "goods are sent for a <grant> that never came",
		Fix: "list what gives access, such as a <grant> or a trial, and give none for anything else", Kills: []string{"unlisted-status-gives-access"}, Relations: []Relation{{Left: "<notYet>", Op: "∌", Right: "<grants>"}}},
	{Name: "meaning/ends", Demand: "The end of a subscription shows in the state.", Source: fromSubscriptions, Why: "a customer who has left keeps access",
		Fix: "handle customer.subscription.deleted", Kills: []string{"end-after-a-planned-end-ignored"}, Relations: append(Unequal("<bought> deleted", "<bought>", ""), view("access", "<bought> cancel-later deleted", "<bought> deleted")...)},
	{Name: "meaning/recovers", Demand: "A renewal that is paid at a second try is a renewal.", Source: fromFailures, Why: costAccess,
		Fix:   "let a paid invoice, or a status that is active again, give back what the failure took",
		Kills: []string{"failure-is-final"}, Relations: together(
			fixed(view("access+grants", "<bought> <fail> {<recover>}", "<bought> <renew>")),
			fixed(view("access", "<bought> <fail> <recover>", "<bought>")))},
	{Name: "meaning/touched", Demand: "An update that changes nothing of ours changes nothing.", Source: OurPolicy, Says: "an update can be about any attribute: previous_attributes says which", Why: "credits are given again whenever a customer changes the card",
		Fix:   "look at what has changed, and not at the event's type alone",
		Kills: []string{"credits-for-every-update"}, Relations: together(view("access+grants+tallied+dates", "<bought> touched*3+", "<bought>"),
			fixed(view("access+grants+tallied+dates", "<bought> <renew> cancel-later uncancel", "<bought> <renew>")))},
	{Name: "meaning/plan", Demand: "A change of the plan shows, where plans show, with all that the other plan brings, however often it is told, and the way back leads back.", Source: fromSubscriptions, Strict: true, Why: "who pays for the larger plan keeps the smaller, or the other way round",
		Fix:   "store the price of the subscription's item at each update, with what it allows",
		Kills: []string{"price-never-updated", "quota-of-the-first-plan"}, Relations: together(whereShown("<bought> <upgraded>", "<bought>", "otherprice-<bought> ≠ <bought>"), fixed(view("access", "<bought> <upgraded> <downgraded>", "<bought>")),
			view("choice", "<bought> <upgraded>", "otherprice-<bought>"),
			view("outcome", "<bought> <upgraded>*3", "<bought> <upgraded>"), view("outcome", "<bought> <upgraded> <downgraded>*3", "<bought> <upgraded> <downgraded>"))},
	{Name: "meaning/plan-by-turns", Demand: "Changing the plan by turns gives nothing more than changing it once.", Source: OurPolicy, Why: "credits are earned by clicking",
		Fix:       "grant for a paid period, and not for an update",
		Relations: fixed(view("grants+quotas", "<bought> <upgraded> <downgraded> <upgraded-again>", "<bought> <upgraded>"))},
	{Name: "meaning/items", Demand: "The subscription's own price counts, wherever it stands in the list of items.", Source: OurPolicy, Says: "a subscription can have several items; their order is not promised", Strict: true, Why: costAccess,
		Fix:   "look for the item by its price, and let a price that nobody knows change nothing",
		Kills: []string{"unknown-price-is-free"}, Relations: together(view("access", "<metered-first>", "<bought>"), view("access", "<bought> unknown-price", "<bought>"),
			[]Relation{{Left: "<bought> unknown-price <renew>", Op: "moves", Right: "<bought>"}})},
	{Name: "meaning/seats", Demand: "More seats show in the state, where it shows seats at all.", Source: OurPolicy, Strict: true, Why: "who pays for more seats does not get them",
		Fix: "store the quantity of the subscription's item at each update", Relations: whereShown("<bought> seats", "<bought>", "moreseats-<bought> ≠ <bought>")},
	{Name: "meaning/cancel-later", Demand: "Who cancels for the period's end keeps access until then, and can think again.", Source: fromSubscriptions, Strict: true, Why: "a customer loses what is paid for, or what was taken back",
		Fix:   "let cancel_at_period_end and cancel_at end nothing before their time, and clear them when they are null again; customer.subscription.deleted comes in time",
		Kills: []string{"planned-date-unseen"}, Relations: together(view("access", "<bought> cancel-later", "<bought>"),
			whereShown("<bought> cancel-at", "<bought>", "<bought> cancel-later ≠ <bought>"),
			fixed(view("outcome", "<bought> cancel-later uncancel", "<bought>")))},
	{Name: "meaning/renewal", Demand: "A renewal counts once, however often and in whatever order it is told.", Source: fromDuplicates, Why: CostTwice,
		Fix:   "let the invoice's id decide what has been granted, under a unique constraint",
		Kills: []string{"invoice-compared-before-the-lock"}, Relations: together(
			view("", "<bought> <renew>*3", "<bought> <renew>"),
			view("", "<bought> <renew>*2+", "<bought> <renew>"),
			view("outcome", "<bought> {<renew>}", "<bought> <renew>"),
			view("", pooled+"<bought> <renew>&8", "<bought> <renew>"),
			[]Relation{{Left: "<bought> <renew>", Op: "adds", Right: "<bought>", View: "grants"}})},
	{Name: "meaning/zero-invoice", Demand: "A paid invoice of nothing grants nothing.", Source: OurPolicy, Says: "an invoice of 0 is paid by itself: for a proration, a credit or a trial", Why: "a customer gets a period, or credits, for nothing",
		Fix:   "look at billing_reason and at the lines, and not only at invoice.paid",
		Kills: []string{"nothing-paid-extends"}, Relations: view("access+grants+dates", "<bought> <zero-invoice>", "<bought>")},
	{Name: "meaning/one-off", Demand: "An invoice of no subscription is no renewal when it is paid, and no end when it is not.", Source: OurPolicy, Says: "an invoice made by hand names no subscription", Why: "whoever pays for a workshop gets another month, and whoever does not is locked out",
		Fix:       "look at the invoice's subscription before it counts as a period",
		Relations: together(view("access+grants+dates", "<bought> <one-off>", "<bought>"), view("access+grants+dates", "<bought> one-off-failed", "<bought>"))},
	{Name: "meaning/trial", Demand: "A trial gives access, and its end takes what the end of a paid subscription takes.", Source: fromSubscriptions, Why: costAccess,
		Fix:   "give access while the status is trialing, and end it by customer.subscription.deleted",
		Kills: []string{"trial-outlives-its-end"}, Relations: together([]Relation{{Left: "<trial>", Op: "∋", Right: "<bought>", View: "access"}}, view("access", "<trial> deleted", "<bought> deleted"))},
	{Name: "meaning/second-subscription", Demand: "Another subscription of the same customer takes no access by its end, and gives none where it is to another product.", Source: OurPolicy, Says: "a customer can have several subscriptions, also of other products", Why: "a paying customer is locked out by the end of what was cancelled before", Fix: fixByID,
		Kills: []string{"end-by-customer", "end-of-another-product", "second-subscription-replaces"}, Relations: together(
			view("access", "old-<bought> old-cancel-later later <bought> old-deleted", "<bought>"),
			view("access", "old-<bought> old-deleted later <bought>=ack", "<bought>"),
			view("access", "<bought> later foreign-<bought> foreign-deleted", "<bought>"),
			[]Relation{{Left: "foreign-<bought>", Op: "∌", Right: "<bought>", View: "unlisted"}})},
	{Name: "meaning/past-due", Demand: "What a failed renewal means for access is the endpoint's policy.", Source: fromFailures, Says: "Stripe tries again for days: whether a customer keeps access meanwhile is for the shop to decide", Why: "nobody knows what past due customers can do", Fix: "nothing, if that is what you want", Kills: []string{"past-due-locked-out"}, Relations: policy("<bought> <fail>")},
	{Name: "meaning/paused", Demand: "What a pause of the collection means for access is the endpoint's policy.", Source: OurPolicy, Says: "a subscription whose collection is paused stays active", Why: "nobody knows what paused customers can do", Fix: "nothing, if that is what you want", Relations: policy("<bought> paused")},
	{Name: "meaning/unpaid", Demand: "What a renewal that was never paid means for access is the endpoint's policy.", Source: fromFailures, Says: "when all tries have failed, a subscription becomes unpaid or canceled, as the account has chosen", Why: "nobody knows what customers can do who have stopped paying", Fix: "take access away at unpaid as at canceled, unless you mean otherwise", Relations: policy("<bought> <fail> sub-unpaid")},
	{Name: "meaning/period", Demand: "A renewal moves the end of what was paid for on.", Source: fromSubscriptions, Why: "who has paid for the next period is locked out at the end of the first",
		Fix:   "take the period's end from the subscription's item (before 2025-03-31 from the subscription), or from the invoice's line, and never from the invoice itself",
		Kills: []string{"period-of-the-first-event", "period-of-the-invoice"}, Relations: []Relation{{Left: "<grants> <renews>", Op: "moves", Right: "<grants>"}, {Left: "<bought> <renew> <renew-2>", Op: "moves", Right: "<bought> <renew>"}}},
}
