package hookproof

import "slices"

// costMayBeForged is costForged where an answer alone was seen: what an endpoint acknowledges it need not have believed.
const costMayBeForged = "whoever knows the URL may be able to mark orders as paid: that it was accepted was seen, and not what it did; " +
	"an endpoint that fetches each event from Stripe by its id, and believes that alone, cannot be deceived so"

// What a forgery costs that was neither accepted nor refused, and how that is mended.
const (
	costUnrefused = "the forgery was not accepted, and not refused either: it looks like a fault of the endpoint's own, so whoever knows the URL can fill its log " +
		"and set off its alarms, among which real faults are lost"
	mendUnrefused = "catch what the verification throws, and answer 400"
)

// costs is what a breach of the relation costs and how to mend it, and no more than was seen of it.
func (out outcome) costs() (cost, mend string) {
	check := out.instance.check
	switch {
	case out.end != nil:
		return out.end.costs(check, out.instance.Fault != "")
	case out.instance.Op != "" || out.trial == nil:
	case out.trial.onlyUnrefused():
		return costUnrefused, mendUnrefused
	case check.Why == costForged:
		return costMayBeForged, check.Mend
	}
	return check.Why, check.Mend
}

// onlyUnrefused tells whether all deliveries were forgeries, and none was accepted.
func (t *Trial) onlyUnrefused() bool {
	return len(t.Deliveries) > 0 && !slices.ContainsFunc(t.Deliveries, func(d Delivery) bool { return d.Genuine || d.Acknowledged() })
}
