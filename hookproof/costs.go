package hookproof

// costMayBeForged is costForged where an answer alone was seen: what an endpoint acknowledges it need not have believed.
const costMayBeForged = "whoever knows the URL may be able to mark orders as paid: that it was accepted was seen, and not what it did; " +
	"an endpoint that fetches each event from Stripe by its id, and believes that alone, cannot be deceived so"

// costs is what a breach of the relation costs, and no more than was seen of it.
func (i instance) costs() string {
	if i.Op == "" && i.check.Why == costForged {
		return costMayBeForged
	}
	return i.check.Why
}
