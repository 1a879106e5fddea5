package life

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
)

// The other plan is of another product, unless the target names one product and no other: then it has two prices.
func TestTheOtherPlanIsOfAnotherProduct(t *testing.T) {
	t.Parallel()
	l, s := subscriptionLife(t)
	for _, row := range []struct {
		given event.Subject
		want  [2]string // of the first and of the other plan
	}{
		{nil, [2]string{"prod_PqSaunaClub0a", "prod_PqSaunaTeam0a"}},
		{event.Subject{"product": "prod_shop"}, [2]string{"prod_shop", "prod_shop"}},
		{event.Subject{"product": "prod_shop", "otherProduct": "prod_team"}, [2]string{"prod_shop", "prod_team"}},
	} {
		of := event.Subject{}
		for name, value := range s {
			of[name] = value
		}
		delete(of, "product")
		for name, value := range row.given {
			of[name] = value
		}
		first, other := row.want[0], row.want[1]
		for _, version := range l.versions {
			products := map[string]any{}
			for _, e := range tell(t, l, of, version, "bought upgraded downgraded", time.Unix(1_800_000_123, 0)) {
				places := leaves(e.event["data"], "")
				for _, place := range []string{"/object/items/data/0/price/product", "/object/lines/data/0/pricing/price_details/product", "/object/lines/data/0/price/product"} {
					if product, there := places[place]; there {
						products[e.word] = product
					}
				}
			}
			require.Equal(t, map[string]any{
				"sub-incomplete": first, "sub-paid": first, "sub-paid-2": first, "sub-active": first,
				"upgraded-updated": other, "upgraded-paid": first, "upgraded-paid-2": first, // the proration of the old plan comes first
				"downgraded-updated": first, "downgraded-paid": other, "downgraded-paid-2": other,
			}, products, version)
		}
	}
}
