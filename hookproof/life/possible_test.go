package life

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// next are the statuses that a subscription can come to, by the one that it has.
// https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
var next = map[string][]string{
	"":           {"incomplete", "trialing", "active"},
	"incomplete": {"active", "incomplete_expired"},
	"trialing":   {"active", "past_due", "canceled"},
	"active":     {"past_due", "canceled"},
	"past_due":   {"active", "unpaid", "canceled"},
	"unpaid":     {"active", "canceled"},
}

// checkOrder checks that a story is told in the order in which it is written, that no two events share a second, and that its words can be
// in one story.
func checkOrder(t *testing.T, l *Life, text string, story []told, born time.Time) {
	written := expand(t, l, text)
	for i, e := range story {
		require.Equal(t, written[i], e.word)
		require.True(t, i == 0 || story[i-1].created < e.created, e.word)
		require.LessOrEqual(t, e.created, born.Unix()+59, "the engine's stories are born a minute ago")
		for _, other := range l.Vocabulary[e.word].Instead {
			require.NotContains(t, written, other, e.word)
		}
	}
}

// checkChanges checks that a subscription comes only from a status to one that can follow, that an update tells of all that it
// changes and of nothing else, and with the values that were told before.
func checkChanges(t *testing.T, l *Life, text string, story []told, born time.Time) {
	former := map[any]map[string]any{}
	for _, e := range story {
		if e.kind != "subscription" {
			continue
		}
		before, known := former[e.object["id"]]
		former[e.object["id"]] = e.object
		status, _ := before["status"].(string)
		if now := e.object["status"].(string); now != status {
			require.Contains(t, next[status], now, e.word)
		}
		created := e.event["type"] == "customer.subscription.created"
		require.Equal(t, !known, created, e.word)
		if created {
			continue
		}
		changed := changedNames(before, e.object)
		switch e.event["type"] {
		case "customer.subscription.updated":
			var told []string
			for name := range e.previous {
				told = append(told, name)
			}
			slices.Sort(told)
			require.Equal(t, told, changed, e.word)
			for name, was := range e.previous {
				checkPrevious(t, e.word+": "+name, was, before[name])
			}
		case "customer.subscription.deleted":
			require.Equal(t, "canceled", e.object["status"])
			require.Subset(t, []string{"canceled_at", "cancellation_details", "ended_at", "status"}, changed, e.word)
		default:
			require.Empty(t, changed, e.word)
		}
	}
}

// checkPrevious checks that a previous attribute has what the object had. Of an object it tells only what has changed, of a list all.
func checkPrevious(t *testing.T, place string, was, had any) {
	t.Helper()
	members, isObject := was.(map[string]any)
	if !isObject {
		require.Equal(t, had, was, place)
		return
	}
	for name := range members {
		checkPrevious(t, place+"."+name, members[name], at(had, name))
	}
}

// checkInstants checks that every point in time of a story is one of its instants or of its own day, and that what has begun is past and
// what will end is not.
func checkInstants(t *testing.T, l *Life, text string, story []told, born time.Time) {
	names := map[int64]string{}
	for name, instant := range l.Times(born, expand(t, l, text)...) {
		names[instant.Unix()] = name
	}
	unnamed := map[int64]bool{}
	for _, e := range story {
		unnamed[e.created] = true
		for _, at := range l.times {
			if at.is == "" && !at.named() {
				unnamed[born.Add(at.since-l.passed(l.FormOf(e.word), expand(t, l, text))).Unix()] = true
			}
		}
	}
	var last map[string]any
	for _, e := range story {
		numbers(e.event, "", func(place string, n int64) {
			if n < 1_500_000_000 || strings.HasSuffix(place, "price.created") || strings.HasSuffix(place, "plan.created") {
				return
			}
			require.True(t, names[n] != "" || unnamed[n], "%s: %s is %v", e.word, place, time.Unix(n, 0))
			switch place[strings.LastIndexByte(place, '.')+1:] {
			case "created", "canceled_at", "ended_at", "start_date", "trial_start", "current_period_start", "start", "effective_at", "finalized_at", "paid_at", "period_start":
				require.LessOrEqual(t, n, e.created, "%s: %s is past", e.word, place)
			}
		})
		if e.kind == "subscription" && l.FormOf(e.word) == "" {
			last = e.object
		}
		if e.kind == "invoice" && !strings.HasPrefix(e.word, "one-off") {
			end := either(e.object, "lines.data.0.period.end")
			require.NotEqual(t, end, e.object["period_end"], "an invoice's own period is another: %s", e.word)
			if form := l.FormOf(e.word); form == "" && e.object["billing_reason"] == "subscription_create" {
				require.Equal(t, "invoice.periodEnd", names[int64(e.object["period_end"].(float64))], e.word)
			}
		}
	}
	if last == nil {
		return
	}
	end := int64(either(last, "current_period_end", "items.data.0.current_period_end").(float64))
	require.Greater(t, end, born.Unix()+86400, "the current period ends in the future")
	if strings.HasPrefix(text, "trial") && !strings.Contains(text, "trial-over") {
		require.Equal(t, "trialEnd", names[end])
		require.EqualValues(t, end, last["trial_end"])
	} else {
		require.Contains(t, []string{"periodEnd.1", "periodEnd.2", "periodEnd.3", "trialPeriodEnd"}, names[end])
	}
}

// The instants of a story are apart from each other and from its day, so that a date alone, or a time alone, names one of them.
func TestInstantsAreApart(t *testing.T) {
	t.Parallel()
	l, _ := subscriptionLife(t)
	born := time.Unix(1_800_000_123, 0)
	for _, text := range stories {
		times := l.Times(born, expand(t, l, text)...)
		require.Equal(t, born.Add(-3*24*time.Hour-11*time.Minute-l.passed("", expand(t, l, text))).Unix(), times["invoice.periodEnd"].Unix())
		minutes := map[int]string{}
		for name, one := range times {
			require.Greater(t, one.Sub(born).Abs(), 24*time.Hour, name)
			for other, two := range times {
				require.True(t, name == other || one.Sub(two).Abs() > 24*time.Hour, "%s and %s of %s", name, other, text)
			}
			if !strings.Contains(name, "old.") && !strings.Contains(name, "foreign.") {
				require.Empty(t, minutes[one.Minute()], name)
				minutes[one.Minute()] = name
			}
		}
	}
}
