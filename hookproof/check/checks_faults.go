package check

const (
	CostLost = "a <grant> is lost, or counted twice, whenever the database hiccups"
	MendOnce = "write the event's id and its effect in one transaction, acknowledge after its commit, and answer 500 to every failure"
)

// struckAt returns relations in which a fault strikes during a first delivery, a duplicate and a refund.
func struckAt(fault string) []Relation {
	return []Relation{
		{Left: "<grants>", Op: "=", Right: "<grants>", Fault: fault},
		{Left: "<grants> <grants>", Op: "=", Right: "<grants>", Fault: fault},
		{Left: "<grants> <ends>", Op: "=", Right: "<grants> <ends>", Fault: fault},
	}
}

func During(fault string) []Relation {
	return []Relation{{Left: "<grants>", Op: "=", Right: "<grants>", Fault: fault}}
}

var faultKills = []string{"marker-committed-before-effects", "effects-committed-before-marker", "row-stuck-in-processing", "error-answered-200", "ack-before-commit", "dedupe-error-swallowed", "commit-error-ignored"}

var faultChecks = []Check{
	{Name: "faults/cut-before", Demand: "The end of the database connection before any message loses and doubles nothing.", Source: fromRetries, Why: CostLost, Fix: MendOnce,
		Kills: faultKills, Relations: struckAt("cut-before")},
	{Name: "faults/cut-after", Demand: "The loss of any answer of the database loses and doubles nothing.", Source: fromRetries, Why: CostLost, Fix: MendOnce,
		Kills: []string{"effects-committed-before-marker", "marker-committed-before-effects", "seen-read-at-start"}, Relations: struckAt("cut-after")},
	{Name: "faults/slow-answer", Demand: "An answer of the database that comes a second late loses and doubles nothing.", Source: fromRetries,
		Why: "whenever the database is busy, a <grant> has no effect", Fix: "let a look-up that took too long fail, and answer 500: who goes on as if nothing had been found loses the <grant>",
		Relations: struckAt("slow-answer")},
	{Name: "faults/killed", Demand: "A target that is killed between its commit and its answer loses and doubles nothing.", Source: fromRetries, Why: CostLost, Fix: MendOnce,
		Kills: []string{"in-memory-dedupe"}, Relations: During("killed")},
	{Name: "faults/stopped", Demand: "A target that is stopped while it works loses and doubles nothing.", Source: fromRetries, Why: CostLost, Fix: MendOnce,
		Kills: []string{"claim-outlives-the-process"}, Relations: During("stopped")},
	{Name: "faults/database-away", Demand: "An event that comes while the database is away is processed when it is back.", Source: fromRetries, Why: CostLost, Fix: MendOnce,
		Kills: []string{"error-answered-200", "ack-before-commit", "idle-error-unheard", "busy-answered-200"}, Relations: append(During("away"), Relation{Left: "<grants> <ends>", Op: "=", Right: "<grants> <ends>", Fault: "away"})},
	{Name: "faults/acknowledged-in-memory", Demand: "An acknowledged event survives the end of the process, even if the database was away.", Source: fromRetries, Why: CostLost,
		Fix: "acknowledge when the event is in the database, and not in the process's memory", Kills: []string{"queue-in-memory"}, Relations: During("away-and-killed")},
	{Name: "faults/database-frozen", Demand: "An event that comes while the database answers nothing is answered within ten seconds (`strict` only), and processed when it does.", Source: fromRetries, Why: "connections that hang are never given back, and nothing goes on",
		Fix: "give every statement a time-out, and the pool one for a connection", Relations: During("frozen")},
	{Name: "faults/latency", Demand: "A slow database loses and doubles nothing.", Source: fromRetries, Why: CostLost, Fix: MendOnce, Kills: []string{"timeout-answered-200"}, Relations: During("latency")},
	{Name: "faults/bandwidth", Demand: "A database behind a slow line loses and doubles nothing.", Source: fromRetries, Why: CostLost, Fix: MendOnce, Kills: []string{"timeout-answered-200"}, Relations: During("bandwidth")},
	{Name: "faults/half-open", Demand: "A connection on which no answer comes back loses and doubles nothing.", Source: fromRetries, Why: CostLost, Fix: MendOnce, Kills: []string{"timeout-answered-200"}, Relations: During("half-open")},
	{Name: "faults/poisoned-by-garbage", Demand: "After many bodies that are not events, an event has its effect.", Source: OurPolicy, Why: "one bad event blocks all others, or connections leak",
		Fix: "release what a failed delivery holds, such as connections and locks", Poison: true, Relations: Equal("garbage*15=any no-event*15=any cut-off*15=any json-null*5=any <grants>", "<grants>")},
	{Name: "faults/poisoned-by-forgeries", Demand: "After many forgeries, an event has its effect.", Source: OurPolicy, Why: "an attacker ends the endpoint for everybody",
		Fix: "refuse a forgery before it uses a connection or a lock", Poison: true, Relations: Equal("wrong-secret:<grant>*40 no-header:<grant>*20 <grants>", "<grants>")},
	{Name: "faults/poisoned-by-events", Demand: "After many events that cannot be fulfilled, an event that can be has its effect.", Source: OurPolicy, Why: "one <subject> that cannot be fulfilled blocks all others",
		Fix: "keep what cannot be fulfilled for a person to review, and go on", Poison: true, Relations: Equal("stranger*10=any bare*10=any stranger-<ends>*10=any <grant>-nowhere*10=any <grants>", "<grants>")},
}
