package run

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// diagnosis is a fault that lets no genuine delivery through: one check fails, and nothing else can be judged.
type diagnosis struct{ check, why string }

func (d *diagnosis) Error() string { return d.why }

// findings returns the findings of all checks in that case. The deliveries are the evidence.
func (d *diagnosis) findings(checks []check.Check, delivered []target.Delivery, secrets []string, r rules) []result.Finding {
	var list []result.Finding
	for _, c := range checks {
		f := result.Finding{Check: c.Name, Demand: c.Demand, Source: c.Source, Reports: c.Reports(), Verdict: result.NotRun, Reason: result.NoEvidence, Why: "no genuine delivery gets through: " + d.why}
		if c.Name == d.check {
			f.Verdict, f.Reason, f.Why, f.Fix, f.Importance = r.verdict(c, result.Fail), "", d.why, c.Fix, c.Why
			show(&f, delivered[:min(len(delivered), mostShown)], secrets)
		}
		list = append(list, f)
	}
	return list
}

// diagnose returns why no genuine event is accepted.
func (x *executor) diagnose(ctx context.Context, refused target.Delivery) error {
	switch {
	case (refused.Status == 0 || refused.Status/100 == 4) && x.target.SpeaksTLS(ctx):
		return &Unusable{"what listens at " + x.target.URL + " speaks TLS; write https://"}
	case refused.Status == 0:
		return &Unusable{"a genuine delivery was not answered: " + target.Plainly(refused.Err)}
	case refused.Status/100 == 3:
		return x.diagnoseRedirect(ctx, refused)
	case refused.Status == http.StatusNotFound || refused.Status == http.StatusMethodNotAllowed:
		return &Unusable{fmt.Sprintf("the target answers %d to a POST%s; is the path of the URL right?", refused.Status, quoteAnswer(refused))}
	case refused.Status == http.StatusTooManyRequests:
		return &diagnosis{"ack-policy/no-rate-limit", "the target answers 429 to the first delivery"}
	case refused.Status/100 == 5:
		if err := x.acceptsVersion(ctx, refused, versionsIn(refused.Answer)); err != nil {
			return err
		}
		return &Unusable{fmt.Sprintf("the target answers %d to a genuine delivery%s; look into its log.%s", refused.Status, quoteAnswer(refused), x.apiAdvice())}
	}
	return x.diagnoseRefusal(ctx, refused)
}

// formProtection matches what frameworks answer to a POST without their token against forged forms: Laravel, Django, Rails, csurf.
var formProtection = regexp.MustCompile(`(?i)csrf|page expired|authenticity ?token`)

// forwarded is the header by which an app behind TLS knows that a delivery came over TLS.
const forwarded = "X-Forwarded-Proto"

// diagnoseRedirect distinguishes an app behind TLS, which redirects plain HTTP, from one that redirects everything.
func (x *executor) diagnoseRedirect(ctx context.Context, refused target.Delivery) error {
	told := fmt.Sprintf("the target answers %d, a redirect, to everything", refused.Status)
	if refused.Location != "" {
		told += fmt.Sprintf(", to Location: %q", refused.Location)
	}
	if to, err := url.Parse(refused.Location); err == nil && to.Scheme == "https" && strings.HasPrefix(x.target.URL, "http:") {
		e, err := eventOf(x.life.Vocabulary["unhandled"], x.life.Stranger(nil, true), x.target, time.Now(), false)
		if err != nil {
			return err
		}
		again := x.sender.Send(ctx, target.Outgoing{Event: e, Label: "unhandled", Sign: "genuine", Headers: map[string]string{forwarded: "https"}})
		if again.Status != 0 && again.Status/100 != 3 {
			file := cmp.Or(x.target.File, "a target file, which else needs only url and secret, and run with --target")
			told += ", but not where " + forwarded + " says that the delivery came by TLS"
			return &mendable{Unusable{told + `; put "headers": {"` + forwarded + `": "https"} into ` + file}, Remedy{Headers: map[string]string{forwarded: "https"}, Why: told}}
		}
	}
	return &diagnosis{"ack-policy/no-redirect", told + "; give the URL that it redirects to, and register that one at Stripe"}
}

// quoteAnswer quotes the target's answer, to be put behind a statement: the target may know the reason.
func quoteAnswer(d target.Delivery) string {
	if text := strings.TrimSpace(d.Answer); text != "" {
		return fmt.Sprintf(", saying %.300q", text)
	}
	return ""
}

// diagnoseRefusal distinguishes a wrong secret, a body that was changed before its verification, and an API version that the
// target does not take.
func (x *executor) diagnoseRefusal(ctx context.Context, refused target.Delivery) error {
	if err := x.acceptsVersion(ctx, refused, versionsIn(refused.Answer)); err != nil {
		return err
	}
	for _, word := range []string{"ascii", "compact"} {
		h, err := x.deliverFresh(ctx, check.Schedule{{Event: word, Spec: x.life.Vocabulary[word], Copies: 1, Want: "any"}})
		if err != nil {
			return err
		}
		if !h.Deliveries[0].Acknowledged() {
			continue
		}
		if word == "ascii" {
			return &diagnosis{"authenticity/utf-8", fmt.Sprintf("the target answers %d to a genuine delivery, and accepts the same one without its non-ASCII letters: "+
				"it decodes the bytes with another character set before it verifies them", refused.Status)}
		}
		return &diagnosis{"authenticity/raw-body", fmt.Sprintf("the target answers %d to a genuine delivery, and accepts the same one when it is written without spaces "+
			"and only in ASCII: it verifies what its framework has parsed and serialized again, instead of the bytes that came", refused.Status)}
	}
	if refused.Status == http.StatusUnsupportedMediaType {
		return &diagnosis{"authenticity/genuine", "the target answers 415 to a genuine delivery: it does not accept Stripe's content type, application/json; charset=utf-8"}
	}
	if formProtection.MatchString(refused.Answer) {
		return &diagnosis{"authenticity/genuine", fmt.Sprintf("the target answers %d to a genuine delivery%s: its framework protects forms against forgery and wants a token that Stripe does not have; "+
			"leave the webhook's path out of that", refused.Status, quoteAnswer(refused))}
	}
	if err := x.acceptsVersion(ctx, refused, pinned); err != nil {
		return err
	}
	forged, err := x.answerToForgery(ctx)
	if err != nil {
		return err
	}
	why := Unusable{whyRefused(refusal{refused, forged, typesOf(x.journal.Deliveries()), x.target.APIVersion})}
	if forged != nil {
		return &typesRefused{why}
	}
	return &why
}

// typesRefused is a target that refuses the events that were sent, and knows their signatures for genuine.
type typesRefused struct{ Unusable }

func (e *typesRefused) Unwrap() error { return &e.Unusable }
