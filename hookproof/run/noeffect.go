package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

// noEffect returns what to do if the target acknowledged a payment and its state shows no change. The events that were sent come
// first, since the endpoint may wait for others. Doubts about the hooks come last. <grant> stands for the life's noun.
func noEffect(sent []target.Delivery) string {
	return "effects cannot be judged: the target acknowledged the <grant> of a fresh subject, and its state is the same as before. " +
		"Sent were " + strings.Join(typesOf(effective(sent)), " and ") + ". " +
		"If the endpoint waits for other types, the target file must name the life that has them: docs/lives.md, or 'hookproof list lives'. " +
		"If it handles one of these: does the state hook show what a <grant> changes, and do the ids, metadata and amount of the subject hook name the right object? " +
		"If they do, the endpoint acknowledges a <grant> and does nothing with it; its log may say why."
}

// notShown returns why nothing can be proven if two states are equal that must differ for it. It names the type to list under
// unhandled.
func notShown(l *life.Life, left, right string) string {
	same := fmt.Sprintf("the state is the same after %s as after %s", left, orNothing(right))
	other := typesOnlyIn(l, right, left)
	list := slices.DeleteFunc(typesOnlyIn(l, left, right), func(name string) bool { return slices.Contains(other, name) })
	if len(list) == 0 { // the two events are of one type, so listing it does not help
		return same + ", so their difference is no evidence"
	}
	types := strings.Join(list, " and ")
	return fmt.Sprintf("%s, so it does not show %s; let the state hook show it, or list %s under unhandled if the endpoint ignores it on purpose", same, types, types) + whyNotFound(list)
}

// whyNotFound returns why a handler may find no object for some types; "" if such events name it as a payment does.
func whyNotFound(types []string) string {
	const why = ". If the endpoint does handle it, it may find no object: such an event has the payment_intent of the session, which must be stored when the session is paid, and has "
	for _, name := range types {
		switch {
		case strings.HasPrefix(name, "charge.dispute."):
			return why + "no metadata"
		case strings.HasPrefix(name, "charge."):
			return why + "metadata only where pick has charge.metadata.KEY"
		}
	}
	return ""
}

// mayIgnore names the type to list under unhandled, if a relation demands an effect of its last event and the state did not change
// with that event; else it returns "".
func (p *pipeline) mayIgnore(ctx context.Context, o Outcome) string {
	c, last := o.Case, len(o.Case.Delivered)-1
	if last < 1 || c.Delivered[last].Verb != "" {
		return ""
	}
	before := c.Delivered[:last].Plain().String()
	list := typesOnlyIn(p.life, c.Delivered.String(), before)
	if len(list) == 0 || slices.Contains(typesOnlyIn(p.life, c.Right, ""), list[0]) {
		return ""
	}
	if without, err := p.stateOf(ctx, before); err != nil || !o.History.State.equal(without) {
		return ""
	}
	return fmt.Sprintf("; it does not show %s; list that under unhandled if the endpoint is never sent it, or ignores it on purpose", list[0])
}

// typesOf returns the Stripe types of some deliveries, in their order.
func typesOf(deliveries []target.Delivery) []string {
	var types []string
	for _, d := range deliveries {
		if d.EventType != "" && !slices.Contains(types, d.EventType) {
			types = append(types, d.EventType)
		}
	}
	return types
}

// effective are the deliveries of events that may have an effect. A shape's answer alone is judged, so no verdict is about its type.
func effective(deliveries []target.Delivery) []target.Delivery {
	return slices.DeleteFunc(slices.Clone(deliveries), func(d target.Delivery) bool { return life.IsShape(d.Label) })
}

// typesOnlyIn returns the types of the events that are in one schedule and not in the other.
func typesOnlyIn(l *life.Life, left, right string) []string {
	s, err := check.ParseSchedule(l, left)
	if err != nil {
		return nil
	}
	without, err := check.ParseSchedule(l, right)
	if err != nil {
		return nil
	}
	var types []string
	for _, item := range s {
		if item.Verb != "" || item.Spec.Type == "" || slices.ContainsFunc(without, item.Tells) {
			continue
		}
		if name := item.Spec.Type; !slices.Contains(types, name) {
			types = append(types, name)
		}
	}
	return types
}
