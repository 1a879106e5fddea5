package run

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

var seller = target.Connect{Account: "acct_seller", Secret: "whsec_connect"}

// takesAccounts makes a stall take events of connected accounts, each signed with the secret of their endpoint.
func takesAccounts(knows func(account string) bool) func(*stall) {
	return func(s *stall) {
		s.answer = func(_ int, w http.ResponseWriter, r *http.Request, body []byte) bool {
			var e struct{ Account string }
			if endpointtest.Unmarshal(body, &e) != nil || e.Account == "" {
				return false
			}
			t, signatures := endpointtest.Parts(r.Header.Get("Stripe-Signature"))
			if !slices.Contains(signatures, event.Signature(seller.Secret, t, body)) {
				w.WriteHeader(400)
				return true
			}
			if knows(e.Account) {
				own := event.Signings["genuine"].Sign(event.Signer{Secret: endpointtest.Secret, Now: t, Body: body})
				s.mu.Lock()
				defer s.mu.Unlock()
				s.take(*own.Header, body)
			}
			return true
		}
	}
}

// Events of a connected account count, those of an account that nobody knows do not, and which secret is taken is told.
func TestEventsOfConnectedAccounts(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		knows func(string) bool
		want  result.Verdict
	}{
		"right":    {func(account string) bool { return account == seller.Account }, result.Pass},
		"deaf":     {func(string) bool { return false }, result.Fail},
		"gullible": {func(string) bool { return true }, result.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				target := openStall(t, takesAccounts(row.knows)).target()
				target.Connect = seller
				r, err := Judge(t.Context(), target, Options{Only: []string{"meaning/account", "meaning/account-secret"}})
				require.NoError(t, err)
				require.Equal(t, row.want, findingOf(t, r, "meaning/account").Verdict, findingOf(t, r, "meaning/account").Why)
				require.Equal(t, result.Info, findingOf(t, r, "meaning/account-secret").Verdict)
			})
		})
	}
	memnet.Virtual(t, func(t *testing.T) {
		r, err := Judge(t.Context(), openStall(t, nil).target(), Options{Only: []string{"meaning/account"}})
		require.NoError(t, err)
		require.Equal(t, []string{"connect"}, findingOf(t, r, "meaning/account").Missing)
	})
}

// Stripe's API has the objects of a connected account for who asks of that account, and of no other.
func TestObjectsOfConnectedAccounts(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		of   string // the account that is asked
		want result.Verdict
	}{
		"the event's account":  {seller.Account, result.Pass},
		"the platform's own":   {"", result.Fail},
		"another one's object": {"acct_other", result.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				asked := openAsker(t, func(a *asker) {
					a.whose = func(account string) string {
						if account == seller.Account {
							return row.of
						}
						return ""
					}
				}).target(t)
				asked.Connect = target.Connect{Account: seller.Account, Secret: endpointtest.Secret}
				r, err := Judge(t.Context(), asked, Options{Only: []string{"meaning/account"}, Seed: 1})
				require.NoError(t, err)
				require.Equal(t, row.want, findingOf(t, r, "meaning/account").Verdict, findingOf(t, r, "meaning/account").Why)
			})
		})
	}
}
