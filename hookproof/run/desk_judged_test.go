package run

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/result"
)

// deskLives are those that a desk is a target of.
func deskLives(t *testing.T) map[string]*life.Life {
	return map[string]*life.Life{"payment": life.Payment, "intent": intentLife(t)}
}

func TestADeskIsNotAccused(t *testing.T) {
	t.Parallel()
	for name, adds := range map[string]func(o *deskOrder, state map[string]any){
		"as it is":  nil,
		"a log":     func(o *deskOrder, state map[string]any) { state["log"] = o.log },
		"a version": func(o *deskOrder, state map[string]any) { state["version"] = len(o.log) },
		"objects of Stripe's": func(o *deskOrder, state map[string]any) {
			for _, kind := range []string{"payment_intent", "charge", "invoice", "refund"} {
				state[kind] = append([]string{}, o.objects[kind]...)
			}
		},
		"the payer's address": func(o *deskOrder, state map[string]any) { state["payer"] = o.payer },
	} {
		for story, l := range deskLives(t) {
			t.Run(story+"/"+name, func(t *testing.T) {
				t.Parallel()
				memnet.Virtual(t, func(t *testing.T) {
					d := openDesk(t, nil)
					d.adds = adds
					r, err := Judge(t.Context(), d.target(l), Options{Only: []string{"idempotence", "order", "meaning", "ack-policy"}, Seed: 1})
					require.NoError(t, err)
					for _, f := range r.Findings {
						if f.Check == "meaning/refund-checked" && name == "objects of Stripe's" {
							continue // all of what an unlikely refund changes must be ignored
						}
						require.NotEqual(t, result.Fail, f.Verdict, "%s: %s", f.Check, f.Why)
					}
				})
			})
		}
	}
}
