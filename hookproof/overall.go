package hookproof

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"
)

// Journaled is what an overall check looks at: every delivery of the run that was made in calm.
type Journaled struct {
	Deliveries []Delivery
	Flapping   string // what was seen of answers that change, or ""
	Asked      bool   // that was looked for, and not seen
}

// tooSlow is what Stripe may not wait for, slow what comes near to it.
const (
	tooSlow = 10 * time.Second
	slow    = 5 * time.Second
)

func (r *run) journaled() Journaled {
	j := Journaled{Flapping: r.flapping, Asked: r.asked}
	for _, d := range r.journal.Deliveries() {
		if r.unrest.from.IsZero() || d.SentAt.Add(d.Latency).Before(r.unrest.from) || !r.unrest.to.IsZero() && d.SentAt.After(r.unrest.to) {
			j.Deliveries = append(j.Deliveries, d)
		}
	}
	return j
}

// Sighting is what an overall check came to, and the deliveries that show it.
type Sighting struct {
	Verdict    Verdict
	Why        string
	Deliveries []Delivery

	// again delivers what would tell more, where this hangs on one moment; nil where it does not.
	again func(*run, context.Context, Sighting) error
}

// none passes where no delivery is as described.
func (j Journaled) none(what string, is func(Delivery) bool) Sighting {
	var list []Delivery
	for _, d := range j.Deliveries {
		if is(d) {
			list = append(list, d)
		}
	}
	switch {
	case len(j.Deliveries) == 0:
		return Sighting{Verdict: NotRun, Why: "nothing was delivered in calm"}
	case len(list) == 0:
		return Sighting{Verdict: Pass}
	}
	slices.SortStableFunc(list, func(a, b Delivery) int { return a.SentAt.Compare(b.SentAt) })
	first := list[0]
	return Sighting{Verdict: Fail, Deliveries: list,
		Why: fmt.Sprintf("%d of %d answers %s; the first was %s to %s, signed as %s", len(list), len(j.Deliveries), what, said(first), first.Label, first.Sign)}
}

// seldom is none where a machine that stands still for a moment can be to blame: one such moment accuses nobody.
func (j Journaled) seldom(what string, is func(Delivery) bool) Sighting {
	s := j.none(what, is)
	if s.Verdict == Fail && moments(s.Deliveries) == 1 {
		s.Verdict, s.Why = Info, s.Why+"; that happened at one moment of the run, and never again"
	}
	return s
}

// moments counts how often something happened to deliveries, which are in the order of their sending: to those that
// were in flight together it happened once.
func moments(list []Delivery) (count int) {
	var end time.Time
	for _, d := range list {
		if count == 0 || d.SentAt.After(end) {
			count++
		}
		if answered := d.SentAt.Add(d.Latency); answered.After(end) {
			end = answered
		}
	}
	return count
}

// askAgain delivers once more what a sighting is about, until one of that is late again: what is late each time may have
// been on its way at one moment only.
func (r *run) askAgain(ctx context.Context, seen Sighting) error {
	asked := map[string]bool{}
	for _, d := range seen.Deliveries {
		name := wordOf(d.Label)
		if asked[name] || len(asked) == mostShown || r.spent() != "" {
			continue
		}
		asked[name] = true
		w, label := r.word(name)
		e, err := eventOf(w, r.spare, r.target, time.Now(), false)
		if err != nil {
			return err
		}
		if again := r.sender.send(ctx, shipment{event: e, label: label, sign: d.Sign}); again.Latency >= tooSlow {
			break
		}
	}
	return ctx.Err()
}

// delivering is the check that has sent a delivery which an overall check looks at and has not sent itself.
func (r *run) delivering(checks []Check, overall Check, d Delivery) []string {
	sends := func(c Check) bool {
		return slices.ContainsFunc(r.works[c.Name].instances, func(i instance) bool {
			return slices.ContainsFunc(i.left, func(item Item) bool {
				return item.Verb == "" && item.Event == wordOf(d.Label) && orGenuine(item.Sign) == d.Sign
			})
		})
	}
	at := slices.IndexFunc(checks, sends)
	if at < 0 || sends(overall) {
		return nil
	}
	return []string{checks[at].Name}
}

func noRedirect(j Journaled) Sighting {
	return j.none("were redirects", func(d Delivery) bool { return d.Status/100 == 3 })
}

func noRateLimit(j Journaled) Sighting {
	return j.none("were 429, too many requests", func(d Delivery) bool { return d.Status == 429 })
}

func inTime(j Journaled) Sighting {
	if s := j.seldom("took longer than "+tooSlow.String(), func(d Delivery) bool { return d.Latency >= tooSlow }); s.Verdict != Pass {
		s.again = (*run).askAgain
		return s
	}
	s := j.none("took longer than "+slow.String(), func(d Delivery) bool { return d.Latency >= slow })
	if s.Verdict == Fail {
		s.Verdict = Info
	}
	return s
}

// steadyAnswers finds events that were acknowledged, and fail when they come again.
func steadyAnswers(j Journaled) Sighting {
	if j.Flapping != "" {
		return Sighting{Verdict: Fail, Why: j.Flapping}
	}
	acknowledged := map[string]time.Time{} // event to the end of its first ACK
	for _, d := range j.Deliveries {
		if at := d.SentAt.Add(d.Latency); d.EventID != "" && d.Genuine && d.Acknowledged() && (acknowledged[d.EventID].IsZero() || at.Before(acknowledged[d.EventID])) {
			acknowledged[d.EventID] = at
		}
	}
	failed := j.seldom("were failures of what had been acknowledged", func(d Delivery) bool {
		before := acknowledged[d.EventID]
		return d.Genuine && d.Status/100 == 5 && !before.IsZero() && d.SentAt.After(before)
	})
	switch {
	case failed.Verdict != Fail:
	case j.always5xx(acknowledged, failed.Deliveries):
		failed = Sighting{Verdict: Pass} // a duplicate that is always refused has a check of its own
		if !j.Asked {
			failed.Verdict = Info // until an event was sent many times
		}
	case !slices.ContainsFunc(failed.Deliveries, func(d Delivery) bool { return !gaveUp(d) }):
		failed.Verdict, failed.Why = Info, failed.Why+"; each time "+waited
	}
	silent := j.seldom("never came", func(d Delivery) bool { return d.Status == 0 })
	if worse[silent.Verdict] > worse[failed.Verdict] {
		failed = silent
	}
	failed.again = func(r *run, ctx context.Context, _ Sighting) error {
		r.flaps(ctx)
		return ctx.Err()
	}
	return failed
}

// always5xx tells whether no event that failed after its ACK was ever acknowledged again.
func (j Journaled) always5xx(acknowledged map[string]time.Time, failed []Delivery) bool {
	for _, d := range j.Deliveries {
		fails := slices.ContainsFunc(failed, func(f Delivery) bool { return f.EventID == d.EventID })
		if before := acknowledged[d.EventID]; fails && d.Genuine && d.Acknowledged() && !before.IsZero() && d.SentAt.After(before) {
			return false
		}
	}
	return true
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
