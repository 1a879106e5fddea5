package target

import (
	"context"
	"encoding/json"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/stripeapi"
)

// API is the address at which a target asks Stripe's API, HOST:PORT on the loopback interface.
type API struct{ Listen string }

// openAPI opens Stripe's API at the target's address, in the shapes of the target's version.
func (t *Target) openAPI() (closing func(context.Context) error, err error) {
	api := stripeapi.New(life.APIVersionOf(t.APIVersion))
	if err := api.Listen(t.API.Listen); err != nil {
		return nil, t.at(err, "api", "listen")
	}
	t.Stripe = api
	return func(context.Context) error { return api.Close() }, nil
}

// letKnow lets Stripe's API know of a genuine event before it is sent, and records how much was asked until then. What is forged, or of the
// other livemode, is nothing that the API would tell.
func (t *Target) letKnow(e event.Event, d *Delivery) {
	if t.Stripe == nil {
		return
	}
	if d.Genuine && t.isOfMode(e.Body) {
		_ = t.Stripe.DeliveredAlone(e.ID, e.Body) // an error is that it is no event
	}
	d.Asked = t.Stripe.Asked()
}

// isOfMode reports whether a body is of the target's own livemode.
func (t *Target) isOfMode(body []byte) bool {
	var read struct{ Livemode *bool }
	return json.Unmarshal(body, &read) == nil && read.Livemode != nil && *read.Livemode == t.Livemode
}
