package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// askSecret asks whoever sits at the terminal for a secret, and shows none of it. Where there is no terminal, it is "".
func askSecret(cmd *cobra.Command, what string) (string, error) {
	terminal, closing := terminalOf(cmd.InOrStdin(), cmd.ErrOrStderr())
	if terminal == nil {
		return "", nil
	}
	defer closing()
	_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "hookproof: %s: ", what)
	secret, err := term.ReadPassword(int(terminal.Fd()))
	_, _ = fmt.Fprintln(cmd.ErrOrStderr())
	if err != nil {
		return "", fmt.Errorf("the secret could not be read: %w", err)
	}
	return strings.TrimSpace(string(secret)), nil
}

// terminalOf is the terminal at which somebody can be asked: standard input, or, where that is a pipe and what is asked is
// seen, the process's own. It is nil where nobody can answer.
func terminalOf(in io.Reader, seen io.Writer) (terminal *os.File, closing func()) {
	if isTerminal(in) {
		return in.(*os.File), func() {}
	}
	if !isTerminal(seen) {
		return nil, nil
	}
	name := "/dev/tty"
	if runtime.GOOS == "windows" {
		name = "CONIN$"
	}
	terminal, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, nil
	}
	return terminal, func() { _ = terminal.Close() }
}

func isTerminal(stream any) bool {
	file, is := stream.(*os.File)
	return is && term.IsTerminal(int(file.Fd()))
}
