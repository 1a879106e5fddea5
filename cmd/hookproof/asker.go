package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// asker asks, line by line.
type asker struct {
	ctx    context.Context // that ends when nobody wants to answer any more
	wanted chan<- struct{} // a line is read only when it is wanted, so that a secret can be read otherwise
	lines  <-chan string   // closed at the end of the input
	out    io.Writer
	secret *os.File // the terminal at which a secret is typed unseen; nil if there is none
}

// newAsker reads in a goroutine, since a read cannot be interrupted; it ends with the input, or the process.
func newAsker(cmd *cobra.Command) *asker {
	wanted, lines := make(chan struct{}), make(chan string)
	a := &asker{ctx: cmd.Context(), wanted: wanted, lines: lines, out: cmd.OutOrStdout()}
	if isTerminal(cmd.InOrStdin()) {
		a.secret = cmd.InOrStdin().(*os.File)
	}
	go func() {
		defer close(lines)
		in := bufio.NewScanner(cmd.InOrStdin())
		for {
			select {
			case <-wanted:
			case <-cmd.Context().Done():
				return
			}
			if !in.Scan() {
				return
			}
			select {
			case lines <- in.Text():
			case <-cmd.Context().Done():
				return
			}
		}
	}()
	return a
}

// errNobody is returned where the input has ended, so that nobody can be asked.
var errNobody = errors.New("the answers end before the last question; nothing was written")

var errInterrupted = errors.New("interrupted; nothing was written")

// ended is why no line comes any more: an interruption ends the reading as well.
func (a *asker) ended() error {
	if a.ctx.Err() != nil {
		return errInterrupted
	}
	return errNobody
}

// line is the next line of the input.
func (a *asker) line() (string, error) {
	select {
	case a.wanted <- struct{}{}:
	case _, more := <-a.lines:
		if !more {
			return "", a.ended()
		}
	case <-a.ctx.Done():
		return "", errInterrupted
	}
	select {
	case line, more := <-a.lines:
		if !more {
			return "", a.ended()
		}
		return line, nil
	case <-a.ctx.Done():
		return "", errInterrupted
	}
}

// hidden is the next line, which is not shown while it is typed.
func (a *asker) hidden() (string, error) {
	if a.secret == nil {
		return a.line()
	}
	fd := int(a.secret.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return a.line()
	}
	type answer struct {
		text []byte
		err  error
	}
	read := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		read <- answer{text, err}
	}()
	select {
	case got := <-read:
		_, _ = fmt.Fprintln(a.out)
		if errors.Is(got.err, io.EOF) {
			return "", errNobody
		}
		return string(got.text), got.err
	case <-a.ctx.Done():
		_ = term.Restore(fd, before)
		return "", errInterrupted
	}
}

// say tells something.
func (a *asker) say(format string, values ...any) {
	_, _ = fmt.Fprintf(a.out, strings.TrimRight(format, "\n")+"\n", values...)
}
