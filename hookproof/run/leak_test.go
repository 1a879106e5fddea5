package run

import (
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

func TestALeakIsQuotedAndItsSecretsAreNot(t *testing.T) {
	t.Parallel()
	secrets := []string{"whsec_mine", "hush"}
	for answer, want := range map[string]string{
		`{"received":true}`:                                                             "",
		"see http://127.0.0.1:3000/docs":                                                "",
		"Error: no\n    at handler (/srv/app.js:12:3)\n":                                `"Error: no at handler (/srv/app.js:12:3)"`,
		"signed with hush, not with whsec_mine":                                         `"signed with •••, not with •••"`,
		"pq: no way to postgres://shop:pass@db/shop":                                    `"pq: no way to postgres://shop:•••@db/shop"`,
		"Stack trace of sk_test_abc123 whsec_their+/=":                                  `"Stack trace of sk_test_••• whsec_•••"`,
		"used sk_test_51HabcdefghijkLmn to look":                                        `"used sk_test_••• to look"`,
		"Invalid API Key provided: sk_test_********************1234":                    "",
		"is it sk_test_ or whsec_test that is set?":                                     "",
		"no way to postgres://shop:pass@db/shop":                                        `"no way to postgres://shop:•••@db/shop"`,
		"no way to postgres://shop:xxxxx@db/shop":                                       "",
		`{"docs":"http://localhost:3000","by":"help@example.com"}`:                      "",
		strings.Repeat("x", 300) + "\x1b[2J SQLSTATE 23505 " + strings.Repeat("é", 300): `…"` + strings.Repeat("x", 35) + `\x1b[2J SQLSTATE 23505 ` + strings.Repeat("é", 105) + `"…`,
		"panic: " + strings.Repeat("y", 108) + " whsec_their":                           `"panic: ` + strings.Repeat("y", 108) + ` whse"…`,
	} {
		require.Equal(t, want, target.Leak(answer, secrets))
	}
}

// A secret that is a word of the language is no leak where that is said.
func TestAShortSecretIsNoLeak(t *testing.T) {
	t.Parallel()
	secrets := []string{"test", "secret"}
	require.Empty(t, target.Leak("the signature test failed: another secret?", secrets))
	require.Equal(t, `"panic: the ••• failed"`, target.Leak("panic: the test failed", secrets))
}

// What leaks to the signed JSON value null alone is a leak, though the status is none of its check's business.
func TestALeakIsSeenWhereTheAnswerIsOnlyWorthKnowing(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		careless := func(s *stall) {
			s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, body []byte) bool {
				if string(body) != "null" {
					return false
				}
				http.Error(w, "TypeError: Cannot read properties of null (reading 'id')\n    at /srv/shop/webhook.mjs:31:22", 500)
				return true
			}
		}
		r, err := Judge(t.Context(), openStall(t, careless).target(), Options{Only: []string{"ack-policy/garbage", "ack-policy/no-leak"}})
		require.NoError(t, err)
		require.Equal(t, result.Info, findingOf(t, r, "ack-policy/garbage").Verdict)
		f := findingOf(t, r, "ack-policy/no-leak")
		require.Equal(t, result.Fail, f.Verdict)
		require.Contains(t, f.Why, "500 to json-null, signed as genuine: \"TypeError: Cannot read properties of null (reading 'id') at /srv/shop/webhook.mjs:31:22\"")
		require.Len(t, f.Timeline, 2, "one of each check's")
		require.Equal(t, "json-null", f.Timeline[0].Event)
		require.Equal(t, 500, f.Timeline[0].Status)
		require.Equal(t, "genuine", f.Timeline[0].Sign)
	})
}

// An overall check is rerun with the check whose deliveries showed the fault, or it would show nothing.
func TestWhatOthersDeliveredIsRerunWithThem(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		leaking := openStall(t, func(s *stall) {
			s.answer = func(_ int, w http.ResponseWriter, _ *http.Request, body []byte) bool {
				if strings.Contains(string(body), `"charge.dispute.closed"`) { // which one check delivers
					http.Error(w, "panic: no dispute", 500)
					return true
				}
				return false
			}
		}).target()
		seen := func(only ...string) result.Finding {
			r, err := Judge(t.Context(), leaking, Options{Only: only, Seed: 1})
			require.NoError(t, err)
			return findingOf(t, r, "ack-policy/no-leak")
		}
		f := seen("ack-policy")
		require.Equal(t, result.Fail, f.Verdict)
		require.Equal(t, []string{"ack-policy/life"}, f.RerunWith)
		require.Equal(t, result.Pass, seen(f.Check).Verdict)
		require.Equal(t, result.Fail, seen(append(f.RerunWith, f.Check)...).Verdict)
	})
}

// A fault that lets nothing through has its deliveries shown as well.
func TestWhatRefusesEverythingIsShown(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		r, err := Judge(t.Context(), openStall(t, func(s *stall) { s.answer = answering(308) }).target(), Options{Only: []string{"ack-policy"}})
		require.NoError(t, err)
		f := findingOf(t, r, "ack-policy/no-redirect")
		require.Equal(t, result.Fail, f.Verdict)
		require.NotEmpty(t, f.Timeline)
		require.Equal(t, 308, f.Timeline[0].Status)
	})
}

// pages are small pages like those of frameworks, grown to the size of real ones by what stands before all that tells.
func leakPages(t *testing.T, kind string) map[string]string {
	t.Helper()
	folder := os.DirFS(filepath.Join("testdata", "pages", kind))
	files, err := fs.Glob(folder, "*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	found := map[string]string{}
	for _, name := range files {
		raw, err := fs.ReadFile(folder, name)
		require.NoError(t, err)
		found[name] = strings.Replace(string(raw), "{{filler}}", strings.Repeat("pre { margin: 0; }\n", 4000), 1)
	}
	return found
}

// A debugger's page is a leak, though it is long and tags stand between its words.
func TestADebuggersPageIsALeak(t *testing.T) {
	t.Parallel()
	for name, page := range leakPages(t, "debugger") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				endpoint := &target.Target{Dialer: memnet.InMemory.Dial, Secret: endpointtest.Secret}
				endpoint.URL = memnet.OpenDoor(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(500)
					_, _ = io.WriteString(w, page)
				})).URL()
				d := endpoint.Deliver(t.Context(), event.Raw("{}"), "genuine")
				require.NotEmpty(t, d.Inside)
				require.LessOrEqual(t, len(d.Answer), target.MostKept, "a run keeps thousands")
				seen := noLeak(Observation{Deliveries: []target.Delivery{d}})
				require.Equal(t, result.Fail, seen.Verdict)
				require.NotContains(t, seen.Why, "x7Ja0LhTqTz3pQ9mW2vB", "the debugger's own secret is not told")
			})
		})
	}
}

func TestAPlainPageIsNoLeak(t *testing.T) {
	t.Parallel()
	for name, page := range leakPages(t, "plain") {
		require.Empty(t, target.Leak(page, []string{endpointtest.Secret}), name)
	}
}

// Of an answer that was not looked at to its end nobody knows what it shows.
func TestAnEndlessAnswerIsNotPassed(t *testing.T) {
	t.Parallel()
	seen := noLeak(Observation{Deliveries: []target.Delivery{{Label: "paid", Sign: "genuine", Status: 200, Unread: true}}})
	require.Equal(t, result.Info, seen.Verdict)
	require.Contains(t, seen.Why, "longer than 1024 KiB")
}
