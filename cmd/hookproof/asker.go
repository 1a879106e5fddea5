package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// asker asks, line by line.
type asker struct {
	ctx   context.Context // that ends when nobody wants to answer any more
	lines <-chan string   // closed at the end of the input
	out   io.Writer
}

// newAsker reads in a goroutine, since a read cannot be interrupted; it ends with the input, or the process.
func newAsker(cmd *cobra.Command) *asker {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(cmd.InOrStdin()); in.Scan(); {
			select {
			case lines <- in.Text():
			case <-cmd.Context().Done():
				return
			}
		}
	}()
	return &asker{cmd.Context(), lines, cmd.OutOrStdout()}
}

// line is the next line of the input.
func (a *asker) line() (string, error) {
	select {
	case line, more := <-a.lines:
		if !more {
			return "", errors.New("the answers end before the last question; nothing was written")
		}
		return line, nil
	case <-a.ctx.Done():
		return "", errors.New("interrupted; nothing was written")
	}
}

// ask asks until take has nothing to object to. An empty line is the default.
func (a *asker) ask(what, otherwise string, take func(answer string) error) error {
	for {
		shown := ""
		if otherwise != "" {
			shown = " [" + otherwise + "]"
		}
		_, _ = fmt.Fprintf(a.out, "\n%s%s\n> ", what, shown)
		line, err := a.line()
		if err != nil {
			return err
		}
		answer := strings.TrimSpace(line)
		if answer == "" {
			answer = otherwise
		}
		if err = take(answer); err == nil {
			return nil
		}
		_, _ = fmt.Fprintf(a.out, "Cannot use this answer: %v.\n", err)
	}
}
