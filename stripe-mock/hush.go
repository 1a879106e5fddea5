package stripemock

import (
	"bufio"
	"os"
	"regexp"
)

// chatter is what stripe-mock prints to standard output for every request, with no switch to turn it off.
var chatter = regexp.MustCompile(`^(Request: [A-Z]+ |Request data = |Response: elapsed=|Routing to |Couldn't |Authorization )`)

// Hush keeps stripe-mock's own lines out of standard output from now on. Call it first thing in a
// main or a TestMain, before anything holds os.Stdout; restore passes on what is left, and must be
// called before the process exits.
func Hush() (restore func(), err error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	stdout := os.Stdout
	os.Stdout = write
	done := make(chan struct{})
	go func() {
		defer close(done)
		lines := bufio.NewReader(read)
		for {
			line, err := lines.ReadBytes('\n')
			if !chatter.Match(line) {
				_, _ = stdout.Write(line)
			}
			if err != nil {
				return
			}
		}
	}()
	return func() {
		os.Stdout = stdout
		_ = write.Close()
		<-done
	}, nil
}
