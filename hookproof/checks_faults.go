package hookproof

const (
	costLost = "a payment is lost, or counted twice, whenever the database hiccups"
	mendOnce = "write the event's id and its effect in one transaction, acknowledge after its commit, and answer 500 to every failure"
)

// struckAt are a first delivery, a duplicate and a refund, with a fault during each.
func struckAt(fault string) []Relation {
	return []Relation{
		{Left: "<grants>", Op: "=", Right: "<grants>", Fault: fault},
		{Left: "<grants> <grants>", Op: "=", Right: "<grants>", Fault: fault},
		{Left: "<grants> <ends>", Op: "=", Right: "<grants> <ends>", Fault: fault},
	}
}

func during(fault string) []Relation {
	return []Relation{{Left: "<grants>", Op: "=", Right: "<grants>", Fault: fault}}
}

var faultKills = []string{"marker-committed-before-effects", "effects-committed-before-marker", "row-stuck-in-processing", "error-answered-200", "ack-before-commit", "dedupe-error-swallowed", "commit-error-ignored"}

var faultChecks = []Check{
	{Name: "faults/cut-before", Demand: "A connection to the database that ends before any message loses and doubles nothing.", Source: fromRetries, Why: costLost, Mend: mendOnce,
		Kills: faultKills, Relations: struckAt("cut-before")},
	{Name: "faults/cut-after", Demand: "A database's answer that is lost, whichever it is, loses and doubles nothing.", Source: fromRetries, Why: costLost, Mend: mendOnce,
		Kills: []string{"effects-committed-before-marker", "marker-committed-before-effects", "seen-read-at-start"}, Relations: struckAt("cut-after")},
	{Name: "faults/killed", Demand: "A target that is killed between its commit and its answer loses and doubles nothing.", Source: fromRetries, Why: costLost, Mend: mendOnce,
		Kills: []string{"in-memory-dedupe"}, Relations: during("killed")},
	{Name: "faults/stopped", Demand: "A target that is stopped while it works loses and doubles nothing.", Source: fromRetries, Why: costLost, Mend: mendOnce,
		Kills: []string{"claim-outlives-the-process"}, Relations: during("stopped")},
	{Name: "faults/database-away", Demand: "An event that comes while the database is away is done when it is back.", Source: fromRetries, Why: costLost, Mend: mendOnce,
		Kills: []string{"error-answered-200", "ack-before-commit", "idle-error-unheard"}, Relations: append(during("away"), Relation{Left: "<grants> <ends>", Op: "=", Right: "<grants> <ends>", Fault: "away"})},
	{Name: "faults/acknowledged-in-memory", Demand: "What was acknowledged outlives the target, though the database was away.", Source: fromRetries, Why: costLost,
		Mend: "acknowledge when the event is in the database, and not in the process's memory", Kills: []string{"queue-in-memory"}, Relations: during("away-and-killed")},
	{Name: "faults/database-frozen", Demand: "An event that comes while the database answers nothing is answered within ten seconds (`strict` only), and done when it does.", Source: fromRetries, Why: "connections that hang are never given back, and nothing goes on",
		Mend: "give every statement a deadline, and the pool one for a connection", Relations: during("frozen")},
	{Name: "faults/latency", Demand: "A slow database loses and doubles nothing.", Source: fromRetries, Why: costLost, Mend: mendOnce, Kills: []string{"timeout-answered-200"}, Relations: during("latency")},
	{Name: "faults/bandwidth", Demand: "A database at the end of a thin line loses and doubles nothing.", Source: fromRetries, Why: costLost, Mend: mendOnce, Kills: []string{"timeout-answered-200"}, Relations: during("bandwidth")},
	{Name: "faults/half-open", Demand: "A connection on which no answer comes back loses and doubles nothing.", Source: fromRetries, Why: costLost, Mend: mendOnce, Kills: []string{"timeout-answered-200"}, Relations: during("half-open")},
	{Name: "faults/poisoned-by-garbage", Demand: "After many bodies that are no events, an event has its effect.", Source: ourPolicy, Why: "one bad event blocks all others, or connections leak",
		Mend: "give back what a failed delivery has taken", Poison: true, Relations: equal("garbage*15=any no-event*15=any cut-off*15=any json-null*5=any <grants>", "<grants>")},
	{Name: "faults/poisoned-by-forgeries", Demand: "After many forgeries, an event has its effect.", Source: ourPolicy, Why: "an attacker ends the endpoint for everybody",
		Mend: "refuse a forgery before anything is taken for it", Poison: true, Relations: equal("wrong-secret:<grant>*40 no-header:<grant>*20 <grants>", "<grants>")},
	{Name: "faults/poisoned-by-events", Demand: "After many events that cannot be fulfilled, one that can be is.", Source: ourPolicy, Why: "one order that cannot be fulfilled blocks all others",
		Mend: "keep what cannot be fulfilled for a person to look at, and go on", Poison: true, Relations: equal("stranger*10=any bare*10=any stranger-<ends>*10=any <grant>-nowhere*10=any <grants>", "<grants>")},
}
