package hookproof

import (
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"time"
)

// Journaled is what an overall check looks at: every delivery of the run that was made in calm.
type Journaled struct {
	Deliveries []Delivery
	Secrets    []string
	Flapping   string // what was seen of answers that change, or ""
}

// tooSlow is what Stripe may not wait for, slow what comes near to it.
const (
	tooSlow = 10 * time.Second
	slow    = 5 * time.Second
)

func (r *run) journaled() Journaled {
	j := Journaled{Secrets: []string{r.target.Secret}, Flapping: r.flapping}
	if r.target.PreviousSecret != "" {
		j.Secrets = append(j.Secrets, r.target.PreviousSecret)
	}
	for _, d := range r.journal.Deliveries() {
		if r.unrest.from.IsZero() || d.SentAt.Add(d.Latency).Before(r.unrest.from) || !r.unrest.to.IsZero() && d.SentAt.After(r.unrest.to) {
			j.Deliveries = append(j.Deliveries, d)
		}
	}
	return j
}

// none passes where no delivery is as described.
func (j Journaled) none(what string, is func(Delivery) bool) (Verdict, string) {
	count, first := 0, Delivery{}
	for _, d := range j.Deliveries {
		if is(d) {
			if count++; count == 1 {
				first = d
			}
		}
	}
	switch {
	case len(j.Deliveries) == 0:
		return NotRun, "nothing was delivered in calm"
	case count > 0:
		return Fail, fmt.Sprintf("%d of %d answers %s; the first was %s to %s, signed as %s", count, len(j.Deliveries), what, said(first), first.Label, first.Sign)
	}
	return Pass, ""
}

func noRedirect(j Journaled) (Verdict, string) {
	return j.none("were redirects", func(d Delivery) bool { return d.Status/100 == 3 })
}

func noRateLimit(j Journaled) (Verdict, string) {
	return j.none("were 429, too many requests", func(d Delivery) bool { return d.Status == 429 })
}

func inTime(j Journaled) (Verdict, string) {
	if verdict, why := j.none("took longer than "+tooSlow.String(), func(d Delivery) bool { return d.Latency >= tooSlow }); verdict != Pass {
		return verdict, why
	}
	verdict, why := j.none("took longer than "+slow.String(), func(d Delivery) bool { return d.Latency >= slow })
	if verdict == Fail {
		verdict = Info
	}
	return verdict, why
}

// steadyAnswers finds events that were acknowledged, and fail when they come again.
func steadyAnswers(j Journaled) (Verdict, string) {
	if j.Flapping != "" {
		return Fail, j.Flapping
	}
	acknowledged := map[string]time.Time{} // event to the end of its first ACK
	for _, d := range j.Deliveries {
		if at := d.SentAt.Add(d.Latency); d.EventID != "" && d.Genuine && d.Acknowledged() && (acknowledged[d.EventID].IsZero() || at.Before(acknowledged[d.EventID])) {
			acknowledged[d.EventID] = at
		}
	}
	verdict, why := j.none("were failures of what had been acknowledged", func(d Delivery) bool {
		before := acknowledged[d.EventID]
		return d.Genuine && d.Status/100 == 5 && !before.IsZero() && d.SentAt.After(before)
	})
	if verdict == Fail && j.always5xx(acknowledged) {
		return Pass, "" // a duplicate that is always refused has a check of its own
	}
	if verdict != Pass {
		return verdict, why
	}
	return j.none("never came", func(d Delivery) bool { return d.Status == 0 })
}

// always5xx tells whether no event that came again after its ACK was ever acknowledged again.
func (j Journaled) always5xx(acknowledged map[string]time.Time) bool {
	for _, d := range j.Deliveries {
		if before := acknowledged[d.EventID]; d.Genuine && d.Acknowledged() && !before.IsZero() && d.SentAt.After(before) {
			return false
		}
	}
	return true
}

// insides are what an answer shows only of a program that tells a caller of its inside.
var insides = regexp.MustCompile(`Traceback \(most recent|goroutine \d+ \[|panic: |\bat .{1,80}\.[jt]s:\d+|\bat [\w.$]+\([\w]+\.java:\d+\)|` +
	`\.rb:\d+:in |\.php(:| on line )\d+|SQLSTATE|pq: |PG::|psycopg|ECONNREFUSED|/node_modules/|(?i)stack ?trace|syntax error at or near|violates unique constraint`)

func noLeak(j Journaled) (Verdict, string) {
	return j.none("showed the target's inside", func(d Delivery) bool {
		for _, secret := range j.Secrets {
			if strings.Contains(d.Answer, secret) {
				return true
			}
		}
		return insides.MatchString(d.Answer)
	})
}

// plainly says why there was no answer, without what Go puts around it.
func plainly(err error) string {
	var network *net.OpError
	switch {
	case err == nil:
		return "nothing"
	case errors.Is(err, os.ErrDeadlineExceeded), strings.Contains(err.Error(), "deadline exceeded"):
		return "nothing in time"
	case errors.As(err, &network):
		return "nothing, " + network.Err.Error()
	case strings.HasSuffix(err.Error(), "EOF"):
		return "nothing, the connection was closed"
	}
	return "nothing, " + err.Error()
}
