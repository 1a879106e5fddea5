package run

import (
	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// rules are what a verdict depends on beside what was seen.
type rules struct {
	profile string // strict or stripe
	timings target.Timings
	// apiVersion is the one that the target was given; "" is none.
	apiVersion string
}

// verdict is a verdict on a check as the profile has it: what profile strict alone demands is worth knowing under stripe.
func (r rules) verdict(c check.Check, v result.Verdict) result.Verdict {
	if v == result.Fail && c.Strict && r.profile == "stripe" {
		return result.Info
	}
	return v
}
