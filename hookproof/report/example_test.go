package report_test

import (
	"os"

	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
)

func ExampleText() {
	run := result.Report{
		Target: "http://127.0.0.1:3000/webhooks/stripe", Command: "hookproof check --target hookproof.json",
		Profile: "strict", Seed: 7, Took: 812, Lag: 2, Deliveries: 3, HookCalls: 2,
		Phases: []result.Spent{{Phase: "shared", Took: 790}},
		Findings: []result.Finding{{
			Check: "idempotence/redelivered", Demand: "An event that comes again changes nothing.", Verdict: result.Fail,
			Why: "two mails were sent", Expected: result.State{"/mails": 1}, Actual: result.State{"/mails": 2},
			Timeline: []result.Sent{
				{Event: "checkout.session.completed", ID: "evt_1", Sign: "genuine", Status: 200, Latency: 4},
				{At: 5, Event: "checkout.session.completed", ID: "evt_1", Sign: "genuine", Status: 200, Latency: 3},
			},
		}},
	}
	_ = report.Text(os.Stdout, run, report.StyleOf(os.Stdout, true))
	// Output:
	// FAILED: 1 check failed of 1
	// 1 failed, 0 passed, 0 info, 0 not run
	// http://127.0.0.1:3000/webhooks/stripe, profile strict, seed 7, 812 ms
	// Only the event types of docs/events.md were sent ('hookproof list events'
	//   prints them); what the endpoint does with any other type was not judged.
	//
	// 1. idempotence/redelivered
	//    Demanded:        An event that comes again changes nothing.
	//    But:             two mails were sent
	//    Sent:
	//         0.0 ms  checkout.session.completed  evt_1  genuine  → 200, 4.0 ms
	//         5.0 ms  checkout.session.completed  evt_1  genuine  → 200, 3.0 ms
	//    State:
	//      /mails: expected 1, seen 2
	//    Run only this again:
	//      hookproof check --target hookproof.json --only idempotence/redelivered --seed 7
	//
	// Where the time went
	//     effects         790 ms  ▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪
	//     3 deliveries, 2 hook calls, no copies overlapped, effects 2.0 ms behind
	//     their ACK
}
