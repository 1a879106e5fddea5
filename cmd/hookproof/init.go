package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/target"
)

// targetFile is what init writes of a target file; the rest is added by hand.
type targetFile struct {
	URL     string `json:"url"`
	Secret  string `json:"secret"`
	Subject *struct {
		target.Hook
		Pick map[string]any `json:"pick,omitempty"`
	} `json:"subject,omitempty"`
	State    *target.Hook `json:"state,omitempty"`
	Stop     *target.Hook `json:"stop,omitempty"`
	Start    *target.Hook `json:"start,omitempty"`
	Database *struct {
		Listen   string `json:"listen"`
		Upstream string `json:"upstream"`
	} `json:"database,omitempty"`
}

// fewNeed names the keys that are not asked for, and that an endpoint cannot be judged without if it needs them.
const fewNeed = `
A few endpoints cannot be judged without these keys:
  apiVersion  the version that the endpoint is registered with at Stripe (the Dashboard shows it; stripe-go's is
              stripe.APIVersion), if it refuses events of others, as ConstructEvent does; 'hookproof check' then
              proposes it
  headers     {"X-Forwarded-Proto": "https"}, if everything that did not come by TLS is redirected
`

func initCommand(getenv func(string) string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a target file by asking",
		Long: `init asks about a target and writes a target file for 'hookproof check': hookproof.json, unless
FILE names another. Answers are lines of standard input; an empty line takes the default in brackets. The answer for a
hook is a URL, a method and a URL (PUT http://…), a command (words, or a JSON array of arguments; there is no shell), or for
the state a SELECT. It does not ask for keys that few targets need; at its end it lists those that would let more be judged.`,
		Example: `  hookproof init
  hookproof init staging.json --force
  hookproof check --target hookproof.json`,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return errors.New("init: name one file, or none for hookproof.json")
			}
			return nil
		},
	}
	force := cmd.Flags().Bool("force", false, "overwrite the file if it is there")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path := cmp.Or(append(args, "hookproof.json")[0], "hookproof.json")
		if _, err := os.Lstat(path); err == nil && !*force {
			return fmt.Errorf("init: %s is there already; --force overwrites it", path)
		}
		if err := writable(path); err != nil {
			return fmt.Errorf("init: %w", err)
		}
		a := newAsker(cmd)
		file, err := a.targetFile(getenv)
		var t *target.Target
		if err == nil {
			t, err = writeTarget(path, file, getenv)
		}
		if err != nil {
			return fmt.Errorf("init: %w", err)
		}
		_, _ = fmt.Fprintf(a.out, "\nWrote %s. Next: %s\n", path, asTyped(os.Args[0], exec.LookPath, "hookproof check --target "+path))
		if err := further(a.out, t); err != nil {
			return err
		}
		_, err = fmt.Fprint(a.out, fewNeed)
		return err
	}
	return cmd
}

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

// targetFile asks for everything. What one hook is of no use without is asked only if that is there.
func (a *asker) targetFile(getenv func(string) string) (targetFile, error) {
	var f targetFile
	err := a.ask("Where do deliveries go?", "http://127.0.0.1:3000/webhooks/stripe", func(answer string) error {
		if method, address := request(answer); method == http.MethodPost { // which every delivery is
			answer = address
		}
		f.URL = answer
		return checkURL(answer)
	})
	if err != nil {
		return f, err
	}
	err = a.ask("The signing secret that the target verifies with, or $NAME of the environment:", "$STRIPE_WEBHOOK_SECRET", func(answer string) error {
		f.Secret = answer
		if name, is := strings.CutPrefix(answer, "$"); is {
			f.Secret, answer = "{{env."+name+"}}", getenv(name)
		}
		return target.RefuseLiveKeys(answer)
	})
	if err != nil {
		return f, err
	}
	if err := a.subject(&f); err != nil {
		return f, err
	}
	return f, a.restart(&f)
}

// ties are the names of which a subject needs one.
var ties = []string{"sessionId", "clientReferenceId", "paymentIntent"}

