// Command transcript runs the commands that a document shows and compares what they print with what
// the document says they print:
//
//	go run ./.ci/transcript RUNBOOK.md
//
// A fenced block whose language is console is a transcript: a line that begins with "$ " is a command
// (one that begins with "> " continues it), the lines up to the next command are its output. All
// commands of a document run in one bash, in order, so that a variable that one sets is there for the
// next. In expected output … stands for any text within a line, and a line that is … alone for any number
// of lines. A command whose block is followed by no output line at all may print anything. Every
// command must exit 0.
//
// With -test-flags each command that is go test gets these flags too, so that the document's own run is the strictest one, and no other
// step repeats it; its output is printed as it comes, and compared like any other.
//
// It exits 1 when a command fails or prints something else, and 2 when a document has no transcript, or, with -test-flags,
// no go test.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// patience is for a whole document on a busy machine; go test has a deadline of its own for each package.
const patience = time.Hour

// command is one command of a document, with the output that is expected of it.
type command struct {
	line  int
	shown string // in the document
	text  string // that is run
	want  []string
}

func main() {
	flags := flag.String("test-flags", "", "`FLAGS` that each go test of the documents gets, beside its own")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	code := 0
	for _, file := range flag.Args() {
		code = max(code, run(ctx, file, *flags, os.Stdout))
	}
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: go run ./.ci/transcript [-test-flags FLAGS] FILE.md…")
		code = 2
	}
	os.Exit(code)
}

func run(ctx context.Context, file, testFlags string, out io.Writer) int {
	text, err := os.ReadFile(file)
	if err != nil {
		fmt.Fprintln(out, err)
		return 2
	}
	commands := parse(string(text))
	if len(commands) == 0 {
		fmt.Fprintf(out, "%s: there is no console block\n", file)
		return 2
	}
	if testFlags != "" && addFlags(commands, testFlags) == 0 {
		fmt.Fprintf(out, "%s: no command is go test, so nothing would be run with %s\n", file, testFlags)
		return 2
	}
	shell, err := start(ctx)
	if err != nil {
		fmt.Fprintln(out, err)
		return 2
	}
	defer shell.close()
	wrong := 0
	for _, c := range commands {
		began := time.Now()
		live := io.Discard
		if c.shown != c.text {
			fmt.Fprintf(out, "%s:%d: $ %s, run as %s\n", file, c.line, c.shown, c.text)
			live = out
		}
		got, status, err := shell.do(c.text, live)
		verdict := "ok"
		switch {
		case err != nil:
			verdict = "the shell ended: " + err.Error()
		case status != 0:
			verdict = "exit " + strconv.Itoa(status)
		case len(c.want) > 0 && !matches(got, c.want):
			verdict = "other output"
		}
		fmt.Fprintf(out, "%s:%d: %s (%.1fs)  $ %s\n", file, c.line, verdict, time.Since(began).Seconds(), strings.ReplaceAll(c.shown, "\n", "\n    > "))
		if verdict != "ok" {
			wrong++
			fmt.Fprintf(out, "--- expected\n%s\n--- got\n%s\n---\n", strings.Join(c.want, "\n"), strings.Join(got, "\n"))
		}
		if err != nil {
			break
		}
	}
	fmt.Fprintf(out, "%s: %d commands, %d wrong\n", file, len(commands), wrong)
	if wrong > 0 {
		return 1
	}
	return 0
}

func parse(document string) []command {
	var commands []command
	inside := false
	for i, line := range strings.Split(document, "\n") {
		switch {
		case !inside:
			inside = line == "```console"
		case line == "```":
			inside = false
		case strings.HasPrefix(line, "$ "):
			commands = append(commands, command{line: i + 1, shown: line[2:]})
		case len(commands) == 0:
		case strings.HasPrefix(line, "> ") && len(commands[len(commands)-1].want) == 0:
			commands[len(commands)-1].shown += "\n" + line[2:]
		default:
			last := &commands[len(commands)-1]
			last.want = append(last.want, strings.TrimRight(line, " "))
		}
	}
	for i := range commands {
		commands[i].text = commands[i].shown
	}
	return commands
}

// addFlags adds flags to every go test, and answers how many there are.
func addFlags(commands []command, flags string) (tests int) {
	const test = "go test "
	for i, c := range commands {
		if arguments, is := strings.CutPrefix(c.shown, test); is {
			commands[i].text = test + flags + " " + arguments
			tests++
		}
	}
	return tests
}

// matches compares output with what is expected of it.
func matches(got, want []string) bool {
	var pattern strings.Builder
	pattern.WriteString(`\A`)
	for _, line := range want {
		if strings.TrimSpace(line) == "…" {
			pattern.WriteString(`(?:.*\n)*?`)
			continue
		}
		parts := strings.Split(line, "…")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		pattern.WriteString(strings.Join(parts, `.*`) + `\n`)
	}
	pattern.WriteString(`\z`)
	for i, line := range got {
		got[i] = strings.TrimRight(line, " ")
	}
	return regexp.MustCompile(pattern.String()).MatchString(strings.Join(got, "\n") + "\n")
}

// shell is one bash for all commands of a document.
type shell struct {
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// marker ends a command's output; it is followed by the exit status.
const marker = "\x1e transcript "

func start(ctx context.Context) (*shell, error) {
	process := exec.CommandContext(ctx, "bash", "--norc", "-s")
	in, err := process.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	process.Stderr = process.Stdout
	return &shell{process, in, bufio.NewReader(out)}, process.Start()
}

// do runs a command, and writes its output to live, too.
func (s *shell) do(text string, live io.Writer) (output []string, status int, err error) {
	// The command's own standard input is empty: what it read would be the next command.
	if _, err := fmt.Fprintf(s.in, "{ %s\n} </dev/null 2>&1; printf '\\n%s%%d\\n' $?\n", text, marker); err != nil {
		return nil, 0, err
	}
	for {
		line, err := s.out.ReadString('\n')
		if err != nil {
			return output, 0, err
		}
		line = strings.TrimRight(line, "\r\n")
		if code, ended := strings.CutPrefix(line, marker); ended {
			// The marker begins a line of its own, which leaves an empty one behind complete output.
			if n := len(output); n > 0 && output[n-1] == "" {
				output = output[:n-1]
			}
			status, err := strconv.Atoi(code)
			return output, status, err
		}
		output = append(output, line)
		fmt.Fprintln(live, line)
	}
}

func (s *shell) close() {
	_ = s.in.Close()
	_ = s.process.Wait()
}
