package run

import (
	"cmp"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// plannedFor is the plan of a check with some relations, for a stall that knows this much.
func plannedFor(t *testing.T, endpoint *target.Target, known facts, o Options, relations ...check.Relation) (plan, error) {
	t.Helper()
	return planFor([]check.Check{{Name: "order/made-up", Demand: "It is so.", Relations: relations}}, endpoint, known, o, 2)
}

func numberOfCases(p plan) (n int) {
	for _, cases := range p.cases {
		n += len(cases)
	}
	return n
}

// What is planned is what the target can be asked: of each relation as many orders as are tried, in its phase, with as many
// copies as are needed for some to overlap.
func TestAPlanIsWhatCanBeAsked(t *testing.T) {
	t.Parallel()
	endpoint, known := openStall(t, nil).target(), facts{sample: event.Subject{"clientReferenceId": "7"}, accepted: "unhandled"}
	for name, row := range map[string]struct {
		relation check.Relation
		with     func(*target.Target, *facts, *Options)
		cases    int
		phase    check.Phase
		left     string // of the first
		why      string
		hooks    []string
		kind     result.Reason
	}{
		"answers":           {relation: check.Relation{Left: "paid=ack"}, cases: 1, phase: check.Direct, left: "paid=ack"},
		"states":            {relation: check.Equal("paid*2", "paid")[0], cases: 1, phase: check.Shared, left: "paid*2"},
		"copies at once":    {relation: check.Equal("paid&2", "paid")[0], cases: 1, phase: check.Crowded, left: "paid&2"},
		"four in any order": {relation: check.Equal("{paid refund-10 refund-25 refund}", "paid refund-10 refund-25 refund")[0], cases: 23, phase: check.Shared, left: "paid refund-10 refund refund-25"},
		"five of them are sampled": {relation: check.Equal("{paid refund-10 refund-25 refund dispute}", "paid refund-10 refund-25 refund dispute")[0], cases: 24, phase: check.Shared,
			left: "paid refund-25 refund refund-10 dispute"}, // by the seed
		"and are not, thoroughly": {relation: check.Equal("{paid refund-10 refund-25 refund dispute}", "paid refund-10 refund-25 refund dispute")[0], cases: 119, phase: check.Shared,
			with: func(_ *target.Target, _ *facts, o *Options) { o.Thorough = true }, left: "paid refund-10 refund-25 dispute refund"},
		"no state hook": {relation: check.Equal("paid*2", "paid")[0], with: func(t *target.Target, _ *facts, _ *Options) { t.State = nil }, kind: result.NoHook, why: "needs a `state` hook", hooks: []string{"state"}},
		"no object of its own can be paid": {relation: check.Relation{Left: "paid expired=ack"}, with: func(_ *target.Target, f *facts, _ *Options) { f.substituted = true },
			kind: result.NoHook, why: needsSubject, hooks: []string{"subject", "state"}},
		"no newer version": {relation: check.Relation{Left: "paid-newest=ack"}, with: func(t *target.Target, _ *facts, _ *Options) { t.APIVersion = life.Newest }, kind: result.NothingToAsk,
			why: "hookproof knows no newer one"},
		"another session has no tie": {relation: check.Equal("paid other-session-expired", "paid")[0], with: func(_ *target.Target, f *facts, _ *Options) { f.sample = event.Subject{"sessionId": "cs_1"} }, kind: result.NothingToAsk,
			why: "the session's id alone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endpoint, known, o := *endpoint, known, Options{Seed: 1}
			if row.with != nil {
				row.with(&endpoint, &known, &o)
			}
			p, err := plannedFor(t, &endpoint, known, o, row.relation)
			require.NoError(t, err)
			require.Equal(t, row.cases, numberOfCases(p))
			require.Len(t, p.checks, 1)
			require.Equal(t, row.cases, p.checks[0].cases)
			if row.cases > 0 {
				require.Nil(t, p.checks[0].reason)
				require.Len(t, p.cases[row.phase], row.cases)
				require.Equal(t, row.left, p.cases[row.phase][0].Left)
				return
			}
			why := p.checks[0].reason
			require.Contains(t, why.Text, row.why)
			require.Equal(t, row.hooks, why.Hooks)
			require.Equal(t, cmp.Or(row.kind, result.NoHook), why.Kind)
			require.False(t, why.Kind.Incomplete())
		})
	}
}

