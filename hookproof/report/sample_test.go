package report_test

import (
	"fmt"
	"strings"
	"time"

	"example.com/hookproof/hookproof/result"
)

const paid = "checkout.session.completed"

// request is what a sample's deliveries have sent.
func request(sign string) result.Request {
	return result.Request{Name: "1-paid", URL: "http://127.0.0.1:3000/webhooks/stripe", Type: paid, Sign: sign, Header: "t=1795681643,v1=5257a869",
		Body: "{\n  \"id\": \"evt_1\",\n  \"type\": \"checkout.session.completed\"\n}" + strings.Repeat(" ", 5000),
		Curl: "(\nbody='{\n  \"id\": \"evt_1\",\n  \"type\": \"checkout.session.completed\"\n}'\ncurl …\n)"}
}

// sample is a run with one failure of each kind that is drawn differently: overlapping copies, a forgery
// that was taken, a connection cut between two messages, a redirect, and a burst that is folded.
func sample() result.Report {
	return result.Report{
		Version: 1, Target: "http://127.0.0.1:3000/webhooks/stripe", Command: "hookproof check --target hookproof.json",
		Profile: "strict", Seed: 20261125, Began: time.Date(2026, 11, 25, 8, 27, 23, 0, time.UTC),
		Took: 38412.7, Lag: 3.4, Overlap: 12, Deliveries: 1284, HookCalls: 187,
		Sent: []string{"charge.refunded", "checkout.session.completed", "topup.created"},
		Phases: []result.Spent{
			{Phase: "calibrate", Took: 1204.2}, {Phase: "direct", Took: 3310}, {Phase: "shared", Took: 9871.5},
			{Phase: "crowded", Took: 4020.1}, {Phase: "exclusive", Took: 18120.4}, {Phase: "last reading", Took: 1886.5},
		},
		Findings: []result.Finding{
			passed("authenticity/genuine", "A delivery with a good signature is acknowledged.", 12.1, 2),
			forgery(),
			passed("authenticity/tampered-body", "A body that was changed after it was signed is refused.", 31, 2),
			{Check: "authenticity/future", Demand: "A timestamp far in the future is refused.", Source: "our policy", Verdict: result.Info,
				Why: "a delivery signed six minutes ahead was acknowledged; Stripe's own libraries do so, too", Relations: 1, Took: 14},
			redirected(),
			passed("ack-policy/unhandled-type", "An event of a type that is not handled is acknowledged.", 9.7, 1),
			overlapping(),
			burst(),
			passed("idempotence/redelivered", "An event that comes again changes nothing.", 240.8, 6),
			passed("order/life", "A life's events end in the same state, in whatever order they come.", 2204, 24),
			{Check: "order/before-its-object", Demand: "An event that overtakes its object's row is not lost.", Verdict: result.NotRun,
				Why: "the target file has no subject that uses {{new.id}}, so no event can precede its object", Missing: []string{"announce"}, Took: 0},
			{Check: "meaning/dispute-lost", Demand: "A lost dispute shows.", Verdict: result.NotRun, Reason: result.NoEvidence,
				Why: "charge.dispute.closed changed nothing of the state, and unhandled does not list it", Relations: 0, Took: 310},
			cut(),
			{Check: "faults/database-frozen", Demand: "A frozen database costs a refusal, not an event.", Verdict: result.NotRun,
				Why: "the target file has no database", Missing: []string{"database", "restart"}},
			passed("bookkeeping/counters", "Every delivery is counted once.", 80, 3),
		},
	}
}

func passed(check, demand string, took result.Millis, relations int) result.Finding {
	return result.Finding{Check: check, Demand: demand, Verdict: result.Pass, Took: took, Relations: relations}
}

func sent(at result.Millis, id, sign string, status int, latency result.Millis) result.Sent {
	return result.Sent{At: at, Event: "paid", Type: paid, ID: id, Sign: sign, Status: status, Latency: latency, Request: 1}
}

