package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/scenario"
	"example.com/hookproof/hookproof/target"
)

// replayFlags are what the command line says of a replay.
type replayFlags struct {
	target                  *endpoint
	verbose, asJSON, newIDs *bool
}

func replayCommand(getenv func(string) string) *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay FILE… --url URL --secret SECRET | --target FILE",
		Short: "Deliver scenarios, recordings or events, and judge the answers",
		Long: `replay delivers to a target. FILE is one of these, or a folder of them:

  a scenario    a file of one scenario or of a family, or the name of a built-in scenario or family; it says what is
                demanded
  a recording   a folder that 'hookproof record' made: its events, in their order, one after the other and
                without the pauses, under new ids that agree with one another
  an event      a body as Stripe sends it: delivered as it is, with --new-ids under new ids

With a URL and a secret alone, scenarios are judged by their ACKs, on objects that the target does not know. A target
file, as 'hookproof check' takes it, has the hooks for more; what still needs more is not run, and the verdict counts it.
Its state hook is left out, since the states that scenarios name are the booking server's.

All are signed anew. Of recordings and events every delivery and its answer is printed, and whatever is
not answered by a 2xx has failed. With --json standard output has one document of all that instead, and the lines go to standard error.`,
		Example: `  hookproof replay authenticity --url http://127.0.0.1:3000/webhooks/stripe --secret whsec_…
  hookproof replay mine.json checkout/ -v --url http://127.0.0.1:3000/webhooks/stripe --secret whsec_…
  hookproof replay evt_1Pq.json --new-ids --url http://127.0.0.1:3000/webhooks/stripe --secret whsec_…`,
		ValidArgsFunction:     completeNames,
		DisableFlagsInUseLine: true,
		RunE:                  func(cmd *cobra.Command, names []string) error { return f.run(cmd, names) },
	}
	f.target = endpointFlags(cmd, getenv)
	f.target.fileFlag(cmd)
	f.verbose = cmd.Flags().BoolP("verbose", "v", false, "print the deliveries of scenarios that passed, too")
	f.asJSON = jsonFlag(cmd)
	f.newIDs = cmd.Flags().Bool("new-ids", false, "deliver events in files of their own under new ids, the same for the same")
	return cmd
}

// run opens the target for a replay, and closes it afterwards.
func (f replayFlags) run(cmd *cobra.Command, names []string) error {
	if len(names) == 0 {
		return errors.New("replay: name a scenario, a family or a file; 'hookproof list' lists what is built in")
	}
	found, err := load(names, *f.newIDs)
	if err != nil {
		return err
	}
	known, err := f.target.known()
	if err != nil {
		return err
	}
	known.State = nil
	closing, err := known.Open(cmd.Context())
	if err == nil {
		err = known.Reach(cmd.Context())
	}
	out := cmd.OutOrStdout()
	if *f.asJSON {
		out = cmd.ErrOrStderr()
	}
	var r replayed
	if err == nil {
		r, err = replay(cmd.Context(), out, known, found, *f.verbose)
	}
	err = closing(context.WithoutCancel(cmd.Context()), err)
	if r.Afterwards = known.Afterwards(); r.Afterwards != "" {
		_, _ = fmt.Fprintln(out, r.Afterwards)
	}
	if *f.asJSON && r.Version != 0 {
		err = errors.Join(err, printJSON(cmd.OutOrStdout(), r))
	}
	return err
}

// replay plays everything, then gives the verdict.
func replay(ctx context.Context, out io.Writer, t *target.Target, found []playable, verbose bool) (replayed, error) {
	began := time.Now()
	r := replayed{Version: 1, Target: t.URL, Outcome: report.Incomplete, Items: []replayedItem{}}
	for _, one := range found {
		if one.scenario != nil {
			r.playScenario(ctx, out, t, *one.scenario, verbose)
		} else {
			r.playEvents(ctx, out, t, one)
		}
		if ctx.Err() != nil {
			err := errors.New("interrupted")
			if r.failed() {
				err = fmt.Errorf("%w; also: %w", errFailed, err)
			}
			return r.ended(began), err
		}
	}
	r = r.ended(began)
	_, err := fmt.Fprintf(out, "\n%s (%s)\n", r.counted(), time.Since(began).Round(time.Millisecond))
	switch {
	case err != nil:
		return r, err
	case r.failed():
		return r, errFailed
	case r.Counts.Pass == 0 && r.Counts.Delivered == 0:
		return r, errors.New("nothing ran: none of these scenarios can be judged with these hooks")
	}
	r.Outcome = report.Passed
	return r, nil
}

// playScenario plays a scenario. What an interruption has cut off is not judged.
func (r *replayed) playScenario(ctx context.Context, out io.Writer, t *target.Target, s scenario.Scenario, verbose bool) {
	judged := scenario.Replay(ctx, t, s)
	if ctx.Err() == nil {
		printResult(out, judged, s, verbose)
		r.add(itemOf(judged, s))
	}
}

// playEvents delivers the events of a recording or a file, one after the other.
func (r *replayed) playEvents(ctx context.Context, out io.Writer, t *target.Target, one playable) {
	_, _ = fmt.Fprintln(out, one.name)
	item := replayedItem{Name: one.name, Deliveries: []replayedDelivery{}}
	for _, event := range one.events {
		d := t.Deliver(ctx, event, "genuine")
		if ctx.Err() != nil { // which may be why it has no answer
			break
		}
		r.Counts.Delivered++
		if !d.Acknowledged() {
			r.Counts.Refused++
		}
		line(out, r.Counts.Delivered, d)
		item.Deliveries = append(item.Deliveries, deliveryOf(d))
	}
	r.add(item)
}

// printResult prints a scenario's line, and the deliveries of one that failed.
func printResult(out io.Writer, r scenario.Result, s scenario.Scenario, verbose bool) {
	word := map[result.Verdict]string{result.Pass: "PASS", result.Fail: "FAIL", result.NotRun: "----"}[r.Verdict]
	_, _ = fmt.Fprintf(out, "%s  %s", word, r.Scenario)
	if r.Verdict == result.NotRun {
		_, _ = fmt.Fprintf(out, " (not run: %s)", r.Why)
	}
	_, _ = fmt.Fprintln(out)
	if r.Verdict == result.Fail {
		_, _ = fmt.Fprintf(out, "      demanded: %s (%s)\n      but:      %s\n", s.Description, s.Requirement, r.Why)
	}
	if r.Verdict != result.Fail && !verbose {
		return
	}
	for i, d := range r.Journal.Deliveries() {
		line(out, i+1, d)
	}
}

// line prints a delivery and its answer.
func line(out io.Writer, number int, d target.Delivery) {
	answer := fmt.Sprint(d.Status)
	if d.Err != nil {
		answer = d.Err.Error()
	}
	_, _ = fmt.Fprintf(out, "      %3d  %-28s %-17s %s %7.1f ms  %s\n",
		number, d.Label, d.Sign, answer, float64(d.Latency.Microseconds())/1000, d.EventID)
}
