package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof/target"
)

// targetFile is what init writes of a target file; the rest is added by hand.
type targetFile struct {
	URL        string            `json:"url"`
	Secret     string            `json:"secret"`
	APIVersion string            `json:"apiVersion,omitempty"`
	Headers    map[string]string `json:"headers,omitempty"`
	lifeHooks
	Lives    map[string]lifeHooks `json:"lives,omitempty"`
	Stop     *target.Hook         `json:"stop,omitempty"`
	Start    *target.Hook         `json:"start,omitempty"`
	Database *databaseEntry       `json:"database,omitempty"`
}

// databaseEntry is where the target dials its database, and where that is.
type databaseEntry struct {
	Listen   string            `json:"listen"`
	Upstream string            `json:"upstream"`
	Env      map[string]string `json:"env,omitempty"`
}

// lifeHooks are what init writes of one life. Those of the payment life stand at the top, if it is the only one.
type lifeHooks struct {
	Life      string       `json:"life,omitempty"` // the path of a life.json
	Subject   *subjectHook `json:"subject,omitempty"`
	State     *target.Hook `json:"state,omitempty"`
	Ignore    []string     `json:"ignore,omitempty"`
	Unhandled []string     `json:"unhandled,omitempty"`
}

// subjectHook is a hook that makes a subject.
type subjectHook struct {
	target.Hook
	Pick map[string]any `json:"pick,omitempty"`
}

// fewNeed names the keys that are not asked for, and that an endpoint cannot be judged without if it needs them.
const fewNeed = `
A few endpoints cannot be judged without these keys:
  apiVersion  the version that the endpoint is registered with at Stripe (the Dashboard shows it; stripe-go's is
              stripe.APIVersion), if it refuses events of others, as ConstructEvent does; 'hookproof check' then
              proposes it
  headers     {"X-Forwarded-Proto": "https"}, if everything that did not come by TLS is redirected
`

// fewNeedOfALife names the keys of a life that are not asked for.
const fewNeedOfALife = `
Two keys of a life tell what its state means, where it cannot be seen:
  grants      places that being paid adds to, each time it is paid: ["/credits"]
  notAccess   places that show what was chosen, and not what is allowed: ["/plan"]
`

func initCommand(getenv func(string) string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a target file by looking at the endpoint, and asking",
		Long: `init looks at a running endpoint of this machine and writes a target file for 'hookproof check': hookproof.json, unless
FILE names another. It finds what listens, delivers a signed event and says what the answer means, makes two objects by the request that
it is told, pays one of them, and proposes an answer to each question with the reason. It starts no process and ends none, unless that is allowed.

Answers are lines of standard input; an empty line takes the proposal in brackets. Each question has a flag that answers it, and --yes takes
every proposal, so that a script needs no terminal. Two answers must be meant, and --yes does not give them: --unhandled and --restart.
The answer for a hook is a request (POST /orders {"quantity": 1}), a URL, a line of curl, a command (words, or a JSON array of arguments; there
is no shell), or for the state a SELECT. Where several lives are judged, LIFE=ANSWER is an answer for one of them.

It does not ask for keys that few targets need; at its end it lists those that would let more be judged. 'hookproof list lives' lists the lives that
are built in; the path of a life.json is one of your own (docs/lives.md). --offline asks without looking at anything.`,
		Example: `  hookproof init
  hookproof init --url http://127.0.0.1:3000/webhooks/stripe --subject 'POST /orders' --yes --restart yes
  hookproof init --offline --life payment,subscription
  hookproof init staging.json --force`,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return errors.New("init: name one file, or none for hookproof.json")
			}
			return nil
		},
	}
	answers := map[string]*[]string{}
	for _, q := range slices.Concat(endpointQuestions, lifeQuestions, processQuestions) {
		answers[q.name] = cmd.Flags().StringArray(q.name, nil, q.usage)
	}
	_ = cmd.RegisterFlagCompletionFunc("life", completeLives) // the flag is there
	yes := cmd.Flags().Bool("yes", false, "take every proposal that no flag answers, but for --unhandled and --restart")
	offline := cmd.Flags().Bool("offline", false, "do not look at the endpoint; ask for everything")
	force := cmd.Flags().Bool("force", false, "overwrite the file if it is there")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path := cmp.Or(append(args, "hookproof.json")[0], "hookproof.json")
		if err := writable(path); err != nil {
			return fmt.Errorf("init: %w", err)
		}
		if _, err := os.Lstat(path); err == nil && !*force {
			return fmt.Errorf("init: %s is there already; --force overwrites it", path)
		}
		folder, err := filepath.Abs(filepath.Dir(path))
		if err != nil {
			return fmt.Errorf("init: %w", err)
		}
		i := &inquiry{asker: newAsker(cmd), getenv: getenv, flags: map[string][]string{}, yes: *yes, offline: *offline, folder: folder, target: path}
		for name, given := range answers {
			if cmd.Flags().Changed(name) {
				i.flags[name] = *given
			}
		}
		if all := i.flags["life"]; all != nil {
			i.flags["life"] = []string{strings.Join(all, ",")}
			if _, err := chosenLives(strings.Split(i.flags["life"][0], ",")); err != nil {
				return fmt.Errorf("init: --life: %w", err)
			}
		}
		if err := i.write(); err != nil {
			return fmt.Errorf("init: %w", err)
		}
		return nil
	}
	return cmd
}

// write asks everything, and writes the file.
func (i *inquiry) write() error {
	if err := i.all(); err != nil {
		return err
	}
	t, err := writeTarget(i.target, i.file, i.getenv)
	if err != nil {
		return err
	}
	if !i.offline {
		i.first(t)
	}
	i.say("\nWrote %s. Next: %s", i.target, asTyped(os.Args[0], exec.LookPath, "hookproof check --target "+i.target))
	if err := further(i.out, t); err != nil {
		return err
	}
	if i.file.Lives != nil {
		_, _ = fmt.Fprint(i.out, fewNeedOfALife)
	}
	_, err = fmt.Fprint(i.out, fewNeed)
	return err
}

// writeTarget puts the file in its place, once it is known that it can be read again, and answers what it says.
func writeTarget(path string, f targetFile, getenv func(string) string) (*target.Target, error) {
	t, temporary, err := loadable(path, f, getenv)
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil && temporary != "" {
		err = errors.Join(err, os.Remove(temporary))
	}
	return t, err
}

// loaded is the target of a file that is not written yet. discard removes what is left of it.
func loaded(path string, f targetFile, getenv func(string) string) (t *target.Target, discard func(), err error) {
	t, temporary, err := loadable(path, f, getenv)
	if err != nil {
		if temporary != "" {
			_ = os.Remove(temporary)
		}
		return nil, nil, err
	}
	t.File = path
	return t, func() { _ = os.Remove(temporary) }, nil
}

// loadable writes a target file beside its place, for its owner alone, since there may be a secret in it, and reads it again.
func loadable(path string, f targetFile, getenv func(string) string) (t *target.Target, temporary string, err error) {
	var content bytes.Buffer
	if err := printJSON(&content, f); err != nil {
		return nil, "", err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".hookproof-*")
	if err != nil {
		return nil, "", err
	}
	_, err = file.Write(content.Bytes())
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, file.Name(), err
	}
	t, err = target.Load(file.Name(), func(name string) string {
		if value := getenv(name); value != "" {
			return value
		}
		return "set later"
	})
	if err != nil {
		err = errors.New(strings.ReplaceAll(err.Error(), file.Name(), path)) // nobody knows the other name
	}
	return t, file.Name(), err
}
