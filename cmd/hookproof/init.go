package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spf13/cobra"

	"example.com/hookproof/hookproof/target"
)

// targetFile is what init writes of a target file; the rest is added by hand.
type targetFile struct {
	URL    string `json:"url"`
	Secret string `json:"secret"`
	lifeHooks
	Lives    map[string]lifeHooks `json:"lives,omitempty"`
	Stop     *target.Hook         `json:"stop,omitempty"`
	Start    *target.Hook         `json:"start,omitempty"`
	Database *struct {
		Listen   string `json:"listen"`
		Upstream string `json:"upstream"`
	} `json:"database,omitempty"`
}

// lifeHooks are what init writes of one life. Those of the payment life stand at the top, if it is the only one.
type lifeHooks struct {
	Life    string       `json:"life,omitempty"` // the path of a life.json
	Subject *subjectHook `json:"subject,omitempty"`
	State   *target.Hook `json:"state,omitempty"`
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
		Short: "Write a target file by asking",
		Long: `init asks about a target and writes a target file for 'hookproof check': hookproof.json, unless
FILE names another. Answers are lines of standard input; an empty line takes the default in brackets. The answer for a
hook is a URL, a method and a URL (PUT http://…), a command (words, or a JSON array of arguments; there is no shell), or for
the state a SELECT. It does not ask for keys that few targets need; at its end it lists those that would let more be judged.

It asks which lives are judged: the stories that Stripe tells of one object. 'hookproof list lives' lists those that are built in;
the path of a life.json is one of your own (docs/lives.md). --life answers that question.`,
		Example: `  hookproof init
  hookproof init --life payment,subscription
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
	lives := cmd.Flags().StringSlice("life", nil, "the `LIVES` to judge, separated by commas: built-in ones, or paths of a life.json")
	_ = cmd.RegisterFlagCompletionFunc("life", completeLives) // the flag is there
	force := cmd.Flags().Bool("force", false, "overwrite the file if it is there")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path := cmp.Or(append(args, "hookproof.json")[0], "hookproof.json")
		if _, err := os.Lstat(path); err == nil && !*force {
			return fmt.Errorf("init: %s is there already; --force overwrites it", path)
		}
		if err := writable(path); err != nil {
			return fmt.Errorf("init: %w", err)
		}
		chosen, err := chosenLives(*lives)
		if err != nil {
			return fmt.Errorf("init: --life: %w", err)
		}
		a := newAsker(cmd)
		file, err := a.targetFile(getenv, chosen, filepath.Dir(path))
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
		if file.Lives != nil {
			_, _ = fmt.Fprint(a.out, fewNeedOfALife)
		}
		_, err = fmt.Fprint(a.out, fewNeed)
		return err
	}
	return cmd
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
