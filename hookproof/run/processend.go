package run

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/target"
)

// processEnd is what was seen of a target's process that ended by itself.
type processEnd struct {
	wrote    string // the end of its standard error, if the start hook leaves that alone; else ""
	language string // the language that it is written in, if known; else ""
}

// costEnded is the cost where a fault of the database ended the process.
const costEnded = "whenever the database hiccups the process ends, and all that is sent to it fails until something starts it again"

// culprit is a usual reason for which a process ends, and the sign of it on standard error.
type culprit struct {
	language    string
	sign        *regexp.Regexp
	description string
	mend        string
}

const (
	fixPool   = "listen to the pool's errors, once, where it is made: pool.on('error', (err) => console.error(err)); it emits one for each idle connection that is lost, and Node ends a process on an 'error' event without a listener"
	fixClient = "listen to the errors of each client, also of those that a pool lends out: pool.on('connect', (client) => client.on('error', (err) => console.error(err))); Node ends a process on an 'error' event without a listener"
	fixReject = "await every promise, in a try/catch that answers 500: Node ends a process on an unhandled rejection"
	fixPanic  = "recover in each goroutine that a handler starts: net/http recovers only in the handler's own"
)

// culprits are looked for in this order.
var culprits = []culprit{
	{"Node", regexp.MustCompile(`Emitted 'error' event on (Bound)?Pool instance`), "an 'error' event of the pool of database connections, which has no listener", fixPool},
	{"Node", regexp.MustCompile(`Emitted 'error' event on (Client|Connection) instance`), "an 'error' event of a database client, which has no listener", fixClient},
	{"Node", regexp.MustCompile(`Unhandled 'error' event`), "an 'error' event without a listener", fixPool + "; and " + fixClient},
	{"Node", regexp.MustCompile(`ERR_UNHANDLED_REJECTION|UnhandledPromiseRejection|triggerUncaughtException`), "an unhandled promise rejection", fixReject},
	{"Node", regexp.MustCompile(`(?m)^Node\.js v\d+`), "an uncaught error", fixReject},
	{"Go", regexp.MustCompile(`(?m)^panic: `), "a panic that is not recovered", fixPanic},
}

// usualCulprit is the fix, by language, for a process that the database ended and whose standard error is not seen.
var usualCulprit = map[string]string{
	"Node": "in Node the usual cause is an 'error' event without a listener: " + fixPool + "; and " + fixClient,
}

// fixEnded is the fix for any process that the database ended.
const fixEnded = "let no failure of the database end the process: handle the errors that its driver reports outside of a request, such as a lost idle connection " +
	"(in Node: pool.on('error', …)), and answer 500 to those within one; the process's log has its last lines"

// culprit returns the reason for which a process ended, as its standard error shows it.
func (e processEnd) culprit() (culprit, bool) {
	at := slices.IndexFunc(culprits, func(c culprit) bool { return c.sign.MatchString(e.wrote) })
	if at < 0 {
		return culprit{}, false
	}
	return culprits[at], true
}

// seen describes the end of the process, to be put behind the statement that it ended.
func (e processEnd) seen() string {
	text := ", and nothing listened at its address any more"
	if c, known := e.culprit(); known {
		text += "; it ended by " + c.description
	}
	if line := e.lastLine(); line != "" {
		text += fmt.Sprintf("; on standard error it wrote %.300q", line)
	}
	return text
}

// errorLine is a line in which a program reports an error.
var errorLine = regexp.MustCompile(`(?m)^(?:<ref \*\d+> )?(\w*(?:[Ee]rror|Exception)\b.*|panic: .*|fatal error: .*)$`)

// lastLine returns the most useful line of standard error: the last that names an error, else the last.
func (e processEnd) lastLine() string {
	if lines := errorLine.FindAllStringSubmatch(e.wrote, -1); len(lines) > 0 {
		return strings.TrimSpace(lines[len(lines)-1][1])
	}
	lines := strings.Split(strings.TrimSpace(e.wrote), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// costs returns the cost of such an end and its fix. during is whether a fault of the database was active.
func (e processEnd) costs(row check.Check, during bool) (cost, mend string) {
	c, known := e.culprit()
	switch {
	case during:
		return costEnded, cmp.Or(c.mend, usualCulprit[e.language], fixEnded)
	case known:
		return row.Why, row.Fix + "; and " + c.mend
	}
	return row.Why, row.Fix
}

// runtimes are programs that run a language's sources.
var runtimes = map[string]string{"node": "Node", "nodejs": "Node", "npm": "Node", "npx": "Node", "pnpm": "Node", "yarn": "Node", "tsx": "Node", "ts-node": "Node"}

// languageOf returns the language of a target, from the command that starts it or from the software that its answers name.
func languageOf(command []string, software string) string {
	for _, word := range command {
		if language := runtimes[filepath.Base(word)]; language != "" {
			return language
		}
	}
	for _, framework := range []string{"Express", "Next.js"} {
		if strings.Contains(software, framework) {
			return "Node"
		}
	}
	return ""
}

// nobodyListens reports whether a delivery was refused its connection.
func nobodyListens(d target.Delivery) bool { return errors.Is(d.Err, syscall.ECONNREFUSED) }

// lastEnd returns what was seen of the process that ended last.
func (x *executor) lastEnd() *processEnd {
	var software string
	for _, d := range x.journal.Deliveries() {
		software = cmp.Or(software, d.Software)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return &processEnd{wrote: x.lastStderr, language: languageOf(x.target.Starter, software)}
}

// keepStderr keeps the end of a process's standard error, before another process takes its place.
func (x *executor) keepStderr() {
	if x.target.Stderr == nil {
		return
	}
	text := target.Hide(x.target.Stderr(), x.target.Secrets())
	x.mu.Lock()
	defer x.mu.Unlock()
	x.lastStderr = text
}
