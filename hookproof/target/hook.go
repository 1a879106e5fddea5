package target

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/lib/pq"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/life"
	"example.com/hookproof/hookproof/process"
	"example.com/hookproof/hookproof/result"
)

// Hook is one way to ask a target for something, as in a target file. Exactly one of its exported members is set.
type Hook struct {
	Command []string     `json:"command,omitempty"` // an argument vector; no shell. It runs in the target file's directory
	HTTP    *HookRequest `json:"http,omitempty"`
	SQL     *HookQuery   `json:"sql,omitempty"` // PostgreSQL; for the state hook only

	Listener   string              `json:"listener,omitempty"`   // the address, host:port, whose process is ended; for the stop hook only
	Background *process.Background `json:"background,omitempty"` // a program that is left running; for the start hook only

	silent bool     // its standard output is not read
	start  *starter // of a start hook; nil for others
}

// HookRequest is an HTTP request. Any answer but a 2xx is a failure.
type HookRequest struct {
	URL     string            `json:"url"`
	Method  string            `json:"method,omitempty"` // "" is GET, or POST with a body
	Headers map[string]string `json:"headers,omitempty"`
	Body    json.RawMessage   `json:"body,omitempty"`
}

// HookQuery is a query. Its rows, as objects, are the answer.
type HookQuery struct {
	DSN   string `json:"dsn"`
	Query string `json:"query"` // {{name}} in it is a parameter, never text
}

func (h *Hook) check() error {
	given := 0
	for _, is := range []bool{len(h.Command) > 0, h.HTTP != nil, h.SQL != nil, h.Listener != "", h.Background != nil} {
		if is {
			given++
		}
	}
	switch {
	case given != 1:
		return errors.New("a hook is one of command (a list of arguments), http, sql for state, listener for stop or background for start")
	case h.HTTP != nil && h.HTTP.URL == "":
		return errors.New("http has no url")
	case h.SQL != nil && (h.SQL.DSN == "" || h.SQL.Query == ""):
		return errors.New("sql needs a dsn and a query")
	case h.Listener != "" && !process.IsLoopback(h.Listener):
		return fmt.Errorf("listener is an address of this machine, such as 127.0.0.1:3000, and not %q", h.Listener)
	case h.Background != nil && len(h.Background.Command) == 0:
		return errors.New("background needs a command, a list of arguments")
	}
	return nil
}

// Try runs a subject hook of a life that is not in a target file yet, in a directory, and returns its answer.
func (h Hook) Try(ctx context.Context, directory string, l *life.Life) (any, error) {
	f := &file{directory: directory}
	invented := (&subjects{f: f, entry: &lifeEntry{story: l}}).invent()
	return f.ask(ctx, &h, func(name string) (string, bool) {
		if value, known := invented[name]; known {
			return value, true
		}
		return environment(nil)(name)
	})
}

// text returns the hook as it is in its file.
func (h *Hook) text() string {
	raw, err := json.Marshal(h)
	if err != nil {
		return ""
	}
	return string(raw)
}

// values returns the value of {{name}} in a hook's texts.
type values func(name string) (string, bool)

// unfilled is a {{name}} that nothing can be put in the place of.
type unfilled struct{ name string }

func (e *unfilled) Error() string { return "there is no value for {{" + e.name + "}}" }

// need is the value of a name, or an error where there is none.
func (v values) need(name string) (string, error) {
	value, known := v(name)
	if !known {
		return "", &unfilled{name}
	}
	return value, nil
}

// fill puts values in the place of {{name}}.
func fill(text string, v values) (string, error) { return event.Fill(text, v.need) }

// call runs a hook and returns its answer: "" or any JSON.
func (h *Hook) call(ctx context.Context, directory string, v values) ([]byte, error) {
	switch {
	case h.HTTP != nil:
		return h.HTTP.call(ctx, v)
	case h.SQL != nil:
		return h.SQL.call(ctx, v)
	case h.Listener != "":
		return nil, errors.New("listener can only be ended")
	case h.Background != nil:
		session, err := h.Background.Start(directory, h.start.file)
		h.start.runs(session)
		return nil, err
	}
	arguments := make([]string, len(h.Command))
	for i, argument := range h.Command {
		var err error
		if arguments[i], err = fill(argument, v); err != nil {
			return nil, err
		}
	}
	program := arguments[0]
	if strings.ContainsRune(program, filepath.Separator) && !filepath.IsAbs(program) {
		program = filepath.Join(directory, program)
	}
	command := exec.CommandContext(ctx, program, arguments[1:]...)
	command.Dir = directory
	command.WaitDelay = DefaultTimings.HookExit
	var said bytes.Buffer
	var complaint *os.File
	if h.start != nil {
		complaint = h.start.file
		h.start.runs(process.GroupOf(command))
	} else {
		var err error
		if complaint, err = os.CreateTemp("", "hookproof"); err != nil {
			return nil, err
		}
		defer func() { _ = errors.Join(complaint.Close(), os.Remove(complaint.Name())) }()
	}
	// A process that the command leaves behind inherits standard error. With a file, the command does not wait for it.
	command.Stderr = complaint
	if !h.silent {
		command.Stdout = &said
	}
	if err := command.Run(); err != nil {
		if advice := unstarted(program, err); advice != "" {
			return nil, fmt.Errorf("%s: %s", process.Shown(arguments), advice)
		}
		return nil, fmt.Errorf("%s: %w%s", process.Shown(arguments), err, tailOf(complaint))
	}
	return said.Bytes(), nil
}

