package hookproof

// rules are what a verdict depends on beside what was seen.
type rules struct {
	profile string // strict or stripe
	timings Timings
	// apiVersion is the one that the target was given; "" is none.
	apiVersion string
}

// verdict is a verdict on a check as the profile has it: what profile strict alone demands is worth knowing under stripe.
func (r rules) verdict(c Check, v Verdict) Verdict {
	if v == Fail && c.Strict && r.profile == "stripe" {
		return Info
	}
	return v
}
