package hookproof

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// The environment's places for the secrets, where a command line names none: that is seen by others. The lines that
// rerun a failure take them from there, or ask for them, since a report must not tell the secrets.
const (
	SecretVariable         = "HOOKPROOF_SECRET"
	PreviousSecretVariable = "HOOKPROOF_PREVIOUS_SECRET"
)

// usualBudget is what a run may take, unless it is given more.
const usualBudget = time.Minute

// command is how the run is called from a shell, up to what chooses checks and seed.
func (t *Target) command(o Options) string {
	command := "hookproof check --target " + quoted(t.File)
	if t.File == "" {
		command = "hookproof check --url " + quoted(t.URL)
		if t.Livemode {
			command += " --livemode"
		}
		if t.APIVersion != "" {
			command += " --api-version " + t.APIVersion
		}
		if t.PreviousSecret != "" {
			command += ` --previous-secret "$` + PreviousSecretVariable + `"`
		}
	}
	for _, host := range t.AllowHosts {
		command += " --allow-host " + quoted(host)
	}
	command += " --profile " + o.Profile
	if o.Budget != usualBudget {
		command += " --budget " + o.Budget.String()
	}
	if o.HookCalls > 0 {
		command += fmt.Sprintf(" --hook-calls %d", o.HookCalls)
	}
	if o.Thorough {
		command += " --thorough"
	}
	return command
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

var plainWord = regexp.MustCompile(`^[\w@%+=:,./-]+$`)
