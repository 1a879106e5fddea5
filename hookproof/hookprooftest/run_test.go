package hookprooftest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	shop "example.com/hookproof/examples/gotest"
	"example.com/hookproof/hookproof"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// recorder is a T that records.
type recorder struct{ list []string }

func (r *recorder) Helper()           {}
func (r *recorder) Log(args ...any)   { r.list = append(r.list, "log "+fmt.Sprint(args...)) }
func (r *recorder) Error(args ...any) { r.list = append(r.list, "error "+fmt.Sprint(args...)) }
func (r *recorder) Skip(args ...any)  { r.list = append(r.list, "skip "+fmt.Sprint(args...)) }

func TestFindingsAreTold(t *testing.T) {
	t.Parallel()
	outOfTime := hookproof.Finding{Check: "a/late", Verdict: hookproof.NotRun, Reason: result.NoEvidence, Why: "out of time"}
	another := outOfTime
	another.Check = "a/later"
	cause := hookproof.Finding{Check: "a/cause", Verdict: hookproof.Fail, Demand: "It counts once.", Why: "it counted twice"}
	explained := hookproof.Finding{Check: "a/explained", Verdict: hookproof.Fail, Demand: "It counts once, later.", Why: "it counted twice", Because: "a/cause", Fix: "do not"}
	for name, row := range map[string]struct {
		findings []hookproof.Finding
		ended    bool
		want     [][]string
	}{
		"a pass": {[]hookproof.Finding{{Verdict: hookproof.Pass}}, false, [][]string{nil}},
		"info":   {[]hookproof.Finding{{Verdict: hookproof.Info, Why: "so so"}}, false, [][]string{{"log worth knowing: so so"}}},
		"a part": {[]hookproof.Finding{{Verdict: hookproof.Pass, NotRun: []string{"refunds"}}}, false, [][]string{{"log not run: refunds"}}},
		"a hook that is not there": {[]hookproof.Finding{{Verdict: hookproof.NotRun, Why: "it needs state"}}, false,
			[][]string{{"skip it needs state"}}},
		"no evidence": {[]hookproof.Finding{outOfTime}, false, [][]string{{"error could not be judged: out of time"}}},
		"one reason of two": {[]hookproof.Finding{outOfTime, another}, false, [][]string{
			{"error could not be judged: out of time\nnor could, for the same reason, a/later"},
			{"skip could not be judged, for the same reason as a/late"}}},
		"a run that ended early": {[]hookproof.Finding{outOfTime}, true, [][]string{{"skip not judged: out of time"}}},
		"what another explains": {[]hookproof.Finding{explained, cause}, false, [][]string{
			{"error failed, explained by a/cause: fix that first\n   Demanded:        It counts once, later.\n   But:             it counted twice\n" +
				"   For its own evidence run only this check, with Seed: 7 in hookproof.Options:\n     go test -run '^TestA$/^a$/^explained$'"},
			{"error failed\n   Demanded:        It counts once.\n   But:             it counted twice\n" +
				"   Run only this again, with Seed: 7 in hookproof.Options:\n     go test -run '^TestA$/^a$/^cause$'"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, one := range tell(naming{test: "TestA"}, hookproof.Report{Seed: 7, Findings: row.findings}, row.ended) {
				var r recorder
				one.to(&r)
				require.Equal(t, row.want[i], r.list)
			}
		})
	}
}

const briefly = time.Millisecond

// mails is a shop that sends a mail each time that it is told of a payment.
type mails struct {
	shop.Shop
	mu   sync.Mutex
	sent map[string]int // by orders
}

var reference = regexp.MustCompile(`"client_reference_id": ?"(order_\d+)"`)

func (m *mails) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/limited" {
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	m.Shop.ServeHTTP(answer, r)
	if order := reference.FindSubmatch(body); order != nil && answer.Code == http.StatusOK {
		m.mu.Lock()
		m.sent[string(order[1])]++
		m.mu.Unlock()
	}
	w.WriteHeader(answer.Code)
}

func (m *mails) target(t *testing.T) *hookproof.Target {
	m.sent = map[string]int{}
	m.Secret = "whsec_test"
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	return &hookproof.Target{URL: server.URL, Secret: m.Secret,
		Subject: func(context.Context) (hookproof.Subject, error) {
			order := m.Buy(4900)
			return hookproof.Subject{"clientReferenceId": order.ID, "amount": order.Amount}, nil
		},
		State: func(_ context.Context, subject hookproof.Subject) (any, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			return map[string]any{"mails": m.sent[subject["clientReferenceId"].(string)]}, nil
		},
		Timings: target.Timings{Later: briefly, LateWrite: briefly, Quiet: briefly, EffectWait: briefly}, // a mail is sent before the answer
	}
}

// The child is a test that fails, in a process of its own, since it cannot tell of itself: the case is named by this variable.
const child = "HOOKPROOFTEST_CASE"

type failing struct {
	checks []string
	change func(*hookproof.Target, *hookproof.Options)
	flags  []string // of go test's
	passes bool
	told   []string // in this order
	silent []string // what is not said
}

