package run

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// shape is a delivered event as a handler sees it.
type shape struct {
	Type    string
	Account string
	Version string `json:"api_version"`
	Data    struct{ Object object }
}

type object map[string]any

// items are the items of a subscription.
func (o object) items() (all []object) {
	items, _ := o["items"].(map[string]any)
	data, _ := items["data"].([]any)
	for _, item := range data {
		all = append(all, item.(map[string]any))
	}
	return all
}

// refusing makes a stall refuse, once its signature is good, an event that a handler cannot cope with: with a status and words.
func refusing(fails func(e shape) bool, status int, words string) func(*stall) {
	return func(s *stall) {
		s.answer = func(_ int, w http.ResponseWriter, r *http.Request, body []byte) bool {
			var e shape
			if !endpointtest.Verifies(r.Header.Get("Stripe-Signature"), body) || endpointtest.Unmarshal(body, &e) != nil || !fails(e) {
				return false
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(words))
			return true
		}
	}
}

// byURL is a target of which the URL and the secret are known.
func byURL(t *testing.T, lie func(*stall)) *target.Target {
	t.Helper()
	all := openStall(t, lie).target()
	return &target.Target{URL: all.URL, Dialer: all.Dialer, Secret: all.Secret}
}

var shapeName = regexp.MustCompile(`\bshape-[a-z-]+\b`)

// named are the shapes that a finding names, sorted.
func named(f result.Finding) []string {
	return slices.Sorted(slices.Values(shapeName.FindAllString(f.Why, -1)))
}

// Each shape is refused by an endpoint that took something in it for granted, and the report names that shape and no other.
func TestShapesThatAnEndpointDoesNotExpect(t *testing.T) {
	t.Parallel()
	ofType := func(name string) func(e shape) bool { return func(e shape) bool { return e.Type == name } }
	isNull := func(kind, key string) func(e shape) bool {
		return func(e shape) bool { return e.Data.Object["object"] == kind && e.Data.Object[key] == nil }
	}
	anyItem := func(of func(item object) bool) func(e shape) bool {
		return func(e shape) bool { return slices.ContainsFunc(e.Data.Object.items(), of) }
	}
	covered := map[string]bool{}
	for name, row := range map[string]struct {
		fails  func(e shape) bool
		shapes []string
	}{
		"a session's currency":        {isNull("checkout.session", "currency"), []string{"shape-session-free", "shape-session-setup"}},
		"a session's amount":          {isNull("checkout.session", "amount_total"), []string{"shape-session-setup"}},
		"a session's payment intent":  {isNull("checkout.session", "payment_intent"), []string{"shape-session-free", "shape-session-setup", "shape-session-subscription"}},
		"a session that is a payment": {func(e shape) bool { return e.Data.Object["mode"] == "subscription" }, []string{"shape-session-subscription"}},
		"the metadata of any object":  {func(e shape) bool { return e.Data.Object != nil && e.Data.Object["metadata"] == nil }, []string{"shape-balance", "shape-customer-deleted-brief", "shape-discount", "shape-null-metadata"}},
		"the id of any object":        {func(e shape) bool { return e.Data.Object != nil && e.Data.Object["id"] == nil }, []string{"shape-balance"}},
		"an invoice's subscription":   {isNull("invoice", "subscription"), []string{"shape-invoice-by-hand"}},
		"an invoice's subscriber":     {ofType("invoice.payment_succeeded"), []string{"shape-invoice-renewal"}},
		"an invoice that fails":       {ofType("invoice.payment_failed"), []string{"shape-invoice-failed"}},
		"a subscription's owner":      {ofType("customer.subscription.created"), []string{"shape-subscription"}},
		"a subscription's metadata": {func(e shape) bool {
			m, _ := e.Data.Object["metadata"].(map[string]any)
			return e.Data.Object["object"] == "subscription" && len(m) == 0
		}, []string{"shape-subscription-bare"}},
		"a subscription's period":  {isNull("subscription", "current_period_end"), []string{"shape-subscription-basil"}},
		"one price":                {func(e shape) bool { return len(e.Data.Object.items()) > 1 }, []string{"shape-subscription-prices"}},
		"a price with an amount":   {anyItem(func(item object) bool { return item["price"].(map[string]any)["unit_amount"] == nil }), []string{"shape-subscription-prices", "shape-subscription-unknown-price"}},
		"a customer that is there": {ofType("customer.deleted"), []string{"shape-customer-deleted", "shape-customer-deleted-brief"}},
		"a customer's address":     {isNull("customer", "email"), []string{"shape-customer-deleted-brief"}},
		"a customer that is ours":  {ofType("customer.updated"), []string{"shape-customer-updated"}},
		"customer.* is about customers": {func(e shape) bool {
			return strings.HasPrefix(e.Type, "customer.d") && e.Data.Object["object"] != "customer"
		}, []string{"shape-discount"}},
		"an account that is ours": {func(e shape) bool { return e.Account != "" }, []string{"shape-account-updated"}},
		"a charge that is ours":   {ofType("charge.succeeded"), []string{"shape-charge-succeeded"}},
		"a charge that succeeds":  {ofType("charge.failed"), []string{"shape-charge-failed"}},
		"an intent that succeeds": {ofType("payment_intent.payment_failed"), []string{"shape-intent-failed"}},
		"an intent's metadata": {func(e shape) bool {
			m, _ := e.Data.Object["metadata"].(map[string]any)
			return e.Type == "payment_intent.succeeded" && len(m) == 0
		}, []string{"shape-intent"}},
	} {
		for _, word := range row.shapes {
			covered[word] = true
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				r, err := Judge(t.Context(), byURL(t, refusing(row.fails, http.StatusInternalServerError, "try again later")), Options{Only: []string{otherShapes}, Seed: 1})
				require.NoError(t, err)
				f := findingOf(t, r, otherShapes)
				require.Equal(t, result.Fail, f.Verdict, f.Why)
				require.Equal(t, row.shapes, named(f), f.Why)
				require.Contains(t, f.Why, "answered 500")
				require.Len(t, f.Timeline, len(row.shapes), "each is shown")
				require.Equal(t, len(life.Shapes())+3, f.Relations, "one that fails keeps no other from being asked")
			})
		})
	}
	for word, one := range life.Shapes() {
		require.True(t, covered[word] || one.Answer == "info", "no endpoint is seen to fail at %s", word)
	}
}