func forgery() result.Finding {
	return result.Finding{
		Check: "authenticity/forged-then-genuine", Demand: "A forgery is refused, and the genuine event still counts.",
		Source: "https://docs.stripe.com/webhooks#verify-events", Verdict: result.Fail,
		Why:      "a delivery signed with the empty secret was answered 200, and the order was paid by it",
		Relation: "S(paid.empty-secret) = S()", Schedule: "paid.empty-secret",
		Expected: result.State{"/status": "pending", "/tickets": []any{}},
		Actual:   result.State{"/status": "paid", "/paidAt": "2026-11-25T08:27:25Z", "/tickets/0": map[string]any{"seat": "A<1>", "price": 4500}},
		Timeline: []result.Sent{sent(0, "evt_9b41c07a22e8d3f15a604c7e", "empty-secret", 200, 6.2)},
		Requests: []result.Request{request("empty-secret")},
		Reports:  []string{"Layr-Labs/d-inference#710", "woocommerce/woocommerce-gateway-stripe#330"},
		Fix:      "Refuse to start without a signing secret, and verify every delivery before anything else is done with it.",
		Importance: "Whoever knows the URL can mark any order as paid: an empty HMAC key is a key, and everybody has it. " +
			"Nothing in the logs tells such a delivery from Stripe's own.",
		Relations: 1, Took: 48.8,
	}
}

func redirected() result.Finding {
	answered := sent(0, "evt_51d0c3be9f7a4e2286b1d90c", "genuine", 307, 1.1)
	answered.Error = "Location: /webhooks/stripe/"
	return result.Finding{
		Check: "ack-policy/no-redirect", Demand: "A delivery is answered where it is sent.", Source: "https://docs.stripe.com/webhooks",
		Verdict: result.Fail, Why: "a signed delivery was redirected; Stripe takes that for a failure and does not follow",
		Timeline: []result.Sent{answered}, Reports: []string{"eventyay#4296"},
		Fix:        "Register the URL that answers itself, with its last slash and its https.",
		Importance: "No event ever arrives, and Stripe disables the endpoint after some days.", Relations: 1, Took: 3,
	}
}

func overlapping() result.Finding {
	const id = "evt_1f7e6a90b2c34d58e1a7c9d2"
	return result.Finding{
		Check: "idempotence/overlapping", Demand: "Copies of one event that overlap are applied once.", Source: "https://docs.stripe.com/webhooks#handle-duplicate-events",
		Verdict: result.Fail, Why: "two tickets were issued for one payment", Relation: "S(paid*3 at once) = S(paid)", Schedule: "paid*2 at once",
		Expected: result.State{"/tickets/length": 1, "/mails": 1}, Actual: result.State{"/tickets/length": 2, "/mails": 2},
		Requests: []result.Request{request("genuine")},
		Timeline: []result.Sent{sent(0, id, "genuine", 200, 41.8), sent(0.4, id, "genuine", 200, 43.1), sent(1250, id, "genuine", 200, 2.2)},
		Reports:  []string{"pay-rails/pay#371", "wasp-lang/open-saas#688"},
		Fix:      "Let the database decide: insert the event's id under a unique constraint in the transaction that applies it, and take a conflict for a duplicate.",
		Importance: "Stripe delivers an event more than once, and copies can arrive at the same moment. A look whether the id is known, " +
			"followed by an insert, lets both through: the customer gets two tickets, two mails or two credits.",
		Relations: 4, Took: 1310,
	}
}

func burst() result.Finding {
	f := result.Finding{
		Check: "idempotence/fifty-at-once", Demand: "Fifty copies in flight at once are all acknowledged in the end.", Verdict: result.Fail,
		Why: "one of fifty copies was answered 500 in calm, again and again", Schedule: "paid*50 at once",
		Fix: "Take a deadlock (40P01) for what it is, and try the transaction again.", Importance: "Each refusal is a retry of Stripe's, hours later.",
		Reports: []string{"medusajs/medusa#2948"}, Relations: 1, Took: 604,
	}
	for i := range 50 {
		one := sent(result.Millis(i)/10, "evt_77aa10ce5b94f3d2867e0b1c", "genuine", 200, 70+result.Millis(i))
		if i == 31 {
			one.Status = 500
		}
		f.Timeline = append(f.Timeline, one)
	}
	return f
}

