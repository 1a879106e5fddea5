package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"example.com/hookproof/hookproof"
)

// tally collects the rounds of one measurement.
type tally struct {
	mu      sync.Mutex
	latency *hdr.Histogram // microseconds
	rates   []float64
	cpu     []float64
	refused int
}

func newTally() *tally { return &tally{latency: hdr.New(1, int64(time.Minute/time.Microsecond), 3)} }

func (t *tally) row(mix string, n int) Row {
	ms := func(q float64) float64 { return float64(t.latency.ValueAtQuantile(q)) / 1000 }
	return Row{Mix: mix, Connections: n, Rates: t.rates, Rate: median(t.rates), CPU: median(t.cpu), Refused: t.refused,
		Latency: Latency{P50: ms(50), P99: ms(99), P999: ms(99.9)}}
}

// Places in the body that differ from delivery to delivery.
var (
	eventMark   = []byte("evt_bench_mark")
	sessionMark = []byte("cs_bench_mark")
	bookingMark = []byte("00000000-0000-4000-8000-0000000bench")
	intentMark  = []byte("pi_bench_mark")
)

// body makes the delivery of the nth booking: a real event's shape and size.
func (b *bench) body(n int64) []byte {
	id := fmt.Appendf(nil, "%d", n)
	body := bytes.ReplaceAll(b.template, eventMark, append([]byte("evt_bench"), id...))
	body = bytes.ReplaceAll(body, sessionMark, append([]byte("cs_bench"), id...))
	body = bytes.ReplaceAll(body, intentMark, append([]byte("pi_bench"), id...))
	return bytes.ReplaceAll(body, bookingMark, fmt.Appendf(nil, "00000000-0000-4000-8000-%012d", n))
}

// deliver sends one mix over n connections for one round. Each connection sends its next delivery when it
// has the answer to the last; a pause of the server's is felt by those that would have been sent in it, too,
// which the correction for coordinated omission adds.
func (b *bench) deliver(ctx context.Context, mix string, n int, length time.Duration, t *tally) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: n}, Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	want, secret := http.StatusOK, webhookSecret
	if mix == "forged" {
		want, secret = http.StatusBadRequest, "whsec_forger"
	}
	before, err := b.cpuSeconds()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	var sent, refused atomic.Int64
	var group sync.WaitGroup
	began := time.Now()
	for range n {
		group.Go(func() {
			local := hdr.New(1, int64(time.Minute/time.Microsecond), 3)
			var usual int64
			for ctx.Err() == nil {
				number := int64(1) // duplicates and forgeries are all of one event, recorded at the start
				if mix == "unique" {
					if number = b.next.Add(1); number > bookings {
						break
					}
				}
				body := b.body(number)
				at := time.Now()
				signature := fmt.Sprintf("t=%d,v1=%s", at.Unix(), hookproof.Signature(secret, at.Unix(), body))
				status, err := b.post(client, body, signature)
				took := max(1, time.Since(at).Microseconds())
				if err != nil || status != want {
					refused.Add(1)
					continue
				}
				sent.Add(1)
				usual += (took - usual) / 8
				_ = local.RecordCorrectedValue(took, max(1, usual))
			}
			t.mu.Lock()
			defer t.mu.Unlock()
			t.latency.Merge(local)
		})
	}
	group.Wait()
	seconds := time.Since(began).Seconds()
	after, err := b.cpuSeconds()
	if err != nil {
		return err
	}
	if b.next.Load() > bookings {
		return fmt.Errorf("all %d bookings are used up; fewer or shorter rounds, please", bookings)
	}
	t.rates = append(t.rates, float64(sent.Load())/seconds)
	t.cpu = append(t.cpu, (after-before)/float64(max(1, sent.Load()))*1000)
	t.refused += int(refused.Load())
	return nil
}

func (b *bench) post(client *http.Client, body []byte, signature string) (int, error) {
	request, err := http.NewRequest(http.MethodPost, b.url+"/webhooks/stripe", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Stripe-Signature", signature)
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode, response.Body.Close()
}
