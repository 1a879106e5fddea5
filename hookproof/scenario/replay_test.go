package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

const paid = `{"deliver":{"event":"checkout.session.completed","as":"e"},"expect":{"ack":200,"outcome":"processed","state":{"status":"paid"}}}`

func TestACorrectShopPasses(t *testing.T) {
	t.Parallel()
	for name, rest := range map[string]string{
		"paid":      `"steps":[` + paid + `]`,
		"duplicate": `"steps":[` + paid + `,{"redeliver":"e","expect":{"ack":200,"outcome":"duplicate"}}],"state":{"status":"paid"}`,
		"burst":     `"steps":[{"burst":{"event":"checkout.session.completed","copies":20},"expect":{"acks":{"200":20},"outcomes":{"processed":1,"duplicate":19}}}]`,
		"held":      `"steps":[{"burst":{"event":"checkout.session.completed","copies":20,"held":true},"expect":{"acks":{"200":20},"outcomes":{"processed":1,"duplicate":19}}}]`,
		"fresh ids": `"steps":[{"burst":{"event":"checkout.session.completed","copies":5,"freshIds":true},"expect":{"outcomes":{"processed":5}}}]`,
		"overtaken": `"announced":["main"],"steps":[{"deliver":{"event":"checkout.session.completed","as":"e"},"expect":{"ack":500,"outcome":"rejected"}},{"make":"main"},{"redeliver":"e","expect":{"ack":200}}],"state":{"status":"paid"}`,
		"life":      `"life":[{"event":"checkout.session.completed"},{"event":"checkout.session.expired"}],"repeat":true,"state":{"status":"paid"}`,
		"late life": `"life":[{"event":"checkout.session.completed"},{"event":"checkout.session.expired"}],"late":true,"state":{"status":"paid"}`,
		"raw":       `"steps":[{"deliver":{"raw":"{}"},"expect":{"ack":400,"outcome":"rejected"}}]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				r := Replay(t.Context(), openShop(t, nil).target(), scenario(t, rest))
				require.Equal(t, result.Pass, r.Verdict, r.Why)
				require.NotEmpty(t, r.Journal.Deliveries())
			})
		})
	}
	for _, word := range words(event.Signings, true) {
		if word == "spaced-header" || event.Signings[word].HasAccount() { // Stripe's own libraries refuse the one, and the shop has no connected accounts
			continue
		}
		r := Replay(t.Context(), openShop(t, nil).target(), scenario(t, `"steps":[{"deliver":{"event":"checkout.session.completed","sign":"`+word+`"},"expect":{"ack":200}}]`))
		require.Equal(t, result.Pass, r.Verdict, "%s: %s", word, r.Why)
	}
	for _, word := range words(event.Signings, false) {
		r := Replay(t.Context(), openShop(t, nil).target(), scenario(t, `"steps":[{"deliver":{"event":"checkout.session.completed","sign":"`+word+`"},"expect":{"ack":400,"state":{"status":"open"}}}]`))
		require.Equal(t, result.Pass, r.Verdict, "%s: %s", word, r.Why)
		require.False(t, r.Journal.Deliveries()[0].Genuine)
	}
}

func TestEveryLieIsSeen(t *testing.T) {
	t.Parallel()
	life := `"life":[{"event":"checkout.session.completed"},{"event":"checkout.session.expired"}],"state":{"status":"paid"}`
	for name, row := range map[string]struct {
		lie  func(*shop)
		rest string
		why  string
	}{
		"trusts everybody":      {func(s *shop) { s.trustsEverybody = true }, `"steps":[{"deliver":{"event":"checkout.session.completed","sign":"wrong-secret"},"expect":{"ack":400}}]`, "answered 200, expected 400"},
		"forgets":               {func(s *shop) { s.forgets = true }, `"steps":[` + paid + `,{"redeliver":"e","expect":{"outcome":"duplicate"}}]`, "duplicates 0, errors 0; expected 1, 1, 0"},
		"forgets in a burst":    {func(s *shop) { s.forgets = true }, `"steps":[{"burst":{"event":"checkout.session.completed","copies":3},"expect":{"outcomes":{"processed":1,"duplicate":2}}}]`, "counters"},
		"counts nothing":        {func(s *shop) { s.countsNothing = true }, `"steps":[` + paid + `]`, "received 0"},
		"redirects":             {func(s *shop) { s.redirects = true }, `"steps":[` + paid + `]`, "answered 302, expected 200"},
		"loses late events":     {func(s *shop) { s.losesLate = true }, `"announced":["main"],"steps":[{"deliver":{"event":"checkout.session.completed","as":"e"}},{"make":"main"},{"redeliver":"e"}],"state":{"status":"paid"}`, "status is open, expected paid"},
		"lets the last one win": {func(s *shop) { s.lastOneWins = true }, life, "in the order checkout.session.completed, checkout.session.expired: the state of main: status is expired, expected paid"},
		"hangs":                 {func(s *shop) { s.hangs = make(chan struct{}) }, `"steps":[` + paid + `]`, "answered nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				s := openShop(t, row.lie)
				target := s.target()
				if s.hangs != nil {
					target.Timings.Answer = 200 * time.Millisecond
				}
				target.Timings.Effect = 100 * time.Millisecond
				r := Replay(t.Context(), target, scenario(t, row.rest))
				if s.hangs != nil {
					close(s.hangs)
				}
				require.Equal(t, result.Fail, r.Verdict)
				require.Contains(t, r.Why, row.why)
			})
		})
	}
}

func TestEffectsMayComeAfterTheAnswer(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openShop(t, func(s *shop) { s.lag = 200 * time.Millisecond })
		r := Replay(t.Context(), s.target(), scenario(t, `"steps":[`+paid+`]`))
		require.Equal(t, result.Pass, r.Verdict, r.Why)
	})
}

func TestHeldCopiesAreInFlightTogether(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openShop(t, nil)
		held := s.target()
		hold, takenAtRelease := held.Hold, int64(-1)
		held.Hold = func(ctx context.Context, o event.Subject) (func() error, error) {
			release, err := hold(ctx, o)
			return func() error {
				s.mu.Lock()
				takenAtRelease = s.counters.Received
				s.mu.Unlock()
				return release()
			}, err
		}
		r := Replay(t.Context(), held, scenario(t, `"steps":[{"burst":{"event":"checkout.session.completed","copies":50,"held":true},"expect":{"acks":{"200":50}}}]`))
		require.Equal(t, result.Pass, r.Verdict, r.Why)
		require.Zero(t, takenAtRelease, "none was taken before all were on their way")
		first, last := time.Time{}, time.Time{}
		for _, d := range r.Journal.Deliveries() {
			if answered := d.SentAt.Add(d.Latency); first.IsZero() || answered.Before(first) {
				first = answered
			}
			if d.SentAt.After(last) {
				last = d.SentAt
			}
		}
		require.True(t, last.Before(first), "the last was sent before the first was answered")

		// A hold that holds nothing proves nothing, and is said so.
		loose := openShop(t, nil)
		target := loose.target()
		target.Timings.Poll = time.Second // so that no look falls between the last request and the first answer
		target.Hold = func(_ context.Context, _ event.Subject) (func() error, error) {
			return func() error { return nil }, nil
		}
		r = Replay(t.Context(), target, scenario(t, `"steps":[{"burst":{"event":"checkout.session.completed","copies":5,"held":true},"expect":{"acks":{"200":5}}}]`))
		require.Equal(t, result.Fail, r.Verdict)
		require.Contains(t, r.Why, "while the subject was held")
	})
}

func TestNoEvidenceIsNoPass(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		bare := func() *target.Target {
			full := openShop(t, nil).target()
			return &target.Target{URL: full.URL, Dialer: memnet.InMemory.Dial, Secret: full.Secret}
		}
		nothing := scenario(t, `"steps":[{"deliver":{"event":"customer.created"}}]`)
		require.Equal(t, result.NotRun, Replay(t.Context(), bare(), nothing).Verdict)
		stateOnly := scenario(t, `"steps":[{"deliver":{"event":"customer.created"},"expect":{"state":{"status":"open"},"outcome":"processed"}}]`)
		require.Equal(t, result.NotRun, Replay(t.Context(), bare(), stateOnly).Verdict, "neither state nor counters can be seen")

		needy := scenario(t, `"steps":[`+paid+`]`)
		for _, need := range target.Needs {
			needy.Needs = []string{need}
			r := Replay(t.Context(), bare(), needy)
			require.Equal(t, result.NotRun, r.Verdict, need)
			require.Contains(t, r.Why, need)
		}
	})
}

func TestAFaultIsMendedWhateverComes(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openShop(t, nil)
		target := s.target()
		var did []string
		target.Break = func(context.Context) error { did = append(did, "break"); return nil }
		target.Mend = func(context.Context) error { did = append(did, "mend"); return nil }
		r := Replay(t.Context(), target, scenario(t, `"steps":[{"fault":"database-away"},{"deliver":{"event":"customer.created"},"expect":{"ack":500}}]`))
		require.Equal(t, result.Fail, r.Verdict)
		require.Equal(t, []string{"break", "mend"}, did)

		target.Stop = func(_ context.Context, how string) error { return errors.New("cannot " + how) }
		r = Replay(t.Context(), target, scenario(t, `"steps":[{"restart":"kill"}]`))
		require.Contains(t, r.Why, "cannot kill")
	})
}

func TestParseScenariosNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	whole := func(rest string) string {
		return `{"description":"A test.","requirement":"This test.","needs":[],"kills":[],` + rest + `}`
	}
	good := whole(`"steps":[` + paid + `]`)
	for raw, why := range map[string]string{
		`{`:                   "it ends in the middle",
		good + "}":            "there is more after its end",
		good + good:           "there is more after its end",
		whole(`"steps":[]`):   "either steps or a life",
		whole(`"stops":[]`):   `unknown field "stops"`,
		whole(`"steps":[{}]`): "exactly one verb, this one has 0",
		whole(`"steps":[{"make":"x","fault":"database-away"}]`):                                               "exactly one verb, this one has 2",
		whole(`"steps":[{"make":"x"}]`):                                                                       "was not announced",
		whole(`"steps":[{"fault":"flood"}]`):                                                                  `there is no "flood"`,
		whole(`"steps":[{"restart":"please"}]`):                                                               "neither stop nor kill",
		whole(`"steps":[{"redeliver":"e"}]`):                                                                  `no earlier step is labelled "e"`,
		whole(`"steps":[{"deliver":{}}]`):                                                                     "either an event or a raw body",
		whole(`"steps":[{"deliver":{"event":"x","sign":"nicely"}}]`):                                          `there is no "nicely"`,
		whole(`"steps":[{"burst":{"event":"x","copies":1}}]`):                                                 "copies must be 2 or more",
		whole(`"steps":[{"burst":{"of":"x","copies":2}}]`):                                                    `no earlier step is labelled "x"`,
		whole(`"life":[{"event":"a"},{"event":"b"},{"event":"c"},{"event":"d"},{"event":"e"},{"event":"f"}]`): "at most five",
		strings.Replace(whole(`"steps":[{"deliver":{"raw":""}}]`), `"needs":[]`, `"needs":["luck"]`, 1):       `there is no "luck"`,
	} {
		_, err := ParseScenarios("mine.json", []byte(raw))
		require.ErrorContains(t, err, "scenario mine.json: ", raw)
		require.ErrorContains(t, err, why, raw)
		if json.Valid([]byte(raw)) {
			_, err = ParseScenarios("mine.json", []byte(`{"scenarios":{"good":`+good+`,"bad":`+raw+`}}`))
			require.ErrorContains(t, err, "mine.json: scenario bad: ", raw)
			require.ErrorContains(t, err, why, raw)
		}
	}
	r := Replay(t.Context(), openShop(t, nil).target(), scenario(t, `"steps":[{"deliver":{"event":"no.such.event"},"expect":{"ack":200}}]`))
	require.Equal(t, result.Fail, r.Verdict)
	require.Contains(t, r.Why, "there is no event")
}

func TestParseScenariosReadsAFamily(t *testing.T) {
	t.Parallel()
	one := `{"description":"A test.","requirement":"This test.","needs":[],"kills":[],"steps":[` + paid + `]}`
	all, err := ParseScenarios("some/mine.json", []byte(`{"$schema":"x","scenarios":{"second":`+one+`,"first":`+one+`}}`))
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, []string{"some/mine/second", "some/mine/first"}, []string{all[0].Name, all[1].Name}, "in the order of the file")
	require.Equal(t, "checkout.session.completed", all[1].Steps[0].Deliver.Event)

	for raw, why := range map[string]string{
		`{"scenarios":{}}`: "mine.json: it has no scenarios",
		`{"scenarios":{"a":` + one + `,"b":` + one + `,"a":` + one + `}}`:             "mine.json: scenario a: there is another of this name",
		`{"scenarios":{"a":` + strings.Replace(one, "{", `{"$schema":"x",`, 1) + `}}`: "mine.json: scenario a: $schema belongs at the top",
		`{"scenarios":[` + one + `]}`:                                                 "mine.json: scenarios must be an object",
		`{"scenarios":null}`:                                                          "mine.json: scenarios must be an object",
		`{"scenarios":{"a":[]}}`:                                                      "mine.json: scenario a: the whole must be an object",
		`{"scenarios":{"a":` + one + `},"description":"x"}`:                           `mine.json: unknown field "description"`,
		`{"scenarios":{"a":` + one + `}}}`:                                            "mine.json: there is more after its end",
	} {
		_, err := ParseScenarios("mine.json", []byte(raw))
		require.ErrorContains(t, err, why, raw)
	}
}

func TestBuiltInScenariosAreSortedByName(t *testing.T) {
	t.Parallel()
	all, err := BuiltInScenarios()
	require.NoError(t, err)
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.Name
	}
	require.Contains(t, names, "idempotence/redelivered")
	require.True(t, slices.IsSorted(names), "the files of package fixtures are sorted by name: %v", names)
}

func TestTargetsThatMustNotBeAttacked(t *testing.T) {
	t.Parallel()
	good := target.Target{URL: "http://127.0.0.1:1/x", Secret: "whsec_x"}
	require.NoError(t, good.Check())
	for _, url := range []string{"http://10.1.2.3/x", "https://192.168.0.9/x", "http://[::1]:3000/x", "http://localhost:3000/x"} {
		endpoint := good
		endpoint.URL = url
		require.NoError(t, endpoint.Check(), url)
	}
	for _, url := range []string{"", "x", "ftp://127.0.0.1/", "http:///x", "http://192.0.2.1/x", "http://8.8.8.8/", "https://[2001:db8::1]/"} {
		endpoint := good
		endpoint.URL = url
		require.Error(t, endpoint.Check(), url)
	}
	for _, secret := range []string{"", "sk_live_x", "rk_live_x"} {
		endpoint := good
		endpoint.Secret = secret
		require.Error(t, endpoint.Check(), secret)
	}
}

func TestPermutations(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for order := range check.Permutations(4) {
		seen[fmt.Sprint(order)] = true
	}
	require.Len(t, seen, 24)
}

// What is posted are the bytes that were signed, byte for byte, with Stripe's headers.
func TestADeliveryIsAsStripeSendsIt(t *testing.T) {
	t.Parallel()
	var header http.Header
	var came []byte
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		header = r.Header
		came, _ = io.ReadAll(r.Body)
	}))
	t.Cleanup(server.Close)
	e := event.Raw(" {\"name\":\r\n \"Zo\u00eb 東京\"} \n")
	d := (&target.Target{URL: server.URL, Secret: endpointtest.Secret}).Deliver(t.Context(), e, "genuine")
	require.True(t, d.Acknowledged(), d.Err)
	require.Equal(t, string(e.Body), string(came))
	require.Equal(t, "application/json; charset=utf-8", header.Get("Content-Type"))
	require.Contains(t, header.Get("User-Agent"), "Stripe/1.0")
	require.Equal(t, []string{d.Header}, header["Stripe-Signature"])
	require.True(t, endpointtest.Verifies(d.Header, came))
}

func TestJournalKeepsWhatWasSent(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	r := Replay(t.Context(), s.target(), scenario(t, `"steps":[`+paid+`,{"redeliver":"e","sign":"no-header"},{"deliver":{"raw":"x"}}]`))
	require.Equal(t, result.Pass, r.Verdict, r.Why)
	d := r.Journal.Deliveries()
	require.Len(t, d, 3)
	require.Equal(t, d[0].EventID, d[1].EventID)
	require.NotEmpty(t, d[0].Header)
	require.Empty(t, d[1].Header)
	require.Equal(t, "checkout.session.completed", d[0].EventType)
	require.Positive(t, d[0].Latency)
	require.Equal(t, "x", string(d[2].Body))

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	e, err := life.Payment.New("customer.created", event.Subject{})
	require.NoError(t, err)
	gone := (&target.Target{URL: "http://" + listener.Addr().String(), Secret: "x"}).Deliver(t.Context(), e, "genuine")
	require.Zero(t, gone.Status)
	require.Error(t, gone.Err)
	require.False(t, gone.Acknowledged())
}