func cut() result.Finding {
	const id = "evt_c2d94be07f1a6358d09e4b71"
	lost := sent(0, id, "genuine", 0, 10000)
	lost.Event, lost.Type = "async-paid", "checkout.session.async_payment_succeeded"
	lost.Fault, lost.Error = "cut before message 3 of 7, the database away until the answer", "the deadline of 10 s"
	return result.Finding{
		Check: "faults/cut-at-every-message", Demand: "Wherever the connection to the database is cut, an event redelivered until it is acknowledged is applied once.",
		Source: "our policy", Verdict: result.Fail, Why: "the event was acknowledged as a duplicate, but never applied",
		Relation: "S(paid, cut) = S(paid)", Schedule: "paid",
		Expected: result.State{"/status": "paid", "/paidAt": "2026-11-25T08:27:41Z"}, Actual: result.State{"/status": "pending", "/paidAt": nil},
		Timeline: []result.Sent{
			lost,
			{At: 10050, Fault: "the database is back"},
			sent(12060, id, "genuine", 500, 88.4),
			sent(12260, id, "genuine", 200, 3.9),
		},
		Reports:    []string{"dj-stripe/dj-stripe#832", "frappe/press#1175"},
		Fix:        "Record the event and apply it in one transaction, and answer after its commit.",
		Importance: "The marker of a seen event was committed before its effects. A crash between the two loses the event for good: every retry is taken for a duplicate.",
		Relations:  14, Took: 11800,
	}
}

// twoLives is a run of two lives: of each the same check has failed, and explains another.
func twoLives() result.Report {
	r := result.Report{
		Version: 1, Target: "http://127.0.0.1:3000/webhooks/stripe", Command: "hookproof check --target hookproof.json --life payment,mine",
		Profile: "strict", Seed: 7, Began: time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC), Took: 21000, Lag: 1.2, Overlap: 12, Deliveries: 200, HookCalls: 40,
		Sent: []string{"checkout.session.completed", "invoice.paid", "topup.created"},
	}
	for _, life := range []string{"payment", "mine"} {
		r.Phases = append(r.Phases, result.Spent{Life: life, Phase: "shared", Took: 8000})
		cause, explained := overlapping(), burst()
		explained.Because = cause.Check
		all := []result.Finding{cause, explained, passed("idempotence/redelivered", "An event that comes again changes nothing.", 240.8, 6),
			{Check: "faults/database-frozen", Demand: "A frozen database costs a refusal, not an event.", Verdict: result.NotRun, Why: "the target file has no database", Missing: []string{"database", "restart"}}}
		for _, f := range all {
			f.Life = life
			r.Findings = append(r.Findings, f)
		}
	}
	return r
}

// long is a run of 60 checks that all passed, but for what lacks a hook.
func long() result.Report {
	r := result.Report{
		Version: 1, Target: "http://127.0.0.1:3000/webhooks/stripe", Profile: "stripe", Seed: 1,
		Began: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC), Took: 21000, Lag: 1.2, Overlap: 1, Deliveries: 1, HookCalls: 1,
	}
	for i, name := range []string{"authenticity", "ack-policy", "idempotence", "order", "meaning", "faults"} {
		for n := range 10 {
			f := passed(fmt.Sprintf("%s/number-%d", name, n+1), "Something is as it should be.", result.Millis(n*10), n)
			if i == 5 && n > 5 {
				f.Verdict, f.Why, f.Missing = result.NotRun, "the target file has no stop and start", []string{"restart"}
			}
			r.Findings = append(r.Findings, f)
		}
	}
	return r
}

// hostile is a run against a target that answers with what could harm a reader.
func hostile() result.Report {
	const evil = "</script></style><script>alert(1)</script>\x1b[2J\x00 ]]> & \"'\u202e\uffff javascript:alert(1)"
	return result.Report{
		Version: 1, Target: evil, Command: evil, Profile: evil, Phases: []result.Spent{{Phase: evil, Took: 1}}, Took: 1,
		Findings: []result.Finding{{
			Check: "authenticity/" + "hostile", Demand: evil, Source: "javascript:alert(1)", Verdict: result.Fail, Why: evil, Relation: evil, Schedule: evil,
			Expected: result.State{evil: evil}, Actual: result.State{"/x": []any{evil}},
			Requests: []result.Request{{Name: "1-paid", URL: evil, Sign: evil, Type: evil, Header: evil, Body: evil, Curl: evil}},
			Timeline: []result.Sent{{Event: evil, Type: evil, ID: evil, Sign: evil, Error: evil, Fault: evil, Request: 1}, {Fault: evil}},
			Reports:  []string{evil, "a/b#1?x=<y>"}, Fix: evil, Importance: evil,
		}},
	}
}
