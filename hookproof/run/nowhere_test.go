package run

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/target"
)

// A place of the target file that no state has is told: it would be silently nothing.
func TestAPlaceThatNoStateHasIsTold(t *testing.T) {
	t.Parallel()
	fresh := normalized{"/credits": "0", "/plan": "null"}
	paid := normalized{"/credits": "5", "/plan": `"pro"`, "/mails/0/at": `"now"`, "/mails/0/id": "1"}
	for _, row := range []struct {
		grants, notAccess, ignore masks
		want                      []string
	}{
		{masks{"/credits"}, masks{"/plan", "/mails/*"}, masks{"/mails/*/id", "/mails/0/at", "/refunds/*/id", "/mails"}, nil},
		{masks{"/creidts"}, nil, nil, []string{"grants names /creidts, which the state has neither before nor after the payment; the most similar place that it has is /credits"}},
		{nil, masks{"/tier"}, nil, []string{"notAccess names /tier, which the state has neither before nor after the payment"}},
		{nil, nil, masks{"/mials/*/id"}, []string{"ignore names /mials/*/id, which the state has neither before nor after the payment; the most similar place that it has is /mails/*/id"}},
	} {
		one := &target.Target{Grants: row.grants, NotAccess: row.notAccess, Ignore: row.ignore}
		require.Equal(t, row.want, unseenPlaces(one, fresh, paid))
	}
	memnet.Virtual(t, func(t *testing.T) {
		target := openStall(t, nil).target()
		target.NotAccess = []string{"/plan"}
		r, err := Judge(t.Context(), target, Options{Only: []string{"authenticity/genuine", "meaning/unpaid"}})
		require.NoError(t, err)
		require.Equal(t, []string{"notAccess names /plan, which the state has neither before nor after the payment"}, r.Notes)
	})
}
