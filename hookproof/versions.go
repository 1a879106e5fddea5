package hookproof

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// pinned are API versions that stripe-go's ConstructEvent has been tied to, one for each release train.
var pinned = []string{"2020-08-27", "2022-08-01", "2022-11-15", "2023-08-16", apiVersionOf(""), "2024-04-10", "2024-06-20", "2024-09-30.acacia", "2025-03-31.basil", "2025-09-30.clover", newest}

var versionName = regexp.MustCompile(`\b20\d\d-\d\d-\d\d(\.[a-z]+)?\b`)

// versionsIn are the API versions that a text names.
func versionsIn(text string) []string { return versionName.FindAllString(text, -1) }

// takesVersion looks for one of some API versions of which the target takes an event that it has refused, and proposes
// it; nil is that there is none.
func (x *executor) takesVersion(ctx context.Context, refused Delivery, versions []string) error {
	mine := apiVersionOf(x.target.APIVersion)
	versions = slices.DeleteFunc(slices.Clone(versions), func(version string) bool { return version == mine })
	if len(versions) == 0 {
		return nil
	}
	h, name := &History{Subject: stranger(nil, true)}, "unhandled"
	if x.target.Subject != nil {
		var err error
		if h, err = x.deliverFresh(ctx, nil); err != nil {
			return err
		}
		name = payment.grant()
	}
	for _, version := range versions {
		other := *x.target
		other.APIVersion = version
		e, err := eventOf(vocabulary[name], h.Subject, &other, time.Now(), false)
		if err != nil {
			return err
		}
		told := fmt.Sprintf("the target answers %d to genuine events of API version %s%s", refused.Status, mine, says(refused))
		switch d := x.sender.send(ctx, outgoing{event: e, label: name, sign: "genuine"}); {
		case d.Acknowledged():
			return &Unusable{fmt.Sprintf("%s, and accepts those of %s; %s", told, version, x.target.setVersion(version))}
		case d.Status != 0 && refused.names(version) && len(versionsIn(d.Answer)) == 0: // its complaint of the version is gone
			return &Unusable{fmt.Sprintf("%s; %s. Events of %s are answered %d%s: that is another problem, to be solved afterwards",
				told, x.target.setVersion(version), version, d.Status, says(d))}
		}
	}
	return ctx.Err()
}

// setVersion tells how a target is given the API version of its events.
func (t *Target) setVersion(version string) string {
	if t.File != "" {
		return fmt.Sprintf(`put "apiVersion": %q into %s`, version, t.File)
	}
	return "run hookproof with --api-version " + version
}

// names tells whether an answer names an API version.
func (d Delivery) names(version string) bool { return slices.Contains(versionsIn(d.Answer), version) }

// ofVersion is the verdict on an answer where the event is of a newer API version than the target's. Stripe wants an endpoint
// in Go, Java or .NET registered with the version of its library, which refuses others: that an endpoint is tied to a version
// is no fault where the target file says so, or its answer.
func ofVersion(step Step, given string, d Delivery, verdict Verdict, why string) (Verdict, string) {
	newer, own := vocabulary[step.Event].version, apiVersionOf(given)
	if newer == "" || verdict != Fail || d.Status == 0 {
		return verdict, why
	}
	expected := slices.DeleteFunc(versionsIn(d.Answer), func(version string) bool { return version == newer })
	switch {
	case len(expected) > 0 && (d.names(newer) || d.names(own)):
		own = expected[0]
	case given == "" && d.Status/100 == 4:
		return Fail, fmt.Sprintf(`%s; if the endpoint accepts events of only one API version, as stripe-go's ConstructEvent does, give it "apiVersion": %q (--api-version with a URL alone), and this is reported as info`, why, own)
	case given == "" || d.Status/100 != 4:
		return Fail, why
	}
	return Info, fmt.Sprintf("%s was answered %s%s: the endpoint accepts events of only one API version, as stripe-go's ConstructEvent does unless its option IgnoreAPIVersionMismatch is set; "+
		"register the endpoint with %s, as https://docs.stripe.com/webhooks/versioning wants it for Go, Java and .NET, or all events are refused", step.undemanding(), said(d), says(d), own)
}
