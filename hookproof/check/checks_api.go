package check

import "strings"

const (
	costNotAsked = "whenever Stripe is busy, a <grant> or its end is lost"
	fixNotAsked  = "let every failure of a request to Stripe fail the delivery: answer 500, and Stripe comes again; only resource_missing says that there is nothing"
	says429      = "too many requests, or two at once for one object, are answered 429, which says nothing of the object: ask again later; what is not acknowledged is delivered again"
)

// askedDuring returns relations in which Stripe's API fails while what grants, and its end, are delivered.
func askedDuring(fault, grant string) []Relation {
	return []Relation{
		{Left: grant, Op: "=", Right: grant, Fault: fault},
		{Left: "<grants> <ends>", Op: "=", Right: "<grants> <ends>", Fault: fault},
	}
}

// apiFaults are the checks of what a target does when it asks Stripe's API and gets no answer.
var apiFaults = []Check{
	{Name: "faults/api-429", Demand: "An event of which Stripe's API answers 429 is processed later.", Source: fromLimits, Says: says429, Why: costNotAsked, Fix: fixNotAsked, Kills: []string{"failed-question-is-an-answer"},
		Relations: together(askedDuring("api-429", "<granting>"), []Relation{ // and in the midst of a story, where the endpoint knows something already
			{Left: "sub-incomplete sub-active", Op: "=", Right: "sub-incomplete sub-active", Fault: "api-429"},
			{Left: "<bought> renew-updated", Op: "=", Right: "<bought> renew-updated", Fault: "api-429"},
		})},
	{Name: "faults/api-500", Demand: "An event of which Stripe's API answers 500 is processed later.", Source: fromRetries, Why: costNotAsked, Fix: fixNotAsked, Kills: []string{"failed-question-is-an-answer"},
		Relations: askedDuring("api-500", "<grant>")},
	{Name: "faults/api-lock-timeout", Demand: "An event whose object is locked in Stripe's API is processed later.", Source: fromLocks, Says: says429, Why: costNotAsked, Fix: fixNotAsked, Kills: []string{"failed-question-is-an-answer"},
		Relations: askedDuring("api-lock-timeout", "<grant>")},
	{Name: "faults/api-hang", Demand: "An event of which Stripe's API answers nothing is processed later.", Source: fromRetries, Why: costNotAsked, Fix: fixNotAsked, Kills: []string{"failed-question-is-an-answer"},
		Relations: []Relation{{Left: "<grant>", Op: "=", Right: "<grant>", Fault: "api-hang"}}},
}

// apiAhead is the check of what a target makes of an API that tells of more than the event.
var apiAhead = Check{Name: "order/api-ahead", Demand: "What Stripe's API says when it is ahead of an event has the effect that it has when it is in step.", Source: fromRetries,
	Says: "what is not acknowledged is delivered again, for up to three days: by then the API tells of what came after it", Why: "after an outage, a <grant> or its end has no effect",
	Fix: "compare what the API says with what you have stored, and not with what the event says: a change that nobody has seen is one", Relations: []Relation{
		{Left: "ahead <grants>", Op: "=", Right: "in-step <grants>", View: "access+grants", Whole: true},
		{Left: "ahead <grants> <ends>", Op: "=", Right: "in-step <grants> <ends>", View: "access", Whole: true},
	}}

// askedTwice is the check of what a target asks of Stripe's API when an event comes again.
var askedTwice = Check{Name: "idempotence/asked-twice", Demand: "A redelivery asks Stripe for nothing again that creates or acts.", Source: fromKeys,
	Why: "a customer is charged, refunded or given something twice", Fix: "send an Idempotency-Key that is made of the event's id, or of what is done and to whom, and that a second try has again",
	Kills: []string{"asks-stripe-again"}, Relations: []Relation{
		{Left: "<grants> again", Op: ActsOnce},
		{Left: "<granting>", Op: ActsOnce, Fault: "api-answer-lost"},
	}}

// How far Stripe's API is, when the endpoint asks it: verbs at the beginning of a schedule. In reality it is ahead whenever an event
// comes late, and in step whenever it comes at once.
const (
	InStep = "in-step"
	Ahead  = "ahead"
)

// WithAPI returns the check for a target that asks Stripe's API: with each relation that reads states twice, once for each place that the API can
// be at. A cache, or a handler that ignores an end, looks right in one of the two only. Answers alone, and how a target counts, are asked
// for once, and so are faults and overlap: when the API is in step, answers to deliveries that meet differ, and when it is ahead, none does.
func (c Check) WithAPI() Check {
	var all []Relation
	for _, r := range c.Relations {
		switch {
		case r.Op == "" || strings.HasPrefix(r.Left, Ahead+" "):
			all = append(all, r)
		case !r.isSeenTwice():
			all = append(all, r.beginning(InStep))
		default:
			all = append(all, r.beginning(InStep), r.beginning(Ahead))
		}
	}
	c.Relations = all
	return c
}

// isSeenTwice reports whether the relation is judged with the API in step and ahead.
func (r Relation) isSeenTwice() bool {
	return r.ReadsStates() && r.Op != "tells" && r.Fault == "" && !strings.Contains(strings.ReplaceAll(r.Left, strings.TrimSpace(pooled), ""), "&")
}

// beginning returns the relation with a verb at the beginning of its schedules. The empty schedule stays empty.
func (r Relation) beginning(verb string) Relation {
	r.Left, r.Right = Beginning(verb, r.Left), Beginning(verb, r.Right)
	r.If, r.Where = conditionOf(r.If).beginning(verb), conditionOf(r.Where).beginning(verb)
	return r
}

// beginning returns the text of a condition with a verb at the beginning of its schedules; "" of none.
func (c *Condition) beginning(verb string) string {
	if c == nil {
		return ""
	}
	return Beginning(verb, c.Left) + map[bool]string{true: " = ", false: " ≠ "}[c.Equal] + Beginning(verb, c.Right)
}

// Beginning returns a schedule with a verb at its beginning. The empty schedule stays empty.
func Beginning(verb, schedule string) string {
	if strings.TrimSpace(schedule) == "" {
		return ""
	}
	return strings.TrimSpace(verb + " " + strings.TrimSpace(schedule))
}

// ActsOnce is the Op of a relation that demands that a redelivery sends Stripe nothing again that creates or acts.
const ActsOnce = "acts once"

// ReadsStates reports whether the relation is about states.
func (r Relation) ReadsStates() bool { return r.Op != "" && r.Op != ActsOnce }

// IsMode reports whether the step is a verb that says where Stripe's API is.
func (i Step) IsMode() bool { return i.Verb == InStep || i.Verb == Ahead }

// Mode returns the verb of a schedule that says where Stripe's API is; "" if none does.
func (s Schedule) Mode() string {
	for _, step := range s {
		if step.IsMode() {
			return step.Verb
		}
	}
	return ""
}
