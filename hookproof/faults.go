package hookproof

// fault is something that goes wrong while the last step of a schedule is delivered, in words.
type fault struct {
	says   string
	needs  []string // of the target
	placed bool     // it strikes at each message between the target and its database in turn
}

// faults are the words for what can strike.
var faults = map[string]fault{
	"cut-before": {
		says:  "the connection to the database ends before a message, each in turn, and the database is away until the target has answered",
		needs: []string{"database"}, placed: true,
	},
	"cut-after": {
		says:  "the database does what a message says, each in turn, but its answer is lost, and it is away until the target has answered",
		needs: []string{"database"}, placed: true,
	},
	"killed": {
		says:  "the target ends when the database has done everything, before the target can answer",
		needs: []string{"database", "restart"},
	},
	"stopped": {
		says:  "the target is stopped while it works on the delivery, in the middle of its messages to the database where they can be counted",
		needs: []string{"restart"},
	},
	"away": {
		says:  "the database is away, and comes back when the target has answered",
		needs: []string{"break"},
	},
	"away-and-killed": {
		says:  "the database is away, and the target is killed, whatever it has answered, before that is back",
		needs: []string{"database", "restart"},
	},
	"frozen": {
		says:  "the database takes connections and answers nothing, until the target has answered, or for ten seconds",
		needs: []string{"database"},
	},
	"latency":   {says: "every answer of the database takes 200 ms", needs: []string{"link"}},
	"bandwidth": {says: "for three seconds answers of the database come at 1 KiB a second", needs: []string{"link"}},
	"half-open": {says: "for three seconds the target's messages reach the database, and no answer comes back", needs: []string{"link"}},
}
