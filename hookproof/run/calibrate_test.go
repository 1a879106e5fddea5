package run

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// A target can make it impossible to judge it. Then there is no verdict, and one sentence says why.
func TestWhatCannotBeJudged(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	for name, row := range map[string]struct {
		lie  func(*stall)
		with func(*target.Target)
		why  string
	}{
		"the state never changes":      {lie: func(s *stall) { s.shows = func(map[string]any) any { return "open" } }, why: "effects cannot be judged"},
		"the state never rests":        {lie: func(s *stall) { s.shows = func(o map[string]any) any { o["reads"] = calls.Add(1); return o } }, why: "differ at /reads"},
		"nobody listens":               {with: func(t *target.Target) { t.URL, t.Start, t.Stop = "http://127.0.0.1:1/", nil, nil }, why: "nothing listens at http://127.0.0.1:1/"},
		"another secret":               {with: func(t *target.Target) { t.Secret = "whsec_other" }, why: "the secret is not the one"},
		"another secret, and no state": {with: func(t *target.Target) { t.Secret, t.State = "whsec_other", nil }, why: "the secret is not the one"},
		"no such path":                 {lie: func(s *stall) { s.answer = answering(404) }, why: "is the path of the URL right?"},
		"an endpoint that fails":       {lie: func(s *stall) { s.answer = answering(500) }, why: "look into its log"},
		"a replica that is away": {with: func(t *target.Target) { t.Replicas, t.Start, t.Stop = []string{t.URL, "http://127.0.0.1:1/"}, nil, nil },
			why: "a replica: nothing listens at http://127.0.0.1:1/"},
		"a replica at no such path": {lie: func(s *stall) {
			s.answer = func(n int, w http.ResponseWriter, r *http.Request, body []byte) bool {
				return r.URL.Path == "/typo" && answering(404)(n, w, r, body)
			}
		}, with: func(t *target.Target) { t.Replicas = []string{strings.Replace(t.URL, "/hook", "/typo", 1)} }, why: "answers 404 to an event that the target has accepted"},
		"a host that is not ours":   {with: func(t *target.Target) { t.URL = "http://192.0.2.1/" }, why: "neither on this machine nor in a private network"},
		"a profile there is not":    {why: `there is no profile "lax"`},
		"a check that there is not": {why: `there is no check or family "luck"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				endpoint, o := openStall(t, row.lie).target(), Options{Budget: 10 * time.Second} // for a judge that goes on
				if row.with != nil {
					row.with(endpoint)
				}
				if strings.Contains(name, "profile") {
					o.Profile = "lax"
				}
				if strings.Contains(name, "check") {
					o.Only = []string{"luck"}
				}
				_, err := Judge(t.Context(), endpoint, o)
				var unusable *Unusable
				require.ErrorAs(t, err, &unusable)
				require.ErrorContains(t, err, row.why)
			})
		})
	}
}

// A state that moves on by itself once it is paid can be compared with nothing.
func TestAStateThatNeverRestsWhenPaid(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		began := time.Now()
		_, err := Judge(t.Context(), openStall(t, func(s *stall) {
			s.shows = func(state map[string]any) any {
				if state["shipped"] != 0 {
					state["age"] = time.Since(began) / (90 * time.Millisecond)
				}
				return state
			}
		}).target(), Options{Only: []string{"idempotence/redelivered"}})
		var unusable *Unusable
		require.ErrorAs(t, err, &unusable)
		require.ErrorContains(t, err, "the state never stops changing: /age is ")
	})
}

// A number that each payment makes larger ends no run, as a key does: the checks come upon it, and look at one more subject.
func TestACountIsNoKey(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		paid := 0
		r, err := Judge(t.Context(), openStall(t, func(s *stall) {
			s.before = func(_ stallEvent, o *stallOrder) bool { paid++; o.shipped = paid; return true }
		}).target(), Options{Only: []string{"idempotence/redelivered"}})
		require.NoError(t, err)
		f := findingOf(t, r, "idempotence/redelivered")
		require.Equal(t, result.NotRun, f.Verdict, f.Why)
		require.Contains(t, f.Why, "two subjects differ at /shipped")
	})
}

// A start hook that starts a replica as well has ended when the target listens: the replica may be later.
func TestAReplicaMayListenALittleLater(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		replica := openStall(t, nil)
		target := openStall(t, nil).target()
		target.Replicas = []string{replica.target().URL}
		require.NoError(t, replica.stop())
		require.NoError(t, target.Stop(t.Context(), "stop"))
		start := target.Start
		target.Start = func(ctx context.Context) error {
			time.AfterFunc(700*time.Millisecond, func() { _ = replica.start() })
			return start(ctx)
		}
		r, err := Judge(t.Context(), target, Options{Only: []string{"authenticity/genuine"}})
		require.NoError(t, err)
		require.Equal(t, 1, r.Count(result.Pass))
	})
}
