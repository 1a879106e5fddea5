package run

import (
	"maps"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// lastingLife is the life in which something is granted for a time, renewed and ended. The stories that its roles stand for are these.
func lastingLife(t *testing.T) (l *life.Life, granted, ended, renewed string) {
	t.Helper()
	l, err := life.BuiltIn("subscription")
	require.NoError(t, err)
	all := rolesOf(l)
	return l, all.grant, all.grantEnd, all.renewed
}

// lastingCase is a case of a made-up relation of that life. "bought" and the like stand for the phrases of it.
func lastingCase(t *testing.T, r check.Relation) Case {
	t.Helper()
	l, _, _, _ := lastingLife(t)
	asked := check.Asked(l, check.Check{Name: "meaning/made-up", Demand: "It is so.", Relations: []check.Relation{r}})
	require.Len(t, asked.Relations, 1)
	cases, err := casesOf(asked, 1, 1)
	require.NoError(t, err)
	return cases[0]
}

// lasting are the states of an endpoint that shows a row for each subscription, a history of what came, and credits.
func lasting() (fresh, granted, ended, renewed normalized) {
	fresh = normalized{"/access": "false", "/credits": "0", "/events": "0", "/rows": "[]", "/mails": "[]"}
	granted = normalized{"/access": "true", "/credits": "100", "/events": "5", "/rows/0/status": `"active"`, "/rows/0/plan": `"pro"`, "/rows/0/seats": "1",
		"/rows/0/until": `"{{periodEnd.1}}"`, "/mails/0": `"welcome"`, "/note": `"first"`}
	ended = with(granted, normalized{"/access": "false", "/events": "6", "/rows/0/status": `"canceled"`, "/rows/0/plan": `"none"`, "/rows/0/ended": `"{{time}}"`, "/mails/1": `"goodbye"`})
	renewed = with(granted, normalized{"/credits": "200", "/note": `"second"`, "/events": "8", "/rows/0/until": `"{{periodEnd.2}}"`})
	return fresh, granted, ended, renewed
}

// with returns a state with other values at some places.
func with(state, other normalized) normalized {
	changed := maps.Clone(state)
	maps.Copy(changed, other)
	return changed
}

// judged compares a state with others, by their schedules, beside those of the roles.
func judged(t *testing.T, c Case, state normalized, others map[string]normalized) Outcome {
	t.Helper()
	_, grant, end, renew := lastingLife(t)
	fresh, granted, ended, renewed := lasting()
	references := map[string]normalized{"": fresh, grant: granted, end: ended, renew: renewed}
	maps.Copy(references, others)
	if c.comparesReferences() && state != nil {
		references[c.Left] = state
	}
	h := compared(c, state, references)
	h.events = nil
	return compareStates(Outcome{Case: c, History: h, Verdict: result.Pass})
}

// Access is what the grant changed and its end changed again, less times, what was chosen, and what counts changes.
func TestAccessIsLearnt(t *testing.T) {
	t.Parallel()
	_, grant, end, _ := lastingLife(t)
	fresh, granted, ended, _ := lasting()
	states := map[string]normalized{"": fresh, grant: granted, end: ended}
	c := lastingCase(t, check.Relation{Left: "<bought> touched", Op: "=", Right: "<bought>", View: "access"})
	require.ElementsMatch(t, []string{"/access", "/rows/0/status", "/rows/0/plan"}, c.access(states))
	c.NotAccess = masks{"/rows/*/plan"}
	require.ElementsMatch(t, []string{"/access", "/rows/0/status"}, c.access(states))
	c.NotAccess = masks{"/rows"}
	require.ElementsMatch(t, []string{"/access"}, c.access(states), "a place with everything below it")
	delete(states, end)
	require.Empty(t, c.access(states))
}

// Of a list one element is enough, wherever it stands, and it has to show everything that the granted one shows.
func TestOneElementShowsAccess(t *testing.T) {
	t.Parallel()
	c := lastingCase(t, check.Relation{Left: "old-<bought> old-deleted <bought>", Op: "=", Right: "<bought>", View: "access"})
	rows := func(first, second normalized) normalized {
		state := normalized{"/access": "true"}
		for n, row := range []normalized{first, second} {
			for name, value := range row {
				state["/rows/"+string(rune('0'+n))+name] = value
			}
		}
		return state
	}
	active, left := normalized{"/status": `"active"`, "/plan": `"pro"`}, normalized{"/status": `"canceled"`, "/plan": `"none"`}
	for name, row := range map[string]struct {
		state normalized
		want  judgment
	}{
		"the first":    {rows(active, left), judgment{verdict: result.Pass}},
		"the second":   {rows(left, active), judgment{verdict: result.Pass}},
		"none":         {rows(left, left), judgment{result.Fail, wrongState, `/rows/0/plan is "none" instead of "pro", /rows/0/status is "canceled" instead of "active"`}},
		"each in part": {rows(normalized{"/status": `"active"`, "/plan": `"none"`}, normalized{"/status": `"canceled"`, "/plan": `"pro"`}), judgment{result.Fail, wrongState, `/rows/0/plan is "none" instead of "pro"`}},
		"no list":      {normalized{"/access": "true", "/rows": "[]"}, judgment{result.Fail, wrongState, "/rows is absent instead of a list of 1 element"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row.want.requireOf(t, judged(t, c, row.state, nil))
		})
	}
}

// Each part of a view shows what it is about, and is blind to all else.
func TestPartsOfAView(t *testing.T) {
	t.Parallel()
	_, granted, ended, _ := lasting()
	for view, row := range map[string]struct {
		relation         string // what the state is after
		right            string // what it is compared with
		state            normalized
		blind, sees      normalized
		grants, notState masks
	}{
		"access":   {"<bought> touched", "<bought>", granted, normalized{"/credits": "7", "/mails/7": `"x"`, "/rows/0/until": `"{{time}}"`}, normalized{"/access": "false"}, nil, nil},
		"grants":   {"<bought> touched", "<bought>", granted, normalized{"/access": "false", "/events": "9"}, normalized{"/credits": "101"}, masks{"/credits"}, nil},
		"numbers":  {"<bought> touched", "<bought>", granted, normalized{"/access": "false"}, normalized{"/events": "9"}, nil, nil},
		"tallied":  {"<bought> touched", "<bought>", granted, normalized{"/events": "9", "/mails/1": `"hello"`}, normalized{"/rows/1/seats": "1"}, nil, nil},
		"quotas":   {"<bought> touched", "<bought>", granted, normalized{"/credits": "300"}, normalized{"/rows/0/seats": "3"}, nil, nil},
		"dates":    {"<bought> touched", "<bought>", granted, normalized{"/access": "false", "/mails/0": `"{{periodEnd.1}}"`}, normalized{"/rows/0/until": `"{{time}}"`}, nil, nil},
		"statuses": {"<bought> deleted feedback", "<bought> deleted", ended, normalized{"/rows/0/reason": `"expensive"`, "/rows/0/ended": "null"}, normalized{"/rows/0/status": `"active"`}, nil, nil},
		"outcome":  {"<bought> touched", "<bought>", granted, normalized{"/events": "9", "/mails/1": `"hello"`}, normalized{"/rows/0/until": "null"}, nil, nil},
	} {
		t.Run(view, func(t *testing.T) {
			t.Parallel()
			c := lastingCase(t, check.Relation{Left: row.relation, Op: "=", Right: row.right, View: view})
			c.Grants = row.grants
			require.Equal(t, result.Pass, judged(t, c, with(row.state, row.blind), nil).Verdict)
			require.Equal(t, result.Fail, judged(t, c, with(row.state, row.sees), nil).Verdict)
		})
	}
}

// What depends on what was chosen is neither what was paid nor how often.
func TestWhatWasChosenIsCompared(t *testing.T) {
	t.Parallel()
	c := lastingCase(t, check.Relation{Left: "<bought> <upgraded>", Op: "=", Right: "otherprice-<bought>", View: "choice"})
	_, granted, _, _ := lasting()
	other := map[string]normalized{c.Right: with(granted, normalized{"/rows/0/plan": `"team"`, "/rows/0/quota": "50", "/credits": "300", "/note": `"of the team"`})}
	require.Equal(t, result.Pass, judged(t, c, with(granted, normalized{"/rows/0/plan": `"team"`, "/rows/0/quota": "50", "/credits": "150"}), other).Verdict)
	judgment{result.Fail, wrongState, "/rows/0/quota is absent instead of 50"}.requireOf(t, judged(t, c, with(granted, normalized{"/rows/0/plan": `"team"`}), other))
	judgment{result.NotRun, none, "the state has nothing of what depends on what was chosen"}.requireOf(t, judged(t, c, granted, map[string]normalized{c.Right: granted}))
}

// The end of what was paid for moves on, and is not an instant that is no end.
func TestEndsMoveOn(t *testing.T) {
	t.Parallel()
	c := lastingCase(t, check.Relation{Left: "<grants> <renews>", Op: "moves", Right: "<grants>"})
	_, granted, _, renewed := lasting()
	for name, row := range map[string]struct {
		before, after string
		want          judgment
	}{
		"it moves":       {`"{{periodEnd.1}}"`, `"{{periodEnd.2}}"`, judgment{verdict: result.Pass}},
		"it stays":       {`"{{periodEnd.1}}"`, `"{{periodEnd.1}}"`, judgment{result.Fail, wrongState, `/until is still "{{periodEnd.1}}", as after`}},
		"it is no end":   {`"{{invoice.periodEnd}}"`, `"{{time}}"`, judgment{result.Fail, wrongState, `/until is "{{invoice.periodEnd}}", and nothing shows when what was paid for ends`}},
		"nothing is one": {`"{{time}}"`, `"{{time}}"`, judgment{result.NotRun, none, "the state does not show when what was paid for ends"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, grant, _, _ := lastingLife(t)
			before := with(granted.without([]string{"/rows/0/until"}), normalized{"/until": row.before})
			after := with(renewed.without([]string{"/rows/0/until"}), normalized{"/until": row.after})
			row.want.requireOf(t, judged(t, c, after, map[string]normalized{grant: before}))
		})
	}
}

// A row a subscription is the commonest shape, so the end of the one row of a list moves on as well. Of several rows nobody knows which
// one of another state is the same.
func TestEndsInAListOfOneMoveOn(t *testing.T) {
	t.Parallel()
	c := lastingCase(t, check.Relation{Left: "<grants> <renews>", Op: "moves", Right: "<grants>"})
	_, grant, _, _ := lastingLife(t)
	one := normalized{"/rows/0/until": `"{{periodEnd.1}}"`}
	moved := normalized{"/rows/0/until": `"{{periodEnd.2}}"`}
	require.Equal(t, result.Pass, judged(t, c, moved, map[string]normalized{grant: one}).Verdict)
	judgment{result.Fail, wrongState, "/until is still"}.requireOf(t, judged(t, c, one, map[string]normalized{grant: one}))
	two := with(one, normalized{"/rows/1/until": `"{{periodEnd.1}}"`})
	judgment{result.NotRun, none, "the state does not show when"}.requireOf(t, judged(t, c, two, map[string]normalized{grant: two}))
}

// A renewal adds what buying has added, or nothing.
func TestARenewalAddsAsMuch(t *testing.T) {
	t.Parallel()
	c := lastingCase(t, check.Relation{Left: "<bought> <renew>", Op: "adds", Right: "<bought>", View: "grants"})
	_, _, _, renewed := lasting()
	judgment{result.NotRun, none, "grants names no place"}.requireOf(t, judged(t, c, renewed, nil))
	c.Grants = masks{"/credits"}
	require.Equal(t, result.Pass, judged(t, c, renewed, nil).Verdict)
	require.Equal(t, result.Pass, judged(t, c, with(renewed, normalized{"/credits": "100"}), nil).Verdict)
	judgment{result.Fail, wrongState, "has added 200"}.requireOf(t, judged(t, c, with(renewed, normalized{"/credits": "300"}), nil))
}

// A trial gives some of the access; a state that shows none of it gives none.
func TestSomeAccessIsEnough(t *testing.T) {
	t.Parallel()
	c := lastingCase(t, check.Relation{Left: "<trial>", Op: "∋", Right: "<bought>", View: "access"})
	fresh, granted, _, _ := lasting()
	require.Equal(t, result.Pass, judged(t, c, with(granted, normalized{"/rows/0/status": `"trialing"`}), nil).Verdict)
	judgment{result.Fail, wrongState, "nothing shows access"}.requireOf(t, judged(t, c, fresh, nil))
}

// What is not yet a grant shows nothing of it: it is compared with a fresh state, though it is told before the grant.
func TestWhatIsNotYetAGrant(t *testing.T) {
	t.Parallel()
	c := lastingCase(t, check.Relation{Left: "sub-incomplete", Op: "∌", Right: "<grants>"})
	require.Empty(t, c.base())
	fresh, granted, _, _ := lasting()
	row := normalized{"/rows/0/status": `"incomplete"`, "/rows/0/plan": `"none"`, "/rows/0/seats": "1", "/rows/0/until": `"{{periodEnd.1}}"`}
	begun := with(fresh.without([]string{"/rows"}), row)
	require.Equal(t, result.Pass, judged(t, c, begun, nil).Verdict, "a row that is not granted")
	judgment{result.Fail, wrongState, "/access is true"}.requireOf(t, judged(t, c, with(begun, normalized{"/access": "true"}), nil))
	judgment{result.Fail, wrongState, `/rows/0/plan is "pro"`}.requireOf(t, judged(t, c, with(begun, normalized{"/rows/0/plan": `"pro"`}), nil))
	judgment{result.Fail, wrongState, "/rows/0/seats is 1"}.requireOf(t, judged(t, c, with(granted, normalized{"/access": "false", "/credits": "0"}), nil).withoutAccess(t, "/rows/0/status", "/rows/0/plan"))
	c.NotAccess = masks{"/rows/*/plan"}
	require.Equal(t, result.Pass, judged(t, c, with(begun, normalized{"/rows/0/plan": `"pro"`}), nil).Verdict, "it was only chosen")
}

// withoutAccess judges once more, by a target file that says that some places show no access.
func (o Outcome) withoutAccess(t *testing.T, places ...string) Outcome {
	t.Helper()
	o.Case.NotAccess = places
	return compareStates(Outcome{Case: o.Case, History: o.History, Verdict: result.Pass})
}

// An endpoint that shows a date alone may end it by the clock: that its end changes nothing is no fault.
func TestADateMayEndByItself(t *testing.T) {
	t.Parallel()
	l, grant, end, _ := lastingLife(t)
	c := lastingCase(t, check.Relation{Left: "<bought> deleted", Op: "≠", Right: "<bought>"})
	dated := normalized{"/until": `"{{periodEnd.1}}"`, "/id": `"{{subscription}}"`}
	same := func(state normalized) Outcome {
		return judged(t, c, state, map[string]normalized{"": {"/until": "null", "/id": "null", "/plan": `"free"`}, grant: state, end: state})
	}
	require.NotNil(t, l)
	judgment{result.NotRun, none, "a date is all that the state shows"}.requireOf(t, same(with(dated, normalized{"/plan": `"free"`})))
	judgment{result.NotRun, none, "a date is all that the state shows"}.requireOf(t, same(with(dated, normalized{"/plan": `"free"`, "/paid": "true"}))) // which may follow from the date
	judgment{result.Fail, wrongState, "the state is the same as after"}.requireOf(t, same(with(dated, normalized{"/plan": `"pro"`})))
	judgment{result.Fail, wrongState, "the state is the same as after"}.requireOf(t, same(normalized{"/plan": `"free"`, "/id": "null", "/until": "null", "/paid": "true"}))
}

// Large numbers come as texts from some databases, and those are points in time, too.
func TestTextsOfDigitsAreTimes(t *testing.T) {
	t.Parallel()
	at := time.Now().Add(48 * time.Hour).Truncate(time.Second)
	known := instants{"end": at}
	for value, want := range map[string]string{
		at.Format(`"2006-01-02T15:04:05Z07:00"`):                    `"{{end}}"`,
		`"` + at.UTC().Format(time.DateOnly) + `"`:                  `"{{end}}"`,
		at.Format(`"` + "20060102150405" + `"`):                     at.Format(`"20060102150405"`),
		`"` + strconv.FormatInt(at.Unix(), 10) + `"`:                `"{{end}}"`,
		`"` + strconv.FormatInt(at.UnixMilli(), 10) + `"`:           `"{{end}}"`,
		strconv.FormatInt(at.Unix(), 10) + ".25":                    `"{{end}}"`,
		`"` + strconv.FormatInt(at.Add(time.Hour).Unix(), 10) + `"`: `"{{time}}"`,
		`"4900"`: `"4900"`,
		`"` + strconv.FormatInt(at.AddDate(9, 0, 0).Unix(), 10) + `"`: `"` + strconv.FormatInt(at.AddDate(9, 0, 0).Unix(), 10) + `"`,
	} {
		require.Equal(t, want, normalized{"/at": value}.timesNamed(known)["/at"], value)
	}
}