var cases = map[string]failing{
	"a failure": {checks: []string{"idempotence/redelivered", "idempotence/later", "authenticity/genuine"}, told: []string{
		"--- FAIL: TestChild", "--- FAIL: TestChild/idempotence/redelivered", "HERE failed\n", "But:             after paid*2, /mails is 2 instead of 1",
		"paid (checkout.session.completed)", "/mails: expected 1, seen 2", "with Seed: 7 in hookproof.Options:", "go test -run '^TestChild$/^idempotence$/^redelivered$'",
		"--- FAIL: TestChild/idempotence/later", "HERE failed, explained by idempotence/redelivered: fix that first",
		"HERE FAILED: 1 cause, 2 checks failed of 3",
	}, silent: []string{"A check without evidence"}},
	"no evidence": {checks: []string{"meaning/refund", "meaning/partial-refund", "authenticity/genuine"}, told: []string{
		"--- FAIL: TestChild/meaning/refund", "HERE could not be judged: ", "list charge.refunded under unhandled", "nor could, for the same reason, meaning/partial-refund",
		"HERE INCOMPLETE: 1 of 3 checks judged", "HERE A check without evidence never passes, so a check that could not be judged fails the test.", "Target.Unhandled",
		"hookproof.Options{Budget: 3 * time.Minute}", `Skip: []string{"meaning/refund"}`,
	}, silent: []string{"--- FAIL: TestChild/meaning/partial-refund"}},
	"no time": {checks: []string{"idempotence/redelivered"},
		change: func(_ *hookproof.Target, o *hookproof.Options) { o.Budget = time.Nanosecond },
		told:   []string{"HERE could not be judged: out of time (1ns)", "HERE INCOMPLETE: nothing was judged", "hookproof.Options{Budget: 3 * time.Minute}"}},
	"a wrong secret": {checks: []string{"authenticity"},
		change: func(target *hookproof.Target, _ *hookproof.Options) { target.Secret = "whsec_other" },
		told:   []string{"HERE hookproof: every genuine delivery was refused (400): the secret is not the one"}},
	"one fault hides all else": {checks: []string{"authenticity", "ack-policy/no-rate-limit"},
		change: func(target *hookproof.Target, _ *hookproof.Options) { target.URL += "/limited" },
		told: []string{"--- FAIL: TestChild/authenticity/genuine", "HERE could not be judged: no genuine delivery gets through", "and 15 more",
			"--- FAIL: TestChild/ack-policy/no-rate-limit", "HERE failed\n", "HERE FAILED: 1 check failed of 1 judged, of 21 in all"},
		silent: []string{"--- FAIL: TestChild/authenticity/wrong-secret"}},
	"nobody listens": {checks: []string{"authenticity"},
		change: func(target *hookproof.Target, _ *hookproof.Options) {
			target.URL = "http://127.0.0.1:1/webhooks/stripe"
		},
		told: []string{"--- FAIL: TestChild", "HERE hookproof: "}},
	"a check that there is not": {checks: []string{"authentic"}, told: []string{`HERE hookproof: there is no check or family "authentic"`}},
	"no check is left": {checks: []string{"authenticity"}, flags: []string{"-test.run=^TestChild$/order"},
		told: []string{"HERE hookproof: nothing was judged: Options and go test's -run and -skip leave no check"}},
	"one is chosen": {checks: []string{"authenticity/genuine", "idempotence/redelivered"}, passes: true,
		flags: []string{"-test.v", "-test.run=^TestChild$/^authenticity$/^genuine$"}, told: []string{"--- PASS: TestChild/authenticity/genuine"},
		silent: []string{"idempotence/redelivered"}},
	"a pass": {checks: []string{"authenticity/genuine", "authenticity/future"}, passes: true, flags: []string{"-test.v", "-test.run=^TestChild$"},
		change: func(_ *hookproof.Target, o *hookproof.Options) { o.Profile = "stripe" },
		told:   []string{"HERE worth knowing: ", "HERE PASSED: 2 of 2 checks", "--- PASS: TestChild/authenticity/future"}},
}

func TestChild(t *testing.T) {
	one, asked := cases[os.Getenv(child)]
	if !asked {
		t.Skip("it is a case of TestRun's")
	}
	target, options := new(mails).target(t), hookproof.Options{Only: one.checks, Seed: 7}
	if one.change != nil {
		one.change(target, &options)
	}
	Run(t, target, options) // its line
}

func TestRun(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("run_test.go")
	require.NoError(t, err)
	before, _, _ := strings.Cut(string(source), "// its line")
	here := "run_test.go:" + strconv.Itoa(strings.Count(before, "\n")+1) + ": "
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags := one.flags
			if flags == nil {
				flags = []string{"-test.run=^TestChild$"}
			}
			command := exec.CommandContext(t.Context(), os.Args[0], flags...)
			command.Env = append(os.Environ(), child+"="+name)
			raw, err := command.CombinedOutput()
			require.Equal(t, one.passes, err == nil, string(raw))
			left := string(raw)
			for _, text := range one.told {
				_, after, found := strings.Cut(left, strings.Replace(text, "HERE ", here, 1))
				require.True(t, found, "%q is not in the rest of it: %s\n--- the rest\n%s", text, raw, left)
				left = after
			}
			for _, text := range one.silent {
				require.NotContains(t, string(raw), text)
			}
			require.NotContains(t, string(raw), " run.go:", "a place in our file")
		})
	}
}
