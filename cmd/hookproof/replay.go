package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof"
)

func replayCommand(getenv func(string) string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "replay SCENARIO… --url URL --secret SECRET",
		Short: "Deliver scenarios and judge the answers",
		Long: `replay runs scenarios against a target. SCENARIO is a file, a directory of files, or the name of a
built-in scenario or family.`,
		Example: `  hookproof replay authenticity --url http://127.0.0.1:3000/webhooks/stripe --secret whsec_…
  hookproof replay fixtures/scenarios/ack-policy/not-json.json -v --url … --secret …`,
		ValidArgsFunction:     completeNames,
		DisableFlagsInUseLine: true,
	}
	target := endpointFlags(cmd, getenv)
	verbose := cmd.Flags().BoolP("verbose", "v", false, "print the deliveries of what passed, too")
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		if len(names) == 0 {
			return errors.New("replay: name a scenario, a family or a file; 'hookproof list' lists what is built in")
		}
		scenarios, err := load(names)
		if err != nil {
			return err
		}
		reached, err := target.reach()
		if err != nil {
			return err
		}
		return replayScenarios(cmd, reached, scenarios, *verbose)
	}
	return cmd
}

func replayScenarios(cmd *cobra.Command, target *hookproof.Target, scenarios []hookproof.Scenario, verbose bool) error {
	out, began := cmd.OutOrStdout(), time.Now()
	counts := map[hookproof.Verdict]int{}
	for _, scenario := range scenarios {
		result := hookproof.Replay(cmd.Context(), target, scenario)
		if cmd.Context().Err() != nil {
			return errors.New("interrupted")
		}
		counts[result.Verdict]++
		printResult(out, result, scenario, verbose)
	}
	_, err := fmt.Fprintf(out, "\n%d passed, %d failed, %d not run (%s)\n", counts[hookproof.Pass], counts[hookproof.Fail],
		counts[hookproof.NotRun], time.Since(began).Round(time.Millisecond))
	switch {
	case err != nil:
		return err
	case counts[hookproof.Fail] > 0:
		return errFailed
	case counts[hookproof.Pass] == 0:
		return errors.New("nothing ran: no scenario named can be judged with what is known of the target")
	}
	return nil
}

// printResult prints a scenario's line, and the deliveries of one that failed.
func printResult(out io.Writer, result hookproof.Result, scenario hookproof.Scenario, verbose bool) {
	word := map[hookproof.Verdict]string{hookproof.Pass: "PASS", hookproof.Fail: "FAIL", hookproof.NotRun: "----"}[result.Verdict]
	_, _ = fmt.Fprintf(out, "%s  %s", word, result.Scenario)
	if result.Verdict == hookproof.NotRun {
		_, _ = fmt.Fprintf(out, " (not run: %s)", result.Why)
	}
	_, _ = fmt.Fprintln(out)
	if result.Verdict == hookproof.Fail {
		_, _ = fmt.Fprintf(out, "      demanded: %s (%s)\n      but:      %s\n", scenario.Description, scenario.Requirement, result.Why)
	}
	if result.Verdict != hookproof.Fail && !verbose {
		return
	}
	for i, d := range result.Journal.Deliveries() {
		answer := fmt.Sprint(d.Status)
		if d.Err != nil {
			answer = d.Err.Error()
		}
		_, _ = fmt.Fprintf(out, "      %3d  %-28s %-17s %s %7.1f ms  %s\n", i+1, d.Label, d.Sign, answer, float64(d.Latency.Microseconds())/1000, d.EventID)
	}
}