// subject asks for subject and state, which are of no use without each other.
func (a *asker) subject(f *targetFile) error {
	_, _ = fmt.Fprint(a.out, judgedTypes())
	var made target.Hook
	err := a.ask("How is a fresh, unpaid object (an order, a booking) made: the URL of a POST, or a command?\n"+
		"Without it, idempotence, order and meaning are not judged; an empty line leaves it out.", "", func(answer string) (err error) {
		made, err = hook(answer, false)
		return err
	})
	if err != nil || isNone(made) {
		return err
	}
	f.Subject = &struct {
		target.Hook
		Pick map[string]any `json:"pick,omitempty"`
	}{Hook: made}
	if made.HTTP != nil {
		made.HTTP.Method = cmp.Or(made.HTTP.Method, http.MethodPost)
	}
	if made.HTTP != nil && made.HTTP.Method != http.MethodGet {
		err := a.ask("The body of that "+made.HTTP.Method+", as JSON; {{new.id}} in it is a new UUID each time:", `{"reference": "{{new.id}}"}`, func(answer string) error {
			if !json.Valid([]byte(answer)) {
				return errors.New("it is not JSON")
			}
			made.HTTP.Body = json.RawMessage(answer)
			return nil
		})
		if err != nil {
			return err
		}
	}
	err = a.ask("Which values of its answer are used, as name=pointer? One of "+strings.Join(ties, ", ")+" is required;\n"+
		"others are metadata.<key>, amount (in the smallest unit), currency, and whatever the state hook needs.\n"+
		"An amount or a currency that the answer does not have can be a constant: amount=4900 currency=usd.",
		"sessionId=/sessionId metadata.orderId=/id amount=/amount currency=/currency", func(answer string) (err error) {
			f.Subject.Pick, err = picks(answer)
			return err
		})
	if err != nil {
		return err
	}
	otherwise := ""
	for _, name := range sortedNames(f.Subject.Pick) {
		if made.HTTP != nil && otherwise == "" && f.Subject.Pick[name] == "/id" {
			otherwise = strings.TrimRight(made.HTTP.URL, "/") + "/{{" + name + "}}"
		}
	}
	return a.ask("How is its state read: the URL of a GET, a command, or a SELECT (PostgreSQL)? {{name}} stands for a value named above.",
		otherwise, func(answer string) error {
			state, err := hook(answer, true)
			if err != nil || isNone(state) {
				return errors.Join(err, errors.New("a state hook is needed to read the object"))
			}
			for _, name := range event.Placeholders(answer) {
				if f.Subject.Pick[name] == nil && !strings.HasPrefix(name, "env.") {
					return fmt.Errorf("there is no name {{%s}}; the names are %s", name, strings.Join(sortedNames(f.Subject.Pick), ", "))
				}
			}
			f.State = &state
			if state.SQL != nil {
				return a.ask("The database's address:", "postgres://postgres@127.0.0.1:5432/postgres?sslmode=prefer", func(answer string) error {
					state.SQL.DSN = answer
					return nil
				})
			}
			return nil
		})
}

// restart asks for stop, start and database.
func (a *asker) restart(f *targetFile) error {
	command := func(answer string) (*target.Hook, error) {
		h, err := hook(answer, false)
		if err != nil || isNone(h) {
			return nil, err
		}
		return &h, nil
	}
	err := a.ask("Which command (or URL) stops the target? It need not wait until the target has ended. Without it, restarts and failures\n"+
		"of its database are not tried; an empty line leaves it out.", "", func(answer string) (err error) {
		f.Stop, err = command(answer)
		return err
	})
	if err != nil || f.Stop == nil {
		return err
	}
	err = a.ask("And which starts it again? It leaves the target running in the background and returns. It need not wait until the target listens.", "", func(answer string) (err error) {
		if f.Start, err = command(answer); err == nil && f.Start == nil {
			err = errors.New("a target that is stopped needs a start command")
		}
		return err
	})
	if err != nil {
		return err
	}
	var upstream string
	err = a.ask("Where is the target's database, as host:port? hookproof puts a proxy before it. An empty line leaves it out.", "", func(answer string) error {
		upstream = answer
		return checkAddress(answer, true)
	})
	if err != nil || upstream == "" {
		return err
	}
	return a.ask("And which address does the target dial instead? The start command must tell the target so:", "127.0.0.1:6432", func(answer string) error {
		f.Database = &struct {
			Listen   string `json:"listen"`
			Upstream string `json:"upstream"`
		}{answer, upstream}
		return checkAddress(answer, false)
	})
}

// writeTarget puts the file in its place, once it is known that it can be read again, and answers what it says.
func writeTarget(path string, f targetFile, getenv func(string) string) (*target.Target, error) {
	var content bytes.Buffer
	encoder := json.NewEncoder(&content)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(f); err != nil {
		return nil, err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".hookproof-*") // for its owner alone: there may be a secret in it
	if err != nil {
		return nil, err
	}
	var t *target.Target
	_, err = temporary.Write(content.Bytes())
	if err = errors.Join(err, temporary.Close()); err == nil {
		t, err = target.Load(temporary.Name(), func(name string) string {
			if value := getenv(name); value != "" {
				return value
			}
			return "set later"
		})
	}
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return nil, errors.Join(err, os.Remove(temporary.Name()))
	}
	return t, nil
}
