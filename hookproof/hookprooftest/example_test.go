package hookprooftest_test

import (
	"context"
	"flag"
	"fmt"
	"net/http/httptest"
	"testing"

	shop "example.com/hookproof/examples/gotest"
	"example.com/hookproof/hookproof"
	"example.com/hookproof/hookproof/hookprooftest"
)

// The target is a handler, as it is, and its hooks are Go functions.
func ExampleRun() {
	testWebhook := func(t *testing.T) { // func TestWebhook(t *testing.T) in a test of yours
		endpoint := &shop.Shop{Secret: "whsec_test"}
		server := httptest.NewServer(endpoint)
		t.Cleanup(server.Close)

		report := hookprooftest.Run(t, &hookproof.Target{
			URL:    server.URL,
			Secret: "whsec_test",
			Subject: func(context.Context) (hookproof.Subject, error) {
				order := endpoint.Buy(4900)
				return hookproof.Subject{"clientReferenceId": order.ID, "amount": order.Amount, "currency": "usd"}, nil
			},
			State: func(_ context.Context, subject hookproof.Subject) (any, error) {
				return endpoint.Order(subject["clientReferenceId"].(string)), nil
			},
		}, hookproof.Options{Only: []string{"authenticity", "idempotence/redelivered"}, Profile: "stripe"})
		fmt.Println(report.Count(hookproof.Pass) > 0, report.Count(hookproof.Fail))
	}
	fmt.Println("passed:", run(testWebhook))
	// Output:
	// true 0
	// passed: true
}

// run does what go test does with a test, and says nothing of it with -v either, since an example's output is compared.
func run(test func(*testing.T)) (passed bool) {
	verbose := flag.Lookup("test.v").Value
	before := verbose.String()
	_ = flag.Set("test.v", "false")
	defer func() { _ = flag.Set("test.v", before) }()
	all := func(string, string) (bool, error) { return true, nil }
	return testing.RunTests(all, []testing.InternalTest{{Name: "TestWebhook", F: test}})
}
