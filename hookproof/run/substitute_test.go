package run

import (
	"bytes"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// judgedByURL are the verdicts on an endpoint of which a URL and a secret are known. It answers payments of what it does
// not know with a status of its own, after it has verified them or not.
func judgedByURL(t *testing.T, status int, verified bool) map[string]result.Finding {
	t.Helper()
	server := memnet.OpenDoor(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := endpointtest.Body(r)
		switch {
		case verified && !endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body):
			w.WriteHeader(http.StatusBadRequest)
		case !bytes.HasPrefix(body, []byte("{")):
			w.WriteHeader(http.StatusBadRequest)
		case bytes.Contains(body, []byte(`"checkout.session.completed"`)):
			w.WriteHeader(status)
		}
	}))
	report, err := Judge(t.Context(), &target.Target{URL: server.URL(), Dialer: memnet.InMemory.Dial, Secret: endpointtest.Secret}, Options{Only: []string{"authenticity", "ack-policy"}})
	require.NoError(t, err)
	found := map[string]result.Finding{}
	for _, f := range report.Findings {
		found[f.Check] = f
	}
	return found
}

// An endpoint that fails on objects that it does not know has that one fault, and not ten others that it shows through.
func TestOneFaultIsNotToldAsTen(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		found := judgedByURL(t, http.StatusInternalServerError, true)
		for name, f := range found {
			switch {
			case name == "ack-policy/foreign-object", name == "ack-policy/missing-metadata":
				require.Equal(t, result.Fail, f.Verdict, name)
			case name == otherShapes:
				require.Equal(t, "ack-policy/foreign-object", f.Because, f.Why)
			case name == "ack-policy/life", name == "ack-policy/late-event":
				require.Equal(t, result.NotRun, f.Verdict, name)
				require.Equal(t, needsSubject, f.Why)
				require.False(t, f.Incomplete(), "a hook is all that it lacks")
			default:
				require.NotEqual(t, result.Fail, f.Verdict, "%s: %s", name, f.Why)
			}
		}
		require.Equal(t, result.Pass, found["authenticity/genuine"].Verdict)
		require.Equal(t, result.Pass, found["authenticity/utf-8"].Verdict)
	})
}

// An endpoint that refuses types that it does not know, or also what is somebody else's, has that one fault: what else is
// asked beside an event is asked beside one that it takes.
func TestARefusedTypeIsOneFault(t *testing.T) {
	t.Parallel()
	types := []string{"ack-policy/unhandled-type"}
	for name, row := range map[string]struct {
		refuses func(body []byte) bool
		faults  []string
	}{
		"of a type": {func(body []byte) bool { return bytes.Contains(body, []byte(life.NeutralEvent)) }, types},
		"and of somebody else": {func(body []byte) bool {
			strangers := bytes.Contains(body, []byte(`"checkout.session.`)) && !bytes.Contains(body, []byte(`"order":`))
			return strangers || bytes.Contains(body, []byte(life.NeutralEvent))
		}, append(types, "ack-policy/foreign-object", "ack-policy/missing-metadata")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				target := openStall(t, func(s *stall) {
					s.answer = func(n int, w http.ResponseWriter, r *http.Request, body []byte) bool {
						if !bytes.HasPrefix(body, []byte("{")) || !endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) || !row.refuses(body) {
							return false
						}
						s.mu.Lock()
						defer s.mu.Unlock()
						s.counters.Received++
						s.counters.Errors++
						return answering(http.StatusUnprocessableEntity)(n, w, r, body)
					}
				}).target()
				r, err := Judge(t.Context(), target, Options{Only: []string{"ack-policy", "bookkeeping", "idempotence/later", "meaning"}, Seed: 1, HookCalls: 500})
				require.NoError(t, err)
				for _, f := range r.Findings {
					if f.Check == otherShapes && f.Verdict == result.Fail {
						require.Contains(t, row.faults, f.Because, f.Why)
						continue
					}
					require.Equal(t, slices.Contains(row.faults, f.Check), f.Verdict == result.Fail, "%s: %s", f.Check, f.Why)
				}
			})
		})
	}
}

// One answer of a bad moment is no fault that payments have.
func TestOneFailureIsNotTakenForARefusalOfPayments(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		endpoint := openStall(t, func(s *stall) {
			s.answer = func(n int, w http.ResponseWriter, r *http.Request, body []byte) bool {
				return n == 2 && answering(503)(n, w, r, body)
			}
		}).target()
		r, err := Judge(t.Context(), &target.Target{URL: endpoint.URL, Dialer: memnet.InMemory.Dial, Secret: endpoint.Secret}, Options{Only: []string{"ack-policy/life"}})
		require.NoError(t, err)
		require.Equal(t, result.Pass, findingOf(t, r, "ack-policy/life").Verdict, findingOf(t, r, "ack-policy/life").Why)
	})
}

// What is refused for another reason is no evidence that forgeries are.
func TestARefusalOfWhatIsNotKnownIsNoVerification(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		found := judgedByURL(t, http.StatusNotFound, false)
		for _, name := range []string{"authenticity/wrong-secret", "authenticity/unsigned", "authenticity/tampered", "authenticity/stale"} {
			require.Equal(t, result.Fail, found[name].Verdict, name)
		}
		timeline := found["authenticity/wrong-secret"].Timeline
		require.NotEmpty(t, timeline)
		require.Equal(t, "paid by topup.created", timeline[0].Event)
	})
}
