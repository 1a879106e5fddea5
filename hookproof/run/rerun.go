package run

import (
	"fmt"
	"strings"

	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/hookproof/target"
)

// command returns the command line of the run, without the flags that choose checks and seed.
func command(t *target.Target, o Options) string {
	command := "hookproof check --target " + result.Quoted(t.File)
	if t.File == "" {
		command = "hookproof check --url " + result.Quoted(t.URL)
		if t.Livemode {
			command += " --livemode"
		}
		if t.APIVersion != "" {
			command += " --api-version " + t.APIVersion
		}
		if t.PreviousSecret != "" {
			command += ` --previous-secret "$` + result.PreviousSecretVariable + `"`
		}
	}
	for _, host := range t.AllowHosts {
		command += " --allow-host " + result.Quoted(host)
	}
	command += " --profile " + o.Profile
	if len(o.Lives) > 0 {
		command += " --life " + strings.Join(o.Lives, ",")
	}
	if o.Budget != target.DefaultTimings.Budget {
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