// An endpoint that takes all shapes passes. What Stripe's own libraries refuse is told, and is no fault; neither is what only our policy
// demands, by the profile that asks for no more than Stripe does.
func TestShapesThatAreTaken(t *testing.T) {
	t.Parallel()
	deleted := refusing(func(e shape) bool { return e.Type == "customer.deleted" }, http.StatusNotFound, "")
	const of = "shape-customer-deleted and shape-customer-deleted-brief were answered 404, instead of a 2xx"
	for name, row := range map[string]struct {
		lie     func(*stall)
		profile string
		verdict result.Verdict
		why     string
	}{
		"all of them":         {nil, "strict", result.Pass, ""},
		"by our policy":       {deleted, "strict", result.Fail, of},
		"as Stripe's demands": {deleted, "stripe", result.Info, of},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				for _, version := range []string{"", "2025-03-31.basil", life.Newest} {
					target := byURL(t, row.lie)
					target.APIVersion = version
					r, err := Judge(t.Context(), target, Options{Only: []string{otherShapes}, Profile: row.profile, Seed: 1})
					require.NoError(t, err)
					f := findingOf(t, r, otherShapes)
					require.Equal(t, row.verdict, f.Verdict, f.Why)
					require.Equal(t, row.why, f.Why)
					require.Equal(t, []string{"shape-thin-event and spaced-header:paid were answered 400; Stripe's own libraries refuse that as well"}, f.Infos)
				}
			})
		})
	}
}

// With every hook the shapes change nothing, and all checks pass or tell as before.
func TestShapesChangeNothing(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		r, err := Judge(t.Context(), openStall(t, nil).target(), Options{Only: []string{otherShapes, "idempotence/redelivered"}, Seed: 1})
		require.NoError(t, err)
		require.Equal(t, result.Pass, findingOf(t, r, otherShapes).Verdict)
		require.Equal(t, result.Pass, findingOf(t, r, "idempotence/redelivered").Verdict)
	})
}

