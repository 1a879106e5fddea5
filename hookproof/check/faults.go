package check

import "slices"

// Fault is what goes wrong while the last step of a schedule is delivered.
type Fault struct {
	description string
	Needs       []string // of the target
	Placed      bool     // it strikes at each message between the target and its database in turn
	Apart       bool     // it strikes one connection alone, so that several subjects meet it side by side
}

// Faults are all faults, by their names in relations.
var Faults = map[string]Fault{
	"cut-before": {
		description: "the connection to the database ends before a message, each in turn, and the database is away until the target has answered",
		Needs:       []string{"database"}, Placed: true,
	},
	"cut-after": {
		description: "the database does what a message says, each in turn, but its answer is lost, and it is away until the target has answered",
		Needs:       []string{"database"}, Placed: true,
	},
	"killed": {
		description: "the target ends when the database has done everything, before the target can answer",
		Needs:       []string{"database", "restart"},
	},
	"stopped": {
		description: "the target is stopped while it works on the delivery, in the middle of its messages to the database where they can be counted",
		Needs:       []string{"restart"},
	},
	"away": {
		description: "the database is away, and comes back when the target has answered",
		Needs:       []string{"break"},
	},
	"away-and-killed": {
		description: "the database is away, and the target is killed, whatever it has answered, before that is back",
		Needs:       []string{"database", "restart"},
	},
	"frozen": {
		description: "the database takes connections and answers nothing, until the target has answered, or for ten seconds",
		Needs:       []string{"database"},
	},
	"slow-answer": {
		description: "the database's answer to a message, each in turn, comes a second late",
		Needs:       []string{"database"}, Placed: true, Apart: true,
	},
	"latency":   {description: "every answer of the database takes 200 ms", Needs: []string{"link"}},
	"bandwidth": {description: "for three seconds answers of the database come at 1 KiB a second", Needs: []string{"link"}},
	"half-open": {description: "for three seconds the target's messages reach the database, and no answer comes back", Needs: []string{"link"}},

	"api-429":          {description: "Stripe's API answers 429, code rate_limit, until the target has answered", Needs: []string{"api"}},
	"api-500":          {description: "Stripe's API answers 500 until the target has answered", Needs: []string{"api"}},
	"api-lock-timeout": {description: "Stripe's API answers 429, code lock_timeout, until the target has answered", Needs: []string{"api"}},
	"api-hang":         {description: "Stripe's API takes requests and answers none, until the target has answered, or for ten seconds", Needs: []string{"api"}},
	"api-answer-lost":  {description: "Stripe's API does what is asked, and its answer is lost, until the target has answered", Needs: []string{"api"}},
}

// OfAPI reports whether the fault strikes what is asked of Stripe's API about one story, and nothing beside it.
func (f Fault) OfAPI() bool { return slices.Equal(f.Needs, []string{"api"}) }

// OfDatabase reports whether the fault strikes the database. A delivery that does not use the database does not meet such a fault.
func (f Fault) OfDatabase() bool {
	return slices.ContainsFunc(f.Needs, func(need string) bool { return need == "database" || need == "break" || need == "link" })
}
