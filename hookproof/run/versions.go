package run

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// pinned are the API versions to which releases of stripe-go are tied, one for each release train.
var pinned = []string{"2020-08-27", "2022-08-01", "2022-11-15", "2023-08-16", life.APIVersionOf(""), "2024-04-10", "2024-06-20", "2024-09-30.acacia", "2025-03-31.basil", "2025-09-30.clover", life.Newest}

var versionName = regexp.MustCompile(`\b20\d\d-\d\d-\d\d(\.[a-z]+)?\b`)

// versionsIn returns the API versions that a text names.
func versionsIn(text string) []string { return versionName.FindAllString(text, -1) }

// acceptsVersion looks for an API version in which the target accepts an event that it has refused. It returns the advice to set
// that version; nil if there is none.
func (x *executor) acceptsVersion(ctx context.Context, refused target.Delivery, versions []string) error {
	mine := life.APIVersionOf(x.target.APIVersion)
	versions = slices.DeleteFunc(slices.Clone(versions), func(version string) bool { return version == mine })
	if len(versions) == 0 {
		return nil
	}
	h, name := &History{Subject: x.life.Stranger(nil, true)}, "unhandled"
	if x.target.Subject != nil {
		var err error
		if h, err = x.deliverFresh(ctx, nil); err != nil {
			return err
		}
		name = x.life.Grant()
	}
	for _, version := range versions {
		other := *x.target
		other.APIVersion = version
		e, err := eventOf(x.life.Vocabulary[name], h.Subject, &other, time.Now(), false)
		if err != nil {
			return err
		}
		told := fmt.Sprintf("the target answers %d to genuine events of API version %s%s", refused.Status, mine, quoteAnswer(refused))
		switch d := x.sender.Send(ctx, target.Outgoing{Event: e, Label: name, Sign: "genuine"}); {
		case d.Acknowledged():
			accepts := fmt.Sprintf("%s, and accepts those of %s", told, version)
			return &mendable{Unusable{accepts + "; " + setVersion(x.target, version)}, Remedy{APIVersion: version, Why: accepts}}
		case d.Status != 0 && namesVersion(refused, version) && len(versionsIn(d.Answer)) == 0: // the answer no longer complains about the version
			return &Unusable{fmt.Sprintf("%s; %s. Events of %s are answered %d%s: that is another problem, to be solved afterwards",
				told, setVersion(x.target, version), version, d.Status, quoteAnswer(d))}
		}
	}
	return ctx.Err()
}

// setVersion returns how to set the API version of a target's events.
func setVersion(t *target.Target, version string) string {
	if t.File != "" {
		return fmt.Sprintf(`put "apiVersion": %q into %s`, version, t.File)
	}
	return "run hookproof with --api-version " + version
}

// namesVersion reports whether an answer names an API version.
func namesVersion(d target.Delivery, version string) bool {
	return slices.Contains(versionsIn(d.Answer), version)
}

// ofVersion returns the verdict on an answer to an event of a newer API version than the target's. Stripe's libraries for Go, Java
// and .NET refuse events of other versions than their own. So a refusal is no fault, if the target file or the answer shows that
// the endpoint is tied to a version.
func ofVersion(step check.Step, given string, d target.Delivery, verdict result.Verdict, why string) (result.Verdict, string) {
	newer, own := step.Spec.Version, life.APIVersionOf(given)
	if newer == "" || verdict != result.Fail || d.Status == 0 {
		return verdict, why
	}
	expected := slices.DeleteFunc(versionsIn(d.Answer), func(version string) bool { return version == newer })
	switch {
	case len(expected) > 0 && (namesVersion(d, newer) || namesVersion(d, own)):
		own = expected[0]
	case given == "" && d.Status/100 == 4:
		return result.Fail, fmt.Sprintf(`%s; if the endpoint accepts events of only one API version, as stripe-go's ConstructEvent does, give it "apiVersion": %q (--api-version with a URL alone), and this is reported as info`, why, own)
	case given == "" || d.Status/100 != 4:
		return result.Fail, why
	}
	return result.Info, fmt.Sprintf("%s was answered %s%s: the endpoint accepts events of only one API version, as stripe-go's ConstructEvent does unless its option IgnoreAPIVersionMismatch is set; "+
		"register the endpoint with %s, as https://docs.stripe.com/webhooks/versioning wants it for Go, Java and .NET, or all events are refused", step.Undemanding(), target.Said(d), quoteAnswer(d), own)
}
