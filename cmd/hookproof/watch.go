package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof/process"
	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// How check --watch waits.
const (
	watchPoll   = 250 * time.Millisecond // between two looks
	watchSettle = time.Second            // for a restart to be over: a supervisor may start a program twice
	watchAtMost = time.Hour              // without a change, it ends
)

// moment is what can be seen of an endpoint. What cannot be seen is zero.
type moment struct {
	listens bool
	process string // another one's differs
	files   int64  // of its program: when one was changed last, in milliseconds
}

// watcher runs what failed again whenever an endpoint changes.
type watcher struct {
	out   io.Writer
	style report.Style
	told  map[string]string // why a check failed, as it was printed in full
	look  func(context.Context) moment
	// all judges everything, and some what is named; all prints a whole report.
	all  func(context.Context) (result.Report, error)
	some func(ctx context.Context, names []string) (result.Report, error)
}

// watch judges, waits for a change and judges again, until the context ends or nothing changes for too long. Its error is that of the last run
// that came to its end.
func (w *watcher) watch(ctx context.Context) error {
	judged := w.look(ctx).files
	w.told = map[string]string{}
	r, last := w.all(ctx)
	for ctx.Err() == nil {
		failing := failingIn(r)
		w.remember(r)
		w.tellWaiting(failing, r, last)
		if !w.changed(ctx, judged) {
			return last
		}
		judged = w.look(ctx).files
		if len(failing) == 0 {
			if again, err := w.all(ctx); ctx.Err() == nil {
				r, last = again, err
			}
			continue
		}
		again, err := w.some(ctx, failing)
		if ctx.Err() != nil {
			return last
		}
		if len(again.Findings) == 0 { // it could not be judged
			w.say("%s.", upper(fmt.Sprint(err)))
			last = err
			continue
		}
		w.tellMended(failing, again)
		if left := failingIn(again); len(left) > 0 || err != nil && !errors.Is(err, errFailed) {
			r, last = again, err
			continue
		}
		w.say("All of them are mended. Everything once more:\n")
		judged = w.look(ctx).files
		if again, err = w.all(ctx); ctx.Err() == nil {
			r, last = again, err
		}
	}
	return last
}

// changed waits until the endpoint is not what it was after the run, listens, and has settled. It returns false if that does not come. judged
// are the files with which the run began: they may have changed since. Its process may have, too, but by the run itself.
func (w *watcher) changed(ctx context.Context, judged int64) bool {
	before := w.look(ctx)
	cameBack, edited := false, judged != 0 && before.files != 0 && judged != before.files
	for began, since, seen := time.Now(), time.Now(), before; ; {
		if target.Sleep(ctx, watchPoll) != nil {
			return false
		}
		if now := w.look(ctx); now != seen {
			if seen.listens && !now.listens {
				w.say("It does not listen any more; waiting for it to come back.")
			}
			cameBack = cameBack || !seen.listens && now.listens // whoever it is: its process may not be seen
			seen, since = now, time.Now()
		}
		switch {
		case seen.listens && (cameBack || edited || seen != before) && time.Since(since) >= watchSettle:
			return true
		case time.Since(began) > watchAtMost:
			w.say("Nothing has changed for %s.", watchAtMost)
			return false
		}
	}
}

// failingIn returns the checks that failed.
func failingIn(r result.Report) (names []string) {
	for _, f := range r.Findings {
		if f.Verdict == result.Fail && !slices.Contains(names, f.Check) {
			names = append(names, f.Check)
		}
	}
	return names
}

// onChange is when the checks run again.
const onChange = "a file of the endpoint changes, or it restarts"

// remember keeps why each check of a run fails, which has been printed.
func (w *watcher) remember(r result.Report) {
	for _, f := range r.Findings {
		if f.Verdict == result.Fail {
			w.told[f.Life+" "+f.Check] = f.Why
		}
	}
}

func (w *watcher) tellWaiting(failing []string, r result.Report, err error) {
	switch {
	case len(failing) > 0:
		w.say("%s. %s again when %s; Ctrl-C ends.", upper(count(len(failing), "check fails", "checks fail")), map[bool]string{false: "It runs", true: "They run"}[len(failing) > 1], onChange)
	case len(r.Findings) == 0:
		w.say("%s. It runs again when %s; Ctrl-C ends.", upper(fmt.Sprint(err)), onChange)
	default:
		w.say("Nothing fails. All runs again when %s; Ctrl-C ends.", onChange)
	}
}

// tellMended says of each check that failed what has become of it. One that fails for another reason than before is told in full.
func (w *watcher) tellMended(failing []string, r result.Report) {
	w.say("\nThe endpoint has changed:")
	for _, name := range failing {
		verdict, why := "mended", ""
		var full strings.Builder
		for _, f := range r.Findings {
			switch {
			case f.Check != name:
			case f.Verdict == result.Fail:
				verdict, why = "fails", f.Why
				if w.told[f.Life+" "+f.Check] != f.Why {
					full.WriteString(report.Failure(r, f, w.style))
				}
			case f.Verdict == result.NotRun && verdict == "mended":
				verdict, why = "not run", f.Why
			}
		}
		line := fmt.Sprintf("  %-8s %s", verdict, name)
		if why != "" {
			line += ": " + why
		}
		w.say("%s", line)
		_, _ = io.WriteString(w.out, full.String())
	}
}

func (w *watcher) say(format string, values ...any) {
	_, _ = fmt.Fprintf(w.out, format+"\n", values...)
}

// watched watches the target of a command line. The target file is read again for each run.
func (c *checking) watched(cmd *cobra.Command, t *target.Target) error {
	w := watcher{out: cmd.OutOrStdout()}
	if file, is := w.out.(*os.File); is {
		w.style = report.StyleOf(file, c.plain)
	}
	only := c.options.Only
	w.look = func(ctx context.Context) moment { return momentOf(ctx, t) }
	w.all = func(context.Context) (result.Report, error) {
		c.options.Only = only
		var err error
		if t, err = c.target.known(); err != nil {
			return result.Report{}, err
		}
		return c.run(cmd, t)
	}
	w.some = func(_ context.Context, names []string) (result.Report, error) {
		c.options.Only = names
		var err error
		if t, err = c.target.known(); err != nil {
			return result.Report{}, err
		}
		r, err := c.judge(cmd, t)
		c.baseline.mark(&r)
		return r, ending(r, err)
	}
	return w.watch(cmd.Context())
}

// momentOf looks at an endpoint: which processes listen, and the newest file of their programs, since some read it anew without a restart.
func momentOf(ctx context.Context, t *target.Target) moment {
	now := moment{listens: t.Listens()}
	u, err := url.Parse(t.URL)
	if err != nil || !process.IsLoopback(target.Address(u)) {
		return now
	}
	all, _ := process.At(ctx, target.Address(u)) // what cannot be seen is zero
	var ids, directories []string                // workers share one
	for _, p := range all {
		ids = append(ids, fmt.Sprint(p.PID, " ", p.Started.UnixMilli()))
		if !slices.Contains(directories, p.Directory) {
			directories = append(directories, p.Directory)
			now.files = max(now.files, newestSource(p.Directory))
		}
	}
	slices.Sort(ids)
	now.process = strings.Join(ids, ",")
	return now
}
