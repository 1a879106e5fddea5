package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/valyala/fasthttp"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/target"
)

// slicesOfRun is the number of slices that the deliveries are divided into. The memory is read after each slice.
const slicesOfRun = 10

// engineConnections is how many deliveries are sent at the same time.
const engineConnections = 32

// EngineReport is what -engine writes.
type EngineReport struct {
	Machine    string   `json:"machine"`
	Deliveries int      `json:"deliveries"`
	Slices     []Slice  `json:"slices"`
	Goals      []Result `json:"goals"`
}

// Slice is the result of one part of the deliveries.
type Slice struct {
	Rate     float64 `json:"rate"`           // a second
	CPU      float64 `json:"cpuPerThousand"` // the sender's CPU seconds for a thousand; 0 is unknown
	Resident float64 `json:"residentMiB"`    // the sender's, afterwards; 0 is unknown
	Refused  int     `json:"refused"`        // not answered with a 2xx; 0
}

// measureEngine sends deliveries with package target to a trivial endpoint in another process on the same machine.
func measureEngine(ctx context.Context, deliveries int, file string, out io.Writer) error {
	if deliveries < slicesOfRun {
		return misuse{fmt.Errorf("-deliveries must be %d or more", slicesOfRun)}
	}
	url, stop, err := startTarget(ctx)
	if err != nil {
		return err
	}
	defer stop()
	e, err := life.Payment.New("checkout.session.completed", event.Subject{"amount": price, "currency": "usd"})
	if err != nil {
		return err
	}
	report := EngineReport{Machine: machine(), Deliveries: deliveries}
	_, _ = fmt.Fprintf(out, "Sending %d deliveries of %d bytes over %d connections\n", deliveries, len(e.Body), engineConnections)
	t := &target.Target{URL: url, Secret: webhookSecret}
	for range slicesOfRun {
		s, err := sendSlice(ctx, t, e, deliveries/slicesOfRun)
		if err != nil {
			return err
		}
		report.Slices = append(report.Slices, s)
	}
	report.Goals = judgeEngine(report.Slices)
	if err := report.print(out); err != nil {
		return err
	}
	if file == "" {
		return nil
	}
	return writeJSON(file, report)
}

// sendSlice sends the same event count times, each time with a new signature, as a retry has.
func sendSlice(ctx context.Context, t *target.Target, e event.Event, count int) (s Slice, err error) {
	journal := &target.Journal{Each: func(d target.Delivery) {
		if !d.Acknowledged() {
			s.Refused++
		}
	}}
	var given atomic.Int64
	before, err := cpuSeconds(os.Getpid())
	if err != nil {
		return s, err
	}
	began := time.Now()
	t.Stream(ctx, engineConnections, func() (event.Event, bool) { return e, given.Add(1) <= int64(count) }, journal)
	took := time.Since(began).Seconds()
	after, err := cpuSeconds(os.Getpid())
	if err != nil {
		return s, err
	}
	s.Rate, s.CPU = rounded(float64(count)/took), rounded((after-before)/float64(count)*1000)
	resident, err := residentMiB(os.Getpid())
	s.Resident = rounded(resident)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil && s.Refused > 0 {
		err = fmt.Errorf("%d of %d deliveries were not acknowledged", s.Refused, count)
	}
	return s, err
}

// judgeEngine compares the slices with the goals. The memory after the last slice may be at most a tenth more than after the first.
func judgeEngine(slices []Slice) []Result {
	var rates []float64
	for _, s := range slices {
		rates = append(rates, s.Rate)
	}
	first, last := slices[0].Resident, slices[len(slices)-1].Resident
	return judge(Report{}, []goal{
		{"deliveries a second that package hookproof sends", "", true, 20_000, func(Report) (Spread, string) { return spreadOf(rates), "" }},
		{"its memory at the end, of its memory after a tenth of the deliveries", "×", false, 1.1, func(Report) (Spread, string) {
			if first == 0 {
				return Spread{}, "there is no figure on this system"
			}
			grown := rounded(last / first)
			return Spread{grown, grown, grown}, ""
		}},
	})
}

func (r EngineReport) print(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(out, "%s\n\n", r.Machine)
	_, _ = fmt.Fprintln(table, "deliveries\ta second\tCPU s/1000\tresident MiB\t")
	for i, s := range r.Slices {
		_, _ = fmt.Fprintf(table, "%d\t%.0f\t%s\t%s\t\n", (i+1)*(r.Deliveries/slicesOfRun), s.Rate, known(s.CPU, "%.3f"), known(s.Resident, "%.1f"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return printGoals(out, r.Goals, nil)
}

// startTarget starts this program again, as the endpoint. The endpoint ends when its standard input is closed, so at the latest
// with this process.
func startTarget(ctx context.Context) (url string, stop func(), err error) {
	program, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	command := exec.CommandContext(ctx, program, "-target")
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	said, err := command.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := command.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = in.Close()
		_ = command.Wait()
	}
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("the endpoint did not start: %w", err)
	}
	return strings.TrimSpace(line), stop, nil
}

// beTarget prints its URL and answers 200 to each delivery, until its input ends.
func beTarget(in io.Reader, out io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &fasthttp.Server{Handler: func(c *fasthttp.RequestCtx) { c.SetStatusCode(http.StatusOK) }}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	if _, err := fmt.Fprintf(out, "http://%s/webhooks/stripe\n", listener.Addr()); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, in)
		close(ended)
	}()
	select {
	case err := <-failed:
		return err
	case <-ended:
		return server.Shutdown()
	}
}