// unstarted returns why an existing file could not be run, and what to do; "" if the error says it all.
func unstarted(program string, err error) string {
	info, missing := os.Stat(program)
	switch {
	case missing != nil || errors.As(err, new(*exec.ExitError)):
		return ""
	case info.IsDir():
		return "it is a directory, not a program"
	case info.Mode()&0o111 == 0 && errors.Is(err, fs.ErrPermission):
		return "it is not executable; run: chmod +x " + result.Quoted(program)
	case errors.Is(err, syscall.ENOEXEC):
		return "it is not a program: a script needs a first line such as #!/bin/sh"
	case errors.Is(err, fs.ErrNotExist):
		return "the interpreter in its first line does not exist"
	}
	return ""
}

// tailOf returns the end of a file, to be put behind an error.
func tailOf(file *os.File) string {
	if text := strings.TrimSpace(tail(file, 500)); text != "" {
		return ": " + text
	}
	return ""
}

var hookClient = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}

func (r *HookRequest) call(ctx context.Context, v values) ([]byte, error) {
	url, err := fill(r.URL, v)
	if err != nil {
		return nil, err
	}
	body, err := fill(string(r.Body), v)
	if err != nil {
		return nil, err
	}
	method := r.Method
	if method == "" && body != "" {
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.Headers {
		if value, err = fill(value, v); err != nil {
			return nil, err
		}
		setHeaders(request, map[string]string{name: value})
	}
	response, err := hookClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 != 2 {
		return nil, &RefusedError{url, response.StatusCode, brief(raw)}
	}
	return raw, nil
}

// RefusedError is an answer to a hook's request that is no 2xx.
type RefusedError struct {
	URL    string
	Status int
	Said   string // the beginning of its body; "" is none
}

func (e *RefusedError) Error() string {
	text := fmt.Sprintf("%s answered %d", e.URL, e.Status)
	if e.Said != "" {
		text += ": " + e.Said
	}
	return text
}

var (
	pageTitle = regexp.MustCompile(`(?is)<title[^>]*>.*?</title>`)
	pageTags  = regexp.MustCompile(`(?s)<[^>]*>`)
)

// brief is the beginning of an answer's body on one line; of an HTML page it is the text, without the title.
func brief(body []byte) string {
	if text := bytes.TrimSpace(body); bytes.HasPrefix(text, []byte("<")) {
		body = pageTags.ReplaceAll(pageTitle.ReplaceAll(text, nil), []byte(" "))
	}
	return fmt.Sprintf("%.200s", strings.Join(strings.Fields(string(body)), " "))
}

// parameters is the query with a parameter in the place of each {{name}} or '{{name}}', and their values.
func (q *HookQuery) parameters(v values) (query string, arguments []any, err error) {
	query = q.Query
	for _, name := range event.Placeholders(query) {
		query = strings.ReplaceAll(query, "'{{"+name+"}}'", "{{"+name+"}}")
	}
	query, err = event.Fill(query, func(name string) (string, error) {
		value, err := v.need(name)
		arguments = append(arguments, value)
		return fmt.Sprintf("$%d", len(arguments)), err
	})
	return query, arguments, err
}

func (q *HookQuery) call(ctx context.Context, v values) ([]byte, error) {
	dsn, err := fill(q.DSN, v)
	if err != nil {
		return nil, err
	}
	query, arguments, err := q.parameters(v)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(ctx, `SELECT COALESCE(json_agg(row), '[]') FROM (`+strings.TrimRight(query, "; \n")+`) AS row`, arguments...)
	if errors.Is(err, pq.ErrSSLNotSupported) {
		return nil, errors.New("the database has no TLS; put sslmode=prefer, which is psql's default, or sslmode=disable into the dsn")
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var raw []byte
	if rows.Next() {
		err = rows.Scan(&raw)
	}
	return raw, errors.Join(err, rows.Err())
}

// environment returns the values of {{env.NAME}} from a function such as os.Getenv.
func environment(getenv func(string) string) values {
	if getenv == nil {
		getenv = os.Getenv
	}
	return func(name string) (string, bool) {
		variable, is := strings.CutPrefix(name, "env.")
		value := getenv(variable)
		return value, is && value != ""
	}
}
