package result

// Counters are a target's counts of its deliveries since it started.
type Counters struct{ Received, Duplicates, Errors int64 }

func (c Counters) Minus(o Counters) Counters {
	return Counters{c.Received - o.Received, c.Duplicates - o.Duplicates, c.Errors - o.Errors}
}
