// Command transcript runs the commands that pages show and compares what they print with what the
// page says they print:
//
//	go run ./.ci/transcript RUNBOOK.md
//
// A fenced block whose language is console is a transcript: a line that begins with "$ " is a command
// (one that begins with "> " continues it), the lines up to the next command are its output. All
// commands of a page run in one bash, in order, so that a variable that one sets is there for the
// next. In expected output … stands for any text within a line, and a line that is … alone for any number
// of lines. A command whose block is followed by no output line at all may print anything. Every
// command must exit 0, but for one that "$ echo $?" follows, which shows its exit code.
//
// A comment before a block says what is not run: <!-- not run: REASON -->, which is listed, and
// <!-- file: PATH -->, whose block must be what is in that file. Any other block must be of a language without
// commands: a page with an indented block, or a script, is refused, and nothing of it is run.
//
// With -list nothing is run: it says of each block of commands that it is run, or why not. With -postgres pages find a
// PostgreSQL of their own in PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE, which ends with them. With -test-flags
// each command that is go test gets these flags too, so that the page's own run is the strictest one, and no other
// step repeats it; its output is printed as it comes, and compared like any other.
//
// It exits 1 when a command fails or prints something else, and 2 when a page is refused, no page has anything to run, or, with
// -test-flags, a page has no go test.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
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

// settings are what the command line says.
type settings struct {
	testFlags string
	list      bool
}

func main() {
	var s settings
	flag.StringVar(&s.testFlags, "test-flags", "", "`FLAGS` that each go test of the pages gets, beside its own")
	flag.BoolVar(&s.list, "list", false, "say what would be run, and what not, and why")
	database := flag.Bool("postgres", false, "start a PostgreSQL for the pages, and name it in PGHOST and its like")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: go run ./.ci/transcript [-list] [-postgres] [-test-flags FLAGS] FILE.md…")
		os.Exit(2)
	}
	interrupted, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(interrupted, patience)
	code, commands := 0, 0
	stop := func() error { return nil }
	if *database {
		var err error
		if stop, err = postgres(ctx); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	for _, file := range flag.Args() {
		ran, wrong := s.run(ctx, file, os.Stdout)
		commands, code = commands+ran, max(code, wrong)
	}
	if commands == 0 && code == 0 {
		fmt.Println("there is no console block to run")
		code = 2
	}
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	cancel()
	os.Exit(code)
}

// run answers how many commands a page has to run, and the exit code.
func (s settings) run(ctx context.Context, file string, out io.Writer) (commandsOfPage, code int) {
	text, err := os.ReadFile(file)
	if err != nil {
		fmt.Fprintln(out, err)
		return 0, 2
	}
	blocks := blocksOf(string(text))
	refused := 0
	for _, b := range blocks {
		fault := b.fault()
		switch {
		case fault != "":
			refused++
			fmt.Fprintf(out, "%s:%d: %s\n", file, b.line, fault)
		case b.notRun != "":
			fmt.Fprintf(out, "%s:%d: not run: %s\n", file, b.line, b.notRun)
		}
	}
	commands := commandsOf(blocks)
	switch {
	case refused > 0:
		return 0, 2
	case s.list:
		for _, c := range commands {
			fmt.Fprintf(out, "%s:%d: run  $ %s\n", file, c.line, continued(c.shown))
		}
		return len(commands), 0
	case len(commands) == 0:
		return 0, 0
	}
	if s.testFlags != "" && addFlags(commands, s.testFlags) == 0 {
		fmt.Fprintf(out, "%s: no command is go test, so nothing would be run with %s\n", file, s.testFlags)
		return len(commands), 2
	}
	for _, c := range commands {
		for _, address := range addresses.FindAllString(c.shown, -1) {
			if !isFree(address) {
				fmt.Fprintf(out, "%s:%d: something listens at %s already, which this page's commands need; stop it\n", file, c.line, address)
				return len(commands), 2
			}
		}
	}
	return len(commands), runAll(ctx, file, commands, out)
}

// addresses are where a page's own endpoints listen: another program's would answer in their place.
var addresses = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// isFree waits a little, since what a page before it has ended may take a moment to be gone.
func isFree(address string) bool {
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return true
		}
		_ = conn.Close()
		if time.Now().After(end) {
			return false
		}
	}
}

// continued shows a command of several lines as a transcript does.
func continued(command string) string { return strings.ReplaceAll(command, "\n", "\n    > ") }

func runAll(ctx context.Context, file string, commands []command, out io.Writer) int {
	shell, err := start(ctx)
	if err != nil {
		fmt.Fprintln(out, err)
		return 2
	}
	defer shell.close()
	wrong := 0
	for i, c := range commands {
		began := time.Now()
		codeShown := i+1 < len(commands) && commands[i+1].shown == "echo $?"
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
		case status != 0 && !codeShown:
			verdict = "exit " + strconv.Itoa(status)
		case len(c.want) > 0 && !matches(got, c.want):
			verdict = "other output"
		}
		fmt.Fprintf(out, "%s:%d: %s (%.1fs)  $ %s\n", file, c.line, verdict, time.Since(began).Seconds(), continued(c.shown))
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
	// A group of its own, so that what a page leaves behind ends with it.
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	process.Cancel = func() error { return syscall.Kill(-process.Process.Pid, syscall.SIGKILL) }
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
	if _, err := fmt.Fprintf(s.in, "{ %s\n} </dev/null 2>&1; status=$?; printf '\\n%s%%d\\n' $status; (exit $status)\n", text, marker); err != nil {
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
	_ = syscall.Kill(-s.process.Process.Pid, syscall.SIGKILL) // the group outlives its first process
}
