package hookproof_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"

	shop "example.com/hookproof/examples/gotest"
	"example.com/hookproof/hookproof"
)

// A target file says where an endpoint is, and how to make an unpaid object and look at it. {{env.NAME}} comes from the environment.
func ExampleLoadTarget() {
	directory, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory)
	file := filepath.Join(directory, "hookproof.json")
	if err := os.WriteFile(file, []byte(`{
		"url": "http://127.0.0.1:{{env.PORT}}/webhooks/stripe",
		"secret": "whsec_test",
		"subject": {
			"http": {"url": "http://127.0.0.1:{{env.PORT}}/orders", "method": "POST"},
			"pick": {"clientReferenceId": "/id", "amount": "/amount", "currency": {"value": "usd"}}
		},
		"state": {"http": {"url": "http://127.0.0.1:{{env.PORT}}/orders/{{clientReferenceId}}"}}
	}`), 0o600); err != nil {
		panic(err)
	}
	environment := map[string]string{"PORT": "3000"}
	target, err := hookproof.LoadTarget(file, func(name string) string { return environment[name] }) // nil is os.Getenv
	if err != nil {
		panic(err)
	}
	fmt.Println(target.URL)
	fmt.Println(target.Subject != nil, target.State != nil, target.Stop != nil)

	_, err = hookproof.LoadTarget(file, func(string) string { return "" })
	fmt.Println(filepath.Base(err.Error()))
	// Output:
	// http://127.0.0.1:3000/webhooks/stripe
	// true true false
	// hookproof.json:2: the environment variable PORT is not set
}

// Judge runs the checks and answers a report. In a test, hookprooftest.Run does the same with a subtest for each check.
func ExampleCheck() {
	endpoint := &shop.Shop{Secret: "whsec_test"}
	server := httptest.NewServer(endpoint)
	defer server.Close()

	target := &hookproof.Target{
		URL:    server.URL,
		Secret: "whsec_test",
		Subject: func(context.Context) (hookproof.Subject, error) {
			order := endpoint.Buy(4900)
			return hookproof.Subject{"clientReferenceId": order.ID, "amount": order.Amount, "currency": "usd"}, nil
		},
		State: func(_ context.Context, subject hookproof.Subject) (any, error) {
			return endpoint.Order(subject["clientReferenceId"].(string)), nil
		},
	}
	report, err := hookproof.Check(context.Background(), target, hookproof.Options{
		Only: []string{"authenticity/genuine", "authenticity/future", "idempotence/two-ids", "idempotence/restart"},
	})
	if err != nil { // the target could not be judged; the report has what was found before
		panic(err)
	}
	for _, finding := range report.Findings {
		fmt.Println(finding.Check, finding.Verdict)
	}
	// Output:
	// authenticity/genuine pass
	// authenticity/future fail
	// idempotence/two-ids pass
	// idempotence/restart not-run
}
