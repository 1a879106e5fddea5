package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// output takes what a test lets it take.
type output struct {
	gate chan struct{} // a write waits until it is closed
	mu   sync.Mutex
	text strings.Builder
	room int   // bytes that it takes before it fails
	err  error // what it fails with; nil takes everything
}

func (o *output) Write(p []byte) (int, error) {
	if o.gate != nil {
		<-o.gate
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil || len(p) <= o.room {
		o.room -= len(p)
		return o.text.Write(p)
	}
	n, _ := o.text.WriteString(string(p[:o.room]))
	o.room = 0
	return n, o.err
}

func (o *output) fail(room int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.room, o.err = room, err
}

func (o *output) lines() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Split(strings.TrimSuffix(o.text.String(), "\n"), "\n")
}

func notice(missing uint64) []byte { return fmt.Appendf(nil, "%d missing\n", missing) }

func say(t *testing.T, b *lineBuffer, lines ...string) {
	t.Helper()
	for _, line := range lines {
		n, err := b.Write([]byte(line + "\n"))
		require.NoError(t, err)
		require.Equal(t, len(line)+1, n)
	}
}

func TestLinesAreWrittenInOrder(t *testing.T) {
	t.Parallel()
	var o output
	b := newLineBuffer(&o, 1<<20, notice)
	var want []string
	for i := range 5000 {
		want = append(want, fmt.Sprint("line ", i))
		say(t, b, want[i])
	}
	b.close(time.Minute)
	require.Equal(t, want, o.lines())
	require.Zero(t, b.Dropped())
}

func TestLinesOfManyStayWhole(t *testing.T) {
	t.Parallel()
	var o output
	log, b := newServerLog(&o, slog.LevelInfo)
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			for range 100 {
				log.Info(strings.Repeat("x", 10*i))
			}
		})
	}
	group.Wait()
	b.close(time.Minute)
	require.Len(t, o.lines(), 1600)
	for _, line := range o.lines() {
		require.True(t, json.Valid([]byte(line)), line)
	}
}

// An output that takes nothing keeps nobody waiting. What does not fit is dropped, and noted in its place.
func TestLinesThatDoNotFit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := output{gate: make(chan struct{})}
		b := newLineBuffer(&o, 20, notice)
		say(t, b, "on its way")
		synctest.Wait()
		say(t, b, "123456789", "123456789")           // the buffer is full to the last byte
		say(t, b, "a", "b", "a very, very long line") // and the first that is dropped ends it
		require.EqualValues(t, 3, b.Dropped())
		close(o.gate)
		synctest.Wait()
		require.Equal(t, []string{"on its way", "123456789", "123456789", "3 missing"}, o.lines(), "it is noted when the output flows, not with the next line")
		say(t, b, "next")
		b.close(time.Minute)
		require.Equal(t, "next", o.lines()[4])
		require.EqualValues(t, 3, b.Dropped())
	})
}

func TestALineLongerThanTheBuffer(t *testing.T) {
	t.Parallel()
	var o output
	b := newLineBuffer(&o, 5, notice)
	say(t, b, "too long")
	b.close(time.Minute)
	require.Equal(t, []string{"1 missing"}, o.lines())
}

// An output that fails costs the lines that it was given, and no more; it is not tried again and again.
func TestLinesThatFail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var o output
		b := newLineBuffer(&o, 1<<20, notice)
		say(t, b, "first")
		synctest.Wait()
		o.fail(0, errors.New("broken pipe"))
		for i := range 3 {
			say(t, b, "lost")
			synctest.Wait() // returns: nothing is tried before the next line
			require.EqualValues(t, i+1, b.Dropped())
		}
		o.fail(0, nil)
		say(t, b, "again")
		b.close(time.Minute)
		require.Equal(t, []string{"first", "3 missing", "again"}, o.lines())
		require.EqualValues(t, 3, b.Dropped())
	})
}

// A full disk takes the half of a line. Its other half comes before everything else.
func TestALineThatIsCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := output{gate: make(chan struct{})}
		b := newLineBuffer(&o, 1<<20, notice)
		say(t, b, "first")
		synctest.Wait() // it is on its way; the next three go together
		say(t, b, "second", "third", "fourth")
		o.fail(len("first\nsecond\nthi"), errors.New("no space left"))
		close(o.gate)
		synctest.Wait()
		require.EqualValues(t, 1, b.Dropped())
		say(t, b, "lost")
		synctest.Wait()
		require.EqualValues(t, 2, b.Dropped())
		o.fail(0, nil)
		say(t, b, "fifth")
		b.close(time.Minute)
		require.Equal(t, []string{"first", "second", "third", "2 missing", "fifth"}, o.lines())
	})
}

// What is kept at the end is written, but an output that takes nothing holds up the end for a while only.
func TestTheLastLines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := output{gate: make(chan struct{})}
		b := newLineBuffer(&o, 1<<20, notice)
		say(t, b, "stopped")
		began := time.Now()
		b.close(2 * time.Second)
		require.Equal(t, 2*time.Second, time.Since(began))
		require.Empty(t, o.text.String())

		began = time.Now()
		time.AfterFunc(time.Second, func() { close(o.gate) })
		b.close(2 * time.Second)
		require.Equal(t, time.Second, time.Since(began), "it waits no longer than it must")
		require.Equal(t, []string{"stopped"}, o.lines())
	})
}

func TestTheNoticeIsALogLine(t *testing.T) {
	t.Parallel()
	for level, noted := range map[slog.Level]bool{slog.LevelWarn: true, slog.LevelError: false} {
		var o output
		log, b := newServerLog(&o, level)
		_, err := b.Write([]byte(strings.Repeat("x", mostLogBytes) + "\n"))
		require.NoError(t, err)
		log.Error("kept")
		b.close(time.Minute)
		text := o.text.String()
		require.Equal(t, noted, strings.Contains(text, "missing"), "no line is below the level: %s", text)
		if noted {
			var line struct {
				Level, Msg string
				Lines      int
			}
			require.NoError(t, json.Unmarshal([]byte(o.lines()[0]), &line))
			require.Equal(t, "WARN", line.Level)
			require.Positive(t, line.Lines)
		}
	}
}

// complain must not keep a process from ending, when standard error is the pipe that nobody reads, too.
func TestComplainingToNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := output{gate: make(chan struct{})}
		complain(&o, errors.New("no"))
		close(o.gate)
		synctest.Wait()
		require.Equal(t, []string{"no"}, o.lines())
	})
}

// The cost of a line: to the caller it must not be more than that of writing it.
func BenchmarkLog(b *testing.B) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	read, write, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = write.Close() }()
	go func() { _, _ = io.Copy(io.Discard, read) }()
	for name, out := range map[string]*os.File{"null": null, "pipe": write} {
		for _, way := range []string{"at once", "buffered"} {
			b.Run(name+" "+way, func(b *testing.B) {
				log := newLog(out, slog.LevelInfo)
				if way == "buffered" {
					var lines *lineBuffer
					log, lines = newServerLog(out, slog.LevelInfo)
					defer lines.close(time.Minute)
				}
				b.ReportAllocs()
				for b.Loop() {
					log.Info("Webhook received", "outcome", "processed", "reason", "applied", "eventId", "evt_1NXWPnCWL5fYBtnD",
						"eventType", "checkout.session.completed", "bookingId", "00000000-0000-4000-8000-000000000000", "status", 200, "durationMs", 1.5)
				}
			})
		}
	}
}
