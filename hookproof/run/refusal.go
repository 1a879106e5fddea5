package run

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"example.com/hookproof/hookproof/target"
)

// refusal is how a target refuses everything that is genuine.
type refusal struct {
	target.Delivery
	forged  *target.Delivery // the answer to a forgery, if it differs each time from the answer to a genuine event; else nil
	types   []string         // Stripe's types that were sent
	version string           // the API version of the target file; "" if none
}

// noSuchEvent is the answer of Stripe's API to a request for an event that it has not made.
var noSuchEvent = regexp.MustCompile(`(?i)no such event`)

// whyRefused returns why everything was refused, as far as that is known. The target's own answer comes first. If the target
// answers a forgery differently, it has verified the signature, and refuses the events themselves. Else the reasons are guesses.
func whyRefused(r refusal) string {
	told := fmt.Sprintf("every genuine delivery was refused (%d)", r.Status)
	answer, types := quoteAnswer(r.Delivery), strings.Join(r.types, " and ")
	const events = "docs/events.md, or 'hookproof list events', has all types that are sent"
	switch {
	case noSuchEvent.MatchString(answer):
		return told + answer + ": it asks Stripe for each event by its id, and Stripe knows none of hookproof's; " +
			"let it verify the signature of the delivery instead, or " + setAPI
	case r.forged != nil:
		return told + answer + fmt.Sprintf(". A forgery is answered differently (%d%s), so the secret is right, and the events themselves are refused. Sent were %s; %s. ", r.forged.Status, quoteAnswer(*r.forged), types, events) +
			"If the endpoint waits for other types, hookproof cannot judge it until it answers 200 to a type that it does not handle, as Stripe's example does; else look into its log"
	}
	guess := "the secret is not the one that the target verifies with, or something like express.json() has parsed the body before the verification, " +
		"or the target refuses these types: sent were " + types + "; " + events
	if r.version != "" {
		guess += "; or it refuses events of API version " + r.version + ", which was given"
	}
	if answer != "" {
		return told + answer + "; if that does not explain it, " + guess
	}
	return told + ": " + guess
}

// answerToForgery returns the target's answer to a forgery, if it differs each time from the answer to a genuine event of the same
// type; else nil.
func (x *executor) answerToForgery(ctx context.Context) (*target.Delivery, error) {
	var answers [4]target.Delivery
	for n, sign := range []string{"genuine", "wrong-secret", "genuine", "wrong-secret"} {
		e, err := eventOf(x.life.Vocabulary["unhandled"], x.life.Stranger(nil, true), x.target, time.Now(), false)
		if err != nil {
			return nil, err
		}
		answers[n] = x.sender.Send(ctx, target.Outgoing{Event: e, Label: "unhandled", Sign: sign})
	}
	if differ(answers[0], answers[2]) || differ(answers[1], answers[3]) || !differ(answers[0], answers[1]) {
		return nil, ctx.Err()
	}
	return &answers[1], ctx.Err()
}

// varying matches what differs between the answers to any two deliveries: ids, times and numbers.
var varying = regexp.MustCompile(`[0-9a-fA-F-]{6,}|\d+`)

// differ reports whether two deliveries had different answers.
func differ(a, b target.Delivery) bool {
	plain := func(d target.Delivery) string { return varying.ReplaceAllString(d.Answer, "…") }
	return cmp.Or(a.Status-b.Status, strings.Compare(plain(a), plain(b))) != 0
}
