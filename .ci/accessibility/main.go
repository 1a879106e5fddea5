// Command accessibility writes the pages that hookproof makes, of one run each, for accessibility.mjs to look at:
//
//	go run ./.ci/accessibility DIRECTORY
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/mutants"
	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/run"
	"example.com/hookproof/hookproof/target"
)

const secret = "whsec_shop"

// shop issues a licence each time a payment is delivered, if it forgets what it has issued before.
type shop struct {
	forgets bool

	mu       sync.Mutex
	licences []int
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = webhook.ValidatePayload(body, r.Header.Get("Stripe-Signature"), secret)
	}
	if err != nil {
		http.Error(w, "no event of Stripe's", http.StatusBadRequest)
		return
	}
	var e struct {
		Type string
		Data struct {
			Object struct {
				Reference string `json:"client_reference_id"`
			}
		}
	}
	if json.Unmarshal(body, &e) != nil || e.Type != "checkout.session.completed" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n, err := strconv.Atoi(strings.TrimPrefix(e.Data.Object.Reference, "order-")); err == nil && n < len(s.licences) && (s.forgets || s.licences[n] == 0) {
		s.licences[n]++
	}
}

func (s *shop) order(context.Context) (event.Subject, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.licences = append(s.licences, 0)
	return event.Subject{"clientReferenceId": fmt.Sprintf("order-%d", len(s.licences)-1), "amount": 4900, "currency": "usd"}, nil
}

func (s *shop) state(_ context.Context, subject event.Subject) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := strconv.Atoi(strings.TrimPrefix(subject["clientReferenceId"].(string), "order-"))
	return map[string]any{"licences": s.licences[n]}, err
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "accessibility: name the directory for the pages")
		os.Exit(2)
	}
	if err := write(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "accessibility:", err)
		os.Exit(1)
	}
}

// write writes a page of each kind.
func write(ctx context.Context, directory string) error {
	reports, err := judged(ctx)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile("docs/report.json")
	if err != nil {
		return err
	}
	var failed result.Report
	if err := json.Unmarshal(raw, &failed); err != nil {
		return err
	}
	reports["failed"] = failed
	for name, r := range reports {
		if err := writePage(filepath.Join(directory, name+".html"), func(w io.Writer) error { return report.HTML(w, r) }); err != nil {
			return err
		}
	}
	suite := mutants.Suite{Name: "server", Mutants: []mutants.Tested{
		{Mutant: mutants.Mutant{Name: "server/no-dedupe", Description: "Each delivery counts.", Report: "pay-rails/pay#371", Expect: "server/TestScenarios"}, Killer: "TestScenarios"},
		{Mutant: mutants.Mutant{Name: "server/later", Description: "It is done later.", Expect: "server/TestLater"}},
	}}
	matrix := mutants.Matrix{Seed: 1, Took: time.Minute, Suites: []mutants.Suite{suite}, Rows: []mutants.Row{
		{Name: "shop/no-dedupe", Kind: mutants.Faulty, Report: "pay-rails/pay#371", Description: "Each delivery counts.", Judged: failed, Took: time.Second,
			Expect: []mutants.Expectation{{Check: "idempotence/redelivered", Told: result.Fail}}, Diff: "--- a/shop.js\n+++ b/shop.js\n@@ -1 +1 @@\n-if (seen) return;\n+// each counts\n"},
		{Name: "shop/as-it-is", Kind: mutants.Correct, Description: "Nothing is wrong with it.", Judged: reports["passed"], Took: time.Second},
	}}
	for _, f := range failed.Findings {
		matrix.Checks = append(matrix.Checks, f.Check)
	}
	return writePage(filepath.Join(directory, "matrix.html"), matrix.HTML)
}

// judged are runs of their own: one that passes, one with a URL alone, and one of several lives.
func judged(ctx context.Context) (map[string]result.Report, error) {
	all := map[string]result.Report{}
	for name, one := range map[string]struct {
		forgets bool
		only    []string
		subject bool
		lives   []string
	}{
		"passed": {only: []string{"idempotence/redelivered", "idempotence/overlapping", "authenticity/unsigned", "authenticity/genuine"}, subject: true},
		"url":    {},
		"lives": {forgets: true, only: []string{"idempotence/redelivered", "idempotence/two-ids", "authenticity/future", "authenticity/genuine", "faults"}, subject: true,
			lives: []string{"payment", "second"}},
	} {
		s := &shop{forgets: one.forgets}
		server := httptest.NewServer(s)
		t := &target.Target{URL: server.URL + "/webhooks/stripe", Secret: secret}
		if one.subject {
			t.Subject, t.State = s.order, s.state
		}
		for _, name := range one.lives {
			if t.Lives == nil {
				t.Lives = map[string]target.Life{}
			}
			t.Lives[name] = target.Life{Subject: s.order, State: s.state}
		}
		r, err := run.Judge(ctx, t, run.Options{Only: one.only, Seed: 1})
		server.Close()
		var unusable *run.Unusable
		if err != nil && !(errors.As(err, &unusable) && len(r.Findings) > 0) {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all[name] = r
	}
	return all, nil
}

func writePage(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}