// Of a check of which a part can be asked, that part is planned.
func TestAPlanHasTheRestOfACheck(t *testing.T) {
	t.Parallel()
	target := openStall(t, nil).target()
	target.APIVersion = life.Newest
	p, err := plannedFor(t, target, facts{}, Options{}, check.Relation{Left: "paid-newest=ack"}, check.Relation{Left: "paid=ack"}, check.Equal("paid", "paid")[0])
	require.NoError(t, err)
	require.Equal(t, 1, numberOfCases(p), "an order that is the reference's own is none")
	require.Equal(t, 1, p.checks[0].cases)
	require.Nil(t, p.checks[0].reason)
	_, err = plannedFor(t, target, facts{}, Options{}, check.Relation{Left: "luck"})
	require.ErrorContains(t, err, `order/made-up: "luck": there is no event called "luck"`)
	_, err = plannedFor(t, target, facts{}, Options{}, check.Relation{Left: "paid", Op: "=", Right: "luck"})
	require.ErrorContains(t, err, `order/made-up: "luck": there is no event called "luck"`)
}

// A crowd is as large as it must be, and no smaller than it is asked to be.
func TestAPlanHasCrowds(t *testing.T) {
	t.Parallel()
	target := openStall(t, nil).target()
	for least, left := range map[int]string{2: "paid&3 paid*4", 50: "paid&50 paid*4"} {
		p, err := planFor([]check.Check{{Name: "order/made-up", Relations: check.Equal("paid&3 paid*4", "paid")}}, target, facts{}, Options{}, least)
		require.NoError(t, err)
		require.Equal(t, left, p.cases[check.Crowded][0].Left, "what is told is what is sent")
		require.Equal(t, left, p.cases[check.Crowded][0].Delivered.String())
		require.Equal(t, least, p.cases[check.Crowded][0].MinCopies)
	}
}

// Which check has sent a delivery is known by its event and its signature.
func TestAPlanKnowsWhoSends(t *testing.T) {
	t.Parallel()
	endpoint := openStall(t, nil).target()
	p, err := planFor([]check.Check{
		{Name: "ack-policy/whole", WholeRun: "leaks"},
		{Name: "order/verbs", Relations: check.Answers("paid again")},
		{Name: "authenticity/forged", Relations: check.Answers("wrong-secret:expired=rejected")},
		{Name: "order/expired", Relations: check.Answers("expired=ack")},
	}, endpoint, facts{}, Options{}, 2)
	require.NoError(t, err)
	for name, row := range map[string]struct {
		d    target.Delivery
		want string
	}{
		"genuine":       {target.Delivery{Label: "expired", Sign: "genuine"}, "order/expired"},
		"forged":        {target.Delivery{Label: "expired", Sign: "wrong-secret"}, "authenticity/forged"},
		"replaced":      {target.Delivery{Label: "paid by topup.created", Sign: "genuine"}, "order/verbs"},
		"signed anyhow": {target.Delivery{Label: "expired", Sign: "stale"}, ""},
		"unknown":       {target.Delivery{Label: "refund", Sign: "genuine"}, ""},
	} {
		require.Equal(t, row.want, p.sending(row.d), name)
	}
	require.True(t, p.delivers("order/expired", target.Delivery{Label: "expired", Sign: "genuine"}))
	require.False(t, p.delivers("order/verbs", target.Delivery{Label: "expired", Sign: "genuine"}))
}
