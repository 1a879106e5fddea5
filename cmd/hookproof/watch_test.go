package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/result"
)

// seen is an endpoint that a test changes, in virtual time.
type seen struct {
	mu   sync.Mutex
	is   moment
	out  strings.Builder
	runs []string // what was run, and when
}

// set changes the endpoint.
func (s *seen) set(one moment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.is = one
}

func (s *seen) look(context.Context) moment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.is
}

// reported is a run in which some checks failed, and others passed.
func reported(failed string, passed ...string) (result.Report, error) {
	r, err := result.Report{}, error(nil)
	for name := range strings.FieldsSeq(failed) {
		r.Findings = append(r.Findings, result.Finding{Check: name, Verdict: result.Fail, Why: "it is wrong"})
		err = errFailed
	}
	for _, name := range passed {
		r.Findings = append(r.Findings, result.Finding{Check: name, Verdict: result.Pass})
	}
	return r, err
}

// watching watches an endpoint whose n-th run fails what the n-th text names. change is called when nothing more happens.
func watching(t *testing.T, process string, failures []string, change func(s *seen, cancel func())) (s *seen, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s = &seen{is: moment{listens: true, process: process}}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		run := func(what string) (result.Report, error) {
			n := len(s.runs)
			s.runs = append(s.runs, what)
			return reported(failures[n], "authenticity/genuine")
		}
		w := watcher{out: &s.out, look: s.look,
			all:  func(context.Context) (result.Report, error) { return run("all") },
			some: func(_ context.Context, names []string) (result.Report, error) { return run(strings.Join(names, " ")) },
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			err = w.watch(ctx)
		}()
		synctest.Wait() // for the first run to be over
		change(s, cancel)
		<-ended
	})
	return s, err
}

func TestWhatFailedRunsAgainWhenTheEndpointRestarts(t *testing.T) {
	t.Parallel()
	s, err := watching(t, "1", []string{"a/one b/two", "b/two", "", ""}, func(s *seen, cancel func()) {
		for _, id := range []string{"2", "3"} {
			s.set(moment{})
			time.Sleep(2 * watchPoll)
			s.set(moment{listens: true, process: id})
			time.Sleep(watchSettle + 3*watchPoll)
		}
		cancel()
	})
	require.NoError(t, err)
	require.Equal(t, []string{"all", "a/one b/two", "b/two", "all"}, s.runs)
	require.Contains(t, s.out.String(), "2 checks fail. They run again when a file of the endpoint changes, or it restarts; Ctrl-C ends.\n")
	require.Contains(t, s.out.String(), "It does not listen any more; waiting for it to come back.\n")
	require.Contains(t, s.out.String(), "The endpoint has changed:\n  mended   a/one\n  fails    b/two: it is wrong\n")
	require.Contains(t, s.out.String(), "  mended   b/two\nAll of them are mended. Everything once more:\n")
	require.True(t, strings.HasSuffix(s.out.String(), "Nothing fails. All runs again when a file of the endpoint changes, or it restarts; Ctrl-C ends.\n"), s.out.String())
}

func TestAFileThatChangesIsARestartWhenItHasSettled(t *testing.T) {
	t.Parallel()
	s, err := watching(t, "1", []string{"a/one", "a/one"}, func(s *seen, cancel func()) {
		for _, one := range []moment{{true, "1", 10}, {true, "1", 11}, {true, "2", 11}} { // saved twice, and then restarted
			s.set(one)
			time.Sleep(watchSettle / 2)
		}
		time.Sleep(2 * watchSettle)
		cancel()
	})
	require.Equal(t, errFailed, err)
	require.Equal(t, []string{"all", "a/one"}, s.runs)
}

// A check that fails for another reason than before is told as a report tells it; one that fails as before is not.
func TestACheckThatFailsDifferentlyIsToldInFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var out strings.Builder
		s, reasons := &seen{is: moment{listens: true, process: "0"}}, []string{"it is wrong", "it is wrong", "it is wrong otherwise", "it is wrong otherwise"}
		fails := func() (result.Report, error) {
			f := result.Finding{Check: "a/one", Verdict: result.Fail, Why: reasons[0], Fix: "mend it"}
			reasons = reasons[1:]
			return result.Report{Seed: 7, Command: "hookproof check --target FILE", Findings: []result.Finding{f}}, errFailed
		}
		w := watcher{out: &out, look: s.look,
			all:  func(context.Context) (result.Report, error) { return fails() },
			some: func(context.Context, []string) (result.Report, error) { return fails() }}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = w.watch(ctx)
		}()
		synctest.Wait() // for the first run to be over
		for _, process := range []string{"1", "2", "3"} {
			s.set(moment{listens: true, process: process})
			time.Sleep(3 * watchSettle)
		}
		cancel()
		<-ended
		require.Empty(t, reasons)
		require.Equal(t, 1, strings.Count(out.String(), "Fix:"), out.String())
		require.Contains(t, out.String(), "  fails    a/one: it is wrong otherwise\n   But:             it is wrong otherwise\n")
		require.Contains(t, out.String(), "     hookproof check --target FILE --only a/one --seed 7\n")
		require.Contains(t, out.String(), "1 check fails. It runs again when a file of the endpoint changes, or it restarts; Ctrl-C ends.\n")
	})
}

// The process of another user cannot be seen.
func TestAnEndpointThatComesBackHasRestarted(t *testing.T) {
	t.Parallel()
	s, _ := watching(t, "", []string{"a/one", "a/one"}, func(s *seen, cancel func()) {
		for _, listens := range []bool{false, true} {
			s.set(moment{listens: listens})
			time.Sleep(2 * watchSettle)
		}
		cancel()
	})
	require.Equal(t, []string{"all", "a/one"}, s.runs)
}

func TestWatchingEndsByItself(t *testing.T) {
	t.Parallel()
	s, err := watching(t, "1", []string{"a/one"}, func(*seen, func()) {})
	require.Equal(t, errFailed, err)
	require.Equal(t, []string{"all"}, s.runs)
	require.Contains(t, s.out.String(), "Nothing has changed for 1h0m0s.\n")
}

// A file that is saved while a run goes on has not been judged by it.
func TestAFileThatChangesDuringARunIsJudgedAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s, runs := &seen{is: moment{listens: true, process: "1", files: 10}}, 0
		w := watcher{out: &strings.Builder{}, look: s.look,
			all: func(context.Context) (result.Report, error) {
				s.set(moment{listens: true, process: "1", files: 11})
				return reported("a/one")
			},
			some: func(context.Context, []string) (result.Report, error) {
				if runs++; runs == 1 {
					s.set(moment{listens: true, process: "2", files: 11}) // by the run itself
				}
				return reported("a/one")
			}}
		time.AfterFunc(watchAtMost/2, cancel)
		require.Equal(t, errFailed, w.watch(ctx))
		require.Equal(t, 1, runs)
	})
}

// Ctrl-C during a run ends with the verdict of the run before it.
func TestARunThatIsInterruptedDecidesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		looks := 0
		w := watcher{out: &strings.Builder{},
			look: func(context.Context) moment {
				looks++
				return moment{listens: true, process: strings.Repeat("x", min(looks, 3))}
			},
			all: func(context.Context) (result.Report, error) { return reported("a/one") },
			some: func(context.Context, []string) (result.Report, error) {
				cancel()
				return result.Report{}, errors.New("interrupted")
			}}
		require.Equal(t, errFailed, w.watch(ctx))
	})
}