// A type that the target file lists under unhandled is not asked about.
func TestShapesThatAreIgnoredOnPurpose(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		target := byURL(t, refusing(func(e shape) bool { return e.Type == "customer.deleted" }, http.StatusNotFound, ""))
		target.Unhandled = []string{"customer.deleted"}
		r, err := Judge(t.Context(), target, Options{Only: []string{otherShapes}, Seed: 1})
		require.NoError(t, err)
		f := findingOf(t, r, otherShapes)
		require.Equal(t, result.Pass, f.Verdict, f.Why)
		require.Equal(t, []string{"shape-customer-deleted-brief=ack carrier=ack: unhandled lists customer.deleted", "shape-customer-deleted=ack carrier=ack: unhandled lists customer.deleted"}, slices.Sorted(slices.Values(f.NotRun)))
	})
}

// Who refuses shapes for what another check asks about has that fault, and who has one beside it has both.
func TestShapesThatAnotherFaultExplains(t *testing.T) {
	t.Parallel()
	known := func(e shape) bool {
		return strings.HasPrefix(e.Type, "checkout.session.") || strings.HasPrefix(e.Type, "charge.")
	}
	foreign := func(e shape) bool {
		metadata, _ := e.Data.Object["metadata"].(map[string]any)
		return e.Type == "checkout.session.completed" && metadata["order"] == nil
	}
	for name, row := range map[string]struct {
		fails   func(e shape) bool
		status  int
		words   string
		because string
	}{
		"types":                      {func(e shape) bool { return !known(e) }, 400, "no", "ack-policy/unhandled-type"},
		"types, as if it had failed": {func(e shape) bool { return !known(e) }, 500, "try again later", "ack-policy/unhandled-type"},
		"strangers":                  {foreign, 404, "no such order", "ack-policy/foreign-object"},
		"versions":                   {func(e shape) bool { return e.Version != life.APIVersionOf("") && e.Version != "" }, 400, "no", "authenticity/api-versions"},
		"types, and a currency":      {func(e shape) bool { return !known(e) || e.Data.Object["currency"] == nil }, 400, "no", ""},
		"versions, and a currency": {func(e shape) bool {
			return e.Version != life.APIVersionOf("") && e.Version != "" || e.Type == "charge.failed"
		}, 400, "no", ""},
		"one type": {func(e shape) bool { return e.Type == "customer.deleted" }, 404, "no such customer", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				all := openStall(t, refusing(row.fails, row.status, row.words)).target()
				target := &target.Target{URL: all.URL, Dialer: all.Dialer, Secret: all.Secret}
				r, err := Judge(t.Context(), target, Options{Only: []string{otherShapes, "ack-policy/unhandled-type", "ack-policy/foreign-object", "ack-policy/missing-metadata", "authenticity/api-versions"}, Seed: 1})
				require.NoError(t, err)
				f := findingOf(t, r, otherShapes)
				require.Equal(t, result.Fail, f.Verdict, f.Why)
				require.Equal(t, row.because, f.Because, f.Why)
			})
		})
	}
}

// A process that ends when it has acknowledged a shape ended by that shape, though the next delivery meets its end.
func TestAShapeThatEndsTheProcess(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		var dying atomic.Bool
		s := openStall(t, func(s *stall) {
			s.answer = func(_ int, _ http.ResponseWriter, _ *http.Request, body []byte) bool {
				if dying.Swap(strings.Contains(string(body), "balance.available")) {
					s.Close()
					panic(http.ErrAbortHandler)
				}
				return false
			}
		})
		tested := s.target()
		tested.Subject, tested.State, tested.Announce, tested.Counters = nil, nil, nil, nil
		r, err := Judge(t.Context(), tested, Options{Only: []string{otherShapes}, Seed: 1})
		require.NoError(t, err)
		f := findingOf(t, r, otherShapes)
		require.Equal(t, result.Fail, f.Verdict, f.Why)
		require.Equal(t, []string{"shape-balance"}, named(f), f.Why)
		require.Contains(t, f.Why, "the target's process ended")
	})
}

// The shapes' schedules are words of every life.
func TestShapesAreWordsOfEveryLife(t *testing.T) {
	t.Parallel()
	for _, word := range slices.Sorted(maps.Keys(life.Shapes())) {
		require.Contains(t, life.Payment.Vocabulary, word)
	}
}
