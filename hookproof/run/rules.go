package run

import (
	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// rules are what a verdict depends on besides the history.
type rules struct {
	profile string // strict or stripe
	timings target.Timings
	// apiVersion is the target file's; "" if it has none.
	apiVersion string
}

// verdict returns a verdict under the profile: under stripe, a failure of what only the strict profile demands is info.
func (r rules) verdict(c check.Check, v result.Verdict) result.Verdict {
	if v == result.Fail && c.Strict && r.profile == "stripe" {
		return result.Info
	}
	return v
}
